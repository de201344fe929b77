"""Lines that run together are parted, and the pieces of one are joined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitnet.pictures.lines import (
    LOW,
    Lines,
    Linked,
    across,
    are_neighbours,
    attends,
    find_lines,
    middle,
)
from digitnet.pictures.parts import Box, Part

# A digit stands over another where they share at least so much of the narrower one's width, at most
# so much of the lower one's height, and are together so many times as high as the line's digits
_COLUMNS, _ROWS, _TWICE = 0.5, 0.25, 1.6
_AWAY = 2.0  # how much farther a neighbour is for each pixel that it stands higher or lower
# Of the highest digit's height: the widest gap between pieces of one, and how high they may be
_BROKEN, _ONE = 0.15, 1.15


def mended_lines(found: Lines) -> Lines:
    """Join lines that are pieces of one, and part those that run together.

    Broken digits lie in pieces that have no neighbours of their height. Slanted lines that are
    near to each other run together where a digit's neighbour is as high as it in another line.

    Args:
        found: What `find_lines` found.
    """
    lines: list[Sequence[Part]] = []
    ignored = list(found.ignored)
    for line in _whole(found.lines):
        if _run_together(line):
            parted = find_lines(line, _are_nearest(line))
            lines += parted.lines
            ignored += parted.ignored
        else:
            lines.append(line)
    ordered = (tuple(sorted(line, key=across)) for line in sorted(lines, key=middle))
    return Lines(tuple(ordered), tuple(ignored))


def _run_together(line: Sequence[Part]) -> bool:
    """Say whether a digit of a line stands over another."""
    highest = max(part.box.height for part in line)
    digits = [part.box for part in line if part.box.height >= LOW * highest]
    height = float(np.median([box.height for box in digits]))
    return any(
        _stand_over(box, other) and box.joined(other).height >= _TWICE * height
        for place, box in enumerate(digits)
        for other in digits[:place]
    )


def _stand_over(box: Box, other: Box) -> bool:
    """Say whether one of two boxes is over the other."""
    columns = min(box.right, other.right) - max(box.left, other.left)
    rows = min(box.bottom, other.bottom) - max(box.top, other.top)
    narrower, lower = min(box.width, other.width), min(box.height, other.height)
    return columns >= _COLUMNS * narrower and rows <= _ROWS * lower


def _are_nearest(line: Sequence[Part]) -> Linked:
    """Return what says whether two boxes are each other's nearest neighbours."""
    boxes = [part.box for part in line]
    nearest: dict[tuple[Box, bool], Box] = {}  # to the left and to the right
    for box in boxes:
        beside = [other for other in boxes if other != box and are_neighbours(box, other)]
        for is_right in (False, True):
            others = [other for other in beside if _is_right(other, box) == is_right]
            if others:
                nearest[box, is_right] = min(others, key=lambda other: _distance(box, other))

    def are_nearest(box: Box, other: Box) -> bool:
        is_right = _is_right(other, box)
        return nearest.get((box, is_right)) == other and nearest.get((other, not is_right)) == box

    return are_nearest


def _is_right(box: Box, other: Box) -> bool:
    return (box.left + box.right, box) > (other.left + other.right, other)


def _distance(box: Box, other: Box) -> float:
    gap = max(box.left, other.left) - min(box.right, other.right)
    higher = abs(box.top + box.bottom - other.top - other.bottom) / 2
    return gap + _AWAY * higher


def _whole(lines: Sequence[Sequence[Part]]) -> list[Sequence[Part]]:
    """Return lines, those that are pieces of one joined."""
    whole: list[Sequence[Part]] = []
    for line in lines:
        pieces = line
        for other in list(whole):
            if _are_of_one(pieces, other):
                whole.remove(other)
                pieces = [*pieces, *other]
        whole.append(pieces)
    return whole


def _are_of_one(line: Sequence[Part], other: Sequence[Part]) -> bool:
    """Say whether two lines have pieces of the same digits."""
    near = _all_attend(line, other) or _all_attend(other, line) or _meet(line, other)
    return near and not _run_together([*line, *other])


def _all_attend(line: Sequence[Part], other: Sequence[Part]) -> bool:
    """Say whether all of a line but dots are pieces beside the digits of another."""
    highest = max(part.box.height for part in line)
    pieces = [part.box for part in line if part.box.height >= LOW * highest]
    return all(any(attends(piece, part.box) for part in other) for piece in pieces)


def _meet(line: Sequence[Part], other: Sequence[Part]) -> bool:
    """Say whether pieces of two lines are near to each other, and together no more than a digit."""
    highest = max(part.box.height for part in (*line, *other))
    return any(
        part.box.gap(piece.box) <= _BROKEN * highest
        and part.box.joined(piece.box).height <= _ONE * highest
        for part in line
        for piece in other
    )
