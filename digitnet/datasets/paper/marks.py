"""Marks on a page, strokes of a pen or images of ink, and their rasterization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from digitnet.datasets.paper.geometry import Box, Bytes, Matrix, Points, local_scale, project, union
from digitnet.datasets.paper.sampling import log_uniform

MIN_LINE_WIDTH = 1.1  # px; a thinner line disappears


@dataclass(frozen=True, eq=False)
class Mark:
    """Something written on a page, in the page's unit.

    Attributes:
        points: Along the strokes, (P, 2); of an image, its corners (4, 2), clockwise from the
            top left.
        width: The pen's.
        ink: Ink between two points, in [0, 1], (P - 1,); `None` of an image.
        image: Light ink on dark, cropped to it, (H, W); `None` of strokes.
        digit: The digit that it is, or `None`.
    """

    points: Points
    width: float
    ink: NDArray[np.float64] | None = None
    image: Bytes | None = None
    digit: int | None = None

    @property
    def box(self) -> Box:
        """Bounding box, with the pen's width."""
        reach = 0.0 if self.ink is None else self.width / 2
        left, top = self.points.min(axis=0) - reach
        right, bottom = self.points.max(axis=0) + reach
        return left, top, right, bottom

    def moved(self, scale: float, x: float, y: float) -> Mark:
        """Return the mark scaled around the origin, then shifted."""
        return replace(self, points=self.points * scale + (x, y), width=self.width * scale)

    def warped(self, warp: Matrix, min_width: float = 0.0) -> Mark:
        """Return the mark after a perspective transform, its line at least so wide."""
        width = max(self.width * local_scale(warp, self.points), min_width)
        return replace(self, points=project(warp, self.points), width=width)


class Tile(NamedTuple):
    """Pixels, (H, W), and the place of their top left corner in the picture."""

    pixels: NDArray[Any]
    left: int
    top: int


def bounds(marks: Sequence[Mark]) -> Box:
    """Return the bounding box of marks."""
    return union([mark.box for mark in marks])


def stroke_width(image: Bytes) -> float:
    """Return the width of an image's strokes, in pixels.

    A line's area is its length times its width, and its outline twice its length.
    """
    ink = np.pad(image > 127, 1)
    outline = np.count_nonzero(ink[1:] != ink[:-1]) + np.count_nonzero(ink[:, 1:] != ink[:, :-1])
    # on a grid, an outline in all directions is 4 / pi times too long
    return float(2 * ink.sum() / max(outline * np.pi / 4, 1))


def rasterize(mark: Mark, rng: Generator) -> Tile:
    """Draw a mark whose points are in pixels, supersampled."""
    left, top, right, bottom = mark.box
    x, y = int(np.floor(left)) - 2, int(np.floor(top)) - 2
    size = (int(np.ceil(right)) - x + 3, int(np.ceil(bottom)) - y + 3)
    mark = replace(mark, points=mark.points - (x, y))
    fine = 4 if max(size) < 160 else 2 if max(size) < 900 else 1
    large = (size[0] * fine, size[1] * fine)
    image = _draw_image(mark, large, fine) if mark.ink is None else _draw(mark, large, fine, rng)
    return Tile(np.asarray(image.reduce(fine)), x, y)


def _draw_image(mark: Mark, size: tuple[int, int], fine: int) -> Image.Image:
    """Warp an image to four corners, its strokes at least as wide as the mark's."""
    assert mark.image is not None
    corners = (mark.points + 0.5) * fine - 0.5
    times = max(1, int(max(mark.image.shape) / np.ptp(corners, axis=0).max()))
    reduced = Image.fromarray(mark.image).reduce(times)
    # the perspective transform from the corners back to the image
    source = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * reduced.size
    rows = []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    back = np.linalg.solve(np.array(rows), source.ravel()).tolist()
    warped = reduced.transform(size, Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC)
    missing = mark.width * fine - stroke_width(np.asarray(warped))
    return (
        warped.filter(ImageFilter.MaxFilter(1 + 2 * round(missing / 2))) if missing > 1 else warped
    )


def _draw(mark: Mark, size: tuple[int, int], fine: int, rng: Generator) -> Image.Image:
    """Draw the strokes of a round tip."""
    assert mark.ink is not None
    points, ink = _interpolated(mark.points, mark.ink, 8 / fine)
    points = (points + 0.5) * fine
    # the pressure, and with it the width, wavers slowly
    depth, knots = log_uniform(rng, 0.04, 0.2), rng.standard_normal(9)
    pressure = np.interp(np.linspace(0, 1, len(points)), np.linspace(0, 1, len(knots)), knots)
    width = mark.width * fine * np.exp(depth * pressure)
    # faint ink first, so that it does not erase what is darker
    image = Image.new("L", size)
    pencil = ImageDraw.Draw(image)
    starts = np.diff(ink, prepend=0) > 0  # nothing as dark has been drawn up to here
    for place in np.argsort(ink, kind="stable")[np.count_nonzero(ink <= 0) :]:
        start, end = points[place], points[place + 1]
        fill, radius = int(255 * ink[place]), width[place] / 2 - 0.5
        pencil.line((*start, *end), fill, max(1, round(width[place])))
        if radius > 0.7:
            for x, y in (end, start) if starts[place] else (end,):
                pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill)
    return image


def _interpolated(
    points: Points, ink: NDArray[np.float64], step: float
) -> tuple[Points, NDArray[np.float64]]:
    """Return up to four times as many points on the same curve, `step` px apart at best."""
    longest = float(np.abs(np.diff(points, axis=0))[ink > 0].max(initial=1))
    times = int(np.clip(np.ceil(longest / step), 1, 4))
    if times == 1:
        return points, ink
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    # pen-up gaps must not bend the curve of the strokes beside them
    lifted = np.flatnonzero(ink == 0)
    before, after = padded[:-3].copy(), padded[3:].copy()
    after[lifted[lifted > 0] - 1] = points[lifted[lifted > 0]]
    next_up = lifted[lifted + 1 < len(before)] + 1
    before[next_up] = points[next_up]
    t = (np.arange(times) / times)[:, None, None]
    left, right = points[:-1], points[1:]
    # the spline of Catmull and Rom (1974)
    cubic = 2 * before - 5 * left + 4 * right - after + t * (3 * (left - right) + after - before)
    dense = (left + 0.5 * t * (right - before + t * cubic)).transpose(1, 0, 2).reshape(-1, 2)
    return np.concatenate([dense, points[-1:]]), np.repeat(ink, times)
