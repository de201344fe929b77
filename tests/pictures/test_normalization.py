"""Normalization to MNIST format: the box, the centre of mass, the strokes."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures.normalization import MAX_STROKE, MIN_STROKE, normalize, stroke_width


def bar(height, width, margin=4):
    return np.pad(np.ones((height, width), np.float32), margin)


@pytest.mark.parametrize("size", [12, 40, 200])
def test_a_digit_fills_the_box_of_20_with_its_aspect_ratio_kept(size):
    image = normalize(bar(size, size // 4))
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert len(rows) == 20
    assert 3 <= len(columns) <= 6


def test_the_centre_of_mass_is_in_the_middle():
    ink = np.zeros((60, 60), np.float32)
    ink[5:55, 10:16] = 1  # an L, heavy at the lower left
    ink[47:55, 10:50] = 1
    image = normalize(ink).astype(float)
    for axis in (0, 1):
        mass = image.sum(axis=1 - axis)
        assert mass @ np.arange(28) / mass.sum() == pytest.approx(14, abs=0.51)


@pytest.mark.parametrize("width", [3, 5, 10, 24])
def test_the_width_of_a_bar_is_measured(width):
    assert stroke_width(bar(80, width) > 0) == pytest.approx(width, abs=1.5)


def ring(size, stroke):
    y, x = np.mgrid[:size, :size] - size / 2
    distance = np.hypot(y, x)
    return ((distance < size / 2 - 1) & (distance > size / 2 - 1 - stroke)).astype(np.float32)


@pytest.mark.parametrize("stroke", [1.5, 4, 12, 30])
def test_thin_and_thick_strokes_come_near_those_of_mnist(stroke):
    fine = np.kron(normalize(ring(120, stroke)), np.ones((4, 4)))
    found = stroke_width(fine > 127) / 80
    before = stroke / 120
    nearer = abs(found - MAX_STROKE) < abs(before - MAX_STROKE)
    assert nearer or MIN_STROKE - 0.03 <= found <= MAX_STROKE + 0.03


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_no_ink_gives_an_empty_image(level):
    assert not normalize(np.full((30, 20), level, np.float32)).any()


def test_a_line_of_one_pixel_becomes_a_stroke_of_two():
    image = normalize(np.ones((40, 1), np.float32))
    assert image.any(axis=1).sum() == 20
    assert image.any(axis=0).sum() == 2  # MNIST's thinnest strokes: a tenth of 20


def test_the_distance_to_the_background_is_that_of_a_hand_calculation():
    # a 3x3 square: 8 pixels are 1 from the background, the middle one is 2
    assert stroke_width(np.ones((3, 3), bool)) == pytest.approx(4 * (8 + 2) / 9 - 1)


def test_an_mnist_digit_comes_back_nearly_as_it_was(real):
    images = real[1].images[:200, 0].numpy()
    differences = []
    for original in images:
        rows, columns = (np.flatnonzero(original.any(axis=axis)) for axis in (1, 0))
        tight = original[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / np.float32(255)
        image = normalize(np.kron(tight, np.ones((4, 4), np.float32)))
        differences.append(abs(image.astype(float) - original).mean())
    assert np.median(differences) < 12  # of 255; strokes thinner or thicker than most change
