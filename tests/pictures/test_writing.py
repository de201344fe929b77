"""Where something is written, and what is too faint to be."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures import writing
from digitnet.pictures.lines import find_lines
from digitnet.pictures.looking import look
from digitnet.pictures.parts import Box
from digitnet.pictures.writing import (
    look_along_writing,
    look_at_all,
    look_at_line,
    look_at_writing,
    strong_and_faint,
    written_and_faint,
)


def page(*, ring: float, last: float = 0.2) -> np.ndarray:
    """Four 7s, 14 pixels high, and below them a ring of a cup, 60 wide; ink is 0.2 of 0.9."""
    grey = np.full((200, 200), 0.9, np.float32)
    for left, ink in ((40, 0.2), (60, 0.2), (80, 0.2), (100, last)):
        grey[30:33, left - 5 : left + 3] = ink
        for row in range(33, 44):
            start = left - (row - 33) // 3
            grey[row, start : start + 3] = ink
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


@pytest.mark.parametrize(("least", "digits"), [(0.2, 4), (0.3, 3)])
def test_a_digit_beside_others_may_be_fainter_than_a_ring(monkeypatch, least, digits):
    monkeypatch.setattr(writing, "_FAINTER", least)
    seen = look(page(ring=0.7, last=0.7), 200)
    assert [part.box.height for part in strong_and_faint(seen)[0]] == [14] * 3
    written, faint = written_and_faint(seen)
    assert [part.box.height for part in written] == pytest.approx([14] * digits, abs=1)
    assert [part.box.height for part in faint] == pytest.approx([14] * (4 - digits) + [59], abs=1)


@pytest.mark.parametrize("height", [40, 56, 80])
def test_the_closer_look_makes_digits_so_high(height):
    grey = page(ring=0.9)
    _, closer = look_along_writing(grey, look_at_all(grey), height)
    assert [part.box.height for part in closer.parts.parts] == pytest.approx([height] * 4, rel=0.1)


@pytest.mark.parametrize(
    "begun",
    [(30, 10, 88, 64), (55, 10, 115, 64), (30, 16, 112, 40), (30, 34, 112, 58)],
    ids=["right", "left", "bottom", "top"],
)
def test_a_look_is_widened_until_all_writing_is_in_it(monkeypatch, begun):
    """The closer look begins with a part of what is written, as where the first missed the rest."""
    grey = page(ring=0.9)
    monkeypatch.setattr(writing, "_nearer", lambda *_: (112, Box(*begun)))
    _, closer = look_along_writing(grey, look_at_all(grey), 56)
    heights = [part.box.height * closer.scale for part in closer.parts.parts]
    assert heights == pytest.approx([14] * 4, abs=1.5)


@pytest.mark.parametrize(("largest", "looks"), [(1536, 3), (300, 1), (100, 0)])
def test_a_look_is_widened_a_few_times_and_never_made_coarser(monkeypatch, largest, looks):
    grey = np.full((60, 1200), 0.9, np.float32)
    for left in range(20, 1180, 8):
        grey[23:37, left : left + 3] = 0.2
    nearer, looked = (112, Box(30, 2, 86, 58)), []
    begun = look(grey, *nearer)
    monkeypatch.setattr(writing, "_LARGEST_LOOK", largest)
    monkeypatch.setattr(writing, "_nearer", lambda *_: nearer)
    monkeypatch.setattr(writing, "look", lambda *given: looked.append(given) or look(*given))
    _, closer = look_along_writing(grey, begun, 56)
    assert len(looked) == 1 + looks
    assert closer.scale == pytest.approx(begun.scale, rel=0.02)


@pytest.mark.parametrize(("times", "cut"), [(1, 0), (14, 2)])  # with 14 rows end between pixels
def test_a_look_at_all_of_a_picture_is_not_widened(monkeypatch, times, cut):
    grey = page(ring=0.9)[28:47, 38:105]  # writing is near each edge
    grey = grey.repeat(times, axis=0).repeat(times, axis=1)[: 19 * times - cut]
    first, looked = look_at_all(grey), []
    monkeypatch.setattr(writing, "look", lambda *given: looked.append(given) or look(*given))
    look_along_writing(grey, first, 56)
    assert len(looked) == 1


def test_there_is_no_look_along_nothing():
    blank = np.full((60, 80), 0.5, np.float32)
    assert len(look_along_writing(blank, look_at_all(blank), 56)) == 1


def sevens(*heights: int) -> np.ndarray:
    """Lines of three 7s of so many pixels, from the top to the bottom; ink is 0.2 of 0.9."""
    grey = np.full((sum(heights) + 40 * len(heights), 400), 0.9, np.float32)
    top = 20
    for height in heights:
        stroke = max(height // 7, 2)
        for left in range(40, 40 + 3 * height, height):
            grey[top : top + stroke, left : left + height // 2] = 0.2
            for row in range(height):
                start = left + height // 2 - row // 3
                grey[top + row, start - stroke : start] = 0.2
        top += height + 40
    return grey


@pytest.mark.parametrize(("low", "closer"), [(60, False), (16, True)])
def test_a_line_much_lower_than_others_is_looked_at_for_itself(low, closer):
    grey = sevens(100, low, 100)
    looks = look_along_writing(grey, look_at_all(grey), 56)
    high, line, _ = find_lines(looks[-1].parts.parts).lines
    seen, parts = look_at_line(grey, looks, line)
    assert (seen is not looks[-1]) == closer
    assert len(parts) == 3
    assert parts[0].box.left < parts[1].box.left < parts[2].box.left
    assert [part.box.height * seen.scale for part in parts] == pytest.approx([low] * 3, abs=3)
    assert look_at_line(grey, looks, high) == (looks[-1], high)
    assert look_at_line(grey, looks, line[:1]) == (looks[-1], line[:1])
