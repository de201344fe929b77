"""Which parts are the digit that is meant, where one is expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from digitnet.pictures.parts import Box, Part, around

_MOST = 6  # parts that may be the main one
_SPECK = 0.015  # of the main part's area: what is smaller is dirt
_GAP, _LOOSE = 0.15, 0.35  # of the digit's size: how far a loose bar or a piece is away, at most
_SECOND = 0.7  # as much counts what is chosen in another way than the usual
_CENTRED = 4.0  # by exp(-4 * distance**2) a part counts less, the middle's distance being 0
_CUT_OFF = 0.3  # as much a part counts that the picture's border cuts off


class Candidate(NamedTuple):
    """What may be the digit.

    Attributes:
        parts: Its parts, the main one first.
        prominence: How much it looks like what the picture is of.
    """

    parts: list[Part]
    prominence: float


def find_candidates(parts: Sequence[Part], shape: tuple[int, int]) -> list[Candidate]:
    """Return what may be the one digit that is meant; the first is the most prominent.

    That is the largest part, the middle of the picture preferred, with what lies so near
    that it can be a loose bar or a piece of a broken stroke; it alone, and with what is farther
    away; then the next of the others likewise.

    Args:
        parts: All there are.
        shape: Rows and columns of the picture.
    """
    left = list(parts)
    found: list[Candidate] = []
    for _ in range(_MOST):
        if not left:
            break
        main = max(left, key=lambda part: _prominence(part, shape))
        prominence = _prominence(main, shape)
        usual, loose = (_with_its_pieces(main, left, shape, gap) for gap in (_GAP, _LOOSE))
        found.append(Candidate(usual, prominence))
        others = [other for other in ([main], loose) if len(other) != len(usual)]
        found += [Candidate(other, _SECOND * prominence) for other in others]
        left = [part for part in left if part not in usual]
    return found


def _with_its_pieces(
    main: Part, parts: Sequence[Part], shape: tuple[int, int], gap: float
) -> list[Part]:
    chosen = [main]
    rest = [
        part
        for part in parts
        if part is not main
        and part.area >= _SPECK * main.area
        and not _cut_off_beside(part.box, main.box, shape)
    ]
    while found := [part for part in rest if _belongs(part.box, around(chosen), gap)]:
        chosen += found
        rest = [part for part in rest if part not in found]
    return chosen


def _cut_off_beside(box: Box, digit: Box, shape: tuple[int, int]) -> bool:
    """Say whether what is in a box is a neighbour of which only a part is in the picture."""
    columns = shape[1]
    shared = min(box.right, digit.right) - max(box.left, digit.left)
    return (box.left <= 0 or box.right >= columns) and shared < box.width / 2


def _belongs(box: Box, digit: Box, gap: float) -> bool:
    """Say whether what is in a box can be of the digit that was found so far."""
    near = box.gap(digit) <= gap * digit.size
    both = box.joined(digit)
    # two digits beside each other are wider than high
    return near and (box.size < digit.size or both.width <= both.height)


def touches_border(box: Box, shape: tuple[int, int]) -> bool:
    """Say whether a box reaches the picture's border."""
    rows, columns = shape
    return box.left <= 0 or box.top <= 0 or box.right >= columns or box.bottom >= rows


def _prominence(part: Part, shape: tuple[int, int]) -> float:
    rows, columns = shape
    across = (part.box.left + part.box.right) / 2 / columns - 0.5
    down = (part.box.top + part.box.bottom) / 2 / rows - 0.5
    seen = _CUT_OFF if touches_border(part.box, shape) else 1.0
    return part.area * seen * math.exp(-_CENTRED * (across**2 + down**2))
