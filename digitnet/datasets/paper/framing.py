"""How a page comes into the frame: how large, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.camera import turned
from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import ImageShape, between, chance
from digitnet.datasets.paper.layout import bounds
from digitnet.datasets.paper.marks import Mark, Matrix

LEAST = 16.0  # pixels of a digit's height that a reader needs
_LARGEST = 4000  # pixels of a picture's side


def framed(
    capture: Capture, marks: Sequence[Mark], shape: ImageShape, rng: Generator
) -> tuple[Matrix, ImageShape]:
    """Return the way from the page to the picture, and its rows and columns.

    Args:
        capture: The digit's height, as a share of the picture's, turn and tilt.
        marks: What must be in the frame, around the origin of the page.
        shape: Rows and columns that are wished for; what the style leaves open becomes
            larger, the picture or the digits, where digits would be too small to read.
        rng: Draws the place.
    """
    rows, columns = shape
    left, top, right, bottom = bounds(marks)
    reach = np.hypot(rows, columns) / (capture.height * rows) * max(bottom - top, 1)
    turn = turned(capture, float(reach), rng)
    seen = [mark.warped(turn) for mark in marks]
    left, top, right, bottom = bounds(seen)
    tallest = max(mark.box[3] - mark.box[1] for mark in seen)
    most = min(columns / (right - left), rows / (bottom - top))
    scale = min(capture.height * rows / tallest, most)
    smallest = min(max(mark.box[3] - mark.box[1], mark.box[2] - mark.box[0]) for mark in seen)
    lacking = max(1.0, LEAST / (scale * smallest))
    larger = min(lacking, _growth(capture, len(marks), max(shape)))
    rows, columns = round(rows * larger), round(columns * larger)
    if "height" in capture.free:
        scale = min(scale * lacking / larger, most)
    scale *= larger
    slack_x, slack_y = columns - scale * (right - left), rows - scale * (bottom - top)
    x = slack_x * _share(rng) - scale * left
    y = slack_y * _share(rng) - scale * top
    placed = np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])
    return np.asarray(placed @ turn), (rows, columns)


def _growth(capture: Capture, marks: int, size: int) -> float:
    """Return how much larger than wished a picture may become."""
    if "size" not in capture.free:
        return 1.0
    # one digit can as well take more of the picture
    return 1.5 if marks == 1 and "height" in capture.free else max(1.0, _LARGEST / size)


def shape_of(capture: Capture, marks: Sequence[Mark], rng: Generator) -> ImageShape:
    """Return rows and columns for marks: of the capture's aspect, or wide as the marks are."""
    left, top, right, bottom = bounds(marks)
    aspect = capture.aspect
    if len(marks) > 1 and chance(rng, 0.75):
        aspect = (right - left) / (bottom - top) * between(rng, 0.6, 1.4)
    aspect = float(np.clip(aspect, 0.3, 6))
    size = capture.size
    if "size" in capture.free:  # what is long and low is not photographed in fewer pixels
        size = round(size * min(max(aspect, 1) ** 0.5, 1.6))
    if aspect >= 1:
        return max(28, round(size / aspect)), size
    return size, max(28, round(size * aspect))


def wide_enough(
    capture: Capture, marks: Sequence[Mark], shape: ImageShape, rng: Generator
) -> Capture:
    """Return a capture in which digits in lines fill a usual part of the frame."""
    left, top, right, bottom = bounds(marks)
    tallest = max(mark.box[3] - mark.box[1] for mark in marks)
    fills = between(rng, 0.35, 0.98)
    width_first = fills * shape[1] / (right - left) * tallest / shape[0]
    height_first = fills * tallest / (bottom - top)
    return replace(capture, height=float(np.clip(min(width_first, height_first), 0.02, 1)))


def _share(rng: Generator) -> float:
    """Return a place between two borders: mostly in the middle, at times at one of them."""
    if chance(rng, 0.06):
        return float(rng.integers(2))
    return float(rng.beta(3, 3))
