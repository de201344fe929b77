"""Where something is written, and what is too faint to be."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures.looking import look
from digitnet.pictures.writing import look_at_writing, strong_and_faint


def page(*, ring: float) -> np.ndarray:
    """Four bars, 14 pixels high, and below them a ring of a cup, 60 wide; ink is 0.2 of 0.9."""
    grey = np.full((200, 200), 0.9, np.float32)
    for left in (40, 60, 80, 100):
        grey[30:44, left : left + 3] = 0.2
    rows, columns = np.mgrid[:200, :200]
    distance = np.hypot(rows - 140, columns - 100)
    grey[(distance > 27) & (distance < 30)] = ring
    return grey


def test_a_mark_much_fainter_than_the_others_is_faint():
    strong, faint = strong_and_faint(look(page(ring=0.75), 200))
    assert [part.box.height for part in strong] == [14] * 4
    assert [part.box.height for part in faint] == [59]
    assert strong_and_faint(look(page(ring=0.2), 200))[1] == []


def test_nothing_is_neither_strong_nor_faint():
    assert strong_and_faint(look(np.full((40, 40), 0.9, np.float32), 112)) == ([], [])


@pytest.mark.parametrize(("ring", "row"), [(0.75, 37), (0.2, 140)])
def test_the_closer_look_is_at_what_is_strong(ring, row):
    first, closer = look_at_writing(page(ring=ring))
    assert first.place == (0, 0, 200, 200)
    inside = [other for other in (37, 140) if closer.place.top <= other < closer.place.bottom]
    assert inside == [row]


def test_there_is_no_closer_look_at_nothing():
    assert len(look_at_writing(np.full((60, 80), 0.5, np.float32))) == 1
