"""Looking at a picture, or closer at a part of it: what is written there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitnet.pictures.ink import find_ink
from digitnet.pictures.parts import Box, Part, Parts, around, find_parts
from digitnet.pictures.resizing import Grey, resized


@dataclass(frozen=True, eq=False)
class Look:
    """A picture, or a part of it, at the size at which it was looked at.

    Attributes:
        grey: float32 (H, W) in 0..1, what was looked at.
        ink: float32 (H, W) in 0..1, how likely each pixel has ink.
        parts: The ink in connected parts.
        left: Where its left edge lies in the whole picture, in that picture's pixels.
        top: Likewise.
        scale: Pixels of the whole picture for one of these.
    """

    grey: Grey
    ink: Grey
    parts: Parts
    left: float
    top: float
    scale: float

    def in_picture(self, box: Box) -> Box:
        """Return a box of this look in pixels of the whole picture."""
        return box.moved(self.left, self.top, self.scale)

    def contrast(self, parts: list[Part]) -> float:
        """Return how much the ink of some parts differs from the paper around it, in 0..1."""
        from scipy import ndimage  # slow to import

        place = around(parts).widened(4).within(self.grey.shape).slices
        labels, grey = self.parts.labels[place], self.grey[place]
        mask = np.isin(labels, [part.number for part in parts])
        edge = ndimage.binary_dilation(mask, iterations=2)
        beside = ndimage.binary_dilation(edge, iterations=2) & ~edge & (labels == 0)
        if not beside.any():
            return 1.0
        return abs(float(np.median(grey[mask])) - float(np.median(grey[beside])))


def look(grey: Grey, longest: int, box: Box | None = None) -> Look:
    """Find the ink of a picture.

    Args:
        grey: float32 (H, W) in 0..1, the whole picture.
        longest: Pixels that the longer side is made to have.
        box: Where to look; `None` is everywhere.
    """
    rows, columns = grey.shape
    place = (box or Box(0, 0, columns, rows)).within(grey.shape)
    seen = resized(grey[place.slices], longest)
    scale = place.size / max(seen.shape)
    ink = find_ink(seen, enlarged=1 / scale)
    return Look(seen, ink, find_parts(ink), place.left, place.top, scale)
