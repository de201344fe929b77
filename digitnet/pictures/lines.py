"""Lines of digits among the parts of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from digitnet.pictures.parts import Box, Part, around

LOW = 0.5  # of its neighbours' height: a part that is lower is a piece, a dot or a dash
_OVERLAP = 0.4  # of the lower one's height that neighbours in a line share
REACH = 4.0  # heights: the widest gap in a line
_BAND = 0.3  # of a digit's height: how far above and below it its pieces can be
_DIRT = 0.06  # of the highest part's height: what is lower and narrower is dirt


class Lines(NamedTuple):
    """Parts in reading order.

    Attributes:
        lines: The parts of each line from left to right; the lines from top to bottom.
        ignored: What stands apart from all lines, and dirt.
    """

    lines: tuple[tuple[Part, ...], ...]
    ignored: tuple[Part, ...]


def find_lines(parts: Sequence[Part]) -> Lines:
    """Put parts into lines.

    Parts of about one height that stand beside each other are neighbours, and what is
    connected by neighbours is a line: so lines may slant, and their sizes may differ. A low
    part beside a line belongs to it, as a piece of a digit, a dot or a dash.
    """
    highest = max((part.box.height for part in parts), default=0)
    lines: list[list[Part]] = []
    low: list[Part] = []
    dirt: list[Part] = []
    for part in sorted(parts, key=lambda part: -part.box.height):
        if part.box.size < _DIRT * highest:
            dirt.append(part)
            continue
        beside = [line for line in lines if any(are_neighbours(part.box, o.box) for o in line)]
        if not beside and any(_attends(part.box, o.box) for line in lines for o in line):
            low.append(part)
        else:
            lines = [line for line in lines if line not in beside]
            lines.append([part, *(other for line in beside for other in line)])
    for part in low:
        home = min(lines, key=lambda line: min(part.box.gap(other.box) for other in line))
        home.append(part)
    ordered = sorted(lines, key=_middle)
    return Lines(tuple(tuple(sorted(line, key=_across)) for line in ordered), tuple(dirt))


def are_neighbours(box: Box, other: Box) -> bool:
    """Say whether two boxes are digits of one line, side by side."""
    lower, higher = sorted((box.height, other.height))
    shared = min(box.bottom, other.bottom) - max(box.top, other.top)
    gap = max(box.left, other.left) - min(box.right, other.right)
    return lower >= LOW * higher and shared >= _OVERLAP * lower and gap <= REACH * higher


def _attends(box: Box, digit: Box) -> bool:
    """Say whether a box is so low and near that it can be a piece of a digit, a dot or a dash."""
    band = _BAND * digit.height
    return (
        box.height < LOW * digit.height
        and digit.top - band <= box.top
        and box.bottom <= digit.bottom + band
        and max(box.left - digit.right, digit.left - box.right) <= digit.height
    )


def _middle(line: Sequence[Part]) -> float:
    box = around(line)
    return (box.top + box.bottom) / 2


def _across(part: Part) -> float:
    return (part.box.left + part.box.right) / 2
