"""Signs and words: their size and place beside digits that span y from -1 to 0."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import default_rng

from digitnet.datasets.paper.capture import draw_capture
from digitnet.datasets.paper.ink import uneven
from digitnet.datasets.paper.letters import LETTERS
from digitnet.datasets.paper.marks import bounds
from digitnet.datasets.paper.signs import SIGNS, sign
from digitnet.datasets.paper.style import Style
from digitnet.datasets.paper.words import handwritten, printed, random_word

CAPTURE = draw_capture(Style(pens=("black",), thickness=0.08), default_rng(0))


def box(name, seeds=12):
    """Left, top, right and bottom of a sign, each the median of some."""
    return np.median([bounds(sign(name, CAPTURE, default_rng(s))) for s in range(seeds)], axis=0)


@pytest.mark.parametrize("name", sorted(SIGNS))
def test_every_sign_is_ink_from_x_0_on_and_no_digit(name):
    for seed in range(3):
        marks = sign(name, CAPTURE, default_rng(seed))
        left, top, right, bottom = bounds(marks)
        assert left == pytest.approx(0, abs=1e-6)
        assert 0 < right < 2
        assert -1.6 < top < bottom < 0.7
        assert all(mark.digit is None for mark in marks)


@pytest.mark.parametrize(
    ("name", "top", "bottom"),
    [("/", -1.15, 0.15), (".", -0.05, 0), (",", -0.1, 0.15), ("-", -0.45, -0.45),
     (":", -0.5, 0), ("'", -1.1, -0.8), ("_", 0.08, 0.08), ("°", -1.05, -0.8), ("|", -1.15, 0.15)],
)  # fmt: skip
def test_signs_stand_where_they_are_written(name, top, bottom):
    _, found_top, _, found_bottom = box(name)
    assert found_top == pytest.approx(top, abs=0.2)
    assert found_bottom == pytest.approx(bottom, abs=0.2)


def test_letters_have_the_heights_of_the_alphabet():
    assert set(LETTERS) == set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    for letter, forms in LETTERS.items():
        for strokes in forms:
            y = [float(p.split(",")[1]) for stroke in strokes for p in stroke.split()]
            if letter.isupper():
                assert min(y) < 15, letter
            elif letter in "acemnorsuvwxz":
                assert 38 <= min(y) <= 52, letter
            if letter in "gjpqy":
                assert max(y) > 120, letter
            elif letter != "f":  # of which some forms go below the line
                assert 80 < max(y) <= 112, letter


def write(text, seed):
    return handwritten(text, CAPTURE, default_rng(seed))


def print_out(text, seed):
    return [printed(text, default_rng(seed))]


@pytest.mark.parametrize("made", [write, print_out])
def test_a_word_stands_on_the_baseline_and_grows_with_its_letters(made):
    widths = []
    for text in ("H", "HEM", "HEMKLAFT"):
        left, top, right, bottom = bounds(made(text, 1))
        assert left == pytest.approx(0, abs=1e-6)
        assert -1.6 < top < -0.6
        assert abs(bottom) < 0.3
        widths.append(right)
    assert widths[0] < widths[1] < widths[2]


def test_a_written_word_is_several_marks():
    assert len(write("Total", 0)) >= 5


@pytest.mark.parametrize("made", [write, print_out])
def test_random_words_are_many_and_can_all_be_drawn(made):
    words = [random_word(default_rng(seed)) for seed in range(60)]
    boxes = [bounds(made(word, seed)) for seed, word in enumerate(words)]
    assert np.isfinite(boxes).all()
    assert len({round(right, 3) for _, _, right, _ in boxes}) > 50


def test_accents_stand_above_their_letters():
    for seed in range(5):
        dots, letter = write("Ü", seed)
        assert dots.box[3] < letter.box[1] + 0.2


def test_a_broken_line_of_few_segments_has_gaps():
    ink = uneven(np.ones(3), "broken", default_rng(0))
    assert 0 in ink
