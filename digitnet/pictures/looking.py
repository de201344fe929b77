"""Looking at a picture, or closer at a part of it: what is written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from digitnet.pictures.clean import are_of_form, clean_ink, straight_lines
from digitnet.pictures.contrast import FAR, contrast
from digitnet.pictures.in_line import in_line
from digitnet.pictures.ink import find_ink
from digitnet.pictures.mnist_form import to_mnist_form
from digitnet.pictures.parts import Box, Part, Parts, around, cut_out, find_parts
from digitnet.pictures.resizing import Grey, resized

# Strength below which parts are folds and stains rather than ink: with more, faint pencil is lost;
# with less, blank pages get digits (`benchmarks/pictures.py`: contrast, and what is refused)
FAINTEST = 0.07
_SUREST = 0.999  # probability from which one look outweighs another no further


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
        is_clean: Whether all that differs from the paper is ink.
    """

    grey: Grey
    ink: Grey
    parts: Parts
    left: float
    top: float
    scale: float
    is_clean: bool

    @property
    def place(self) -> Box:
        """Where in the whole picture it lies, in that picture's pixels."""
        rows, columns = self.grey.shape
        return self.in_picture(Box(0, 0, columns, rows))

    @cached_property
    def strengths(self) -> tuple[float, ...]:
        """The strength of each part, see `strength`."""
        return tuple(self.strength([part]) for part in self.parts.parts)

    def in_picture(self, box: Box) -> Box:
        """Return a box of this look in pixels of the whole picture."""
        return box.moved(self.left, self.top, self.scale)

    def in_light_of(self, grey: Grey) -> Look:
        """Return the same look at the same picture in another light, with the ink found before.

        Args:
            grey: float32 (H, W) in 0..1, the whole picture.
        """
        from PIL import Image  # slow to import

        place = self.place.within(grey.shape)
        seen = Image.fromarray(grey).resize(self.grey.shape[::-1], Image.Resampling.BOX, place)
        return replace(self, grey=np.asarray(seen))

    def in_mnist_form(self, parts: Sequence[Part]) -> npt.NDArray[np.uint8]:
        """Return some parts alone as a picture of MNIST's, uint8 (28, 28)."""
        return to_mnist_form(cut_out(self.ink, self.parts, parts))

    def in_line(self, parts: Sequence[Part]) -> npt.NDArray[np.uint8]:
        """Return some parts, and all ink around them, as `weigh` takes them: (1, 2, 32, 48)."""
        return in_line(self.ink, self.parts, parts, [(0, len(parts))], around(parts).size)

    def width_by_length(self, parts: Sequence[Part]) -> float:
        """Return how far the ink of some parts spreads across, by how far along: a line is 0."""
        points = np.argwhere(np.isin(self.parts.labels, [part.number for part in parts]))
        if len(points) < 2:
            return 1.0
        across, along = np.linalg.eigvalsh(np.cov(points.T))
        return float(np.sqrt(max(across, 0.0) / along))

    def strength(self, parts: Sequence[Part], *, all_round: bool = False) -> float:
        """Return how much the ink of some parts differs from the paper around it, in 0..1.

        Args:
            parts: One or more.
            all_round: Whether it must do so on most sides, as no edge does: see `contrast`.
        """
        place = around(parts).widened(FAR).within(self.grey.shape).slices
        labels = self.parts.labels[place]
        mask = np.isin(labels, [part.number for part in parts])
        return contrast(self.grey[place], mask, (labels > 0) & ~mask, all_round=all_round)


def look(grey: Grey, longest: int, box: Box | None = None, first: Look | None = None) -> Look:
    """Find the ink of a picture.

    Args:
        grey: float32 (H, W) in 0..1, the whole picture.
        longest: Pixels that the longer side is made to have.
        box: Where to look; `None` is everywhere.
        first: A look at all of the picture. What was surely ink there may be so here as well.
    """
    rows, columns = grey.shape
    place = (box or Box(0, 0, columns, rows)).within(grey.shape)
    seen = resized(grey[place.slices], longest)
    scale = place.size / max(seen.shape)
    ink, is_clean = _ink(seen, enlarged=1 / scale)
    if first is not None and not is_clean:
        ink = _or_of_both(ink, first, place)
    found = Look(seen, ink, find_parts(ink), place.left, place.top, scale, is_clean)
    return found if is_clean else _without_faint_parts(found)


def _ink(grey: Grey, enlarged: float) -> tuple[Grey, bool]:
    """Return the ink of what is looked at, and whether all that differs from the paper is ink."""
    clean = clean_ink(grey, enlarged)
    if clean is None:
        return find_ink(grey), False
    lines = straight_lines(clean, enlarged)
    if lines is not None and are_of_form(lines, clean, found := find_ink(grey)):
        return found, False
    return clean, True


def _or_of_both(ink: Grey, first: Look, place: Box) -> Grey:
    """Return the ink of a closer look or, where that is more, of both: the mean of their logits.

    With less around it, a "1" may look like a form's line.

    Args:
        ink: float32 (H, W) in 0..1.
        first: The look at all of the picture.
        place: Where the closer look lies, in the picture's pixels.
    """
    from PIL import Image  # slow to import

    rows, columns = first.ink.shape
    edges = np.minimum(np.divide(place, first.scale), (columns, rows) * 2)
    before = Image.fromarray(first.ink).resize(
        ink.shape[::-1], Image.Resampling.BILINEAR, tuple(edges)
    )
    one, other = (np.clip(likely, 1 - _SUREST, _SUREST) for likely in (ink, np.asarray(before)))
    both, neither = np.sqrt(one * other), np.sqrt((1 - one) * (1 - other))
    return np.asarray(np.maximum(ink, both / (both + neither)))


def _without_faint_parts(seen: Look) -> Look:
    """Leave out what the network took for ink and is fainter than writing: folds, stains, print."""
    parts = zip(seen.parts.parts, seen.strengths, strict=True)
    strong = tuple(part for part, strength in parts if strength >= FAINTEST)
    return replace(seen, parts=seen.parts._replace(parts=strong))
