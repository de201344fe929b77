"""One digit's ink in the form of MNIST's pictures.

LeCun et al. (1998): the digit fills a box of 20x20 pixels, its aspect ratio kept, grey at the
edges; its centre of mass is in the middle of 28x28 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitnet.pictures.resizing import Grey, resized

Classify: TypeAlias = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
"""Maps digits in this form (N, 28, 28) to the probabilities (N, 10) of each."""

SIZE, BOX = 28, 20  # pixels
_FINE = 4  # times as large as the result are digits while their strokes change
_ROOM = 6  # pixels around them then, into which strokes may grow
# Stroke widths as shares of the digit's longer side: of MNIST's training digits, measured by
# `stroke_width`, eight in ten lie between these two, and the median is 0.136
THIN, THICK = 0.10, 0.19


def to_mnist_form(ink: Grey) -> npt.NDArray[np.uint8]:
    """Return a digit as MNIST would have it.

    Args:
        ink: float32 (H, W) in 0..1, of one digit, without much margin.

    Returns:
        uint8 (28, 28), light on dark.
    """
    fine = with_stroke_like_mnist(np.pad(resized(ink, BOX * _FINE), _ROOM))
    rows, columns = (np.flatnonzero((fine > 0.5).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((SIZE, SIZE), np.uint8)
    tight = fine[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _centred(resized(_at_least_a_stroke_wide(tight), BOX))


def _at_least_a_stroke_wide(digit: Grey) -> Grey:
    """Return a digit, with margins beside it where it is narrower than strokes of MNIST.

    Rounded to whole pixels, a "1" would be a single one wide, as none of MNIST's is.
    """
    least = THIN * max(digit.shape)
    missing = [max(0, math.ceil(least - side)) for side in digit.shape]
    return np.pad(digit, [(more // 2, more - more // 2) for more in missing])


def stroke_width(mask: npt.NDArray[np.bool_]) -> float:
    """Return the mean width of strokes in pixels.

    In a bar the mean distance to the outside is a quarter of its width.
    """
    from scipy import ndimage  # slow to import

    inside = ndimage.distance_transform_edt(mask)
    return 4 * float(inside[mask].mean()) - 1 if mask.any() else 0.0


def with_stroke_like_mnist(fine: Grey) -> Grey:
    """Make strokes thicker or thinner, where they are unlike MNIST's."""
    from scipy import ndimage  # slow to import

    mask = fine > 0.5
    width, size = stroke_width(mask), BOX * _FINE
    if 0 < width < THIN * size:
        outside = ndimage.distance_transform_edt(~mask)
        return np.asarray(np.clip((THIN * size - width) / 2 - outside + 1, 0, 1), np.float32)
    if width > THICK * size:
        # at most a third, so that a blot or a filled loop keeps its form
        margin = min((width - THICK * size) / 2, width / 3)
        inside = ndimage.distance_transform_edt(mask)
        return np.asarray(np.clip(inside - margin, 0, 1), np.float32)
    return fine


def _centred(digit: Grey) -> npt.NDArray[np.uint8]:
    """Put the centre of mass onto row 14 and column 14, as far as the digit stays inside.

    There, counted from 0, all of MNIST's have it, within half a pixel.
    """
    places = []
    for axis, size in enumerate(digit.shape):
        mass = digit.sum(axis=1 - axis)
        centre = float(mass @ np.arange(size)) / float(mass.sum())
        places.append(min(max(round(SIZE / 2 - centre), 0), SIZE - size))
    form = np.zeros((SIZE, SIZE), dtype=np.uint8)
    top, left = places
    height, width = digit.shape
    form[top : top + height, left : left + width] = np.rint(255 * digit)
    return form
