"""MNIST's form: the box, the centre of mass, the strokes."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures.mnist_form import THICK, THIN, stroke_width, to_mnist_form


def bar(height, width, margin=4):
    return np.pad(np.ones((height, width), np.float32), margin)


@pytest.mark.parametrize("size", [12, 40, 200])
def test_a_digit_fills_the_box_of_20_with_its_aspect_ratio_kept(size):
    form = to_mnist_form(bar(size, size // 4))
    rows, columns = np.flatnonzero(form.any(axis=1)), np.flatnonzero(form.any(axis=0))
    assert len(rows) == 20
    assert 3 <= len(columns) <= 6


def test_the_centre_of_mass_is_in_the_middle():
    ink = np.zeros((60, 60), np.float32)
    ink[5:55, 10:16] = 1  # an L, heavy at the lower left
    ink[47:55, 10:50] = 1
    form = to_mnist_form(ink).astype(float)
    for axis in (0, 1):
        mass = form.sum(axis=1 - axis)
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
    fine = np.kron(to_mnist_form(ring(120, stroke)), np.ones((4, 4)))
    found = stroke_width(fine > 127) / 80
    before = stroke / 120
    assert THIN - 0.03 <= found <= THICK + 0.03 or abs(found - THICK) < abs(before - THICK)


def test_no_ink_gives_no_form():
    assert not to_mnist_form(np.zeros((30, 20), np.float32)).any()


def test_an_mnist_digit_comes_back_nearly_as_it_was(real):
    images = real[1].images[:200, 0].numpy()
    differences = []
    for image in images:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        tight = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / np.float32(255)
        form = to_mnist_form(np.kron(tight, np.ones((4, 4), np.float32)))
        differences.append(abs(form.astype(float) - image).mean())
    assert np.median(differences) < 12  # of 255; strokes thinner or thicker than most change
