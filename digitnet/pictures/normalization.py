"""Normalization: a digit's ink mask becomes a 28x28 image in MNIST format.

LeCun et al. (1998): the digit fills a box of 20x20 pixels, its aspect ratio kept, grey at the
edges; its centre of mass is in the middle of 28x28 pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitnet.pictures.loading import Grey, resize

Classify: TypeAlias = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
"""Maps normalized digits (N, 28, 28) to the probabilities (N, 10) of each."""

SIZE, BOX = 28, 20  # px; the image's side and the longer side of a digit in it (MNIST)
# Stroke widths as shares of the digit's longer side. Of MNIST's training digits, measured by
# `stroke_width`, 80% lie between these two; the median is 0.136
MIN_STROKE, MAX_STROKE = 0.10, 0.19
_STROKE_SIZE = 4 * BOX  # px; the digit's longer side while its strokes change, for sub-pixel edges
_PADDING = 6  # px at that size; thin strokes grow by up to 4.5


def normalize(mask: Grey) -> npt.NDArray[np.uint8]:
    """Normalize a digit to MNIST format: size, stroke width, position.

    Args:
        mask: float32 (H, W) in [0, 1], the ink of one digit with little margin.

    Returns:
        uint8 (28, 28), light on dark; all 0 where there is no ink.
    """
    image = np.zeros((SIZE, SIZE), np.uint8)
    digit = _crop(_scaled(mask, _STROKE_SIZE))
    if digit.size:
        digit = _crop(_normalize_stroke(digit))
    if not digit.size:
        return image
    # A digit narrower than MNIST's strokes is padded: a "1" would be one pixel wide
    missing = [max(0, int(np.ceil(MIN_STROKE * max(digit.shape) - n))) for n in digit.shape]
    digit = _scaled(np.pad(digit, [(more // 2, more - more // 2) for more in missing]), BOX)
    # The centre of mass comes to row and column 14, counted from 0, as far as the digit fits
    starts = []
    for axis, side in enumerate(digit.shape):
        mass = digit.sum(axis=1 - axis)
        centre = float(mass @ np.arange(side)) / float(mass.sum())
        starts.append(min(max(round(SIZE / 2 - centre), 0), SIZE - side))
    top, left = starts
    image[top:, left:][: digit.shape[0], : digit.shape[1]] = np.rint(255 * digit)
    return image


def stroke_width(mask: npt.NDArray[np.bool_]) -> float:
    """Return the mean stroke width in pixels; 0 where there is no ink.

    In a bar the mean distance to the background is a quarter of its width.
    """
    distance = _distance(np.pad(mask, 1))[1:-1, 1:-1]
    count = np.count_nonzero(distance)
    return 4 * float(distance.sum()) / count - 1 if count else 0.0


def _normalize_stroke(fine: Grey) -> Grey:
    """Thicken or thin strokes to the range of MNIST's, at a longer side of `_STROKE_SIZE`."""
    width = stroke_width(fine > 0.5)
    mask = np.pad(fine > 0.5, _PADDING)
    if width < MIN_STROKE * _STROKE_SIZE:
        growth = (MIN_STROKE * _STROKE_SIZE - width) / 2
        return np.clip(growth - _distance(~mask) + 1, 0, 1).astype(np.float32)
    if width > MAX_STROKE * _STROKE_SIZE:
        # by a third at most, so that a blot or a filled loop keeps its shape
        margin = min((width - MAX_STROKE * _STROKE_SIZE) / 2, width / 3)
        return np.clip(_distance(mask) - margin, 0, 1).astype(np.float32)
    return fine


def _distance(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return each pixel's Euclidean distance to the background, inside the array."""
    from scipy import ndimage  # slow to import

    return np.asarray(ndimage.distance_transform_edt(mask))


def _scaled(grey: Grey, longest: int) -> Grey:
    """Resize an image so that its longer side has `longest` pixels, each side at least one."""
    scale = longest / max(grey.shape)
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return resize(grey, (height, width))


def _crop(grey: Grey) -> Grey:
    """Crop an image to its foreground, the levels above a half."""
    rows, columns = (np.flatnonzero((grey > 0.5).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return grey[:0, :0]
    return grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
