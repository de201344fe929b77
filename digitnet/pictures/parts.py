"""Ink in connected parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# How likely ink must be: connected to what is surely ink, less will do (Canny, 1986)
_SURELY, _PERHAPS = 0.6, 0.3
_NEIGHBOURS = np.ones((3, 3), dtype=bool)  # pixels that touch at a corner are connected


class Box(NamedTuple):
    """A rectangle in pixels; right and bottom are the first outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bottom - self.top

    @property
    def size(self) -> int:
        """The longer side."""
        return max(self.width, self.height)

    @property
    def slices(self) -> tuple[slice, slice]:
        """What cuts it out of an array (H, W)."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def gap(self, other: Box) -> int:
        """Return the pixels between two boxes, the larger of across and down; 0 if they meet."""
        across = max(self.left, other.left) - min(self.right, other.right)
        down = max(self.top, other.top) - min(self.bottom, other.bottom)
        return max(across, down, 0)

    def joined(self, other: Box) -> Box:
        """Return the box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def common(self, other: Box) -> Box:
        """Return what lies in both; of no width or height where nothing does."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Box(left, top, max(left, right), max(top, bottom))

    def overlap(self, other: Box) -> float:
        """Return what both share, as a share of what they cover together."""
        shared, own, others = (box.width * box.height for box in (self.common(other), self, other))
        return shared / (own + others - shared)

    def widened(self, margin: int) -> Box:
        """Return the box with a margin on each side."""
        left, top, right, bottom = self
        return Box(left - margin, top - margin, right + margin, bottom + margin)

    def within(self, shape: tuple[int, ...]) -> Box:
        """Return what of the box lies in a picture of so many rows and columns."""
        rows, columns = shape
        left, top, right, bottom = self
        return Box(max(left, 0), max(top, 0), min(right, columns), min(bottom, rows))

    def moved(self, left: float, top: float, scale: float) -> Box:
        """Return the box scaled by `scale` and then moved."""
        edges = (scale * edge for edge in self)
        x, y, u, v = (edge + start for edge, start in zip(edges, (left, top) * 2, strict=True))
        return Box(int(np.floor(x)), int(np.floor(y)), int(np.ceil(u)), int(np.ceil(v)))


class Part(NamedTuple):
    """Ink that is connected.

    Attributes:
        number: What it is called in the array of labels.
        box: Where it is.
        area: Pixels of ink.
    """

    number: int
    box: Box
    area: int


class Parts(NamedTuple):
    """All ink of a picture.

    Attributes:
        labels: int32 (H, W), the number of the part that each pixel is of; 0 is no ink.
        parts: Those parts.
    """

    labels: npt.NDArray[np.int32]
    parts: tuple[Part, ...]


def find_parts(ink: npt.NDArray[np.float32]) -> Parts:
    """Divide ink into connected parts.

    Args:
        ink: float32 (H, W) in 0..1.
    """
    from scipy import ndimage  # slow to import

    labels, count = ndimage.label(ink > _PERHAPS, _NEIGHBOURS)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    sure = np.bincount(labels[ink > _SURELY], minlength=count + 1)
    parts = [
        Part(number, Box(x.start, y.start, x.stop, y.stop), int(areas[number]))
        for number, (y, x) in enumerate(ndimage.find_objects(labels), start=1)
        if sure[number]
    ]
    return Parts(labels, tuple(parts))


def around(parts: Iterable[Part]) -> Box:
    """Return the box around all parts, of which there is at least one."""
    return reduce(Box.joined, (part.box for part in parts))


def cut_out(
    ink: npt.NDArray[np.float32], parts: Parts, chosen: Sequence[Part]
) -> npt.NDArray[np.float32]:
    """Return the ink of some parts alone, in the box around them and a pixel more."""
    from scipy import ndimage  # slow to import

    box = around(chosen)
    labels = np.pad(parts.labels[box.slices], 1)
    own = np.isin(labels, [part.number for part in chosen])
    # a pixel more on each side of a part holds the soft edge of its strokes
    soft = ndimage.binary_dilation(own, _NEIGHBOURS) & (labels == 0)
    cut = np.zeros(labels.shape, np.float32)
    seen = box.widened(1).within(ink.shape)
    cut[seen.moved(1 - box.left, 1 - box.top, 1).slices] = ink[seen.slices]
    return np.where(own | soft, cut, 0)
