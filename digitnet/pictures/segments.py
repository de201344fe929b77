"""Which pieces of a line are one digit: the division whose digits are the likeliest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from digitnet.pictures.lines import LOW
from digitnet.pictures.parts import Part, around

Segment = tuple[int, int]
"""The first of the pieces that make up a digit, and the first after them."""

_MOST = 6  # pieces of a digit
_WIDE = 1.35  # of its line's height: no digit is wider
_SKIPPED, _SKIPPED_HIGH = 0.5, 0.1  # probability that a low piece, or a high one, is no digit


def candidates(pieces: Sequence[Part], height: float) -> list[Segment]:
    """Return all runs of pieces that may be one digit.

    Args:
        pieces: From left to right.
        height: How high digits of this line are, in pixels.
    """
    found = []
    for first in range(len(pieces)):
        for end in range(first + 1, min(first + _MOST, len(pieces)) + 1):
            box = around(pieces[first:end])
            single = end - first == 1
            if (box.width <= _WIDE * height and box.height > LOW * height) or (
                single and not is_low(pieces[first], height)
            ):
                found.append((first, end))
    return found


def is_low(piece: Part, height: float) -> bool:
    """Say whether a piece is too low to be a digit of the line."""
    return piece.box.height <= LOW * height


def best_segments(
    pieces: Sequence[Part], height: float, likelihoods: Mapping[Segment, float]
) -> tuple[list[Segment], list[Part]]:
    """Return the division into digits that is the likeliest, and the pieces left out.

    The cheapest way through all divisions, by dynamic programming, as in reading by
    over-segmentation (LeCun et al., 1998).

    Args:
        pieces: From left to right.
        height: How high digits of this line are, in pixels.
        likelihoods: Of each candidate, how likely it is a digit, in (0, 1].
    """
    costs = [0.0, *[math.inf] * len(pieces)]
    begins: list[tuple[int, bool]] = [(0, False)] * (len(pieces) + 1)
    for end in range(1, len(pieces) + 1):
        piece = pieces[end - 1]
        skipped = _SKIPPED if is_low(piece, height) else _SKIPPED_HIGH
        ways = [(costs[end - 1] - math.log(skipped), end - 1, False)]
        ways += [
            (costs[first] - math.log(likelihoods[first, end]), first, True)
            for first in range(max(0, end - _MOST), end)
            if (first, end) in likelihoods
        ]
        costs[end], first, read = min(ways)
        begins[end] = first, read
    segments, left_out, end = [], [], len(pieces)
    while end:
        first, read = begins[end]
        if read:
            segments.append((first, end))
        else:
            left_out.append(pieces[first])
        end = first
    return segments[::-1], left_out[::-1]
