"""A page: what is written on it, and how it comes into the frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.distractors import neighbour
from digitnet.datasets.paper.geometry import Box, ImageShape, Matrix, union
from digitnet.datasets.paper.layout import Lines, centred, flat, specks
from digitnet.datasets.paper.marks import Mark, bounds
from digitnet.datasets.paper.sampling import chance, uniform
from digitnet.datasets.paper.writing import InkSource, write

_MIN_HEIGHT = 16.0  # px of a digit; a reader needs as many
_MAX_SIDE = 4000  # px of a picture
_MIN_SIDE = 28  # px


@dataclass(frozen=True, eq=False)
class Page:
    """All that is needed to make one picture.

    Attributes:
        subject: See `Traits`.
        source: See `Traits`.
        capture: The settings of the picture.
        lines: What is written, line by line; marks with a digit are the truth.
        cells: Bounding boxes of digits, or of what might be some, line by line, to print forms at.
        warp: Perspective transform from the page to pixels.
        shape: Rows and columns of the picture.
        specks: Marks beside what is written.
        neighbours: Marks in pixels of which a part comes into view.
    """

    subject: str
    source: str
    capture: Capture
    lines: Lines
    cells: Sequence[Sequence[Box]]
    warp: Matrix
    shape: ImageShape
    specks: Sequence[Mark] = ()
    neighbours: Sequence[Mark] = ()


def framed(
    subject: str,
    lines: Lines,
    capture: Capture,
    rng: Generator,
    source: InkSource = None,
    *,
    filling: bool = False,
) -> Page:
    """Return a page with lines in the middle, and its place in the frame.

    With `filling`, lines fill a usual part of the frame where the style leaves the height open.
    """
    lines = centred(lines)
    marks = flat(lines)
    shape = _wanted_shape(capture, marks, rng)
    if filling and capture.style.height is None:
        capture = _filling(capture, marks, shape, rng)
    warp, shape = _placed(capture, marks, shape, rng)
    cells = [[mark.box for mark in line if mark.digit is not None] for line in lines]
    if not any(cells):
        cells = [[mark.box for mark in line] for line in lines]
    name = "strokes" if source is None else source.name
    return Page(subject, name, capture, lines, [row for row in cells if row], warp, shape)


def with_specks(page: Page, rng: Generator) -> Page:
    """Return a page with specks beside what is written, if its capture has clutter."""
    if not page.capture.clutter or chance(rng, 0.3):
        return page
    return replace(page, specks=specks(flat(page.lines), page.capture, rng))


def with_neighbour(page: Page, source: InkSource, rng: Generator) -> Page:
    """Return a page with a part of another digit at the frame, if its capture has clutter."""
    capture = page.capture
    if not capture.clutter or capture.paper == "canvas" or not chance(rng, 0.5):
        return page
    (digit,) = write(1, capture, source, rng)
    written = bounds([mark.warped(page.warp) for mark in flat(page.lines)])
    return replace(page, neighbours=neighbour(digit, written, page.shape, rng))


def _wanted_shape(capture: Capture, marks: Sequence[Mark], rng: Generator) -> ImageShape:
    """Return rows and columns for marks: of the capture's aspect, or wide as the marks are."""
    left, top, right, bottom = bounds(marks)
    aspect = capture.aspect
    if len(marks) > 1 and chance(rng, 0.75):
        aspect = (right - left) / (bottom - top) * uniform(rng, 0.6, 1.4)
    aspect = float(np.clip(aspect, 0.3, 6))
    size = capture.size
    if capture.style.size is None:  # what is long and low is not photographed in fewer pixels
        size = round(size * min(max(aspect, 1) ** 0.5, 1.6))
    if aspect >= 1:
        return max(_MIN_SIDE, round(size / aspect)), size
    return size, max(_MIN_SIDE, round(size * aspect))


def _filling(capture: Capture, marks: Sequence[Mark], shape: ImageShape, rng: Generator) -> Capture:
    """Return a capture in which marks fill a usual part of the frame."""
    left, top, right, bottom = bounds(marks)
    tallest = max(mark.box[3] - mark.box[1] for mark in marks)
    share = uniform(rng, 0.35, 0.98)
    by_width = share * shape[1] / (right - left) * tallest / shape[0]
    by_height = share * tallest / (bottom - top)
    return replace(capture, height=float(np.clip(min(by_width, by_height), 0.02, 1)))


def _placed(
    capture: Capture, marks: Sequence[Mark], shape: ImageShape, rng: Generator
) -> tuple[Matrix, ImageShape]:
    """Return the transform from the page to the picture, and the picture's rows and columns.

    Where digits would be too small to read, the picture or the digits become larger, as far as
    the style leaves that open.
    """
    style, (rows, columns) = capture.style, shape
    left, top, right, bottom = bounds(marks)
    reach = np.hypot(rows, columns) / (capture.height * rows) * max(bottom - top, 1)
    tilted = _tilted(capture, float(reach), rng)
    boxes = [mark.warped(tilted).box for mark in marks]
    left, top, right, bottom = union(boxes)
    # scale, limited by the frame
    tallest = max(box[3] - box[1] for box in boxes)
    most = min(columns / (right - left), rows / (bottom - top))
    scale = min(capture.height * rows / tallest, most)
    # a larger picture, or larger digits
    smallest = min(max(box[3] - box[1], box[2] - box[0]) for box in boxes)
    lacking = max(1.0, _MIN_HEIGHT / (scale * smallest))
    growth = max(1.0, _MAX_SIDE / max(shape))
    if len(marks) == 1 and style.height is None:
        growth = 1.5  # one digit can as well take more of the picture
    larger = min(lacking, growth) if style.size is None else 1.0
    rows, columns = round(rows * larger), round(columns * larger)
    if style.height is None:
        scale = min(scale * lacking / larger, most)
    scale *= larger
    # place
    x = (columns - scale * (right - left)) * _share(rng) - scale * left
    y = (rows - scale * (bottom - top)) * _share(rng) - scale * top
    return np.asarray(np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]]) @ tilted), (rows, columns)


def _tilted(capture: Capture, reach: float, rng: Generator) -> Matrix:
    """Return the rotation and tilt of a page that is in view up to `reach` from its origin."""
    angle, towards = math.radians(capture.rotation), uniform(rng, 0, 2 * math.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    lean = capture.tilt / reach
    rotation = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [lean * math.cos(towards), lean * math.sin(towards), 1]])
    return np.asarray(tilt @ rotation)


def _share(rng: Generator) -> float:
    """Return a place between two borders: mostly in the middle, at times at one of them."""
    return float(rng.integers(2)) if chance(rng, 0.06) else float(rng.beta(3, 3))
