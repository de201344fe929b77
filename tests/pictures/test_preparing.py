"""How sure a digit of a picture is: two networks, and two looks."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet import DigitClassifier
from digitnet.datasets import paper
from digitnet.pictures import prepare, preparing


@pytest.fixture(scope="module")
def reader():
    return DigitClassifier.pretrained()


@pytest.fixture(scope="module")
def drawing():
    style = paper.Style(
        papers=("canvas",), pens=("brush",), size=200, height=0.6, contrast=0.9, clutter=0
    )
    return paper.digits(1, seed=700, style=style)[0].picture


@pytest.fixture(scope="module")
def page():
    style = paper.Style(papers=("lined",), pens=("felt",), contrast=0.8, height=0.3, clutter=0)
    return paper.digits(1, seed=4, style=style)[0].picture


def test_what_is_around_a_digit_counts_twice(monkeypatch, drawing):
    def one_or_seven(count, one, seven, classes):
        likely = np.zeros((count, classes), np.float32)
        likely[:, [1, 7]] = one, seven
        return likely

    monkeypatch.setattr(preparing, "weigh", lambda seen: one_or_seven(len(seen), 0.9, 0.1, 12))
    found = prepare(drawing, lambda pixels: one_or_seven(len(pixels), 0.5, 0.5, 10))
    assert found.probabilities[1] / found.probabilities[7] == pytest.approx(9 ** (2 / 3))
    assert found.probabilities.sum() == pytest.approx(1)
    assert prepare(drawing).probabilities is None


def test_a_digit_that_another_look_does_not_show_is_less_sure(reader, page, monkeypatch):
    def probabilities(again):
        monkeypatch.setattr(preparing, "look_again", lambda found: (found.looks[-1], again(found)))
        return reader.inspect(page).probabilities

    same = probabilities(lambda found: found.choice.parts)
    expected = np.sqrt(same) / np.sqrt(same).sum()
    assert probabilities(lambda _: []) == pytest.approx(expected, abs=1e-6)


def test_clean_drawings_are_not_looked_at_again(reader, drawing, monkeypatch):
    monkeypatch.setattr(preparing, "look_again", None)
    assert reader.inspect(drawing).confidence > 0.95
