"""All digits of a picture, in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitnet.pictures.division import MOST_CUT, Division, divide
from digitnet.pictures.light import evened, is_uneven
from digitnet.pictures.lines import find_lines
from digitnet.pictures.looking import FAINTEST, Look
from digitnet.pictures.mended_lines import mended_lines
from digitnet.pictures.mnist_form import Classify
from digitnet.pictures.opening import Picture
from digitnet.pictures.parts import Box, Part
from digitnet.pictures.preparing import FAINT, NOTHING
from digitnet.pictures.resizing import Grey
from digitnet.pictures.segment_network import NO_DIGIT, NOT_ONE
from digitnet.pictures.segments import best_segments
from digitnet.pictures.weighing import agreed, weigh
from digitnet.pictures.writing import (
    HEIGHT,
    MUCH_FAINTER,
    look_along_writing,
    look_at_all,
    look_at_line,
    look_at_writing,
    strong_and_faint,
    written_and_faint,
)

_UNSURE = 0.5  # probability below which a mark is hardly a digit
# If more than this share has less than that probability, it may be text: most text is so, and
# hardly any number
_SOME, _STRANGE = 1 / 4, 0.8
_LOW, _SURE = 0.35, 0.9  # of the highest digit: a line that is lower must be as sure as this,
_NUMBER = 3  # as must a single mark beside a line of so many
_DOUBTFUL = 0.99  # probability below which a digit is looked at again, in other ways:
_OTHER_HEIGHTS = (40, 80)  # so many pixels high, and in an even light
_MOST_AGAIN, _MOST_IGNORED = 20, 100  # digits and other marks: more would take too long
_SURER = 0.1  # digits: as much surer another reading must be
_LEAST = 0.02  # how likely any segment is a digit
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
        ignored: Boxes of specks, dots, commas, dashes and faint marks, in the source's pixels.
        warnings: What may be wrong, in plain words.
    """

    lines: tuple[tuple[FoundDigit, ...], ...]
    ignored: tuple[Box, ...]
    warnings: tuple[str, ...]


def find_numbers(picture: Picture, classify: Classify) -> Numbers:
    """Find all digits of a picture.

    Parts are put into lines, wide ones that are not surely one digit are cut, and of all ways to
    join pieces the likeliest is taken: so touching digits are cut, and broken ones joined. Where
    nothing was found, or one of a few digits is in doubt, the picture is read again: with smaller
    and larger digits, and in an even light. A reading that is clearly surer counts.

    Args:
        picture: The opened picture.
        classify: Tells how likely pictures are each digit.
    """
    grey, scale = picture.grey, picture.scale
    first = look_at_all(grey)
    surest = _numbers_in(grey, look_along_writing(grey, first, HEIGHT), scale, classify)
    if not _is_doubtful(surest):
        return surest
    for height in _OTHER_HEIGHTS:
        other = _numbers_in(grey, look_along_writing(grey, first, height), scale, classify)
        if _is_surer(other, surest):
            surest = other
    if is_uneven(grey):
        in_even_light = evened(grey)
        looks = look_along_writing(in_even_light, look_at_all(in_even_light), HEIGHT)
        even = _numbers_in(in_even_light, looks, scale, classify, light=grey)
        if _is_surer(even, surest) and sum(map(len, even.lines)) > 1:
            surest = even
    return surest


def _is_doubtful(numbers: Numbers) -> bool:
    """Say whether nothing was found, or a digit among a few that is not sure."""
    sure = [float(digit.probabilities.max()) for line in numbers.lines for digit in line]
    few = len(sure) <= _MOST_AGAIN and len(numbers.ignored) <= _MOST_IGNORED
    return few and min(sure, default=0.0) < _DOUBTFUL


def _is_surer(numbers: Numbers, other: Numbers) -> bool:
    """Say whether digits were found, and are clearly surer than the other's."""
    return bool(numbers.lines) and _sureness(numbers) > _sureness(other) + _SURER


def _sureness(numbers: Numbers) -> float:
    """Return how many digits there are, each counted by how far its probability is above a half.

    So a digit more counts, if it is likely one: what is not seen at one size may be at another.
    """
    return sum(
        float(digit.probabilities.max()) - _UNSURE for line in numbers.lines for digit in line
    )


def _numbers_in(
    grey: Grey, looks: tuple[Look, ...], scale: float, classify: Classify, light: Grey | None = None
) -> Numbers:
    """Find all digits of the last of some looks.

    Args:
        grey: float32 (H, W) in 0..1, the whole picture.
        looks: At all of it, and perhaps closer.
        scale: Pixels of the source for a pixel of the picture.
        classify: Tells how likely pictures are each digit.
        light: The picture in the light as it is, if these looks are in an even one.
    """

    def in_source(seen: Look, box: Box) -> Box:
        return seen.in_picture(box).moved(0, 0, scale)

    seen = looks[-1]
    written, beside, faint, crowded = _written_lines(seen, light)
    ignored = [in_source(seen, part.box) for part in beside]
    lines: list[Sequence[FoundDigit]] = []
    for line in written:
        closer, parts = (seen, line) if crowded else look_at_line(grey, looks, line)
        digits, left_out = _read_line(closer, parts, classify, MOST_CUT / len(written))
        if digits:
            lines.append([digit._replace(box=in_source(closer, digit.box)) for digit in digits])
        ignored += [in_source(closer, box) for box in left_out]
    lines, unlikely = _likely_lines(lines)
    # what was too faint for a closer look
    elsewhere = [looks[0].in_picture(part.box) for part in strong_and_faint(looks[0])[1]]
    return Numbers(
        tuple(map(tuple, lines)),
        (
            *ignored,
            *unlikely,
            *(box.moved(0, 0, scale) for box in elsewhere if box.gap(seen.place)),
        ),
        tuple(_warnings(lines, faint=faint, crowded=crowded)),
    )


def _written_lines(
    seen: Look, light: Grey | None
) -> tuple[list[Sequence[Part]], list[Part], bool, bool]:
    """Return the lines that stand out from the paper, and what is in none.

    Also whether no line stands out, and whether there are more parts than are read.
    """
    written, faint = written_and_faint(seen)
    found = mended_lines(find_lines(_largest(written)))
    # the edge of a shadow looks like ink in an even light, and is none in the light as it is
    lit = seen if light is None else seen.in_light_of(light)
    strengths = [max(lit.strength([part], all_round=True) for part in line) for line in found.lines]
    strongest = max(strengths, default=0.0)
    none = strongest < FAINTEST
    # it may cross all digits that there are: in the light as it is they count nevertheless
    least = 0.0 if none and light is None else max(FAINTEST, MUCH_FAINTER * strongest)
    lines: list[Sequence[Part]] = []
    left_out = [*found.ignored, *faint]
    for line, strength in zip(found.lines, strengths, strict=True):
        if strength >= least:
            lines.append(line)
        else:
            left_out += line
    return lines, left_out, none, len(written) > _MOST_PARTS


def find_divisions(picture: Picture) -> list[Division]:
    """Return the lines of a picture in the light as it is, all that is wide cut, to learn from.

    Only what reading needs is left out, wider looks and other sizes: one look is enough to learn
    from, and what the networks learned from can be made again.

    Args:
        picture: The opened picture.
    """
    seen = look_at_writing(picture.grey)[-1]
    strong, _ = strong_and_faint(seen)
    return [divide(seen, line) for line in find_lines(_largest(strong)).lines]


def _likely_lines(
    lines: Sequence[Sequence[FoundDigit]],
) -> tuple[list[Sequence[FoundDigit]], list[Box]]:
    """Return the lines that look like digits, or the likeliest, and the boxes of the others.

    Marks that are low beside others, or alone beside a number, must look more like digits:
    most are dirt.
    """

    def sureness(line: Sequence[FoundDigit]) -> float:
        return float(np.mean([digit.probabilities.max() for digit in line]))

    highest = max((digit.box.height for line in lines for digit in line), default=0)
    longest = max(map(len, lines), default=0)
    likely = []
    for line in lines:
        lone = len(line) == 1 and longest >= _NUMBER
        low = max(digit.box.height for digit in line) < _LOW * highest
        least = _SURE if low or lone else _UNSURE
        if sureness(line) >= least:
            likely.append(line)
    kept = likely or sorted(lines, key=sureness)[-1:]
    return kept, [digit.box for line in lines if not any(line is k for k in kept) for digit in line]


def _warnings(
    lines: Sequence[Sequence[FoundDigit]], *, faint: bool, crowded: bool
) -> Iterator[str]:
    digits = [digit for line in lines for digit in line]
    if not digits:
        yield NOTHING
    elif faint:
        yield FAINT
    if crowded:
        yield f"more than {_MOST_PARTS} separate marks: only the largest were read"
    strange = sum(digit.probabilities.max() < _STRANGE for digit in digits)
    if strange > _SOME * len(digits):
        yield f"{strange} of {len(digits)} are unsure: is it text, or a drawing?"


def _largest(parts: Sequence[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: -part.area)[:_MOST_PARTS]


def _read_line(
    seen: Look, line: Sequence[Part], classify: Classify, most_cut: float
) -> tuple[tuple[FoundDigit, ...], list[Box]]:
    """Return the digits of a line, and boxes of what is none."""
    division = divide(seen, line, weigh, most_cut)
    beside = weigh(division.in_line())
    likely = beside[:, :NOT_ONE].sum(axis=1)
    chosen, left_out = best_segments(
        division.pieces,
        division.height,
        dict(zip(division.segments, np.maximum(likely, _LEAST).tolist(), strict=True)),
        dict(zip(division.segments, beside[:, NO_DIGIT].tolist(), strict=True)),
    )
    if not chosen:
        return (), _joined(piece.box for piece in left_out)
    pixels = division.in_mnist_form(chosen)
    places = [division.segments.index(segment) for segment in chosen]
    probabilities = agreed(classify(pixels), beside[places])
    digits = map(FoundDigit, map(division.box, chosen), pixels, probabilities)
    return tuple(digits), _joined(piece.box for piece in left_out)


def _joined(boxes: Iterable[Box]) -> list[Box]:
    """Return boxes from left to right, those that meet as one: a mark may have been cut."""
    found: list[Box] = []
    for box in boxes:
        meets = found and not found[-1].gap(box)
        found.append(found.pop().joined(box) if meets else box)
    return found
