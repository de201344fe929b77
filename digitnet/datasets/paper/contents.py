"""What people write in a line: dates, amounts, times, numbers beside words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import between, chance
from digitnet.datasets.paper.fonts import font
from digitnet.datasets.paper.layout import bounds
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.signs import sign, word
from digitnet.datasets.paper.writing import InkSource, pictured, write

DIGIT, SPACE, GAP, WORD = "0", " ", "\t", "w"
"""Tokens of a pattern, beside the names of signs: a digit, a space of a word's width, a gap as
between columns, and a word."""

_IN_PRINT = {"times": "\u00d7", "division": "\u00f7", "minus": "\u2212", "Fr": "Fr."}
_PRINT_SIZE = 60  # px of a printed digit before it is placed


class Line(NamedTuple):
    """Marks of a line on the baseline y = 0, and how many of them are digits."""

    marks: list[Mark]
    digits: int


def _digits(low: int, high: int, rng: Generator) -> list[str]:
    return [DIGIT] * int(rng.integers(low, high + 1))


def _pick(options: Sequence[str], rng: Generator) -> str:
    return options[int(rng.integers(len(options)))]


def date(rng: Generator) -> list[str]:
    """Return the pattern of a date, as 7.11.1998, 1998-11-07 or 7/11/98."""
    separator = _pick(("/", "/", ".", ".", "-", "|"), rng)
    day, month, year = _digits(1, 2, rng), _digits(1, 2, rng), [DIGIT] * _int((2, 4), rng)
    parts = [year, month, day] if chance(rng, 0.2) else [day, month, year]
    return [*parts[0], separator, *parts[1], separator, *parts[2]]


def amount(rng: Generator) -> list[str]:
    """Return the pattern of an amount of money, as CHF 1'250.50 or 12,50 €."""
    whole = _digits(1, 3, rng)
    if chance(rng, 0.3):
        whole += [_pick(("'", ",", ".", SPACE), rng), DIGIT, DIGIT, DIGIT]
    cents = _pick((".", ",", ".", ",", "-"), rng)
    tail = [cents, DIGIT, DIGIT] if chance(rng, 0.75) else [".", "-"] if chance(rng, 0.3) else []
    currency = _pick(("$", "€", "£", WORD, "Fr", "$", "€"), rng)
    space = [SPACE] if chance(rng, 0.4) else []
    kind = rng.random()
    if kind < 0.4:
        return [currency, *space, *whole, *tail]
    return [*whole, *tail, *space, currency] if kind < 0.75 else [*whole, *tail]


def clock(rng: Generator) -> list[str]:
    """Return the pattern of a time of day or a duration, as 12:45 or 7.30."""
    colon = _pick((":", ":", ":", "."), rng)
    seconds = [colon, DIGIT, DIGIT] if chance(rng, 0.2) else []
    return [*_digits(1, 2, rng), colon, DIGIT, DIGIT, *seconds]


def formula(rng: Generator) -> list[str]:
    """Return the pattern of a sum or a percentage."""
    if chance(rng, 0.35):
        decimals = [_pick((".", ","), rng), *_digits(1, 2, rng)] if chance(rng, 0.4) else []
        return [*_digits(1, 3, rng), *decimals, _pick(("%", "%", "°", "#"), rng)]
    operators = ("+", "-", "minus", "times", "division", "=", "*", "<", ">")
    pattern = _digits(1, 3, rng)
    for _ in range(int(rng.integers(1, 3))):
        pattern += [_pick(operators, rng), *_digits(1, 3, rng)]
    return [*pattern, "=", *_digits(1, 3, rng)] if chance(rng, 0.5) else pattern


def reference(rng: Generator) -> list[str]:
    """Return the pattern of a telephone or a file number, as (031) 123-45-67 or #12/345."""
    pattern = ["+"] if chance(rng, 0.2) else ["#"] if chance(rng, 0.15) else []
    separator = _pick((SPACE, "-", "/", ".", "_"), rng)
    opening, closing = (("(", ")"), ("[", "]"))[rng.integers(2)]
    for number in range(int(rng.integers(1, 5))):
        group = _digits(1, 4, rng)
        if not number and chance(rng, 0.35):
            group = [opening, *group, closing]
        pattern += [*([separator] if number else []), *group]
    return pattern


def label(rng: Generator) -> list[str]:
    """Return the pattern of words beside a number, as "No 27" or "Bahnhofstrasse 27"."""
    words = [WORD, SPACE] * int(rng.integers(1, 3))
    colon = [":", SPACE] if chance(rng, 0.3) else []
    number = PATTERNS[rng.integers(len(PATTERNS))](rng) if chance(rng, 0.4) else _digits(1, 5, rng)
    if chance(rng, 0.3):
        return [*number, SPACE, *words[:-1]]
    tail = [SPACE, WORD] if chance(rng, 0.3) else []
    return [*words[:-1], *(colon or [SPACE]), *number, *tail]


def number(rng: Generator) -> list[str]:
    """Return the pattern of a number of 1 to 8 digits."""
    return _digits(1, 8, rng)


PATTERNS: tuple[Callable[[Generator], list[str]], ...] = (date, amount, clock, formula, reference)
"""Numbers with signs."""


def _int(options: Sequence[int], rng: Generator) -> int:
    return options[int(rng.integers(len(options)))]


def composed(
    pattern: Sequence[str],
    capture: Capture,
    source: InkSource,
    rng: Generator,
    *,
    printed: bool = False,
    spacing: float | None = None,
) -> Line:
    """Return the marks of a pattern, in one hand or in one font.

    Args:
        pattern: Tokens from left to right.
        capture: The pen.
        source: Where written digits come from.
        rng: Draws the rest.
        printed: Whether it is print.
        spacing: Between neighbours, of a digit's height; `None` leaves it to chance.
    """
    count = sum(token == DIGIT for token in pattern)
    digits = iter(_printed(count, rng) if printed else _written(count, capture, source, rng))
    gap = spacing if spacing is not None else between(rng, 0.05, 0.3)
    spread = 0.0 if printed else 0.1
    slope = 0.0 if printed else float(rng.normal(0, 0.02))
    placed: list[Mark] = []
    x = 0.0
    for token in pattern:
        if token in (SPACE, GAP):
            x += between(rng, 0.3, 1.0) if token == SPACE else between(rng, 1.2, 6)
            continue
        marks = _marks(token, digits, capture, rng, printed=printed)
        left = bounds(marks)[0]
        wobble = 0.03 * spread / 0.1 * float(rng.standard_normal())
        placed += [mark.moved(1, x - left, slope * x + wobble) for mark in marks]
        x = max(mark.box[2] for mark in placed[-len(marks) :]) + gap * between(
            rng, 1 - 5 * spread, 1 + 5 * spread
        )
    return Line(placed, count)


def _marks(
    token: str, digits: Iterator[Mark], capture: Capture, rng: Generator, *, printed: bool
) -> list[Mark]:
    if token == DIGIT:
        return [next(digits)]
    if token == WORD:
        return word(None, capture, rng, printed=printed)
    if printed:
        return word(_IN_PRINT.get(token, token), capture, rng, printed=True)
    return sign(token, capture, rng)


def _written(count: int, capture: Capture, source: InkSource, rng: Generator) -> list[Mark]:
    """Return digits that stand on y = 0, about 1 high."""
    if not count:
        return []
    marks = write(count, capture, source, rng, natural=True)
    heights = np.exp(0.06 * rng.standard_normal(count)).tolist()
    return [
        mark.moved(height, -mark.box[0] * height, -mark.box[3] * height)
        for mark, height in zip(marks, heights, strict=True)
    ]


def _printed(count: int, rng: Generator) -> list[Mark]:
    """Return digits of one font, standing on y = 0, 1 high."""
    if not count:
        return []
    face = font(_PRINT_SIZE, rng)
    marks = []
    for digit in rng.integers(10, size=count).tolist():
        left, top, right, bottom = face.getbbox(str(digit))
        image = Image.new("L", (int(right - left), int(bottom - top)))
        ImageDraw.Draw(image).text((-left, -top), str(digit), 255, face)
        marks.append(pictured(np.asarray(image), digit).moved(1, 0, -1))
    return marks
