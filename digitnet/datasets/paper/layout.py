"""Where marks stand on a page: digits in lines, and things beside them that are no digits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import between, chance, ratio
from digitnet.datasets.paper.marks import Mark, Points

Box = tuple[float, float, float, float]


def bounds(marks: Sequence[Mark]) -> Box:
    """Return left, top, right and bottom of marks together."""
    return around([mark.box for mark in marks])


def around(boxes: Sequence[Box]) -> Box:
    """Return left, top, right and bottom of boxes together."""
    sides = np.array(boxes)
    left, top = sides[:, :2].min(axis=0)
    right, bottom = sides[:, 2:].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def centred(marks: Sequence[Mark]) -> list[Mark]:
    """Return marks shifted so that their middle is the origin."""
    left, top, right, bottom = bounds(marks)
    return [mark.moved(1, -(left + right) / 2, -(top + bottom) / 2) for mark in marks]


def lines(
    digits: Sequence[Mark],
    lengths: Sequence[int],
    capture: Capture,
    rng: Generator,
    gap: tuple[float, float] | None = None,
    signs: Sequence[Mark] = (),
) -> list[Mark]:
    """Return digits in lines, in reading order, with dashes between some.

    Args:
        digits: Each 1 high.
        lengths: How many digits each line has.
        capture: Whether there are things that are no digits.
        rng: Draws sizes, gaps and slopes.
        gap: The least and the most between digits, of their height, drawn once a line and varied
            there; `None` leaves it to chance.
        signs: A plus and two brackets, for some groups of digits; none where there are none.
    """
    heights = _heights(len(lengths), rng)
    placed: list[Mark] = []
    floor, start = 0.0, 0
    for count, height in zip(lengths, heights, strict=True):
        line = _line(digits[start : start + count], capture, rng, gap, signs)
        indent = between(rng, 0, 0.8)
        line = [mark.moved(height, indent, 0) for mark in line]
        floor += -bounds(line)[1] if placed else 0.0
        line = [mark.moved(1, 0, floor) for mark in line]
        placed += line
        floor = bounds(placed)[3] + height * between(rng, 0.25, 0.9)
        start += count
    return placed


def _heights(count: int, rng: Generator) -> list[float]:
    """Return the heights of lines: mostly alike, at times up to ten to one."""
    most = ratio(rng, 2, 10) if chance(rng, 0.15) else between(rng, 1, 1.3)
    return [1.0] + [1 / ratio(rng, 1, most) for _ in range(count - 1)]


def _line(
    digits: Sequence[Mark],
    capture: Capture,
    rng: Generator,
    gaps: tuple[float, float] | None,
    signs: Sequence[Mark],
) -> list[Mark]:
    """Return the digits of a line on a baseline that may rise or fall, at y = 0."""
    spread = between(rng, 0.3, 0.69) if chance(rng, 0.15) else between(rng, 0, 0.15)
    gap = between(rng, *gaps) if gaps is not None else _gap(rng)
    slope, bow = float(rng.normal(0, 0.04)), float(rng.normal(0, 0.01))
    groups = _groups(len(digits), rng)
    dashed = capture.clutter and chance(rng, 0.6)
    signed = _signed(len(digits), groups, signs, rng) if signs else {}
    placed: list[Mark] = []
    x = 0.0
    for place, digit in enumerate(digits):
        height = float(np.exp(-spread * rng.random()))
        base = slope * x + bow * np.sin(x) + between(rng, -0.05, 0.05)
        mark = digit.moved(height, 0, base - height)
        left = 0.0
        if placed:
            wide = place in groups
            left = x + (between(rng, 0.5, 1.0) if wide else gap * between(rng, 0.6, 1.5))
            if gap <= 0 and not wide:
                left = _touching(placed[-1], mark, capture) + gap
            if wide and dashed:
                placed.append(_dash(x, left, base, capture, rng))
                left += 0.35
        for sign in signed.get(place, ()):
            placed.append(_sign_after(max(left, x), base, sign, rng))
            x = placed[-1].box[2]
            left = x + between(rng, 0.05, 0.3)
        mark = mark.moved(1, left - mark.box[0], 0)
        placed.append(mark)
        x = mark.box[2]
    placed += [_sign_after(x, slope * x, sign, rng) for sign in signed.get(len(digits), ())]
    return placed


def _signed(
    count: int, groups: set[int], signs: Sequence[Mark], rng: Generator
) -> dict[int, list[Mark]]:
    """Return a plus and brackets before the digits that they precede, the last after all."""
    plus, opening, closing = signs
    found: dict[int, list[Mark]] = {}
    if chance(rng, 0.6):
        edges = [0, *sorted(groups), count]
        first = int(rng.integers(min(2, len(groups) + 1)))
        found[edges[first]] = [opening]
        found[edges[first + 1]] = [closing]
    if chance(rng, 0.5):
        found.setdefault(0, []).insert(0, plus)
    return found


def _sign_after(left: float, base: float, sign: Mark, rng: Generator) -> Mark:
    """Return a sign after what ends at `left`, in the middle of digits on a baseline."""
    _, top, _, bottom = sign.box
    middle = base - between(rng, 0.4, 0.55) - (top + bottom) / 2
    return sign.moved(1, left + between(rng, 0.05, 0.35) - sign.box[0], middle)


def _gap(rng: Generator) -> float:
    """Return the gap between digits, of a digit's height; 0 where they touch."""
    if chance(rng, 0.15):
        return 0.0
    return between(rng, 0.35, 0.9) if chance(rng, 0.2) else between(rng, 0.1, 0.4)


def _groups(count: int, rng: Generator) -> set[int]:
    """Return the places before which there is a wider gap, as in telephone numbers."""
    if count < 4 or chance(rng, 0.5):
        return set()
    size = int(rng.integers(2, 5))
    return set(range(size, count, size))


def _touching(left: Mark, right: Mark, capture: Capture) -> float:
    """Return where the box of `right` begins when its ink meets that of `left`.

    Ink is compared in rows, so that a digit may lean over its neighbour.
    """
    edges: dict[int, float] = {}
    starts: dict[int, float] = {}
    for mark, found, pick in ((left, edges, max), (right, starts, min)):
        for x, y in _inked(mark):
            row = round(12 * y)
            for near in (row - 1, row, row + 1):
                found[near] = pick(found.get(near, x), x)
    meet = [edges[row] - starts[row] for row in edges if row in starts]
    overlap = 0.4 * capture.thickness
    shift = max(meet) + 0.5 * (left.width + right.width) - overlap if meet else left.box[2]
    return right.box[0] + shift


def _inked(mark: Mark) -> Points:
    """Return points of a mark's ink."""
    if mark.image is None:
        return mark.points
    rows, columns = np.nonzero(mark.image[::8, ::8] > 127)
    corner, opposite = mark.points[0], mark.points[2]
    share = np.stack([columns, rows], axis=1) * 8 / np.array(mark.image.shape[::-1])
    return np.asarray(corner + share * (opposite - corner))


def _dash(left: float, right: float, base: float, capture: Capture, rng: Generator) -> Mark:
    """Return a dash, or a stop, in the gap between two groups."""
    width = 0.8 * capture.thickness
    if chance(rng, 0.3):
        points = np.array([[0, 0], [0.02, 0.03]]) + np.array([left + 0.25, base - 0.04])
    else:
        y = base - between(rng, 0.4, 0.55)
        points = np.array([[left + 0.15, y], [left + 0.42, y + between(rng, -0.04, 0.04)]])
    return Mark(points, width, np.ones(1))


def specks(box: Box, room: float, capture: Capture, rng: Generator) -> list[Mark]:
    """Return dots, commas and short dashes around a box, much smaller than a digit."""
    left, top, right, bottom = box
    small = min(0.1, 2 * capture.thickness)
    marks = []
    for _ in range(rng.integers(1, 9)):
        at = (between(rng, left - room, right + room), between(rng, top - room, bottom + room))
        length = small * between(rng, 0.05, 1) if chance(rng, 0.7) else between(rng, 0.05, 0.16)
        angle = between(rng, 0, 2 * np.pi)
        way = np.array([[0, 0], [np.cos(angle) * length, np.sin(angle) * length]])
        reach = max(length, capture.thickness)
        if not _near(at, box, reach):
            marks.append(Mark(way + at, capture.thickness * between(rng, 0.3, 0.9), np.ones(1)))
    return marks


def _near(at: tuple[float, float], box: Box, reach: float) -> bool:
    (x, y), (left, top, right, bottom) = at, box
    return left - reach < x < right + reach and top - reach < y < bottom + reach
