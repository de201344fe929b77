"""Digits drawn by a program."""

from __future__ import annotations

import pytest
import torch

from digitnet import DigitClassifier, datasets
from digitnet.datasets.glyphs import GLYPHS
from digitnet.datasets.synthetic import BOX, SIZE
from digitnet.errors import InvalidInputError


def test_the_sets_have_mnists_form(digits):
    train, test = digits
    assert train.images.shape == (1500, 1, 28, 28)
    assert train.images.dtype == torch.uint8
    assert len(test) == 400
    assert train.classes == tuple("0123456789")
    assert (train.class_counts > 100).all()


def test_one_seed_gives_the_same_pictures_and_another_others():
    first, again, other = (datasets.synthetic(60, 30, seed=seed) for seed in (1, 1, 2))
    for a, b, c in zip(first, again, other, strict=True):
        assert torch.equal(a.images, b.images)
        assert torch.equal(a.labels, b.labels)
        assert not torch.equal(a.images, c.images)
    assert not torch.equal(first[0].images[:30], first[1].images)


def test_each_digit_fills_a_box_of_20_pixels_around_its_centre_of_mass(digits):
    ink = digits[0].images[:, 0] >= 128
    rows, columns = ink.any(dim=2), ink.any(dim=1)
    extent = torch.maximum(_extent(rows), _extent(columns)).double()
    assert extent.mean() == pytest.approx(BOX, abs=0.6)
    assert (extent - BOX).abs().max() <= 3
    mass = digits[0].images[:, 0].double()
    pixels = torch.arange(SIZE).double()
    for axis in (1, 2):
        along = mass.sum(dim=3 - axis)
        centre = (along * pixels).sum(dim=1) / along.sum(dim=1)
        assert centre.mean() == pytest.approx(14, abs=0.1)
        assert (centre - 14).abs().max() < 1.5


def _extent(occupied):
    first = occupied.int().argmax(dim=1)
    last = SIZE - 1 - occupied.flip(1).int().argmax(dim=1)
    return last - first + 1


def test_ink_is_light_on_dark_with_soft_edges(digits):
    pixels = digits[0].images
    assert (pixels[:, :, [0, -1]].float().mean(dim=(1, 2, 3)) < 20).all()
    assert pixels.amax(dim=(1, 2, 3)).min() > 200
    assert 0.03 < ((pixels > 30) & (pixels < 225)).float().mean() < 0.15


def test_shares_of_forms_are_shares_and_strokes_are_legible():
    for forms in GLYPHS.values():
        assert sum(form.share for form in forms) == pytest.approx(1, abs=1e-9)
        for form in forms:
            for stroke in form.strokes:
                assert len([pair.split(",") for pair in stroke.split()]) >= 2


@pytest.mark.parametrize("counts", [(0, 5), (5, 0), (1.5, 5), (5, -1)])
def test_counts_below_one_are_refused(counts):
    with pytest.raises(InvalidInputError, match="whole number of at least 1"):
        datasets.synthetic(*counts)


def test_a_single_picture_can_be_drawn():
    train, test = datasets.synthetic(1, 1)
    assert (len(train), len(test)) == (1, 1)


@pytest.mark.minutes
def test_a_network_trained_on_them_alone_reads_mnist_at_90_percent(real):
    train, _ = datasets.synthetic()
    classifier = DigitClassifier(seed=0)
    classifier.fit(train, verbose=0)
    assert classifier.score(real[1]) >= 0.90
