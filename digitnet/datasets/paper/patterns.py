"""Patterns of entries, as dates and amounts of money, and their layout in a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fonts import font, typeset
from digitnet.datasets.paper.marks import Mark, bounds
from digitnet.datasets.paper.sampling import chance, choice, uniform
from digitnet.datasets.paper.signs import sign
from digitnet.datasets.paper.words import handwritten, printed, random_word
from digitnet.datasets.paper.writing import InkSource, image_mark, write

DIGIT, SPACE, WORD = "0", " ", "w"
"""Tokens of a pattern, beside the names of signs: a digit, a space between words, and a word."""

_IN_PRINT = {"times": "\u00d7", "division": "\u00f7", "minus": "\u2212", "Fr": "Fr."}
_PRINT_SIZE = 60  # px of a printed digit before it is placed


def _digits(low: int, high: int, rng: Generator) -> list[str]:
    return [DIGIT] * int(rng.integers(low, high + 1))


def date(rng: Generator) -> list[str]:
    """Return the pattern of a date, as 7.11.1998, 1998-11-07 or 7/11/98."""
    separator = choice(rng, "//..-|")
    day, month, year = _digits(1, 2, rng), _digits(1, 2, rng), [DIGIT] * choice(rng, (2, 4))
    parts = [year, month, day] if chance(rng, 0.2) else [day, month, year]
    return [*parts[0], separator, *parts[1], separator, *parts[2]]


def amount(rng: Generator) -> list[str]:
    """Return the pattern of an amount of money, as CHF 1'250.50 or 12,50 €."""
    whole = _digits(1, 3, rng)
    if chance(rng, 0.3):
        whole += [choice(rng, ("'", ",", ".", SPACE)), DIGIT, DIGIT, DIGIT]
    cents = choice(rng, ".,.,-")
    tail = [cents, DIGIT, DIGIT] if chance(rng, 0.75) else [".", "-"] if chance(rng, 0.3) else []
    currency = choice(rng, ("$", "€", "£", WORD, "Fr", "$", "€"))
    space = [SPACE] if chance(rng, 0.4) else []
    place = rng.random()
    if place < 0.4:
        return [currency, *space, *whole, *tail]
    return [*whole, *tail, *space, currency] if place < 0.75 else [*whole, *tail]


def time(rng: Generator) -> list[str]:
    """Return the pattern of a time of day or a duration, as 12:45 or 7.30."""
    colon = choice(rng, ":::.")
    seconds = [colon, DIGIT, DIGIT] if chance(rng, 0.2) else []
    return [*_digits(1, 2, rng), colon, DIGIT, DIGIT, *seconds]


def formula(rng: Generator) -> list[str]:
    """Return the pattern of a sum or a percentage."""
    if chance(rng, 0.35):
        decimals = [choice(rng, ".,"), *_digits(1, 2, rng)] if chance(rng, 0.4) else []
        return [*_digits(1, 3, rng), *decimals, choice(rng, "%%°#")]
    operators = ("+", "-", "minus", "times", "division", "=", "*", "<", ">")
    pattern = _digits(1, 3, rng)
    for _ in range(int(rng.integers(1, 3))):
        pattern += [choice(rng, operators), *_digits(1, 3, rng)]
    return [*pattern, "=", *_digits(1, 3, rng)] if chance(rng, 0.5) else pattern


def reference(rng: Generator) -> list[str]:
    """Return the pattern of a telephone or a file number, as (031) 123-45-67 or #12/345."""
    pattern = ["+"] if chance(rng, 0.2) else ["#"] if chance(rng, 0.15) else []
    separator = choice(rng, (SPACE, "-", "/", ".", "_"))
    opening, closing = choice(rng, (("(", ")"), ("[", "]")))
    for place in range(int(rng.integers(1, 5))):
        group = _digits(1, 4, rng)
        if not place and chance(rng, 0.35):
            group = [opening, *group, closing]
        pattern += [separator, *group] if place else group
    return pattern


def label(rng: Generator) -> list[str]:
    """Return the pattern of words beside a number, as "No 27" or "Bahnhofstrasse 27"."""
    words = [WORD, SPACE] * int(rng.integers(1, 3))
    between = [":", SPACE] if chance(rng, 0.3) else [SPACE]
    with_signs = (date, amount, time, formula, reference)
    digits = choice(rng, with_signs)(rng) if chance(rng, 0.4) else _digits(1, 5, rng)
    if chance(rng, 0.3):
        return [*digits, SPACE, *words[:-1]]
    tail = [SPACE, WORD] if chance(rng, 0.3) else []
    return [*words[:-1], *between, *digits, *tail]


def number(rng: Generator) -> list[str]:
    """Return the pattern of a number of 1 to 8 digits."""
    return _digits(1, 8, rng)


ENTRIES: dict[str, Callable[[Generator], list[str]]] = {
    pattern.__name__: pattern for pattern in (date, amount, time, formula, reference, label, number)
}
"""What an entry may be."""


def composed(
    pattern: Sequence[str],
    capture: Capture,
    source: InkSource,
    rng: Generator,
    *,
    in_print: bool,
    spacing: float | None = None,
) -> list[Mark]:
    """Return the marks of a pattern on the baseline y = 0, in one hand or in one font.

    `spacing` is that between neighbours, of a digit's height; `None` leaves it to chance.
    """
    # what the marks have in common
    digits = iter(_digit_marks(pattern.count(DIGIT), capture, source, rng, in_print))
    gap = uniform(rng, 0.05, 0.3) if spacing is None else spacing
    slope = 0.0 if in_print else float(rng.normal(0, 0.02))
    variation = (1.0, 1.0) if in_print else (0.5, 1.5)  # of the gap
    # marks from left to right
    placed: list[Mark] = []
    x = 0.0
    for token in pattern:
        if token == SPACE:
            x += uniform(rng, 0.3, 1.0)
            continue
        marks = [next(digits)] if token == DIGIT else _marks(token, capture, rng, in_print)
        left = bounds(marks)[0]
        wobble = (0.0 if in_print else 0.03) * float(rng.standard_normal())
        placed += [mark.moved(1, x - left, slope * x + wobble) for mark in marks]
        x = max(mark.box[2] for mark in placed[-len(marks) :]) + gap * uniform(rng, *variation)
    return placed


def _marks(token: str, capture: Capture, rng: Generator, in_print: bool) -> list[Mark]:
    """Return a word, or a sign."""
    text = random_word(rng) if token == WORD else _IN_PRINT.get(token, token)
    if in_print:
        return [printed(text, rng)]
    return handwritten(text, capture, rng) if token == WORD else sign(token, capture, rng)


def _digit_marks(
    count: int, capture: Capture, source: InkSource, rng: Generator, in_print: bool
) -> list[Mark]:
    """Return digits that stand on y = 0: printed ones 1 high, written ones about 1 high."""
    if not count:
        return []
    if in_print:
        face = font(_PRINT_SIZE, rng)
        digits = rng.integers(10, size=count).tolist()
        return [image_mark(typeset(str(d), face)[0], d).moved(1, 0, -1) for d in digits]
    marks = write(count, capture, source, rng, natural=True)
    heights = np.exp(0.06 * rng.standard_normal(count)).tolist()
    return [
        mark.moved(height, -mark.box[0] * height, -mark.box[3] * height)
        for mark, height in zip(marks, heights, strict=True)
    ]
