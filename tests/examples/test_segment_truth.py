"""What segments truly are, as the training scripts see it."""

from __future__ import annotations

import runpy
from functools import partial
from pathlib import Path

import pytest

from digitnet.datasets import paper
from digitnet.pictures.segment_network import NO_DIGIT, NOT_ONE

EXAMPLES = Path(__file__).parents[2] / "examples"
CLEAR = paper.Style(papers=("blank",), pens=("felt",), size=600, contrast=0.8, clutter=0)


@pytest.fixture(scope="module")
def truth():
    found = runpy.run_path(str(EXAMPLES / "segment_truth.py"))["divisions_with_truth"]
    return partial(found, nearest=True)


def test_digits_that_stand_apart_are_all_known(truth):
    for number in paper.numbers(6, seed=720, digits=4, gap=(0.3, 0.5), style=CLEAR):
        ((division, labels),) = truth(number)
        assert {str(label) for label in labels if label not in (NOT_ONE, None)} == set(number.text)
        for segment, label in zip(division.segments, labels, strict=True):
            if label in (NOT_ONE, None):
                continue
            box = division.seen.in_picture(division.box(segment))
            owner = [
                (min(box.right, right) - max(box.left, left)) / (right - left)
                for text, (left, _, right, _) in zip(number.text, number.boxes, strict=True)
                if text == str(label)
            ]
            assert max(owner) > 0.5


def test_two_digits_together_are_none(truth):
    found = 0
    for number in paper.numbers(6, seed=721, digits=2, gap=-0.05, style=CLEAR):
        for division, labels in truth(number):
            if (0, len(division.pieces)) in division.segments and len(division.pieces) > 1:
                found += 1
                assert labels[division.segments.index((0, len(division.pieces)))] == NOT_ONE
    assert found > 2


def test_what_is_nearest_to_a_digit_that_no_cut_leaves_whole_is_it(truth):
    numbers = paper.numbers(16, seed=723, digits=2, gap=-0.1, style=CLEAR)
    unknown = 0
    for number in numbers:
        known = {label for _, labels in truth(number) for label in labels}
        known -= {NOT_ONE, NO_DIGIT, None}
        assert known <= set(map(int, number.text))
        unknown += len(set(number.text)) - len(known)
    assert unknown <= 2


def test_a_digit_with_a_sign_is_none(truth):
    found = 0
    for number in paper.numbers(8, seed=722, digits=3, gap=0.3, signs=True, style=CLEAR):
        for division, labels in truth(number):
            boxes = [division.seen.in_picture(division.box(s)) for s in division.segments]
            for box, label in zip(boxes, labels, strict=True):
                outside = min(left for left, *_ in number.boxes) - box.left
                if outside > 0.75 * (box.bottom - box.top) and label is not None:
                    found += 1
                    assert label in (NOT_ONE, NO_DIGIT)
    assert found > 2
