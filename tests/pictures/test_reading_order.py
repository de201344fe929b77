"""Reading order: rows of slanted, tilted and bent pages, and the numbers in them."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures.reading_order import reading_order
from digitnet.pictures.settings import Settings

SHOTS = {"scan": (0, 0, 0), "hand": (3, 0.1, 0.005), "phone": (10, 0.3, 0.01)}
"""Degrees of rotation, tilt and bend of a page, at most."""


def line(*lefts, top=0.0, height=10.0, width=6.0):
    """Boxes in a row."""
    return [(left, top, left + width, top + height) for left in lefts]


# ---- by hand


def test_no_boxes_make_no_lines():
    assert reading_order(np.zeros((0, 4))) == []


def test_one_box_is_a_line_of_one_number():
    assert reading_order([(3, 4, 9, 20)]) == [((0,),)]


def test_a_row_is_read_from_left_to_right():
    assert reading_order(line(24, 0, 8, 16)) == [((1, 2, 3, 0),)]


def test_a_column_of_digits_is_a_column_of_lines():
    boxes = [box for top in (24, 0, 12.5) for box in line(top % 3, top=top)]
    assert reading_order(boxes) == [((1,),), ((2,),), ((0,),)]


def test_two_numbers_at_different_heights_are_two_lines():
    boxes = line(0, 8, 16) + line(60, 68, 76, top=14)
    assert reading_order(boxes) == [((0, 1, 2),), ((3, 4, 5),)]


@pytest.mark.parametrize("rise", [-0.25, -0.1, 0.1, 0.25])
def test_close_lines_do_not_merge_when_they_slant(rise):
    boxes = [
        box
        for row in range(4)
        for x in range(0, 120, 8)
        for box in line(x, top=12.5 * row + rise * x)
    ]
    order = reading_order(boxes)
    assert order == [(tuple(range(15 * row, 15 * row + 15)),) for row in range(4)]


def test_sizes_in_a_line_may_differ_by_two_to_one():
    boxes = line(0, 16, 32) + line(8, 24, top=5, height=5, width=4)  # on one baseline
    assert reading_order(boxes) == [((0, 3, 1, 4, 2),)]


def test_small_lines_beside_a_large_number_stay_apart():
    large = line(0, 60, height=100, width=50)
    small = line(130, 138, top=30) + line(130, 138, top=60)
    order = reading_order(large + small)
    assert len(order) == 3
    assert ((2, 3),) in order
    assert ((4, 5),) in order


def test_an_empty_cell_does_not_break_its_row():
    grid = {(row, column): (100 * column, 14 * row) for row in range(4) for column in range(5)}
    del grid[1, 2], grid[3, 0]
    cells = sorted(grid)
    boxes = [box for cell in cells for box in line(grid[cell][0], top=grid[cell][1])]
    order = [[cells[k] for number in row for k in number] for row in reading_order(boxes)]
    assert order == [[cell for cell in cells if cell[0] == row] for row in range(4)]


# ---- numbers of a row


@pytest.mark.parametrize(("gap", "numbers"), [(9, 1), (12, 1), (14, 2), (40, 2)])
def test_a_gap_wider_than_a_digit_separates_numbers(gap, numbers):
    boxes = line(0, 8, 14 + gap, 22 + gap)
    assert len(reading_order(boxes)[0]) == numbers


def test_house_number_and_postcode_are_two_numbers():
    boxes = line(0, 8, 40, 48, 56, 64)
    assert reading_order(boxes) == [((0, 1), (2, 3, 4, 5))]


@pytest.mark.parametrize("pitch", [12, 20, 30])
def test_boxes_of_equal_pitch_hold_one_number(pitch):
    shaky = np.arange(6) * pitch + [0, 2, -2, 1, -1, 2]
    assert len(reading_order(line(*shaky))[0]) == 1


@pytest.mark.parametrize("missing", [1, 3, 4])
def test_a_missed_digit_does_not_split_the_row_of_a_grid(missing):
    lefts = [20 * k for k in range(9) if k not in (missing, 6)]
    assert len(reading_order(line(*lefts))[0]) == 1


def test_digits_at_a_pitch_too_wide_for_boxes_are_numbers_of_their_own():
    assert len(reading_order(line(0, 50, 100, 150))[0]) == 4


def test_the_hand_set_numbers_can_be_changed():
    boxes = line(0, 8, 30, 38)
    assert len(reading_order(boxes)[0]) == 2
    assert len(reading_order(boxes, Settings(number_gap=2.0))[0]) == 1


# ---- on simulated pages


def digit(x, base, height, rng):
    """Outline (16, 2) and width of a digit whose ink begins at x and stands on a base."""
    width = height * (rng.uniform(0.12, 0.3) if rng.random() < 0.12 else rng.uniform(0.5, 0.85))
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    up = height / 2 * (1 + np.sin(angle))
    lean = rng.uniform(-0.1, 0.3)
    return np.stack([x + width / 2 * (1 + np.cos(angle)) + lean * up, base - up], 1), width


def number(count, rng, *, spread, gap):
    """Outlines of digits, the first at 0."""
    outlines, x = [], 0.0
    for _ in range(count):
        height = float(np.exp(-spread * rng.random()))
        outline, width = digit(x, rng.uniform(-0.06, 0.06), height, rng)
        outlines.append(outline)
        x += width + gap * rng.uniform(0.6, 1.5)
    return outlines, x


def table(rng, *, leading=None, gap=None, empty=0.0, digits=5):
    """Outlines of a table's digits, row by row, and the rows' indices by number."""
    rows, columns = rng.integers(2, 12), rng.integers(2, 7)
    leading = leading or rng.uniform(1.3, 2.8)
    gaps = np.full(columns, gap) if gap else rng.uniform(1.4, 12, columns)
    spread, inner, side = rng.uniform(0, 0.2), rng.uniform(0.05, 0.3), rng.integers(2)
    cells = {
        (row, column): number(rng.integers(1, digits + 1), rng, spread=spread, gap=inner)
        for row in range(rows)
        for column in range(columns)
        if rng.random() >= empty
    }
    widths = [
        max((w for (_, c), (_, w) in cells.items() if c == k), default=1) for k in range(columns)
    ]
    starts = np.cumsum([0, *(widths + gaps)])
    outlines, truth = [], []
    for row in range(rows):
        truth.append([])
        for column in range(columns):
            if (row, column) in cells:
                held, width = cells[row, column]
                x = starts[column] + side * (widths[column] - width)
                shift = x, row * leading + rng.uniform(-0.08, 0.08)
                truth[-1].append(list(range(len(outlines), len(outlines) + len(held))))
                outlines += [outline + shift for outline in held]
    return outlines, [row for row in truth if row]


def page(rng):
    """Outlines of lines of numbers, each on a baseline of its own, sizes of lines up to 10:1."""
    outlines, truth, floor = [], [], 0.0
    largest = rng.uniform(2, 10) if rng.random() < 0.15 else rng.uniform(1, 1.3)
    for _ in range(rng.integers(1, 8)):
        size, slope, x = largest ** -rng.random(), rng.normal(0, 0.04), rng.uniform(0, 0.8)
        spread = rng.uniform(0.3, 0.69) if rng.random() < 0.15 else rng.uniform(0, 0.15)
        gap, row, start = rng.uniform(0.05, 0.4), [], len(outlines)
        for _ in range(rng.integers(1, 4)):
            held, width = number(rng.integers(1, 8), rng, spread=spread, gap=gap)
            row.append(list(range(len(outlines), len(outlines) + len(held))))
            outlines += [size * (o + np.array([x, slope * (x + o[:, 0].mean())])) for o in held]
            x += width + rng.uniform(1.5, 4)
        drop = floor - min(outline[:, 1].min() for outline in outlines[start:])
        outlines[start:] = [outline + np.array([0, drop]) for outline in outlines[start:]]
        floor = max(outline[:, 1].max() for outline in outlines[start:])
        floor += size * rng.uniform(0.25, 0.9)
        truth.append(row)
    return outlines, truth


def tight(rng):
    """Outlines of long lines, of slopes of their own, that nearly touch."""
    outlines, truth, leading = [], [], rng.uniform(1.05, 1.25)
    for row in range(rng.integers(3, 8)):
        held, _ = number(rng.integers(4, 14), rng, spread=0.3, gap=0.2)
        slope = rng.normal(0, 0.03)
        truth.append([list(range(len(outlines), len(outlines) + len(held)))])
        outlines += [o + np.array([0, row * leading + slope * o[:, 0].mean()]) for o in held]
    return outlines, truth


def grid(rng):
    """Outlines of a 9x9 grid's digits; each row is one number."""
    size = rng.uniform(0.4, 0.65)
    outlines = [
        digit(column, row, size * rng.uniform(0.8, 1.2), rng)[0] + rng.uniform(-0.1, 0.1, 2)
        for row in range(9)
        for column in range(9)
    ]
    return outlines, [[list(range(9 * row, 9 * row + 9))] for row in range(9)]


def photo(outlines, shot, rng):
    """Boxes of outlines on a page that is bent, rotated and seen in perspective."""
    rotation, tilt, bend = SHOTS[shot]
    points = np.concatenate(outlines)
    points -= (points.min(0) + points.max(0)) / 2
    reach = np.abs(points).max()
    points[:, 1] += rng.uniform(-bend, bend) * 2 * points[:, 0] ** 2 / reach
    angle, towards = np.radians(rng.uniform(-rotation, rotation)), rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    points = points @ np.array([[cos, sin], [-sin, cos]])
    nearer = points @ [np.cos(towards), np.sin(towards)] * rng.uniform(0, tilt) / reach
    points = 30 * points / (1 + nearer[:, None])
    parts = np.split(points, len(outlines))
    return np.array([[*part.min(0), *part.max(0)] for part in parts])


def share_right(make, shot, count=100, *, numbers=False):
    """Share of pages whose rows, or rows and numbers, are all right."""
    right = 0
    for seed in range(count):
        rng = np.random.default_rng([33, seed])
        outlines, truth = make(rng)
        boxes = photo(outlines, shot, rng)
        shuffled = rng.permutation(len(boxes))
        order = [
            [[int(shuffled[k]) for k in held] for held in row]
            for row in reading_order(boxes[shuffled])
        ]
        if not numbers:
            order, truth = (
                [[k for held in row for k in held] for row in rows] for rows in (order, truth)
            )
        right += order == truth
    return right / count


@pytest.mark.parametrize("shot", SHOTS)
def test_tables_are_read_row_by_row(shot):
    assert share_right(table, shot) >= 0.99


@pytest.mark.parametrize(("shot", "share"), [("scan", 0.99), ("hand", 0.99), ("phone", 0.96)])
def test_close_rows_with_columns_12_heights_apart(shot, share):
    assert share_right(lambda rng: table(rng, leading=1.25, gap=12), shot) >= share


def test_columns_tell_the_rotation_where_rows_of_single_digits_do_not():
    assert share_right(lambda rng: table(rng, gap=12, digits=1), "hand") == 1
    assert share_right(lambda rng: table(rng, gap=12, digits=1), "phone") >= 0.9


@pytest.mark.parametrize("shot", SHOTS)
def test_tables_with_empty_cells(shot):
    assert share_right(lambda rng: table(rng, empty=0.3), shot) >= 0.98


@pytest.mark.parametrize("shot", SHOTS)
def test_pages_of_rising_and_falling_lines(shot):
    assert share_right(page, shot) >= 0.98


def test_lines_that_nearly_touch_do_not_merge():
    assert share_right(tight, "hand") >= 0.98


@pytest.mark.parametrize("shot", SHOTS)
def test_grids_are_read_row_by_row(shot):
    assert share_right(grid, shot, 30) == 1


@pytest.mark.parametrize("make", [table, page, grid])
def test_numbers_are_told_apart(make):
    assert share_right(make, "hand", 60, numbers=True) >= 0.95


def test_a_page_of_a_thousand_digits_has_all_its_lines():
    boxes = [box for row in range(40) for box in line(*range(0, 200, 8), top=15 * row)]
    found = reading_order(boxes)
    assert [len(row) for row in found] == [1] * 40
    assert [index for row in found for number in row for index in number] == list(range(1000))
