"""Entries, tables and texts: what is written on them and the truth about it."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest

from digitnet import datasets
from digitnet.datasets import paper
from digitnet.datasets.paper import patterns
from digitnet.datasets.paper.signs import SIGNS
from digitnet.errors import InvalidInputError

STRAIGHT = paper.Style(papers=("blank",), rotation=0, tilt=0, clutter=0, size=500)


def same(one, other):
    return (
        one.text == other.text
        and one.boxes == other.boxes
        and one.picture.tobytes() == other.picture.tobytes()
    )


def digits_of(made):
    return made.text.replace("\n", "")


def check_truth(made):
    """One box a digit, inside the picture, around the ink that the digit owns."""
    assert len(made.boxes) == len(digits_of(made))
    assert made.owners.shape == made.ink.shape == made.picture.size[::-1]
    assert made.owners.max(initial=0) <= len(made.boxes)
    assert not made.owners[made.ink == 0].any()
    for number, (left, top, right, bottom) in enumerate(made.boxes, start=1):
        assert 0 <= left < right <= made.picture.width
        assert 0 <= top < bottom <= made.picture.height
        rows, columns = np.nonzero(made.owners == number)
        if len(rows):  # else it lies under its neighbours
            assert columns.min() >= left
            assert columns.max() < right
            assert rows.min() >= top
            assert rows.max() < bottom


@pytest.mark.parametrize("make", [paper.entries, paper.tables, paper.texts])
def test_a_picture_depends_on_seed_and_place_and_not_on_the_count(make):
    make = partial(make, style=paper.Style(size=150))
    few, many, others = make(2, seed=4), make(3, seed=4), make(2, seed=5)
    assert all(same(a, b) for a, b in zip(few, many, strict=False))
    assert not any(same(a, b) for a, b in zip(few, others, strict=True))


def test_entries_and_tables_share_no_random_numbers():
    assert not same(paper.entries(1, kinds=["number"])[0], paper.tables(1, rows=1, columns=1)[0])


# ---- entries


@pytest.mark.parametrize("kind", sorted(paper.ENTRIES))
@pytest.mark.parametrize("printed", [0, 1])
def test_the_truth_of_entries_has_the_digits_alone(kind, printed):
    for made in paper.entries(3, seed=6, kinds=[kind], printed=printed, style=STRAIGHT):
        assert digits_of(made).isdigit()
        check_truth(made)


def test_signs_are_ink_that_no_digit_owns():
    dates = paper.entries(4, seed=7, kinds=["date"], style=STRAIGHT)
    numbers = paper.entries(4, seed=7, kinds=["number"], spacing=0.3, style=STRAIGHT)
    signs, none = (
        [np.count_nonzero((made.ink > 100) & (made.owners == 0)) for made in entries]
        for entries in (dates, numbers)
    )
    assert min(signs) > max(none)


def test_entries_have_as_many_lines_as_asked():
    for made in paper.entries(4, seed=8, kinds=["number"], lines=(2, 3), style=STRAIGHT):
        assert 2 <= len(made.text.split("\n")) <= 3
        check_truth(made)


def test_boxes_follow_the_line_from_left_to_right():
    for made in paper.entries(6, seed=9, kinds=["date", "time"], spacing=0.2, style=STRAIGHT):
        middles = [(left + right) / 2 for left, _, right, _ in made.boxes]
        assert middles == sorted(middles)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("date", r"(0{1,4})([/.|-])0{1,2}\2(0{1,2}|0{4})"),
        ("time", r"0{1,2}([:.])00(\1?00)?"),
        ("number", r"0{1,8}"),
    ],
)
def test_patterns_are_what_people_write(name, form):
    rng = np.random.default_rng(0)
    for _ in range(200):
        assert re.fullmatch(form, "".join(paper.ENTRIES[name](rng)))


def test_every_token_of_every_pattern_can_be_written_and_printed():
    rng = np.random.default_rng(1)
    tokens = {t for make in paper.ENTRIES.values() for _ in range(400) for t in make(rng)}
    special = {patterns.DIGIT, patterns.SPACE, patterns.WORD}
    assert tokens - special - set(SIGNS) == set()
    assert {"/", ":", "€", "%", "+", "("} <= tokens


def test_ink_of_a_writer_is_that_writers():
    # writer 0 has narrow bars, writer 1 wide ones
    images = [np.pad(np.full((40, 10 + 20 * w), 255, np.uint8), 4) for w in (0, 1) for _ in "ab"]
    source = paper.Handwriting(images, np.array([1, 2, 1, 2]), np.array([0, 0, 1, 1]), "bars")
    found = set()
    for made in paper.entries(8, seed=3, kinds=["number"], source=source, style=STRAIGHT):
        ratios = [(right - left) / (bottom - top) for left, top, right, bottom in made.boxes]
        wide = [ratio > 0.5 for ratio in ratios]
        assert len(set(wide)) == 1
        assert made.traits.source == "bars"
        found.add(wide[0])
    assert found == {False, True}


# ---- tables


def test_tables_have_rows_columns_and_digits_as_asked():
    for made in paper.tables(3, seed=10, rows=3, columns=4, digits=2, style=STRAIGHT):
        assert [len(line) for line in made.text.split("\n")] == [8, 8, 8]
        check_truth(made)


def test_columns_are_as_far_apart_as_asked():
    for gap in (2, 8):
        made = paper.tables(
            1, seed=11, rows=3, columns=2, digits=1, gap=(gap, gap), style=STRAIGHT
        )[0]
        boxes = np.array(made.boxes).reshape(3, 2, 4)
        height = np.median(boxes[..., 3] - boxes[..., 1])
        between = (boxes[:, 1, 0] - boxes[:, 0, 2]) / height
        assert between.min() == pytest.approx(gap, rel=0.35, abs=0.6)


def test_rows_stand_above_one_another():
    made = paper.tables(1, seed=12, rows=5, columns=2, digits=1, style=STRAIGHT)[0]
    tops = np.array(made.boxes)[:, 1].reshape(5, 2)
    assert (np.diff(tops.max(axis=1)) > 0).all()
    assert (tops[1:].min(axis=1) > tops[:-1].max(axis=1)).all()


# ---- texts


@pytest.mark.parametrize("printed", [0, 1])
def test_texts_have_ink_and_no_digit(printed):
    for made in paper.texts(3, seed=13, lines=(1, 3), printed=printed, style=STRAIGHT):
        assert (made.text, made.boxes) == ("", ())
        assert not made.owners.any()
        assert np.count_nonzero(made.ink > 100) > 200


# ---- errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(paper.entries, kinds=["date", "dat"]), r"kinds out of 'date'.*received \['date'"),
        (partial(paper.entries, kinds=[]), r"kinds out of .*received \[\]"),
        (partial(paper.entries, printed=2), "printed"),
        (partial(paper.entries, spacing=-1), "spacing"),
        (partial(paper.entries, lines=(3, 1)), r"lines to be a number in 1\.\.100 or a pair"),
        (partial(paper.entries, source="mnist"), "source to be a Handwriting"),
        (partial(paper.tables, rows=0), "rows"),
        (partial(paper.tables, columns=101), "columns"),
        (partial(paper.tables, digits=(5, 2)), "digits"),
        (partial(paper.tables, gap=-1), "gap"),
        (partial(paper.tables, gap=(3, 2)), "gap"),
        (partial(paper.tables, gap=None), "gap"),
        (partial(paper.tables, printed=None), "printed"),
        (partial(paper.texts, printed=(0.2, 0.4)), "printed"),
        (partial(paper.texts, lines=0), "lines"),
        (partial(paper.texts, printed=-0.1), "printed"),
        (partial(paper.texts, style="plain"), r"style to be a paper\.Style"),
    ],
)
def test_wrong_arguments_are_told_of(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call(1)


def test_ink_comes_from_an_image_set_too():
    source = datasets.synthetic(30, 1)[0]
    made = paper.tables(1, rows=1, columns=2, source=source, style=STRAIGHT)[0]
    assert made.traits.source == source.name
    check_truth(made)
