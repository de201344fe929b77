"""Segments of a line, each with what is around it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from digitnet.pictures.in_line import SEEN, in_line
from digitnet.pictures.parts import find_parts

ROWS, COLUMNS = SEEN


def bars(height=20, shape=(60, 100)):
    """Three bars, the last a little less bright."""
    ink = np.zeros(shape, np.float32)
    for number, left in enumerate((20, 36, 52)):
        ink[10 : 10 + height, left : left + 4] = 1.0 if number < 2 else 0.8
    parts = find_parts(ink)
    return ink, parts, sorted(parts.parts, key=lambda part: part.box.left)


def seen_of(*segments, height=20, **kwargs):
    ink, parts, pieces = bars(height, **kwargs)
    return in_line(ink, parts, pieces, segments, float(height))


def test_a_segment_is_in_the_middle_and_its_neighbours_are_apart_from_it():
    ((own, others),) = seen_of((1, 2))
    middle = slice(COLUMNS // 2 - 2, COLUMNS // 2 + 2)
    assert own[ROWS // 2 - 10 : ROWS // 2 + 10, middle].min() == 255
    assert own.sum() == 255 * 20 * 4
    assert not others[:, middle].any()
    assert others[:, : middle.start].sum() == own.sum()
    assert others.max() == 255
    assert others[:, middle.stop :].max() == round(255 * 0.8)


def test_pieces_together_are_one_segment():
    ((own, others),) = seen_of((0, 2))
    assert own.sum() == 2 * 255 * 20 * 4
    assert others.max() == round(255 * 0.8)


def test_digits_of_any_height_are_seen_at_one_size():
    for height in (10, 40, 120):
        ((own, _),) = seen_of((1, 2), height=height, shape=(150, 100))
        rows = np.flatnonzero(own.max(axis=1) > 20)
        assert abs(len(rows) - 20) <= 2
        assert own.sum() == pytest.approx(255 * 20 * 4 * 20 / height, rel=0.05)


def test_beyond_the_picture_there_is_no_ink():
    ink = np.ones((20, 4), np.float32)
    parts = find_parts(ink)
    ((own, others),) = in_line(ink, parts, parts.parts, [(0, 1)], 20.0)
    assert own.sum() == 255 * 20 * 4
    assert not others.any()


def test_rounding_takes_no_box_beyond_the_picture():
    # 100 pixels of what is seen are 115 of these, or a little less: 1.15 is no binary fraction
    ink = np.zeros((60, 400), np.float32)
    for left in (100, 159, 160):
        ink[10:33, left : left + 3] = 1
    parts = find_parts(ink)
    seen = in_line(ink, parts, parts.parts, [(0, 1), (1, 2)], 23.0)
    assert seen[1, 0].any()


def test_a_high_frame_takes_memory_in_proportion_to_the_look():
    ink = np.zeros((1500, 1500), np.float32)
    ink[10:1490, [10, 1489]] = ink[[10, 1489], 10:1490] = 1
    parts = find_parts(ink)
    tracemalloc.start()
    seen = in_line(ink, parts, parts.parts, [(0, 1)], 1480.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * ink.nbytes
    assert seen[0, 0].any()


def test_without_segments_there_is_nothing_to_see():
    assert seen_of().shape == (0, 2, *SEEN)
