"""What is looked at, and how strong its ink is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitnet.datasets import paper
from digitnet.pictures.looking import look
from digitnet.pictures.opening import open_picture
from digitnet.pictures.parts import Box, find_parts


@pytest.mark.parametrize("light", [1.0, 0.4])
def test_strength_is_the_same_in_light_and_in_shadow(light):
    grey = np.full((120, 120), 0.8 * light, np.float32)
    grey[20:100, 55:65] = 0.2 * light
    seen = look(grey, 120)
    assert seen.strength(seen.parts.parts) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("slope", [0.0, 0.6])
def test_a_bar_is_as_wide_by_its_length_however_it_lies(slope):
    grey = np.full((120, 120), 0.9, np.float32)
    rows = np.arange(30, 90)
    for row in rows:
        start = round(40 + slope * (row - 30))
        grey[row, start : start + 12] = 0.1
    seen = look(grey, 120)
    wide = 12 / np.hypot(60, 60 * slope) / np.hypot(1, slope)
    assert seen.width_by_length(seen.parts.parts) == pytest.approx(wide, rel=0.15)
    dot = replace(seen, parts=find_parts(np.eye(1, dtype=np.float32)))
    assert dot.width_by_length(dot.parts.parts) == 1


@pytest.mark.parametrize("box", [None, Box(31, 17, 203, 120)])
def test_a_look_in_another_light_has_the_same_ink_at_the_same_place(box):
    grey = np.linspace(0.4, 0.9, 211, dtype=np.float32) * np.ones((150, 1), np.float32)
    grey[40:110, 80:90] = 0.1
    seen = look(grey, 128, box)
    darker = seen.in_light_of(0.5 * grey)
    assert darker.grey.shape == seen.grey.shape
    assert np.abs(darker.grey - 0.5 * seen.grey).mean() < 0.01
    assert darker.parts is seen.parts
    strengths = [found.strength(found.parts.parts) for found in (seen, darker)]
    assert strengths[0] == pytest.approx(strengths[1], abs=0.02)


def test_parts_in_a_photo_that_are_fainter_than_writing_are_left_out():
    seen = [look(open_picture(page.picture).grey, 160) for page in paper.blanks(30, seed=3)]
    style = paper.Style(papers=("blank",), pens=("felt",), size=200, contrast=0.8, height=0.6)
    written = [
        look(open_picture(p.picture).grey, 160) for p in paper.digits(5, seed=3, style=style)
    ]
    assert all(found.parts.parts for found in written)
    for found in seen:
        assert all(found.strength([part]) >= 0.07 for part in found.parts.parts)
    # the ink itself stays, for whoever wonders what was left out
    assert any(found.ink.max() > 0.6 and not found.parts.parts for found in seen)


def test_ink_that_a_first_look_is_sure_of_counts_in_a_closer_one_at_the_same_place():
    random = np.random.default_rng(0)
    grey = (0.6 + 0.1 * random.standard_normal((300, 400))).clip(0, 1).astype(np.float32)
    first, box = look(grey, 200), Box(101, 51, 301, 201)
    alone = look(grey, 300, box)
    none = look(grey, 300, box, replace(first, ink=np.zeros_like(first.ink)))
    np.testing.assert_allclose(none.ink, alone.ink, atol=1e-3)
    ink = np.zeros_like(first.ink)
    ink[50:90, 75:80] = 1  # of the picture's pixels, 100 to 180 down and 150 to 160 across
    both = look(grey, 300, box, replace(first, ink=ink)).ink
    rows, columns = np.nonzero(both > alone.ink + 0.3)
    found = (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)
    assert found == pytest.approx((1.5 * 49, 1.5 * 129, 1.5 * 49, 1.5 * 59), abs=3)
    odds = (ink / (1 - ink) for ink in (alone.ink[130, 80].clip(0.001), 0.999))
    assert both[130, 80] / (1 - both[130, 80]) == pytest.approx(
        np.prod(list(odds)) ** 0.5, rel=0.01
    )
