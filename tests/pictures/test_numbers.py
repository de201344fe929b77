"""Lines, cuts and divisions, with a reader that knows the truth."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures.cutting import _cuts, cut_parts, is_wide
from digitnet.pictures.lines import find_lines
from digitnet.pictures.mended_lines import mended_lines
from digitnet.pictures.numbers import FoundDigit, _warnings
from digitnet.pictures.parts import Box, Part, Parts, find_parts
from digitnet.pictures.segments import best_segments, candidates


def parts_at(*boxes):
    return [
        Part(number, Box(*box), Box(*box).width * Box(*box).height)
        for number, box in enumerate(boxes, start=1)
    ]


def numbers_of(lines):
    return [[part.number for part in line] for line in lines]


def test_parts_side_by_side_are_a_line_from_left_to_right():
    found = find_lines(parts_at((50, 0, 60, 30), (0, 2, 10, 31), (25, 1, 35, 29)))
    assert numbers_of(found.lines) == [[2, 3, 1]]


def test_lines_may_slant():
    found = find_lines(parts_at(*[(40 * i, 20 * i, 40 * i + 20, 20 * i + 40) for i in range(6)]))
    assert numbers_of(found.lines) == [[1, 2, 3, 4, 5, 6]]


def test_lines_of_ten_times_the_size_are_apart_and_in_order():
    large = [(120 * i, 100, 120 * i + 80, 250) for i in range(3)]
    small = [(12 * i, 20, 12 * i + 8, 35) for i in range(4)]
    found = find_lines(parts_at(*large, *small))
    assert numbers_of(found.lines) == [[4, 5, 6, 7], [1, 2, 3]]


def test_low_parts_stay_in_the_line_beside_them_and_dirt_is_ignored():
    digits = [(0, 0, 20, 40), (60, 0, 80, 40)]
    found = find_lines(parts_at(*digits, (35, 18, 48, 22), (100, 200, 102, 202)))
    assert numbers_of(found.lines) == [[1, 3, 2]]
    assert [part.number for part in found.ignored] == [4]


def test_nothing_has_no_lines():
    assert find_lines([]) == ((), ())


def found_and_mended(*boxes):
    """Return the numbers of the parts of each line, before and after."""
    found = find_lines(parts_at(*boxes))
    return [
        [[part.number for part in line] for line in f.lines] for f in (found, mended_lines(found))
    ]


def slanted(row, *, digits, start=0):
    """Boxes of digits, 20 by 30, in a row that goes down by 8 pixels a digit."""
    columns = range(start, start + 30 * digits, 30)
    return [(x, row + 8 * x // 30, x + 20, row + 8 * x // 30 + 30) for x in columns]


def test_slanted_lines_that_run_together_are_parted():
    upper, lower = slanted(0, digits=6), slanted(40, digits=4)
    before, after = found_and_mended(*upper, *lower)
    assert [sorted(line) for line in before] == [list(range(1, 11))]
    assert after == [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10]]


def test_one_slanted_line_is_left_as_it_is():
    before, after = found_and_mended(*slanted(0, digits=9))
    assert before == after == [list(range(1, 10))]


WHOLE = (0, 0, 20, 60)


@pytest.mark.parametrize(
    ("pieces", "joined"),
    [
        ([(90, 0, 110, 26), (90, 30, 110, 60)], True),  # a gap of four pixels
        ([(90, 0, 110, 26), (90, 46, 110, 76)], False),  # of twenty
        ([(90, 0, 110, 50), (90, 54, 110, 104)], False),  # together higher than a digit
    ],
)
def test_pieces_over_each_other_are_of_one_line_if_they_may_be_of_one_digit(pieces, joined):
    _, after = found_and_mended(WHOLE, *pieces)
    assert (len(after) == 1) == joined


def test_a_broken_digit_that_a_dot_drew_from_its_line_returns_to_it():
    pieces = [(100, 5, 120, 25), (95, 34, 122, 55)]
    before, after = found_and_mended((0, 0, 20, 60), (160, 0, 180, 60), *pieces, (88, 45, 94, 52))
    assert len(before) == 2
    assert after == [[1, 5, 4, 3, 2]]


def test_what_was_ignored_stays_so_and_nothing_has_no_lines():
    found = find_lines(parts_at((0, 0, 20, 60), (300, 300, 302, 302)))
    assert mended_lines(found).ignored == found.ignored != ()
    assert mended_lines(find_lines([])) == ((), ())


def touching():
    """Two bars with a thin bridge between them."""
    ink = np.zeros((50, 60), np.float32)
    ink[5:45, 5:20] = ink[5:45, 38:53] = 1
    ink[25:27, 20:38] = 1
    return find_parts(ink)


def test_a_wide_part_is_cut_where_there_is_least_ink():
    parts = touching()
    cut, pieces = cut_parts(parts, parts.parts, parts.parts, height=40.0)
    assert sum(piece.area for piece in pieces) == parts.parts[0].area
    assert any(20 <= piece.box.left <= 38 for piece in pieces)
    for piece in pieces:
        assert (cut.labels == piece.number).sum() == piece.area
    assert len({piece.number for piece in pieces}) == len(pieces)


def test_a_cut_goes_where_there_is_least_ink():
    mask = np.ones((40, 12), bool)
    mask[:-1, 6] = False
    assert (_cuts(mask, 40.0)[0] == 6).all()


@pytest.mark.parametrize(("width", "most"), [(160, 4), (800, 20)])
def test_a_chain_of_digits_is_cut_about_as_finely_as_a_pair(width, most):
    ink = np.zeros((60, width + 20), np.float32)
    ink[10:50, 10 : 10 + width] = 1
    parts = find_parts(ink)
    _, pieces = cut_parts(parts, parts.parts, parts.parts, height=40.0)
    assert max(piece.box.width for piece in pieces) <= 2 * most + 16  # and what a slant adds


def test_a_part_is_wide_beside_the_height_of_its_line():
    (part,) = touching().parts
    assert is_wide(part, height=40.0)
    assert not is_wide(part, height=120.0)


def test_a_part_that_is_not_asked_for_is_not_cut():
    parts = touching()
    cut, pieces = cut_parts(parts, parts.parts, [], height=40.0)
    assert pieces == list(parts.parts)
    assert np.array_equal(cut.labels, parts.labels)


def test_the_picture_that_is_cut_is_left_as_it_was():
    parts = touching()
    before = parts.labels.copy()
    cut_parts(parts, parts.parts, parts.parts, height=40.0)
    assert np.array_equal(parts.labels, before)


PIECES = parts_at((0, 0, 18, 40), (20, 0, 38, 40), (44, 0, 60, 40))


@pytest.mark.parametrize(
    ("likely", "wanted"),
    [
        ({(0, 1): 0.9, (1, 2): 0.9, (2, 3): 0.9, (0, 2): 0.3}, [(0, 1), (1, 2), (2, 3)]),
        ({(0, 1): 0.4, (1, 2): 0.4, (2, 3): 0.9, (0, 2): 0.9}, [(0, 2), (2, 3)]),
    ],
)
def test_pieces_are_joined_where_that_is_the_likelier_reading(likely, wanted):
    segments, left_out = best_segments(PIECES, 40.0, likely)
    assert segments == wanted
    assert left_out == []


@pytest.mark.parametrize(("together", "wanted"), [(0.8, [(0, 1), (1, 2)]), (0.95, [(0, 2)])])
def test_that_two_digits_touch_is_one_doubt_and_not_two(together, wanted):
    one_and_four = parts_at((0, 0, 4, 40), (4, 0, 24, 40))
    likely = {(0, 1): 0.85, (1, 2): 0.9, (0, 2): together}  # 0.85 * 0.9 is less than both
    assert best_segments(one_and_four, 40.0, likely) == (wanted, [])


def test_a_dash_is_left_out_and_a_loose_bar_is_kept():
    bar = [PIECES[0], *parts_at((19, 18, 30, 22)), PIECES[2]]
    assert (0, 2) in candidates(bar, 40.0)
    dash, _ = best_segments(bar, 40.0, {(0, 1): 0.9, (0, 2): 0.2, (1, 3): 0.2, (2, 3): 0.9})
    assert dash == [(0, 1), (2, 3)]
    loose, _ = best_segments(bar, 40.0, {(0, 1): 0.4, (0, 2): 0.95, (1, 3): 0.2, (2, 3): 0.9})
    assert loose == [(0, 2), (2, 3)]


def test_what_is_no_digit_is_left_out_though_it_may_look_like_one():
    likely = {(0, 1): 0.9, (1, 2): 0.5, (2, 3): 0.9}
    assert best_segments(PIECES, 40.0, likely) == ([(0, 1), (1, 2), (2, 3)], [])
    segments, left_out = best_segments(PIECES, 40.0, likely, {(1, 2): 0.9})
    assert (segments, left_out) == ([(0, 1), (2, 3)], [PIECES[1]])


def test_digits_that_lean_may_stand_above_the_same_columns():
    leaning = parts_at((0, 0, 30, 40), (10, 0, 60, 40))
    likely = {(0, 1): 0.9, (1, 2): 0.9, (0, 2): 0.3}
    assert best_segments(leaning, 40.0, likely) == ([(0, 1), (1, 2)], [])


def test_many_pieces_are_divided_as_well():
    many = parts_at(*[(10 * i, 0, 10 * i + 9, 40) for i in range(400)])
    likely = dict.fromkeys(candidates(many, 40.0), 0.5)
    segments, left_out = best_segments(many, 40.0, likely)
    assert segments[0][0] == 0
    assert segments[-1][1] == 400
    assert left_out == []


def test_no_digit_is_much_wider_than_high():
    assert (0, 2) in candidates(parts_at((0, 0, 30, 40), (32, 0, 60, 40)), 40.0)
    assert (0, 2) not in candidates(parts_at((0, 0, 36, 40), (38, 0, 70, 40)), 40.0)


def test_a_wide_digit_may_be_of_as_many_pieces_as_cuts_make_of_it():
    pieces = parts_at(*[(4 * place, 0, 4 * place + 4, 40) for place in range(20)])
    assert (0, 16) in candidates(pieces, 40)
    assert (0, 17) not in candidates(pieces, 40)


def test_an_empty_picture_is_no_part():
    assert find_parts(np.zeros((10, 10), np.float32)).parts == ()
    assert isinstance(find_parts(np.zeros((10, 10), np.float32)), Parts)


@pytest.mark.parametrize(("sure", "unsure", "warned"), [(6, 2, False), (5, 2, True), (0, 1, True)])
def test_if_more_than_a_quarter_is_unsure_it_may_be_text(sure, unsure, warned):
    likely = [0.81] * sure + [0.79] * unsure
    blank, box = np.zeros((28, 28), np.uint8), Box(0, 0, 9, 9)
    digits = [FoundDigit(box, blank, np.array([p, 1 - p], np.float32)) for p in likely]
    found = list(_warnings([digits], faint=False, crowded=False))
    told = f"{unsure} of {sure + unsure} are unsure: is it text, or a drawing?"
    assert found == ([told] if warned else [])
