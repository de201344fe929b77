"""What is printed for digits to be written on or into, up to as dark as print is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import Floats, between, chance, ratio
from digitnet.datasets.paper.layout import Box, around
from digitnet.datasets.paper.marks import Matrix, Points, project, scale_at

Cells = Sequence[Sequence[Box]]
Segment = tuple[float, float, float, float]  # from x and y to x and y

_MAX_RULES = 200  # lines of a table, either way
_TONES = ((0.05, 0.05, 0.05), (0.4, 0.4, 0.4), (0.1, 0.2, 0.6), (0.7, 0.15, 0.1), (0.1, 0.5, 0.3))


def print_form(
    colours: Floats, capture: Capture, warp: Matrix, cells: Cells, rng: Generator
) -> None:
    """Print a form around the places of digits.

    Args:
        colours: What is printed on, in [0, 1], (H, W, 3).
        capture: Which form, and whether the ground is dark.
        warp: From the page, on which a digit is about 1 high, to pixels.
        cells: Left, top, right and bottom of each digit on the page, line by line.
        rng: Draws the rest.
    """
    assert capture.form is not None
    rows, columns = colours.shape[:2]
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=float)
    on_page = project(np.linalg.inv(warp), corners)
    page: Box = (*on_page.min(axis=0), *on_page.max(axis=0))
    height = float(np.median([bottom - top for row in cells for _, top, _, bottom in row]))
    width = height * ratio(rng, 0.012, 0.07)
    ends = np.array(_DRAWN_BY[capture.form](cells, page, width, rng)).reshape(-1, 2)
    broad = max(width * scale_at(warp, on_page), 0.9)
    cover = _drawn(project(warp, ends).reshape(-1, 4), broad, (rows, columns))
    tone = np.array(_TONES[rng.integers(len(_TONES)) if chance(rng, 0.4) else 0])
    tone = 1 - tone if capture.dark else tone
    strength = cover[..., None] * np.float32(between(rng, 0.4, 1))
    colours += strength * (tone.astype(np.float32) - colours)


def _drawn(lines: Points, width: float, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return how much of each pixel lines cover, in [0, 1], (H, W); those of no length are dots."""
    fine = 3 if max(shape) <= 800 else 2
    image = Image.new("L", (shape[1] * fine, shape[0] * fine))
    pen = ImageDraw.Draw(image)
    for line in lines:
        x, y, u, v = (float(place) * fine for place in line)
        if (x, y) == (u, v):
            reach = 0.75 * width * fine
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), 255)
        else:
            pen.line((x, y, u, v), 255, max(1, round(width * fine)))
    return np.asarray(image.reduce(fine), dtype=np.float32) / np.float32(255)


def _line(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a line under each row of digits, which may touch it."""
    across, room = chance(rng, 0.5), between(rng, 0.1, 1.5)
    lines = []
    for row in cells:
        left, top, right, bottom = around(row)
        height = bottom - top
        y = bottom + between(rng, -0.06, 0.3) * height
        start, end = left - room * height, right + room * height
        lines.append((page[0], y, page[2], y) if across else (start, y, end, y))
    return lines


def _walls(row: Sequence[Box], margin: float) -> list[float]:
    """Return where the walls between digits are, and those before the first and after the last."""
    inner = [(before[2] + after[0]) / 2 for before, after in pairwise(row)]
    return [row[0][0] - margin, *inner, row[-1][2] + margin]


def _comb(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a line under each row, with a short wall between digits."""
    margin, high = between(rng, 0.05, 0.5), between(rng, 0.12, 0.6)
    lines = []
    for row in cells:
        _, top, _, bottom = around(row)
        height = bottom - top
        walls = _walls(row, margin * height)
        y = bottom + between(rng, -0.05, 0.25) * height
        lines += [(x, y - high * height, x, y) for x in walls]
        lines.append((walls[0], y, walls[-1], y))
    return lines


def _boxes(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a box for each digit, with walls that two share or with a gap between them."""
    margin, space = between(rng, 0.03, 0.4), between(rng, 0.02, 0.1) if chance(rng, 0.4) else 0.0
    lines = []
    for row in cells:
        _, top, _, bottom = around(row)
        height = bottom - top
        room = margin * height
        for left, right in pairwise(_walls(row, room)):
            apart = min(space * height, 0.2 * (right - left), 0.5 * room)
            lines += _rectangle((left + apart, top - room, right - apart, bottom + room))
    return lines


def _frame(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a frame around each row of digits."""
    aside, above = between(rng, 0.05, 1), between(rng, 0.03, 0.6)
    lines = []
    for row in cells:
        left, top, right, bottom = around(row)
        height = bottom - top
        x, y = aside * height, above * height
        lines += _rectangle((left - x, top - y, right + x, bottom + y))
    return lines


def _rectangle(box: Box) -> list[Segment]:
    left, top, right, bottom = box
    return [
        (left, top, right, top),
        (right, top, right, bottom),
        (right, bottom, left, bottom),
        (left, bottom, left, top),
    ]


def _table(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a table with all that is written in one of its columns."""
    left, _, right, _ = around([box for row in cells for box in row])
    rows = [around(row) for row in cells]
    height = rows[0][3] - rows[0][1]
    margin = between(rng, 0.1, 0.8) * height
    floor = rows[0][3] + between(rng, 0.02, 0.3) * height
    pitch = max((after[3] - before[3] for before, after in pairwise(rows)), default=0.0)
    high = max(between(rng, 1.15, 2.2) * height, floor - rows[0][1], pitch)
    return _crossed(page, (left - margin, right - left + 2 * margin), (floor, high))


def _squares(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return squares, which digits may be written across."""
    side = max(ratio(rng, 0.2, 2.5), 5 * width)
    return _crossed(page, (between(rng, 0, side), side), (between(rng, 0, side), side))


def _dots(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return dots in rows and columns, which digits may be written across."""
    lines = _squares(cells, page, width, rng)
    upright = sorted({x for x, _, u, _ in lines if x == u})
    level = sorted({y for _, y, _, v in lines if y == v})
    return [(x, y, x, y) for y in level for x in upright]


def _crossed(page: Box, across: tuple[float, float], down: tuple[float, float]) -> list[Segment]:
    """Return lines over all of the page, each kind through a place, so far apart or farther."""
    left, top, right, bottom = page
    columns, rows = (
        _through(*placed, low, high)
        for placed, low, high in ((across, left, right), (down, top, bottom))
    )
    return [*((x, top, x, bottom) for x in columns), *((left, y, right, y) for y in rows)]


def _through(place: float, step: float, low: float, high: float) -> list[float]:
    """Return places from `low` to `high`."""
    step = max(step, (high - low) / _MAX_RULES)
    steps = np.arange(np.ceil((low - place) / step), (high - place) / step)
    return [float(place + step * number) for number in steps]


_DRAWN_BY: dict[str, Callable[[Cells, Box, float, Generator], list[Segment]]] = {
    "line": _line,
    "comb": _comb,
    "boxes": _boxes,
    "frame": _frame,
    "table": _table,
    "squares": _squares,
    "dots": _dots,
}
