"""How much a mark stands out from the paper around it."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures.contrast import contrast

NONE = np.zeros((40, 40), bool)


@pytest.fixture
def bar() -> np.ndarray:
    """The mask of an upright bar."""
    mask = NONE.copy()
    mask[10:30, 18:22] = True
    return mask


def test_a_stroke_stands_out_on_all_sides(bar):
    grey = np.where(bar, 0.3, 0.9).astype(np.float32)
    for all_round in (False, True):
        assert contrast(grey, bar, NONE, all_round=all_round) == pytest.approx(2 / 3)


def test_chalk_stands_out_as_ink_does(bar):
    grey = np.where(bar, 0.9, 0.3).astype(np.float32)
    assert contrast(grey, bar, NONE, all_round=True) == pytest.approx(2 / 3)


def test_the_edge_of_a_shadow_does_not(bar):
    grey = np.full((40, 40), 0.9, np.float32)
    grey[:, 18:] = 0.4
    assert contrast(grey, bar, NONE, all_round=True) == 0


def test_the_edge_of_a_dark_table_does_not(bar):
    grey = np.full((40, 40), 0.1, np.float32)
    grey[:, 18:] = 0.8
    assert contrast(grey, bar, NONE, all_round=True) == pytest.approx(0, abs=1e-6)


def test_a_piece_of_a_ruled_line_does_not(bar):
    grey = np.full((40, 40), 0.9, np.float32)
    grey[:, 18:22] = 0.6
    assert contrast(grey, bar, NONE, all_round=False) == pytest.approx(1 / 3)
    assert contrast(grey, bar, NONE, all_round=True) == pytest.approx(0, abs=1e-6)


def test_a_stroke_that_begins_at_a_line_does(bar):
    grey = np.where(bar, 0.3, 0.9).astype(np.float32)
    grey[30:] = 0.3
    assert contrast(grey, bar, NONE, all_round=True) == pytest.approx(2 / 3)


def test_other_marks_are_no_paper(bar):
    others = NONE.copy()
    others[:, 22:] = True
    others[:10] = others[30:] = True
    grey = np.where(bar | others, 0.3, 0.9).astype(np.float32)
    assert contrast(grey, bar, others, all_round=True) == pytest.approx(2 / 3)


def test_ink_that_fills_the_picture_differs_from_what_it_is_not():
    everything = ~NONE
    assert contrast(np.full((40, 40), 0.1, np.float32), everything, NONE, all_round=True) > 0.8


def test_the_corner_of_a_shadow_does_not():
    grey = np.full((40, 40), 0.9, np.float32)
    grey[10:, 10:] = 0.5
    seven = NONE.copy()
    seven[10:13, 10:30] = seven[10:30, 10:13] = True
    assert contrast(grey, seven, NONE, all_round=True) == pytest.approx(0, abs=1e-6)
    drawn = np.where(seven, 0.5, 0.9).astype(np.float32)
    assert contrast(drawn, seven, NONE, all_round=True) == pytest.approx(4 / 9)
