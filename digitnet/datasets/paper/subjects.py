"""Pictures of digits and numbers, and of what is no digit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from numpy.random import Generator, default_rng

from digitnet.data.image_set import DIGITS, ImageSet
from digitnet.datasets.paper import layout
from digitnet.datasets.paper.capture import Capture, draw_capture
from digitnet.datasets.paper.distractors import letter, neighbour, scribble, telephone_signs
from digitnet.datasets.paper.fields import chance
from digitnet.datasets.paper.framing import framed, shape_of, wide_enough
from digitnet.datasets.paper.handwriting import Handwriting
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.record import PaperPicture
from digitnet.datasets.paper.scene import Page, picture_of
from digitnet.datasets.paper.style import Style, check_amount
from digitnet.datasets.paper.writing import InkSource, write
from digitnet.errors import InvalidInputError
from digitnet.execution import float32_by_default, with_own_settings
from digitnet.randomness import PAPER, derive_seed
from digitnet.recipe import check_count, check_seed

_DIGIT, _NUMBER, _BLANK, _SCRIBBLE, _LETTER = range(5)  # so that no two share a seed
_LIMIT = 100  # digits of a line, and lines of a page


def digits(
    count: int, *, seed: int = 0, source: InkSource = None, style: Style | None = None
) -> list[PaperPicture]:
    """Return pictures of one handwritten digit each.

    Args:
        count: Pictures, at least 1. Each is the same whatever the count.
        seed: In 0..2**63 - 1; the same seed and settings give the same pictures.
        source: Pictures to take the ink from, light on dark as MNIST's, with the classes
            `"0"` to `"9"`, or a `Handwriting`, of which each picture has one writer's; `None`
            writes the strokes of the synthetic digits.
        style: What the pictures have in common; `None` leaves everything to chance.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """
    check_source(source)

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        marks = layout.centred(write(1, capture, source, rng))
        return _single("digit", marks, capture, rng, source)

    return pictures(count, seed, _DIGIT, style, make)


def numbers(
    count: int,
    *,
    seed: int = 0,
    digits: int | tuple[int, int] = (2, 12),
    lines: int | tuple[int, int] = 1,
    gap: float | tuple[float, float] | None = None,
    signs: bool = False,
    source: InkSource = None,
    style: Style | None = None,
) -> list[PaperPicture]:
    """Return pictures of handwritten numbers.

    Args:
        count: Pictures, at least 1. Each is the same whatever the count.
        seed: In 0..2**63 - 1; the same seed and settings give the same pictures.
        digits: Digits in a line, or the least and the most, in 1..100.
        lines: Lines in a picture, or the least and the most, in 1..100.
        gap: Between the digits of a line, about, as a share of their height, or the least and
            the most, in -0.15..2; at 0 their ink meets, below it overlaps, but groups of digits
            stand apart. `None` leaves it to chance.
        signs: Whether there may be a plus, and brackets around a group, as in telephone numbers.
            The style's height is then that of the tallest mark: brackets may be taller than digits.
        source: See `digits`.
        style: See `digits`.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """
    check_source(source)
    fewest, most = check_range("digits", digits)
    least_lines, most_lines = check_range("lines", lines)
    check_amount("gap", gap, -0.15, 2)
    gaps = gap if gap is None or isinstance(gap, tuple) else (gap, gap)
    fixed = style is not None and style.height is not None

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        lengths = rng.integers(fewest, most + 1, size=rng.integers(least_lines, most_lines + 1))
        written = write(int(lengths.sum()), capture, source, rng)
        of_telephones = telephone_signs(capture, rng) if signs else ()
        placed = layout.lines(written, lengths.tolist(), capture, rng, gaps, of_telephones)
        marks = layout.centred(placed)
        shape = shape_of(capture, marks, rng)
        capture = capture if fixed else wide_enough(capture, marks, shape, rng)
        warp, shape = framed(capture, marks, shape, rng)
        beside = _beside(marks, capture, rng)
        cells = _cells(marks, lengths.tolist())
        page = Page(
            "number", source_name(source), marks, lengths.tolist(), warp, shape, cells, beside
        )
        return picture_of(page, capture, rng)

    return pictures(count, seed, _NUMBER, style, make)


def blanks(count: int, *, seed: int = 0, style: Style | None = None) -> list[PaperPicture]:
    """Return pictures of the same papers with nothing written on them.

    Args:
        count: Pictures, at least 1. Each is the same whatever the count.
        seed: In 0..2**63 - 1; the same seed and settings give the same pictures.
        style: See `digits`.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        marks = layout.centred(write(1, capture, None, rng))
        warp, shape = framed(capture, marks, shape_of(capture, marks, rng), rng)
        beside = _beside(marks, capture, rng)
        page = Page("blank", "strokes", (), (), warp, shape, _cells(marks, [1]), beside)
        return picture_of(page, capture, rng)

    return pictures(count, seed, _BLANK, style, make)


def scribbles(count: int, *, seed: int = 0, style: Style | None = None) -> list[PaperPicture]:
    """Return pictures of scribbles, ticks, arrows and figures that are no digits.

    Args:
        count: Pictures, at least 1. Each is the same whatever the count.
        seed: In 0..2**63 - 1; the same seed and settings give the same pictures.
        style: See `digits`.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        return _single("scribble", layout.centred([scribble(capture, rng)]), capture, rng, None)

    return pictures(count, seed, _SCRIBBLE, style, make)


def letters(count: int, *, seed: int = 0, style: Style | None = None) -> list[PaperPicture]:
    """Return pictures of one to five letters or signs, written or printed, unlike any digit.

    Args:
        count: Pictures, at least 1. Each is the same whatever the count.
        seed: In 0..2**63 - 1; the same seed and settings give the same pictures.
        style: See `digits`.

    Raises:
        InvalidInputError: An argument is not of the form above.
    """

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        several = int(rng.integers(2, 6)) if chance(rng, 0.3) else 1
        marks = [letter(capture, rng) for _ in range(several)]
        if several > 1:
            marks = layout.lines(marks, [several], replace(capture, clutter=False), rng)
        return _single("letter", layout.centred(marks), capture, rng, None)

    return pictures(count, seed, _LETTER, style, make)


@with_own_settings
@float32_by_default()
def pictures(
    count: int,
    seed: int,
    subject: int,
    style: Style | None,
    make: Callable[[Capture, Generator], PaperPicture],
) -> list[PaperPicture]:
    """Return pictures of one subject, each with random numbers of its own."""
    check_count("count", count)
    check_seed(seed)
    style = Style() if style is None else style
    if not isinstance(style, Style):
        raise InvalidInputError(f"Expected style to be a paper.Style or None; received {style!r}.")
    made = []
    for index in range(count):
        rng = default_rng(derive_seed(seed, PAPER, subject, index))
        made.append(make(draw_capture(style, rng), rng))
    return made


def _single(
    subject: str, marks: Sequence[Mark], capture: Capture, rng: Generator, source: InkSource
) -> PaperPicture:
    """Make a picture of marks that belong together, perhaps with a neighbour at the border."""
    warp, shape = framed(capture, marks, shape_of(capture, marks, rng), rng)
    beside = _beside(marks, capture, rng)
    neighbours: list[Mark] = []
    if capture.clutter and capture.paper != "canvas" and chance(rng, 0.5):
        seen = [mark.warped(warp) for mark in marks]
        neighbours = neighbour(write(1, capture, source, rng)[0], layout.bounds(seen), shape, rng)
    lengths, cells = [len(marks)], [[mark.box for mark in marks]]
    page = Page(
        subject, source_name(source), marks, lengths, warp, shape, cells, beside, neighbours
    )
    return picture_of(page, capture, rng)


def _cells(marks: Sequence[Mark], lengths: Sequence[int]) -> list[list[layout.Box]]:
    """Return where the digits of each line are."""
    boxes = iter([mark.box for mark in marks if mark.digit is not None])
    return [[next(boxes) for _ in range(length)] for length in lengths]


def _beside(marks: Sequence[Mark], capture: Capture, rng: Generator) -> list[Mark]:
    if not capture.clutter or chance(rng, 0.3):
        return []
    return layout.specks(layout.bounds(marks), 1.5, capture, rng)


def source_name(source: InkSource) -> str:
    """Return what `Traits` call a source."""
    return "strokes" if source is None else source.name


def check_source(source: Any) -> None:
    """Raise an error unless digits' ink can come from a source."""
    if source is None or isinstance(source, Handwriting):
        return
    if not isinstance(source, ImageSet) or source.classes != DIGITS or not len(source):
        raise InvalidInputError(
            "Expected source to be a Handwriting, an ImageSet of at least one picture with the "
            f"classes '0' to '9', or None; received {source!r}."
        )


def check_range(name: str, value: Any) -> tuple[int, int]:
    """Return the ends of a range that is a count or a pair of counts, of at most 100."""
    ends = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    low, high = (check_count(name, end) for end in ends)
    if not low <= high <= _LIMIT:
        raise InvalidInputError(
            f"Expected {name} to be a number in 1..{_LIMIT} or a pair of the least and the most; "
            f"received {value!r}."
        )
    return low, high
