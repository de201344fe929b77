"""What may be a digit, as it stands in its line, with all that is around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from digitnet.pictures.parts import Box, Part, Parts, around
from digitnet.pictures.resizing import Grey
from digitnet.pictures.segments import Segment

SEEN = (32, 48)  # rows and columns: a digit with its neighbours
_HIGH = 20  # pixels of a digit of the line, as in MNIST's box

Number = TypeVar("Number", bound=np.generic)


def in_line(
    ink: Grey, parts: Parts, pieces: Sequence[Part], segments: Sequence[Segment], height: float
) -> npt.NDArray[np.uint8]:
    """Return what may be digits, each in the middle of what is around it.

    In MNIST's form half of a wide 0 is a 1: here its height, and the ink that goes on beside it,
    are seen.

    Args:
        ink: float32 (H, W) in 0..1, of the look.
        parts: The parts of the look, those of the line cut into pieces.
        pieces: Of the line, from left to right.
        segments: Runs of pieces that may be a digit.
        height: How high digits of this line are, in pixels.

    Returns:
        uint8 (N, 2, 32, 48): the ink of the segment alone, and all other ink.
    """
    scale = height / _HIGH
    place = around(pieces).widened(math.ceil(max(SEEN) * scale))

    def to_seen(box: Box) -> Box:
        """Return a box of the look in pixels of what is seen, from the corner of `place`."""
        return box.moved(-place.left / scale, -place.top / scale, 1 / scale)

    def reduced(box: Box, number: int | None = None) -> Grey:
        """Return the ink of one piece, or of all, in a box of pixels of what is seen."""
        outer = box.moved(place.left, place.top, scale)
        there = _within(parts.labels, outer)
        inked = there > 0 if number is None else there == number
        corner = (outer.left - place.left, outer.top - place.top)
        inside = [scale * edge - start for edge, start in zip(box, corner * 2, strict=True)]
        levels = np.where(inked, _within(ink, outer), 0)
        return _resampled(levels, inside, (box.width, box.height))

    everything = np.zeros((int(place.height / scale), int(place.width / scale)), np.float32)
    look = to_seen(place.within(ink.shape)).within(everything.shape)
    everything[look.slices] = reduced(look)
    boxes = [to_seen(piece.box) for piece in pieces]
    alone = [reduced(box, piece.number) for piece, box in zip(pieces, boxes, strict=True)]
    seen = np.zeros((len(segments), 2, *SEEN), np.uint8)
    for shown, (first, end) in zip(seen, segments, strict=True):
        window = _window(reduce(Box.joined, boxes[first:end]))
        own = np.zeros(SEEN, np.float32)
        for box, pixels in zip(boxes[first:end], alone[first:end], strict=True):
            common = box.common(window)
            own[common.moved(-window.left, -window.top, 1).slices] += pixels[
                common.moved(-box.left, -box.top, 1).slices
            ]
        others = everything[window.slices] - own
        shown[:] = np.rint(255 * np.clip((own, others), 0, 1))
    return seen


def _window(box: Box) -> Box:
    """Return what is seen of a line around a box."""
    rows, columns = SEEN
    top, left = (box.top + box.bottom - rows) // 2, (box.left + box.right - columns) // 2
    return Box(left, top, left + columns, top + rows)


def _within(values: npt.NDArray[Number], box: Box) -> npt.NDArray[Number]:
    """Return what of an array is in a box that may reach beyond it, with 0 there."""
    padded = np.zeros((box.height, box.width), values.dtype)
    inside = box.within(values.shape)
    padded[inside.moved(-box.left, -box.top, 1).slices] = values[inside.slices]
    return padded


def _resampled(ink: Grey, inside: Sequence[float], size: tuple[int, int]) -> Grey:
    """Return what lies between left, top, right and bottom, made so many pixels wide and high."""
    from PIL import Image  # slow to import

    left, top, right, bottom = inside
    rows, columns = ink.shape
    # rounding can take a box beyond the array
    box = (max(left, 0), max(top, 0), min(right, columns), min(bottom, rows))
    smaller = right - left > size[0]
    how = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(ink).resize(size, how, box))
