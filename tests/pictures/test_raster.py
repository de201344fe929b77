"""Greys that are made of dots or lines become grey; all other pictures stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from digitnet.datasets import paper
from digitnet.pictures.opening import open_picture
from digitnet.pictures.raster import without_raster


def dithered(grey):
    """A grey field of black and white pixels."""
    pixels = np.full((120, 150), round(255 * grey), np.uint8)
    return np.asarray(Image.fromarray(pixels).convert("1"), np.float32)


@pytest.mark.parametrize("grey", [0.2, 0.5, 0.9])
def test_black_and_white_dots_become_their_grey(grey):
    before = dithered(grey)
    after = without_raster(before)
    assert after.dtype == np.float32
    assert after.shape == before.shape
    assert after.mean() == pytest.approx(grey, abs=0.02)
    assert after.std() < 0.5 * before.std()


@pytest.mark.parametrize("turned", [False, True])
def test_stripes_as_of_a_screen_become_grey(turned):
    stripes = np.zeros((120, 150), np.float32)
    stripes[::2] = 1
    after = without_raster(stripes.T if turned else stripes)
    assert after[5:-5, 5:-5] == pytest.approx(0.5, abs=0.02)


def test_noise_is_smoothed():
    noisy = np.random.default_rng(0).normal(0.5, 0.1, (120, 150)).astype(np.float32)
    assert without_raster(noisy).std() < 0.05


def test_made_paper_stays_as_it_is_and_is_smoothed_when_it_is_dithered(monkeypatch):
    monkeypatch.setattr("digitnet.pictures.opening.without_raster", lambda grey: grey)
    style = paper.Style(size=400)
    for made in [*paper.digits(10, seed=20, style=style), *paper.numbers(5, seed=20, style=style)]:
        grey = open_picture(made.picture).grey
        assert without_raster(grey) is grey
        in_dots = open_picture(made.picture.convert("1")).grey
        assert without_raster(in_dots).std() < in_dots.std()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (28, 28), (100, 100), (400, 300)])
def test_thin_strokes_stay_as_they_are(size):
    drawn = np.ones(size, np.float32)
    drawn[:, size[1] // 2] = 0
    drawn[size[0] // 2] = 0
    assert without_raster(drawn) is drawn
