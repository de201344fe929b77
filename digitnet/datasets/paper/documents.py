"""Pictures of what stands on real papers: entries with signs, tables, grids and text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper import contents, layout
from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import between, chance, ratio
from digitnet.datasets.paper.framing import framed, shape_of, wide_enough
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.record import PaperPicture
from digitnet.datasets.paper.scene import Page, picture_of
from digitnet.datasets.paper.style import Style, check_amount
from digitnet.datasets.paper.subjects import check_range, check_source, pictures, source_name
from digitnet.datasets.paper.writing import InkSource
from digitnet.errors import InvalidInputError

ENTRIES = {
    "date": contents.date,
    "amount": contents.amount,
    "time": contents.clock,
    "formula": contents.formula,
    "reference": contents.reference,
    "label": contents.label,
    "number": contents.number,
}
"""What an entry may be."""

_ENTRY, _TABLE, _TEXT = range(5, 8)  # after the subjects of `subjects.py`: no two share a seed
_LINE_LENGTH = 12.0  # digit heights of a line of text, at least


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
        count: Pictures, at least 1. Each is the same whatever the count.
        seed: In 0..2**63 - 1; the same seed and settings give the same pictures.
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
    check_amount("printed", printed, 0, 1)
    check_amount("spacing", spacing, -0.15, 2)
    if not kinds or any(kind not in ENTRIES for kind in kinds):
        raise InvalidInputError(
            f"Expected kinds out of {', '.join(map(repr, ENTRIES))}; received {kinds!r}."
        )

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        patterns = [
            ENTRIES[kinds[int(rng.integers(len(kinds)))]](rng)
            for _ in range(rng.integers(fewest, most + 1))
        ]
        composed = [
            contents.composed(
                pattern, capture, source, rng, printed=chance(rng, printed), spacing=spacing
            )
            for pattern in patterns
        ]
        leading = between(rng, 1.35, 2.5)
        placed = [
            [mark.moved(1, 0, number * leading) for mark in line.marks]
            for number, line in enumerate(composed)
        ]
        return _page("number", placed, capture, rng, source, style)

    return pictures(count, seed, _ENTRY, style, make)


def tables(
    count: int,
    *,
    seed: int = 0,
    rows: int | tuple[int, int] = (2, 8),
    columns: int | tuple[int, int] = (2, 6),
    digits: int | tuple[int, int] = (1, 5),
    gap: tuple[float, float] = (1, 12),
    printed: float = 0.0,
    source: InkSource = None,
    style: Style | None = None,
) -> list[PaperPicture]:
    """Return pictures of tables: numbers in columns, ranged left or right.

    Args:
        count: Pictures, at least 1. Each is the same whatever the count.
        seed: In 0..2**63 - 1; the same seed and settings give the same pictures.
        rows: Rows, or the least and the most, in 1..100.
        columns: Columns, or the least and the most, in 1..100.
        digits: Digits of a cell, or the least and the most, in 1..100.
        gap: Between the widest numbers of two columns, in digit heights, the least and the most.
        printed: Share of the cells that are print, in [0, 1].
        source: See `digits`; of a `Handwriting`, each cell has one writer's digits.
        style: See `digits`. Of its forms, `"boxes"` draws the cells.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """
    check_source(source)
    sizes = [
        check_range(name, value)
        for name, value in (("rows", rows), ("columns", columns), ("digits", digits))
    ]
    check_amount("printed", printed, 0, 1)

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        height, width = (int(rng.integers(low, high + 1)) for low, high in sizes[:2])
        lengths = rng.integers(sizes[2][0], sizes[2][1] + 1, size=(height, width)).tolist()
        spacing = between(rng, 0.05, 0.3)
        cells = [
            [
                contents.composed(
                    [contents.DIGIT] * length,
                    capture,
                    source,
                    rng,
                    printed=chance(rng, printed),
                    spacing=spacing,
                ).marks
                for length in row
            ]
            for row in lengths
        ]
        return _page("number", _ranged(cells, gap, rng), capture, rng, source, style)

    return pictures(count, seed, _TABLE, style, make)


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
        count: Pictures, at least 1. Each is the same whatever the count.
        seed: In 0..2**63 - 1; the same seed and settings give the same pictures.
        lines: Lines in a picture, or the least and the most, in 1..100.
        printed: Share of the pictures that are print, in [0, 1].
        style: See `digits`.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """
    fewest, most = check_range("lines", lines)
    check_amount("printed", printed, 0, 1)

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        in_print = chance(rng, printed)
        leading, length = between(rng, 1.35, 2.2), _LINE_LENGTH * ratio(rng, 0.3, 2)
        placed = []
        for number in range(rng.integers(fewest, most + 1)):
            words = max(1, round(length / 3))
            pattern = [contents.WORD, contents.SPACE] * words
            line = contents.composed(pattern, capture, None, rng, printed=in_print, spacing=0.0)
            placed.append([mark.moved(1, 0, number * leading) for mark in line.marks])
        return _page("letter", placed, capture, rng, None, style)

    return pictures(count, seed, _TEXT, style, make)


def _page(
    subject: str,
    placed: Sequence[Sequence[Mark]],
    capture: Capture,
    rng: Generator,
    source: InkSource,
    style: Style | None,
) -> PaperPicture:
    """Make a picture of lines of marks."""
    lengths = [sum(mark.digit is not None for mark in line) for line in placed]
    written = [line for line, length in zip(placed, lengths, strict=True) if length]
    marks = layout.centred([mark for line in placed for mark in line])
    shape = shape_of(capture, marks, rng)
    if style is None or style.height is None:
        capture = wide_enough(capture, marks, shape, rng)
    warp, shape = framed(capture, marks, shape, rng)
    digits = iter([mark for mark in marks if mark.digit is not None])
    lengths = [length for length in lengths if length]
    cells = [[next(digits).box for _ in range(length)] for length in lengths]
    if not written:
        capture, cells = replace(capture, form=None), []
    name = source_name(source)
    return picture_of(Page(subject, name, marks, lengths, warp, shape, cells), capture, rng)


def _ranged(
    cells: Sequence[Sequence[Sequence[Mark]]], gap: tuple[float, float], rng: Generator
) -> list[list[Mark]]:
    """Return the rows of a table, its numbers ranged in columns."""
    widths = np.array([[_width(marks) for marks in row] for row in cells]).max(axis=0)
    gaps = [between(rng, *gap) for _ in widths]
    if chance(rng, 0.5):  # columns of one width
        gaps = [gaps[0]] * len(gaps)
    starts = np.cumsum([0.0, *(width + space for width, space in zip(widths, gaps, strict=True))])
    leading, side = between(rng, 1.3, 2.8), between(rng, 0, 1)
    side = round(side) if chance(rng, 0.8) else side
    rows = []
    for number, row in enumerate(cells):
        line: list[Mark] = []
        for start, width, marks in zip(starts, widths, row, strict=False):
            x = start + side * (width - _width(marks)) + between(rng, -0.1, 0.1)
            y = number * leading + between(rng, -0.08, 0.08)
            line += [mark.moved(1, x, y) for mark in marks]
        rows.append(line)
    return rows


def _width(marks: Sequence[Mark]) -> float:
    left, _, right, _ = layout.bounds(marks)
    return right - left
