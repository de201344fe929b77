"""Pictures of entries with signs and words, of tables, and of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.generation import check_range, check_source, generate
from digitnet.datasets.paper.layout import Lines
from digitnet.datasets.paper.marks import Mark, bounds
from digitnet.datasets.paper.page import framed
from digitnet.datasets.paper.patterns import DIGIT, ENTRIES, SPACE, WORD, composed
from digitnet.datasets.paper.record import PaperPicture
from digitnet.datasets.paper.rendering import render
from digitnet.datasets.paper.sampling import chance, choice, log_uniform, uniform
from digitnet.datasets.paper.style import Style, check_setting
from digitnet.datasets.paper.writing import InkSource
from digitnet.errors import InvalidInputError

_LINE_LENGTH = 12.0  # digit heights of a line of text, about


def entries(
    count: int,
    *,
    seed: int = 0,
    kinds: Sequence[str] = tuple(ENTRIES),
    lines: int | tuple[int, int] = 1,
    printed: float = 0.0,
    spacing: float | None = None,
    source: InkSource = None,
    style: Style | None = None,
) -> list[PaperPicture]:
    """Return pictures of dates, amounts, times and the like, with their signs and words.

    The text of a picture has its digits alone.

    Args:
        count: See `digits`.
        seed: See `digits`.
        kinds: Names from `ENTRIES` to choose from.
        lines: Lines in a picture, or the least and the most, in 1..100.
        printed: Share of the lines that are print, in [0, 1].
        spacing: Between neighbours, of a digit's height, in -0.15..2; `None` leaves it to chance.
        source: See `digits`; of a `Handwriting`, each line has one writer's digits.
        style: See `digits`.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """
    check_source(source)
    fewest, most = check_range("lines", lines)
    check_setting("printed", printed, 0, 1, pair=False)
    if spacing is not None:
        check_setting("spacing", spacing, -0.15, 2, pair=False)
    if not kinds or any(kind not in ENTRIES for kind in kinds):
        raise InvalidInputError(
            f"Expected kinds out of {', '.join(map(repr, ENTRIES))}; received {kinds!r}."
        )

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        # what is written, then its marks
        n_lines = rng.integers(fewest, most + 1)
        patterns = [ENTRIES[choice(rng, kinds)](rng) for _ in range(n_lines)]
        composed_lines = [
            composed(pattern, capture, source, rng, in_print=chance(rng, printed), spacing=spacing)
            for pattern in patterns
        ]
        placed = _stacked(composed_lines, uniform(rng, 1.35, 2.5))
        return render(framed("number", placed, capture, rng, source, filling=True), rng)

    return generate(count, seed, "entry", style, make)


def tables(
    count: int,
    *,
    seed: int = 0,
    rows: int | tuple[int, int] = (2, 8),
    columns: int | tuple[int, int] = (2, 6),
    digits: int | tuple[int, int] = (1, 5),
    gap: float | tuple[float, float] = (1, 12),
    printed: float = 0.0,
    source: InkSource = None,
    style: Style | None = None,
) -> list[PaperPicture]:
    """Return pictures of tables: numbers in columns, aligned left or right.

    Args:
        count: See `digits`.
        seed: See `digits`.
        rows: Rows, or the least and the most, in 1..100.
        columns: Columns, or the least and the most, in 1..100.
        digits: Digits of a cell, or the least and the most, in 1..100.
        gap: Between the widest numbers of two columns, in digit heights, or the least and the
            most, in 0..100.
        printed: Share of the cells that are print, in [0, 1].
        source: See `digits`; of a `Handwriting`, each cell has one writer's digits.
        style: See `digits`. Of its forms, `"boxes"` draws the cells.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """
    check_source(source)
    ranges = {"rows": rows, "columns": columns, "digits": digits}
    sizes = [check_range(name, value) for name, value in ranges.items()]
    gaps = check_setting("gap", gap, 0, 100)
    check_setting("printed", printed, 0, 1, pair=False)

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        # what the table and its cells have in common
        shape = [int(rng.integers(low, high + 1)) for low, high in sizes[:2]]
        lengths = rng.integers(sizes[2][0], sizes[2][1] + 1, size=shape).tolist()
        spacing = uniform(rng, 0.05, 0.3)

        def cell(length: int) -> list[Mark]:
            in_print, pattern = chance(rng, printed), [DIGIT] * length
            return composed(pattern, capture, source, rng, in_print=in_print, spacing=spacing)

        # cells, row by row
        cells = [[cell(length) for length in row] for row in lengths]
        placed = _in_columns(cells, gaps, rng)
        return render(framed("number", placed, capture, rng, source, filling=True), rng)

    return generate(count, seed, "table", style, make)


def texts(
    count: int,
    *,
    seed: int = 0,
    lines: int | tuple[int, int] = (1, 12),
    printed: float = 0.7,
    style: Style | None = None,
) -> list[PaperPicture]:
    """Return pictures of text without a digit, printed or written.

    Args:
        count: See `digits`.
        seed: See `digits`.
        lines: Lines in a picture, or the least and the most, in 1..100.
        printed: Share of the pictures that are print, in [0, 1].
        style: See `digits`; forms are not printed.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """
    fewest, most = check_range("lines", lines)
    check_setting("printed", printed, 0, 1, pair=False)

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        # what the lines have in common
        in_print = chance(rng, printed)
        leading, length = uniform(rng, 1.35, 2.2), _LINE_LENGTH * log_uniform(rng, 0.3, 2)
        pattern = [WORD, SPACE] * max(1, round(length / 3))
        # lines
        n_lines = rng.integers(fewest, most + 1)
        composed_lines = [
            composed(pattern, capture, None, rng, in_print=in_print, spacing=0.0)
            for _ in range(n_lines)
        ]
        capture = replace(capture, form=None)
        return render(
            framed("letter", _stacked(composed_lines, leading), capture, rng, filling=True), rng
        )

    return generate(count, seed, "text", style, make)


def _stacked(lines: Lines, leading: float) -> list[list[Mark]]:
    """Return lines below one another, `leading` apart."""
    return [
        [mark.moved(1, 0, number * leading) for mark in line] for number, line in enumerate(lines)
    ]


def _in_columns(
    cells: Sequence[Lines], gaps: tuple[float, float], rng: Generator
) -> list[list[Mark]]:
    """Return the rows of a table, its numbers aligned in columns."""
    widths = np.array([[_width(marks) for marks in row] for row in cells])
    # columns
    apart = [uniform(rng, *gaps) for _ in cells[0]]
    if chance(rng, 0.5):  # evenly
        apart = [apart[0]] * len(apart)
    starts = np.cumsum([0.0, *(widths.max(axis=0) + apart)])
    # rows, aligned left or right or, rarely, between
    leading, side = uniform(rng, 1.3, 2.8), uniform(rng, 0, 1)
    side = round(side) if chance(rng, 0.8) else side
    rows = []
    for number, row in enumerate(cells):
        line: list[Mark] = []
        for start, widest, marks in zip(starts, widths.max(axis=0), row, strict=False):
            x = start + side * (widest - _width(marks)) + uniform(rng, -0.1, 0.1)
            y = number * leading + uniform(rng, -0.08, 0.08)
            line += [mark.moved(1, x, y) for mark in marks]
        rows.append(line)
    return rows


def _width(marks: Sequence[Mark]) -> float:
    left, _, right, _ = bounds(marks)
    return right - left
