"""Boxes, connected parts, and which of them are the digit."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures import one_digit
from digitnet.pictures.one_digit import find_candidates
from digitnet.pictures.parts import Box, Part, around, cut_out, find_parts


def ink_of(*boxes, shape=(60, 60)):
    ink = np.zeros(shape, np.float32)
    for box in boxes:
        ink[Box(*box).slices] = 1
    return ink


def chosen_boxes(*boxes, shape=(60, 60)):
    parts = find_parts(ink_of(*boxes, shape=shape)).parts
    return sorted(tuple(part.box) for part in find_candidates(parts, shape)[0].parts)


def test_connected_ink_is_a_part_also_across_a_corner():
    ink = ink_of((0, 0, 5, 5), (5, 5, 10, 10), (20, 20, 22, 30))
    parts = find_parts(ink).parts
    assert [(tuple(part.box), part.area) for part in parts] == [
        ((0, 0, 10, 10), 50),
        ((20, 20, 22, 30), 20),
    ]


def test_boxes_know_their_gap_and_what_is_around_them():
    one, other = Box(0, 0, 10, 10), Box(13, 2, 20, 30)
    assert one.gap(other) == other.gap(one) == 3
    assert one.gap(Box(5, 5, 30, 30)) == 0
    assert one.joined(other) == Box(0, 0, 20, 30)
    assert one.overlap(Box(5, 0, 15, 20)) == 50 / (100 + 200 - 50)
    assert one.overlap(other) == 0
    assert one.moved(100, 50, 2.0) == Box(100, 50, 120, 70)


def test_a_loose_bar_and_a_broken_stroke_belong_to_the_digit():
    body, bar, piece = (25, 20, 30, 45), (32, 17, 42, 20), (20, 48, 28, 52)
    assert chosen_boxes(body, bar, piece) == sorted([body, bar, piece])


def test_specks_and_far_marks_do_not():
    body = (22, 15, 36, 45)
    assert chosen_boxes(body, (38, 30, 39, 31), (2, 2, 6, 8)) == [body]


def test_a_neighbour_that_the_border_cuts_off_does_not_though_it_is_near():
    body = (24, 15, 40, 45)
    assert chosen_boxes(body, (44, 18, 60, 44)) == [body]
    assert chosen_boxes((24, 6, 40, 45), (24, 0, 40, 4)) == [(24, 0, 40, 4), (24, 6, 40, 45)]


def test_of_two_alike_the_one_in_the_middle_is_meant():
    middle, aside = (28, 20, 34, 40), (2, 20, 8, 40)
    assert chosen_boxes(middle, aside) == [middle]


def test_the_others_come_after_it_and_the_most_prominent_is_first():
    boxes = [(28, 20, 34, 40), (2, 20, 8, 40), (50, 22, 54, 40), (45, 2, 49, 10)]
    found = find_candidates(find_parts(ink_of(*boxes)).parts, (60, 60))
    assert [len(candidate.parts) for candidate in found] == [1, 1, 1, 1]
    assert [candidate.prominence for candidate in found] == sorted(
        (candidate.prominence for candidate in found), reverse=True
    )
    assert find_candidates((), (60, 60)) == []


def test_many_parts_do_not_ask_for_the_box_around_them_one_by_one(monkeypatch):
    asked = []
    monkeypatch.setattr(
        one_digit, "around", lambda parts: asked.append(len(parts)) or around(parts)
    )
    corners = [(row, column) for row in range(20, 60, 2) for column in range(20, 60, 2)]
    parts = [Part(n, Box(x, y, x + 2, y + 2), 4) for n, (y, x) in enumerate(corners, start=1)]
    assert len(find_candidates(parts, (80, 80))[0].parts) == 400
    assert len(asked) < 100


def test_a_part_is_offered_without_its_pieces_and_with_farther_ones_as_well():
    body, near, far = (25, 20, 30, 45), (32, 17, 42, 20), (20, 52, 28, 56)
    found = find_candidates(find_parts(ink_of(body, near, far)).parts, (60, 60))
    usual, alone, all_near = (sorted(tuple(p.box) for p in c.parts) for c in found[:3])
    assert (usual, alone) == (sorted([body, near]), [body])
    assert all_near == sorted([body, near, far])
    assert found[0].prominence > found[2].prominence > found[1].prominence


@pytest.mark.parametrize(
    ("halves", "shape"),
    [
        (((10, 20, 27, 40), (31, 20, 48, 40)), (60, 60)),  # a wide 0, broken above and below
        (((28, 12, 44, 48), (46, 20, 56, 40)), (60, 56)),  # the border cuts one off
    ],
)
def test_halves_beside_each_other_are_two_digits_or_else_one(halves, shape):
    found = find_candidates(find_parts(ink_of(*halves, shape=shape)).parts, shape)
    offered = [sorted(tuple(part.box) for part in candidate.parts) for candidate in found]
    assert offered[0] in ([half] for half in halves)
    assert sorted(halves) in offered


def test_parts_are_cut_out_without_what_lies_in_their_box():
    ink = ink_of((10, 10, 12, 40), (10, 38, 40, 40), (30, 12, 35, 20))
    parts = find_parts(ink)
    corner = [part for part in parts.parts if part.area > 60]
    cut = cut_out(ink, parts, corner)
    assert cut.shape == (around(corner).height + 2, around(corner).width + 2)
    assert cut.sum() == sum(part.area for part in corner)
