"""Lines of digits among the parts of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from digitnet.pictures.parts import Box, Part, around

LOW = 0.5  # of its neighbours' height: a part that is lower is a piece, a dot or a dash
_OVERLAP = 0.4  # of the lower one's height that neighbours in a line share
REACH = 4.0  # heights: the widest gap in a line
_BAND = 0.3  # of a digit's height: how far above and below it its pieces can be
_DIRT = 0.06  # of the highest part's height: what is lower and narrower is dirt

Linked: TypeAlias = Callable[[Box, Box], bool]
"""Says whether two boxes are next to each other in a line."""


class Lines(NamedTuple):
    """Parts in reading order.

    Attributes:
        lines: The parts of each line from left to right; the lines from top to bottom.
        ignored: What stands apart from all lines, and dirt.
    """

    lines: tuple[tuple[Part, ...], ...]
    ignored: tuple[Part, ...]


def are_neighbours(box: Box, other: Box) -> bool:
    """Say whether two boxes are digits of one line, side by side."""
    lower, higher = sorted((box.height, other.height))
    shared = min(box.bottom, other.bottom) - max(box.top, other.top)
    gap = max(box.left, other.left) - min(box.right, other.right)
    return lower >= LOW * higher and shared >= _OVERLAP * lower and gap <= REACH * higher


def find_lines(parts: Sequence[Part], linked: Linked = are_neighbours) -> Lines:
    """Put parts into lines.

    Parts of about one height that stand beside each other are neighbours, and what is
    connected by neighbours is a line: so lines may slant, and their sizes may differ. A low
    part beside a line belongs to it, as a piece of a digit, a dot or a dash.

    Args:
        parts: All that may be written.
        linked: Says which are neighbours.
    """
    highest = max((part.box.height for part in parts), default=0)
    lines: list[list[Part]] = []
    low: list[Part] = []
    dirt: list[Part] = []
    for part in sorted(parts, key=lambda part: -part.box.height):
        if part.box.size < _DIRT * highest:
            dirt.append(part)
            continue
        beside = [line for line in lines if any(linked(part.box, o.box) for o in line)]
        if not beside and any(attends(part.box, o.box) for line in lines for o in line):
            low.append(part)
        else:
            lines = [line for line in lines if line not in beside]
            lines.append([part, *(other for line in beside for other in line)])
    for part in low:
        home = min(lines, key=lambda line: min(part.box.gap(other.box) for other in line))
        home.append(part)
    ordered = sorted(lines, key=middle)
    return Lines(tuple(tuple(sorted(line, key=across)) for line in ordered), tuple(dirt))


def attends(box: Box, digit: Box) -> bool:
    """Say whether a box is so low and near that it can be a piece of a digit, a dot or a dash."""
    band = _BAND * digit.height
    return (
        box.height < LOW * digit.height
        and digit.top - band <= box.top
        and box.bottom <= digit.bottom + band
        and max(box.left - digit.right, digit.left - box.right) <= digit.height
    )


def middle(line: Sequence[Part]) -> float:
    """Return how far down the middle of a line is."""
    box = around(line)
    return (box.top + box.bottom) / 2


def across(part: Part) -> float:
    """Return how far to the right the middle of a part is."""
    return (part.box.left + part.box.right) / 2
