"""Looking at a picture, or closer at a part of it: what is written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from digitnet.pictures.clean import clean_ink
from digitnet.pictures.ink import find_ink
from digitnet.pictures.parts import Box, Part, Parts, around, find_parts
from digitnet.pictures.resizing import Grey, resized

# Strength below which parts are folds and stains rather than ink: with more, faint pencil is lost;
# with less, blank pages get digits (`benchmarks/pictures.py`: contrast, and what is refused)
_FAINTEST = 0.07
_DARKEST = 0.02  # a grey below which shares of it mean nothing


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

    def strength(self, parts: Sequence[Part]) -> float:
        """Return how much the ink of some parts differs from the paper around it, in 0..1.

        It is a share of the brighter of the two, and so the same in light and in shadow.
        """
        ink, paper = self._greys(parts)
        return abs(ink - paper) / max(ink, paper, _DARKEST)

    def _greys(self, parts: Sequence[Part]) -> tuple[float, float]:
        """Return the grey of the ink of some parts, and of the paper around it."""
        from scipy import ndimage  # slow to import

        place = around(parts).widened(4).within(self.grey.shape).slices
        labels, grey = self.parts.labels[place], self.grey[place]
        mask = np.isin(labels, [part.number for part in parts])
        edge = ndimage.binary_dilation(mask, iterations=2)
        beside = ndimage.binary_dilation(edge, iterations=2) & ~edge & (labels == 0)
        ink = float(np.median(grey[mask]))
        # where it fills all there is, paper is what ink is not
        return ink, float(np.median(grey[beside])) if beside.any() else 1 - round(ink)


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
    clean = clean_ink(seen, enlarged=1 / scale)
    ink = find_ink(seen) if clean is None else clean
    found = Look(seen, ink, find_parts(ink), place.left, place.top, scale)
    return _without_faint_parts(found) if clean is None else found


def _without_faint_parts(seen: Look) -> Look:
    """Leave out what the network took for ink and is fainter than writing: folds, stains, print."""
    strong = tuple(part for part in seen.parts.parts if seen.strength([part]) >= _FAINTEST)
    return replace(seen, parts=seen.parts._replace(parts=strong))
