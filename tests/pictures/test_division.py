"""Lines divided into what may be digits, and the reading of what was found."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from digitnet.datasets import paper
from digitnet.pictures import numbers
from digitnet.pictures.division import MOST_CUT, divide
from digitnet.pictures.lines import find_lines
from digitnet.pictures.looking import Look
from digitnet.pictures.numbers import FoundDigit, Numbers, find_divisions, find_numbers
from digitnet.pictures.opening import Picture, open_picture
from digitnet.pictures.parts import Box, Part, Parts, find_parts
from digitnet.pictures.segment_network import NO_DIGIT, NOT_ONE
from digitnet.pictures.weighing import agreed, weigh
from digitnet.pictures.writing import look_at_writing

CLEAR = paper.Style(papers=("blank",), pens=("felt",), size=600, contrast=0.8, clutter=0)


def zeros(pixels):
    """Return the probabilities of digits that all are surely a 0."""
    return np.eye(10, dtype=np.float32)[[0] * len(pixels)]


def pair(seed):
    """Return the look at two digits that touch, and their line: it has one part."""
    number = paper.numbers(1, seed=seed, digits=2, gap=-0.08, style=CLEAR)[0]
    seen = look_at_writing(open_picture(number.picture).grey)[-1]
    (line,) = find_lines(seen.parts.parts).lines
    assert len(line) == 1
    return seen, line


def test_all_digits_of_a_number_are_found_with_their_boxes():
    number = paper.numbers(1, seed=701, digits=5, style=CLEAR)[0]
    (division,) = find_divisions(open_picture(number.picture))
    boxes = [division.seen.in_picture(division.box(segment)) for segment in division.segments]
    for left, top, right, bottom in number.boxes:
        middles = [((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in boxes]
        assert any(left <= x <= right and top <= y <= bottom for x, y in middles)
    assert division.in_mnist_form(division.segments).shape == (len(boxes), 28, 28)
    assert division.in_line().shape == (len(boxes), 2, 32, 48)
    assert find_divisions(open_picture(Image.new("L", (50, 50), 255))) == []


def weighed(count, share, kind=0):
    """Return weights of all classes: one has a share, the others have none."""
    weights = np.zeros((count, NO_DIGIT + 1), np.float32)
    weights[:, kind] = share
    return weights


@pytest.mark.parametrize(
    ("kind", "share", "cut"),
    [(0, 0.999, False), (NO_DIGIT, 0.999, False), (NOT_ONE, 0.999, True), (0, 0.5, True)],
)
def test_what_surely_is_one_digit_or_none_at_all_is_not_cut(kind, share, cut):
    seen, line = pair(712)
    assert len(divide(seen, line).pieces) > 2
    pieces = divide(seen, line, lambda shown: weighed(len(shown), share, kind)).pieces
    assert (len(pieces) > 1) == cut


@pytest.mark.parametrize(
    ("width", "share", "cut"), [(18, 0.999, True), (18, 0.8, False), (10, 0.999, False)]
)
def test_what_is_rather_wide_is_cut_where_it_surely_is_not_one(width, share, cut):
    ink = np.zeros((60, 60), np.float32)
    ink[10:50, 10 : 10 + width] = 1
    seen = Look(1 - ink, ink, find_parts(ink), 0, 0, 1, False)
    line = seen.parts.parts
    assert len(divide(seen, line).pieces) == 1

    def weigh(shown):
        return weighed(len(shown), share, NOT_ONE) + weighed(len(shown), 1 - share, 3)

    assert (len(divide(seen, line, weigh).pieces) > 1) == cut


@pytest.mark.parametrize(
    ("most", "cut"), [(0.5, [False, False]), (1.5, [True, False]), (MOST_CUT, [True, True])]
)
def test_the_narrowest_parts_are_cut_up_to_a_width_of_all(most, cut):
    ink = np.zeros((60, 200), np.float32)
    ink[10:50, 10:50] = ink[10:50, 70:160] = 1
    seen = Look(1 - ink, ink, find_parts(ink), 0, 0, 1, False)
    found = divide(seen, seen.parts.parts, most_cut=most).pieces
    left = [piece for piece in found if piece.box.right <= 50]
    assert [len(left) > 1, len(found) - len(left) > 1] == cut


@pytest.mark.parametrize("seed", [712, 716, 717, 724])
def test_two_digits_together_are_none_and_each_of_them_is_one(seed):
    division = divide(*pair(seed))
    digits = weigh(division.in_line())[:, :NOT_ONE]
    likely = dict(zip(division.segments, digits.sum(axis=1), strict=True))
    count = len(division.pieces)
    assert likely[0, count] < 0.01
    assert max(share for (first, end), share in likely.items() if first == 0 and end < count) > 0.9
    assert max(share for (first, end), share in likely.items() if first > 0 and end == count) > 0.9


def test_nothing_is_weighed_as_nothing():
    assert weigh(np.zeros((0, 2, 32, 48), np.uint8)).shape == (0, 12)


def test_what_is_none_in_its_line_does_not_get_surer():
    alone = np.array([[0.25, *[0.75 / 9] * 9]] * 2, np.float32)
    beside = np.zeros((2, 12), np.float32)
    beside[:, 0] = 0.1, 0.98
    hardly, surely = agreed(alone, beside)
    assert hardly[0] < 0.45
    assert surely[0] > 0.8


def test_a_digit_that_is_hardly_one_in_its_line_is_read_where_it_is_chosen(monkeypatch):
    seen, line = pair(712)
    monkeypatch.setattr(numbers, "weigh", lambda shown: weighed(len(shown), 1e-6))
    digits, _ = numbers._read_line(seen, line, zeros, MOST_CUT)
    assert digits
    assert all(digit.pixels.any() and digit.probabilities.argmax() == 0 for digit in digits)
    assert all(digit.probabilities.sum() == pytest.approx(1) for digit in digits)


def test_four_hundred_marks_in_one_line_are_bounded():
    labels = np.zeros((480, 180), np.int32)
    parts = []
    for number in range(1, 401):
        row, column = divmod(number - 1, 20)
        left, top = 7 * column, 22 * row + column
        part = Part(number, Box(left, top, left + 24, top + 40), 24 * 40)
        labels[part.box.slices] = number
        parts.append(part)
    ink = (labels > 0).astype(np.float32)
    seen = Look(ink, ink, Parts(labels, tuple(parts)), 0, 0, 1.0, False)
    assert len(divide(seen, parts).segments) < 40_000


def test_what_is_no_digit_is_left_out_whole(monkeypatch):
    seen, line = pair(712)
    monkeypatch.setattr(numbers, "weigh", lambda shown: weighed(len(shown), 1.0, NO_DIGIT))
    assert numbers._read_line(seen, line, zeros, MOST_CUT) == ((), [line[0].box])


def reading(*sure, ignored=0):
    """Return numbers of one line, of digits that are so sure."""
    digits = []
    for share in sure:
        probabilities = np.full(10, (1 - share) / 9, np.float32)
        probabilities[1] = share
        digits.append(FoundDigit(Box(0, 0, 1, 1), np.zeros((28, 28), np.uint8), probabilities))
    return Numbers((tuple(digits),) if digits else (), (Box(0, 0, 1, 1),) * ignored, ())


def test_where_no_line_looks_like_digits_the_likeliest_is_kept():
    likely, hardly, least = (reading(share).lines[0] for share in (0.6, 0.4, 0.3))
    assert numbers._likely_lines([likely, hardly])[0] == [likely]
    kept, others = numbers._likely_lines([least, hardly])
    assert (kept, others) == ([hardly], [least[0].box])
    assert numbers._likely_lines([]) == ([], [])


@pytest.mark.parametrize(
    ("found", "wanted", "looks"),
    [
        ({56: reading(0.99, 0.995)}, 56, 1),  # each digit is sure
        ({56: reading(*[0.9] * 21)}, 56, 1),  # more would take too long
        ({56: reading(0.9, ignored=101)}, 56, 1),
        ({56: reading(*[0.9] * 20, ignored=100)}, 56, 4),
        ({56: reading(1.0, 0.98), 40: reading(1.0, 1.0)}, 56, 4),  # is not clearly surer
        ({56: reading(1.0, 0.6), 40: reading(1.0, 0.9), 80: reading(1.0, 0.8)}, 40, 4),
        ({56: reading(1.0, 0.6), 40: reading(1.0, 0.75), 80: reading(1.0, 0.95)}, 80, 4),
        ({56: reading(0.98), 40: reading(0.98, 0.7)}, 40, 4),  # a likely digit more
        ({56: reading(1.0, 0.6), 80: reading(1.0, 0.75), "even": reading(1.0, 0.9)}, "even", 4),
        ({56: reading(0.5), "even": reading(0.9)}, 56, 4),  # there, a shadow's edge may be a 1
        ({56: reading(0.3)}, 56, 4),  # nothing is surer than nothing
        ({40: reading(0.95)}, 40, 4),
    ],
)
def test_a_number_in_doubt_is_read_in_other_ways_and_what_is_surer_counts(
    monkeypatch, found, wanted, looks
):
    chosen, read = _found(monkeypatch, found, right=0.9)
    assert chosen is found[wanted]
    assert read == [56, 40, 80, "even"][:looks]


def test_even_light_is_not_made_even(monkeypatch):
    _, read = _found(monkeypatch, {56: reading(0.5)}, right=0.3)
    assert read == [56, 40, 80]


def _found(monkeypatch, found, *, right):
    """Return which of some readings is chosen, and how a page was read; 0.3 is its left half."""
    grey = np.full((100, 100), 0.3, np.float32)
    grey[:, 50:] = right
    read = []

    def numbers_in(grey, height, scale, classify, light=None):
        read.append(height if light is None else "even")
        return found.get(read[-1], reading())

    monkeypatch.setattr(numbers, "look_along_writing", lambda grey, first, height: height)
    monkeypatch.setattr(numbers, "_numbers_in", numbers_in)
    return find_numbers(Picture(grey, 1.0), zeros), read
