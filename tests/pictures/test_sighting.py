"""Looking for the one digit of a picture."""

from __future__ import annotations

from digitnet.datasets import paper
from digitnet.pictures import open_picture
from digitnet.pictures.parts import around
from digitnet.pictures.sighting import look_again, look_for_digit


def test_another_look_finds_the_same_digit_with_more_around_it():
    style = paper.Style(papers=("lined",), pens=("felt",), contrast=0.8, height=0.3, clutter=0)
    page = paper.digits(1, seed=4, style=style)[0].picture
    found = look_for_digit(open_picture(page).grey, None)
    again, parts = look_again(found)
    assert again.place.size > found.looks[-1].place.size
    first = found.looks[-1].in_picture(around(found.choice.parts))
    assert again.in_picture(around(parts)).overlap(first) > 0.7
