"""Marks on a page: strokes of a pen, or given pictures, and how they come into a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from digitnet.datasets.paper.fields import ratio

Points = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Matrix = NDArray[np.floating[Any]]

THINNEST = 1.1  # pixels of a line that is seen at all


@dataclass(frozen=True, eq=False)
class Mark:
    """Something written on a page, in the page's own unit.

    Attributes:
        points: Along the strokes, (P, 2); of a picture, its corners (4, 2) from the top
            left in the sense of the clock.
        width: The pen's.
        pen: Ink between two points, in [0, 1], (P - 1,); `None` of a picture.
        image: Ink of a picture, cropped to it, (H, W); `None` of strokes.
        digit: The digit that it is, or `None`.
    """

    points: Points
    width: float
    pen: NDArray[np.float64] | None = None
    image: Bytes | None = None
    digit: int | None = None

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom, with the pen's width."""
        reach = 0.0 if self.pen is None else self.width / 2
        left, top = self.points.min(axis=0) - reach
        right, bottom = self.points.max(axis=0) + reach
        return left, top, right, bottom

    def moved(self, scale: float, x: float, y: float) -> Mark:
        """Return the mark scaled around the origin, then shifted."""
        return replace(self, points=self.points * scale + (x, y), width=self.width * scale)

    def warped(self, warp: Matrix, thinnest: float = 0.0) -> Mark:
        """Return the mark as it is seen, with a line that is at least so wide."""
        points = project(warp, self.points)
        width = max(self.width * scale_at(warp, self.points), thinnest)
        return replace(self, points=points, width=width)


class Tile(NamedTuple):
    """Ink in pixels, (H, W), and where its top left corner is in the picture."""

    ink: Bytes
    left: int
    top: int


def project(warp: Matrix, points: Points) -> Points:
    """Return points after a 3x3 matrix of homogeneous coordinates."""
    mapped = points @ warp[:2, :2].T + warp[:2, 2]
    return np.asarray(mapped / (points @ warp[2, :2] + warp[2, 2])[:, None])


def scale_at(warp: Matrix, points: Points) -> float:
    """Return how much larger things become in the middle of the points."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    corners = project(warp, middle + np.array([[0, 0], [1e-3, 0], [0, 1e-3]]))
    along, down = (corners[1:] - corners[0]) * 1e3
    return float(abs(along[0] * down[1] - along[1] * down[0]) ** 0.5)


def drawn(mark: Mark, rng: Generator) -> Tile:
    """Draw a mark whose points are in pixels."""
    left, top, right, bottom = mark.box
    x, y = int(np.floor(left)) - 2, int(np.floor(top)) - 2
    size = (int(np.ceil(right)) - x + 3, int(np.ceil(bottom)) - y + 3)
    if mark.image is not None:
        return Tile(_placed(mark.image, mark.points - (x, y), mark.width, size), x, y)
    return Tile(_stroked(mark, (x, y), size, rng), x, y)


def width_from_outline(image: Bytes) -> float:
    """Return the width of a picture's strokes, in pixels.

    A line's area is its length times its width, and its outline twice its length.
    """
    ink = np.pad(image > 127, 1)
    outline = np.count_nonzero(ink[1:] != ink[:-1]) + np.count_nonzero(ink[:, 1:] != ink[:, :-1])
    # on a grid, an outline in all directions is 4 / pi times too long
    return float(2 * ink.sum() / max(outline * np.pi / 4, 1))


def _placed(image: Bytes, corners: Points, width: float, size: tuple[int, int]) -> Bytes:
    """Stretch a picture to four corners, its strokes at least so wide, at several times the size.

    To the size alone, a thin line would fall between the pixels.
    """
    fine = _fineness(size)
    corners = (corners + 0.5) * fine - 0.5
    times = max(1, int(max(image.shape) / np.ptp(corners, axis=0).max()))
    reduced = np.asarray(Image.fromarray(image).reduce(times))
    stretched = _stretched(reduced, corners, (size[0] * fine, size[1] * fine))
    missing = width * fine - width_from_outline(np.asarray(stretched))
    if missing > 1:
        stretched = stretched.filter(ImageFilter.MaxFilter(1 + 2 * round(missing / 2)))
    return np.asarray(stretched.reduce(fine))


def _stretched(image: Bytes, corners: Points, size: tuple[int, int]) -> Image.Image:
    """Return a picture stretched to four corners."""
    height, width = image.shape
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
    rows = []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    back = np.linalg.solve(np.array(rows), source.ravel())
    data = tuple(float(value) for value in back)
    return Image.fromarray(image).transform(
        size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BICUBIC
    )


def _fineness(size: tuple[int, int]) -> int:
    """Return how many times as large a mark is drawn before it is made small."""
    longer = max(size)
    return 4 if longer < 160 else 2 if longer < 900 else 1


def _stroked(mark: Mark, origin: tuple[int, int], size: tuple[int, int], rng: Generator) -> Bytes:
    """Draw the way of a round tip whose width wavers, at several times the size."""
    assert mark.pen is not None
    fine = _fineness(size)
    points, pen = _densified(mark.points - origin, mark.pen, 8 / fine)
    points = (points + 0.5) * fine
    width = mark.width * fine * _pressure(len(points), rng)
    image = Image.new("L", (size[0] * fine, size[1] * fine))
    pencil = ImageDraw.Draw(image)
    lone = np.diff(pen, prepend=0) > 0  # nothing as dark has been drawn up to here
    for place in np.argsort(pen, kind="stable")[np.count_nonzero(pen <= 0) :]:  # faint ink first
        (x, y), (u, v) = points[place], points[place + 1]
        fill, reach = int(255 * pen[place]), width[place] / 2 - 0.5
        pencil.line((x, y, u, v), fill, max(1, round(width[place])))
        if reach > 0.7:
            pencil.ellipse((u - reach, v - reach, u + reach, v + reach), fill)
            if lone[place]:
                pencil.ellipse((x - reach, y - reach, x + reach, y + reach), fill)
    return np.asarray(image.reduce(fine) if fine > 1 else image)


def _densified(
    points: Points, pen: NDArray[np.float64], step: float
) -> tuple[Points, NDArray[np.float64]]:
    """Put points between, at most so many times that they are `step` pixels apart."""
    longest = float(np.abs(np.diff(points, axis=0))[pen > 0].max(initial=1))
    times = int(np.clip(np.ceil(longest / step), 1, 4))
    if times == 1:
        return points, pen
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    # pen-up gaps must not bend the curve of the strokes beside them
    lifted = np.flatnonzero(pen == 0)
    before, after = padded[:-3].copy(), padded[3:].copy()
    after[lifted[lifted > 0] - 1] = points[lifted[lifted > 0]]
    next_up = lifted[lifted + 1 < len(before)] + 1
    before[next_up] = points[next_up]
    t = (np.arange(times) / times)[:, None, None]
    left, right = points[:-1], points[1:]
    # the spline of Catmull and Rom (1974)
    dense = left + 0.5 * t * (
        right
        - before
        + t
        * (2 * before - 5 * left + 4 * right - after + t * (3 * (left - right) + after - before))
    )
    dense = dense.transpose(1, 0, 2).reshape(-1, 2)
    return np.concatenate([dense, points[-1:]]), np.repeat(pen, times)


def _pressure(count: int, rng: Generator) -> NDArray[np.float64]:
    """Return widths along a mark, about 1, slowly wavering."""
    depth = ratio(rng, 0.04, 0.2)
    places = np.linspace(0, 1, count)
    knots = rng.standard_normal(9)
    return np.exp(depth * np.interp(places, np.linspace(0, 1, len(knots)), knots))
