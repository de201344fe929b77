"""Printed forms that digits are written on or into: lines, combs, boxes, tables, grids."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.geometry import Box, Floats, Matrix, local_scale, project, union
from digitnet.datasets.paper.sampling import chance, choice, log_uniform, uniform
from digitnet.datasets.paper.style import FORMS

Cells = Sequence[Sequence[Box]]
Segment = tuple[float, float, float, float]  # from x and y to x and y

_MAX_RULES = 200  # lines of a table or grid, either way
_MIN_RULE_WIDTH = 0.9  # px
# red, green and blue: black, grey, blue, red and green
_TONES = ((0.05, 0.05, 0.05), (0.4, 0.4, 0.4), (0.1, 0.2, 0.6), (0.7, 0.15, 0.1), (0.1, 0.5, 0.3))


def print_form(
    colours: Floats, capture: Capture, warp: Matrix, cells: Cells, rng: Generator
) -> None:
    """Print a form on colours in [0, 1], (H, W, 3), around the places of digits.

    `warp` leads from the page to pixels; `cells` are the bounding boxes of digits on the page.
    """
    assert capture.form is not None
    # the part of the page in view
    rows, columns = colours.shape[:2]
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=float)
    on_page = project(np.linalg.inv(warp), corners)
    page: Box = (*on_page.min(axis=0), *on_page.max(axis=0))
    # lines on the page, then in pixels
    height = float(np.median([bottom - top for row in cells for _, top, _, bottom in row]))
    width = height * log_uniform(rng, 0.012, 0.07)
    ends = np.array(_SEGMENTS[capture.form](cells, page, width, rng)).reshape(-1, 2)
    width = max(width * local_scale(warp, on_page), _MIN_RULE_WIDTH)
    cover = _rasterized(project(warp, ends).reshape(-1, 4), width, (rows, columns))
    # colour
    tone = np.array(choice(rng, _TONES) if chance(rng, 0.4) else _TONES[0])
    tone = 1 - tone if capture.dark else tone
    strength = cover[..., None] * np.float32(uniform(rng, 0.4, 1))
    colours += strength * (tone.astype(np.float32) - colours)


def _rasterized(lines: Floats, width: float, shape: tuple[int, int]) -> Floats:
    """Return the coverage of pixels by lines, in [0, 1], (H, W); those of no length are dots."""
    fine = 3 if max(shape) <= 800 else 2
    image = Image.new("L", (shape[1] * fine, shape[0] * fine))
    pen = ImageDraw.Draw(image)
    for x, y, u, v in (lines * fine).tolist():
        if (x, y) == (u, v):
            radius = 0.75 * width * fine
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
        else:
            pen.line((x, y, u, v), 255, max(1, round(width * fine)))
    return np.asarray(image.reduce(fine), dtype=np.float32) / np.float32(255)


def _line(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a line under each row of digits, which may touch it."""
    across, room = chance(rng, 0.5), uniform(rng, 0.1, 1.5)
    lines = []
    for left, top, right, bottom in map(union, cells):
        height = bottom - top
        y = bottom + uniform(rng, -0.06, 0.3) * height
        start, end = left - room * height, right + room * height
        lines.append((page[0], y, page[2], y) if across else (start, y, end, y))
    return lines


def _comb(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a line under each row, with a short wall between digits."""
    margin, wall = uniform(rng, 0.05, 0.5), uniform(rng, 0.12, 0.6)
    lines = []
    for row in cells:
        _, top, _, bottom = union(row)
        height = bottom - top
        walls = _walls(row, margin * height)
        y = bottom + uniform(rng, -0.05, 0.25) * height
        lines += [*((x, y - wall * height, x, y) for x in walls), (walls[0], y, walls[-1], y)]
    return lines


def _walls(row: Sequence[Box], margin: float) -> list[float]:
    """Return where the walls between digits are, and those before the first and after the last."""
    inner = [(before[2] + after[0]) / 2 for before, after in pairwise(row)]
    return [row[0][0] - margin, *inner, row[-1][2] + margin]


def _boxes(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a box for each digit, with walls that two share or with a gap between them."""
    margin, gap = uniform(rng, 0.03, 0.4), uniform(rng, 0.02, 0.1) if chance(rng, 0.4) else 0.0
    lines = []
    for row in cells:
        _, top, _, bottom = union(row)
        room = margin * (bottom - top)
        for left, right in pairwise(_walls(row, room)):
            apart = min(gap * (bottom - top), 0.2 * (right - left), 0.5 * room)
            lines += _rectangle(left + apart, top - room, right - apart, bottom + room)
    return lines


def _frame(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a frame around each row of digits."""
    aside, above = uniform(rng, 0.05, 1), uniform(rng, 0.03, 0.6)
    lines = []
    for left, top, right, bottom in map(union, cells):
        x, y = aside * (bottom - top), above * (bottom - top)
        lines += _rectangle(left - x, top - y, right + x, bottom + y)
    return lines


def _rectangle(left: float, top: float, right: float, bottom: float) -> list[Segment]:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return [(*start, *end) for start, end in pairwise(corners)]


def _table(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return a table with all that is written in one of its columns."""
    left, _, right, _ = union([box for row in cells for box in row])
    rows = [union(row) for row in cells]
    height = rows[0][3] - rows[0][1]
    margin = uniform(rng, 0.1, 0.8) * height
    floor = rows[0][3] + uniform(rng, 0.02, 0.3) * height
    pitch = max((after[3] - before[3] for before, after in pairwise(rows)), default=0.0)
    high = max(uniform(rng, 1.15, 2.2) * height, floor - rows[0][1], pitch)
    columns = _through(left - margin, right - left + 2 * margin, page[0], page[2])
    return _crossed(page, columns, _through(floor, high, page[1], page[3]))


def _squares(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return squares, which digits may be written across."""
    return _crossed(page, *_grid(page, width, rng))


def _dots(cells: Cells, page: Box, width: float, rng: Generator) -> list[Segment]:
    """Return dots in rows and columns, which digits may be written across."""
    columns, rows = _grid(page, width, rng)
    return [(x, y, x, y) for y in rows for x in columns]


def _grid(page: Box, width: float, rng: Generator) -> tuple[list[float], list[float]]:
    """Return x and y of evenly spaced columns and rows on all of the page."""
    left, top, right, bottom = page
    side = max(log_uniform(rng, 0.2, 2.5), 5 * width)
    across, down = uniform(rng, 0, side), uniform(rng, 0, side)
    return _through(across, side, left, right), _through(down, side, top, bottom)


def _crossed(page: Box, columns: Sequence[float], rows: Sequence[float]) -> list[Segment]:
    """Return lines over all of the page."""
    left, top, right, bottom = page
    return [*((x, top, x, bottom) for x in columns), *((left, y, right, y) for y in rows)]


def _through(place: float, step: float, low: float, high: float) -> list[float]:
    """Return places from `low` to `high`, evenly spaced, of which one would be `place`."""
    step = max(step, (high - low) / _MAX_RULES)
    steps = np.arange(np.ceil((low - place) / step), (high - place) / step)
    return [float(place + step * number) for number in steps]


_SEGMENTS = dict(zip(FORMS, (_line, _comb, _boxes, _frame, _table, _squares, _dots), strict=True))
