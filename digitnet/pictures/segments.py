"""Which pieces of a line are one digit: the division whose digits are the likeliest."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from digitnet.pictures.lines import LOW
from digitnet.pictures.parts import Part, around

Segment = tuple[int, int]
"""The first of the pieces that make up a digit, and the first after them."""

# Pieces of a digit. The widest, of 1.6 heights, is 16 pieces of a tenth each, or up to 20 where
# these are rounded to pixels; slanting cuts split off some more
_MOST = 24
_WIDE = 1.6  # of its line's height: no digit is wider, a 0 or a long-barred 5 that leans included
_SKIPPED, _SKIPPED_HIGH = 0.8, 0.1  # probability that a low piece, or a high one, is no digit
_SKIPPED_NO_DIGIT = 0.9  # likewise, that one is none which surely has no digit's ink
_APART = 0.2  # of the height: what a digit takes of its line beside its own width, about


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


class _Way(NamedTuple):
    """A division of the pieces up to some place.

    Attributes:
        cost: How unlikely it is, as `_cost` has it.
        segments: The digits.
        left_out: Pieces that are of none.
    """

    cost: float
    segments: tuple[Segment, ...] = ()
    left_out: tuple[Part, ...] = ()


def best_segments(
    pieces: Sequence[Part],
    height: float,
    likelihoods: Mapping[Segment, float],
    no_digit: Mapping[Segment, float] = MappingProxyType({}),
) -> tuple[list[Segment], list[Part]]:
    """Return the division into digits that is the likeliest, and the pieces left out.

    The cheapest way through all divisions, by dynamic programming, as in reading by
    over-segmentation (LeCun et al., 1998).

    Args:
        pieces: From left to right.
        height: How high digits of this line are, in pixels.
        likelihoods: Of each candidate, how likely it is a digit, in (0, 1].
        no_digit: Of single pieces, how likely they have no digit's ink.
    """
    ending: dict[int, list[Segment]] = defaultdict(list)
    for segment in likelihoods:
        ending[segment[1]].append(segment)
    ways = [_Way(0.0)]  # the cheapest to each place
    for place, piece in enumerate(pieces):
        skipped = -math.log(_SKIPPED if is_low(piece, height) else _SKIPPED_HIGH)
        if likely := no_digit.get((place, place + 1)):
            skipped = min(skipped, _cost(_SKIPPED_NO_DIGIT * likely, [piece], height))
        cost, segments, left_out = ways[place]
        cheapest = _Way(cost + skipped, segments, (*left_out, piece))
        for segment in ending[place + 1]:
            before = ways[segment[0]]
            cost = before.cost + _cost(likelihoods[segment], pieces[slice(*segment)], height)
            if cost < cheapest.cost:
                cheapest = _Way(cost, (*before.segments, segment), before.left_out)
        ways.append(cheapest)
    return list(ways[-1].segments), list(ways[-1].left_out)


def _cost(likelihood: float, run: Sequence[Part], height: float) -> float:
    """Return minus the logarithm of the likelihood of a run of pieces, times the room it takes.

    Digits that touch are cut rightly or wrongly together. A plain sum would count that one doubt
    once for each of them, so that a narrow 1 would be taken for a part of the digit beside it.
    """
    return -math.log(likelihood) * (around(run).width / height + _APART)
