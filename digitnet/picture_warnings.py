"""What may be wrong with what was read in a picture, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from digitnet.pictures import Box, Digit, Picture
from digitnet.pictures.settings import SETTINGS
from digitnet.prediction import Number

NOTHING_FOUND = "nothing written found"
SEVERAL = "several digits: use read()"
EDGE = "touches the edge"
FAINT = "too faint"
SMALL = "too small: fewer than 8 pixels"
DOUBTFUL = "this may be no digit"


def digit_warnings(digit: Digit, found: Sequence[Digit], picture: Picture) -> list[str]:
    """Return what may be wrong with the most prominent digit of a picture."""
    rows, columns = picture.grey.shape
    left, top, right, bottom = digit.box
    others = [
        other
        for other in found
        if other is not digit
        and other.score >= SETTINGS.digit
        and other.box.height >= SETTINGS.part * digit.box.height
    ]
    holding = {
        SEVERAL: bool(others),
        EDGE: min(left, top, columns - right, rows - bottom) < 1,
        FAINT: digit.contrast < SETTINGS.faint,
        SMALL: digit.box.size * picture.scale < SETTINGS.small,
        DOUBTFUL: digit.score < SETTINGS.digit,
    }
    return [warning for warning, holds in holding.items() if holds]


def reading_warnings(
    numbers: Sequence[Number], ignored: Sequence[Box], digits: Sequence[Digit]
) -> list[str]:
    """Return what may be wrong with all that was read in a picture."""
    if not numbers:
        left_out = f"no digit found: {len(ignored)} other marks were left out"
        return [left_out if ignored else NOTHING_FOUND]
    warnings = [
        f"a mark between digits was left out: {before} or {before[:place]}?{before[place:]}"
        for before, place in _marks_between(numbers, ignored)
    ]
    if np.median([digit.contrast for digit in digits]) < SETTINGS.faint:
        warnings.append(FAINT)
    strange = sum(float(digit.probabilities.max()) < SETTINGS.unsure for digit in digits)
    if strange > len(digits) / 2:
        warnings.append(f"{strange} of {len(digits)} digits are unsure: is it text, or a drawing?")
    return warnings


def _marks_between(numbers: Sequence[Number], ignored: Sequence[Box]) -> Iterator[tuple[str, int]]:
    """Yield the numbers that a mark divides, and before which digit it stands."""
    for number in numbers:
        for place, (before, after) in enumerate(pairwise(number.digits), start=1):
            if before.box is None or after.box is None:
                continue
            top = min(before.box.top, after.box.top)
            bottom = max(before.box.bottom, after.box.bottom)
            for mark in ignored:
                middle = (mark.left + mark.right) / 2
                beside = mark.bottom > top and mark.top < bottom + 0.2 * (bottom - top)
                if before.box.right - 1 <= middle <= after.box.left + 1 and beside:
                    yield number.text, place
                    break
