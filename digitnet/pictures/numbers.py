"""All digits of a picture, in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitnet.pictures.cutting import cut_wide_parts
from digitnet.pictures.lines import LOW, find_lines
from digitnet.pictures.looking import Look, look
from digitnet.pictures.mnist_form import Classify, to_mnist_form
from digitnet.pictures.opening import Picture
from digitnet.pictures.parts import Box, Part, Parts, around, cut_out
from digitnet.pictures.segments import Segment, best_segments, candidates

NOTHING = "nothing written found"
_UNSURE = 0.5  # probability below which a mark is hardly a digit
_LOW, _SURE = 0.35, 0.9  # of the highest digit: a line that is lower must be as sure as this

FIRST_LOOK, LEAST_LOOK, LARGEST_LOOK = 512, 112, 1536  # pixels of the longer side
_HEIGHT = 56  # pixels of a digit in the second look
_PIECE = 0.25  # of a digit's height: what is lower does not widen the second look
_MOST_PARTS = 400  # more are no numbers: the largest are read


class FoundDigit(NamedTuple):
    """A digit in a picture.

    Attributes:
        box: Where it is, in the source's pixels.
        pixels: uint8 (28, 28).
        probabilities: float32 (10,).
    """

    box: Box
    pixels: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float32]


class Numbers(NamedTuple):
    """What is written in a picture.

    Attributes:
        lines: The digits of each line.
        ignored: Boxes of specks, dots, commas and dashes, in the source's pixels.
        warnings: What may be wrong, in plain words.
        looks: The picture at the sizes at which it was looked at.
    """

    lines: tuple[tuple[FoundDigit, ...], ...]
    ignored: tuple[Box, ...]
    warnings: tuple[str, ...]
    looks: tuple[Look, ...]


def find_numbers(picture: Picture, classify: Classify) -> Numbers:
    """Find all digits of a picture.

    Parts are put into lines, wide ones are cut into pieces, and of all ways to join pieces
    to digits the likeliest is taken: so touching digits are cut, and broken ones joined.

    Args:
        picture: The opened picture.
        classify: Tells how likely pictures are each digit.
    """
    looks = _looks(picture)
    seen = looks[-1]
    parts = sorted(seen.parts.parts, key=lambda part: -part.area)
    found = find_lines(parts[:_MOST_PARTS])
    lines: list[Sequence[FoundDigit]] = []
    ignored = list(found.ignored)
    for line in found.lines:
        digits, left_out = _read_line(seen, line, classify)
        if digits:
            lines.append(digits)
        ignored += left_out
    lines, dirt = _likely_lines(lines)
    warnings = _warnings(lines, crowded=len(parts) > _MOST_PARTS)

    def place(box: Box) -> Box:
        return seen.in_picture(box).moved(0, 0, picture.scale)

    return Numbers(
        tuple(tuple(digit._replace(box=place(digit.box)) for digit in line) for line in lines),
        tuple(place(box) for box in [*(part.box for part in ignored), *dirt]),
        tuple(warnings),
        looks,
    )


def _likely_lines(
    lines: Sequence[Sequence[FoundDigit]],
) -> tuple[list[Sequence[FoundDigit]], list[Box]]:
    """Return the lines that look like digits, or all if none does, and the boxes of the others.

    Marks that are low beside others must look more like digits: most are dirt.
    """
    highest = max((digit.box.height for line in lines for digit in line), default=0)
    likely = []
    for line in lines:
        low = max(digit.box.height for digit in line) < _LOW * highest
        least = _SURE if low else _UNSURE
        if np.mean([digit.probabilities.max() for digit in line]) >= least:
            likely.append(line)
    kept = likely or list(lines)
    return kept, [digit.box for line in lines if not any(line is k for k in kept) for digit in line]


def _warnings(lines: Sequence[Sequence[FoundDigit]], *, crowded: bool) -> Iterator[str]:
    digits = [digit for line in lines for digit in line]
    if not digits:
        yield NOTHING
    if crowded:
        yield f"more than {_MOST_PARTS} separate marks: only the largest were read"
    unsure = sum(digit.probabilities.max() < _UNSURE for digit in digits)
    if unsure > max(1, len(digits) / 3):
        yield f"{unsure} of {len(digits)} are hardly digits: is it text, or a drawing?"


def _looks(picture: Picture) -> tuple[Look, ...]:
    """Look at all, and again where something is written, at the size at which digits are read."""
    first = look(picture.grey, FIRST_LOOK)
    heights = [part.box.height for part in first.parts.parts]
    if not heights:
        return (first,)
    # of the higher half of the ink: specks are many, but have little of it
    areas = np.array([part.area for part in first.parts.parts])
    order = np.argsort(heights)
    height = heights[order[np.searchsorted(areas[order].cumsum(), areas.sum() / 2)]]
    box = around([part for part in first.parts.parts if part.box.height >= _PIECE * height])
    box = box.widened(height)
    longest = min(round(box.size * _HEIGHT / height), LARGEST_LOOK)
    return first, look(picture.grey, max(longest, LEAST_LOOK), first.in_picture(box))


def _read_line(
    seen: Look, line: Sequence[Part], classify: Classify
) -> tuple[tuple[FoundDigit, ...], list[Part]]:
    """Return the digits of a line, and the parts that are none."""
    highest = max(part.box.height for part in line)
    height = float(np.median([p.box.height for p in line if p.box.height > LOW * highest]))
    parts, pieces = cut_wide_parts(seen.parts, line, height)
    segments = candidates(pieces, height)
    if not segments:
        return (), pieces
    pixels = np.stack([_pixels(seen, parts, pieces[first:end]) for first, end in segments])
    probabilities = classify(pixels)
    # what is no digit at all has a tenth for each of the ten
    likely = np.maximum((probabilities.max(axis=1) - 0.1) / 0.9, 0.01)
    likelihoods = dict(zip(segments, likely.tolist(), strict=True))
    chosen, left_out = best_segments(pieces, height, likelihoods)
    place: dict[Segment, int] = {segment: index for index, segment in enumerate(segments)}
    digits = [
        FoundDigit(
            around(pieces[slice(*segment)]), pixels[place[segment]], probabilities[place[segment]]
        )
        for segment in chosen
    ]
    return tuple(digits), left_out


def _pixels(seen: Look, parts: Parts, pieces: Sequence[Part]) -> npt.NDArray[np.uint8]:
    return to_mnist_form(cut_out(seen.ink, parts, pieces))
