"""Which parts are the digit that is meant, where one is expected."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from digitnet.pictures.parts import Box, Part, around

_MOST = 6  # parts that may be the main one
_SPECK = 0.015  # of the main part's area: what is smaller is dirt
# Of the digit's size: how far away, at most, is a loose bar, and what can be a piece at all
_LOOSE, _NEAR = 0.15, 0.35
_SECOND = 0.7  # as much counts what is chosen in another way than the usual
_CENTRED = 4.0  # by exp(-4 * distance**2) a part counts less, the middle's distance being 0
_CUT_OFF = 0.3  # as much a part counts that the picture's border cuts off


class Candidate(NamedTuple):
    """What may be the digit.

    Attributes:
        parts: Its parts, the main one first.
        prominence: How much ink it has, less where it is aside or cut off.
    """

    parts: list[Part]
    prominence: float


def find_candidates(parts: Sequence[Part], shape: tuple[int, int]) -> list[Candidate]:
    """Return what may be the one digit that is meant; the first is the most prominent.

    That is the largest part, the middle of the picture preferred, with what looks like its loose
    bar or a piece of a broken stroke; it alone, and with all that is near, as strokes may be broken
    in the middle, or by the picture's border; then the next of the others likewise.

    Args:
        parts: All there are.
        shape: Rows and columns of the picture.
    """
    left = list(parts)
    found: list[Candidate] = []
    for _ in range(_MOST):
        if not left:
            break
        main = max(left, key=lambda part: part.area * _weight(part, shape))
        weight = _weight(main, shape)
        usual = _with_pieces(main, left, partial(_belongs, main=main.box, shape=shape))
        near = _with_pieces(main, left, _is_near)
        found.append(Candidate(usual, weight * _area(usual)))
        others = [other for other in ([main], near) if len(other) != len(usual)]
        found += [Candidate(other, _SECOND * weight * _area(other)) for other in others]
        left = [part for part in left if part not in usual]
    return found


def _area(parts: Sequence[Part]) -> int:
    return sum(part.area for part in parts)


def _with_pieces(
    main: Part, parts: Sequence[Part], belongs: Callable[[Box, Box], bool]
) -> list[Part]:
    """Return a part with what belongs to it, no specks, and then what belongs to these as well."""
    chosen: list[Part] = []
    found = [main]
    rest = [part for part in parts if part is not main and part.area >= _SPECK * main.area]
    while found:
        chosen += found
        box = around(chosen)
        found = [part for part in rest if belongs(part.box, box)]
        rest = [part for part in rest if not belongs(part.box, box)]
    return chosen


def _cut_off_beside(box: Box, digit: Box, shape: tuple[int, int]) -> bool:
    """Say whether what is in a box is a neighbour of which only a part is in the picture."""
    columns = shape[1]
    shared = min(box.right, digit.right) - max(box.left, digit.left)
    return (box.left <= 0 or box.right >= columns) and shared < box.width / 2


def _belongs(box: Box, digit: Box, main: Box, shape: tuple[int, int]) -> bool:
    """Say whether what is in a box looks as if it were of the digit that was found so far."""
    both = box.joined(digit)
    # two digits beside each other are wider than high
    one = box.size < digit.size or both.width <= both.height
    return one and _is_near(box, digit, _LOOSE) and not _cut_off_beside(box, main, shape)


def _is_near(box: Box, digit: Box, most: float = _NEAR) -> bool:
    return box.gap(digit) <= most * digit.size


def touches_border(box: Box, shape: tuple[int, int]) -> bool:
    """Say whether a box reaches the picture's border."""
    rows, columns = shape
    return box.left <= 0 or box.top <= 0 or box.right >= columns or box.bottom >= rows


def _weight(part: Part, shape: tuple[int, int]) -> float:
    """Return how much ink counts there: most in the middle of the picture, little at its border."""
    rows, columns = shape
    across = (part.box.left + part.box.right) / 2 / columns - 0.5
    down = (part.box.top + part.box.bottom) / 2 / rows - 0.5
    seen = _CUT_OFF if touches_border(part.box, shape) else 1.0
    return seen * math.exp(-_CENTRED * (across**2 + down**2))
