"""Layout of digits in lines, with dashes, signs and specks between and around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.geometry import Points
from digitnet.datasets.paper.marks import Mark, bounds
from digitnet.datasets.paper.sampling import chance, log_uniform, uniform

Lines = Sequence[Sequence[Mark]]

_SPECK_ROOM = 1.5  # digit heights around the digits in which there are specks


def flat(lines: Lines) -> list[Mark]:
    """Return the marks of all lines."""
    return [mark for line in lines for mark in line]


def centred(lines: Lines) -> list[list[Mark]]:
    """Return lines shifted so that the middle of their bounding box is the origin."""
    left, top, right, bottom = bounds(flat(lines))
    x, y = -(left + right) / 2, -(top + bottom) / 2
    return [[mark.moved(1, x, y) for mark in line] for line in lines]


def in_lines(
    digits: Sequence[Mark],
    lengths: Sequence[int],
    capture: Capture,
    rng: Generator,
    gaps: tuple[float, float] | None = None,
    signs: Sequence[Mark] = (),
) -> list[list[Mark]]:
    """Return digits, each 1 high, in lines of some lengths, with dashes between some.

    The gap between digits, of their height, is drawn from `gaps` once a line and varied there;
    `None` draws a usual one. `signs` are a plus and two brackets, for some groups of digits.
    """
    # heights: mostly alike, at times up to ten to one
    most = log_uniform(rng, 2, 10) if chance(rng, 0.15) else uniform(rng, 1, 1.3)
    heights = [1.0] + [1 / log_uniform(rng, 1, most) for _ in lengths[1:]]
    # lines from top to bottom
    placed: list[list[Mark]] = []
    floor, start = 0.0, 0
    for count, height in zip(lengths, heights, strict=True):
        line = _line(digits[start : start + count], capture, rng, gaps, signs)
        indent = uniform(rng, 0, 0.8)
        line = [mark.moved(height, indent, 0) for mark in line]
        floor -= bounds(line)[1] if placed else 0.0
        placed.append([mark.moved(1, 0, floor) for mark in line])
        floor = bounds(flat(placed))[3] + height * uniform(rng, 0.25, 0.9)
        start += count
    return placed


def _line(
    digits: Sequence[Mark],
    capture: Capture,
    rng: Generator,
    gaps: tuple[float, float] | None,
    signs: Sequence[Mark],
) -> list[Mark]:
    """Return the digits of a line on a baseline that may rise or fall, at y = 0."""
    # what the digits of the line have in common
    spread = uniform(rng, 0.3, 0.69) if chance(rng, 0.15) else uniform(rng, 0, 0.15)
    gap = _gap(rng) if gaps is None else uniform(rng, *gaps)
    slope, bow = float(rng.normal(0, 0.04)), float(rng.normal(0, 0.01))
    groups = _group_starts(len(digits), rng)
    dashed = capture.clutter and chance(rng, 0.6)
    signs_before = _signs_before(len(digits), groups, signs, rng) if signs else {}
    # digits from left to right, each after the right edge of the one before
    placed: list[Mark] = []
    edge = 0.0
    for place, digit in enumerate(digits):
        height = float(np.exp(-spread * rng.random()))
        base = slope * edge + bow * np.sin(edge) + uniform(rng, -0.05, 0.05)
        mark = digit.moved(height, 0, base - height)
        left = 0.0
        if placed:
            wide = place in groups
            left = edge + (uniform(rng, 0.5, 1.0) if wide else gap * uniform(rng, 0.6, 1.5))
            if gap <= 0 and not wide:
                left = _touching(placed[-1], mark, capture) + gap
            if wide and dashed:
                placed.append(_dash(edge, base, capture, rng))
                left += 0.35
        for sign in signs_before.get(place, ()):
            placed.append(_sign_after(max(left, edge), base, sign, rng))
            edge = placed[-1].box[2]
            left = edge + uniform(rng, 0.05, 0.3)
        placed.append(mark.moved(1, left - mark.box[0], 0))
        edge = placed[-1].box[2]
    closing = signs_before.get(len(digits), ())
    return placed + [_sign_after(edge, slope * edge, sign, rng) for sign in closing]


def _gap(rng: Generator) -> float:
    """Return the gap between digits, of a digit's height; 0 where they touch."""
    if chance(rng, 0.15):
        return 0.0
    return uniform(rng, 0.35, 0.9) if chance(rng, 0.2) else uniform(rng, 0.1, 0.4)


def _group_starts(count: int, rng: Generator) -> list[int]:
    """Return the digits before which there is a wider gap, as in telephone numbers."""
    if count < 4 or chance(rng, 0.5):
        return []
    size = int(rng.integers(2, 5))
    return list(range(size, count, size))


def _signs_before(
    count: int, groups: list[int], signs: Sequence[Mark], rng: Generator
) -> dict[int, list[Mark]]:
    """Return the signs before each digit, or after the last one."""
    plus, opening, closing = signs
    before: dict[int, list[Mark]] = {}
    if chance(rng, 0.6):
        edges = [0, *groups, count]
        first = int(rng.integers(min(2, len(groups) + 1)))
        before = {edges[first]: [opening], edges[first + 1]: [closing]}
    if chance(rng, 0.5):
        before[0] = [plus, *before.get(0, [])]
    return before


def _sign_after(left: float, base: float, sign: Mark, rng: Generator) -> Mark:
    """Return a sign after what ends at `left`, in the middle of digits on a baseline."""
    _, top, _, bottom = sign.box
    middle = base - uniform(rng, 0.4, 0.55) - (top + bottom) / 2
    return sign.moved(1, left + uniform(rng, 0.05, 0.35) - sign.box[0], middle)


def _touching(left: Mark, right: Mark, capture: Capture) -> float:
    """Return the left edge of `right` at which its ink meets that of `left`.

    Ink is compared in rows, so that a digit may lean over its neighbour.
    """
    edges: dict[int, float] = {}
    starts: dict[int, float] = {}
    for mark, found, pick in ((left, edges, max), (right, starts, min)):
        for x, y in _ink_points(mark):
            row = round(12 * y)
            for near in (row - 1, row, row + 1):
                found[near] = pick(found.get(near, x), x)
    overlaps = [edges[row] - starts[row] for row in edges if row in starts]
    if not overlaps:
        return right.box[0] + left.box[2]
    return right.box[0] + (
        max(overlaps) + 0.5 * (left.width + right.width) - 0.4 * capture.thickness
    )


def _ink_points(mark: Mark) -> Points:
    """Return points of a mark's ink."""
    if mark.image is None:
        return mark.points
    rows, columns = np.nonzero(mark.image[::8, ::8] > 127)
    corner, opposite = mark.points[0], mark.points[2]
    share = np.stack([columns, rows], axis=1) * 8 / np.array(mark.image.shape[::-1])
    return np.asarray(corner + share * (opposite - corner))


def _dash(left: float, base: float, capture: Capture, rng: Generator) -> Mark:
    """Return a dash, or a stop, in the gap between two groups."""
    if chance(rng, 0.3):
        points = np.array([[0, 0], [0.02, 0.03]]) + np.array([left + 0.25, base - 0.04])
    else:
        y = base - uniform(rng, 0.4, 0.55)
        points = np.array([[left + 0.15, y], [left + 0.42, y + uniform(rng, -0.04, 0.04)]])
    return Mark(points, 0.8 * capture.thickness, np.ones(1))


def specks(marks: Sequence[Mark], capture: Capture, rng: Generator) -> list[Mark]:
    """Return dots, commas and short dashes around marks, much smaller than a digit."""
    left, top, right, bottom = bounds(marks)
    room, small = _SPECK_ROOM, min(0.1, 2 * capture.thickness)
    found = []
    for _ in range(rng.integers(1, 9)):
        x, y = uniform(rng, left - room, right + room), uniform(rng, top - room, bottom + room)
        length = small * uniform(rng, 0.05, 1) if chance(rng, 0.7) else uniform(rng, 0.05, 0.16)
        angle = uniform(rng, 0, 2 * np.pi)
        way = np.array([[0, 0], [np.cos(angle) * length, np.sin(angle) * length]])
        reach = max(length, capture.thickness)
        outside = not (left - reach < x < right + reach and top - reach < y < bottom + reach)
        if outside:
            width = capture.thickness * uniform(rng, 0.3, 0.9)
            found.append(Mark(way + np.array([x, y]), width, np.ones(1)))
    return found
