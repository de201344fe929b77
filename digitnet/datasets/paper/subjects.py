"""Pictures of digits and numbers, and of blank pages, scribbles and letters."""

from __future__ import annotations

from dataclasses import replace

from numpy.random import Generator

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.distractors import letter, scribble, telephone_signs
from digitnet.datasets.paper.generation import check_range, check_source, generate
from digitnet.datasets.paper.layout import in_lines
from digitnet.datasets.paper.page import framed, with_neighbour, with_specks
from digitnet.datasets.paper.record import PaperPicture
from digitnet.datasets.paper.rendering import render
from digitnet.datasets.paper.sampling import chance
from digitnet.datasets.paper.style import Style, check_setting
from digitnet.datasets.paper.writing import InkSource, write


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
        page = framed("digit", [write(1, capture, source, rng)], capture, rng, source)
        return render(with_neighbour(with_specks(page, rng), source, rng), rng)

    return generate(count, seed, "digit", style, make)


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
        count: See `digits`.
        seed: See `digits`.
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
    min_lines, max_lines = check_range("lines", lines)
    gaps = None if gap is None else check_setting("gap", gap, -0.15, 2)

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        # digits, in lines
        n_lines = rng.integers(min_lines, max_lines + 1)
        lengths = rng.integers(fewest, most + 1, size=n_lines).tolist()
        written = write(sum(lengths), capture, source, rng)
        beside = telephone_signs(capture, rng) if signs else ()
        placed = in_lines(written, lengths, capture, rng, gaps, beside)
        # the page
        page = framed("number", placed, capture, rng, source, filling=True)
        return render(with_specks(page, rng), rng)

    return generate(count, seed, "number", style, make)


def blanks(count: int, *, seed: int = 0, style: Style | None = None) -> list[PaperPicture]:
    """Return pictures of the same papers with nothing written on them; see `digits`."""

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        page = framed("blank", [write(1, capture, None, rng)], capture, rng)
        return render(replace(with_specks(page, rng), lines=()), rng)

    return generate(count, seed, "blank", style, make)


def scribbles(count: int, *, seed: int = 0, style: Style | None = None) -> list[PaperPicture]:
    """Return pictures of scribbles, ticks, arrows and figures that are no digits; see `digits`."""

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        page = framed("scribble", [[scribble(capture, rng)]], capture, rng)
        return render(with_neighbour(with_specks(page, rng), None, rng), rng)

    return generate(count, seed, "scribble", style, make)


def letters(count: int, *, seed: int = 0, style: Style | None = None) -> list[PaperPicture]:
    """Return pictures of one to five letters or signs, written or printed; see `digits`."""

    def make(capture: Capture, rng: Generator) -> PaperPicture:
        several = int(rng.integers(2, 6)) if chance(rng, 0.3) else 1
        lines = [[letter(capture, rng) for _ in range(several)]]
        if several > 1:
            lines = in_lines(lines[0], [several], replace(capture, clutter=False), rng)
        page = framed("letter", lines, capture, rng)
        return render(with_neighbour(with_specks(page, rng), None, rng), rng)

    return generate(count, seed, "letter", style, make)
