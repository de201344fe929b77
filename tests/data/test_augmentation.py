"""Pictures changed at random."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms import v2

from digitnet.data.augmentation import augment
from digitnet.errors import InvalidInputError
from digitnet.recipe import Augmentation


@pytest.fixture
def pictures(digits):
    return digits[0].images[:64]


def test_without_amounts_nothing_changes(pictures):
    assert torch.allclose(augment(pictures, Augmentation()), pictures.float(), atol=0.01)


def test_a_shift_moves_whole_pixels_with_zeros_from_outside(pictures, monkeypatch):
    # the greatest amount, for every picture
    monkeypatch.setattr(torch, "rand", lambda count, device: torch.ones(count))
    moved = augment(pictures, Augmentation(shift=3))
    assert torch.allclose(moved[..., :-3, :-3], pictures[..., 3:, 3:].float(), atol=0.01)
    assert (moved[..., -3:, :].abs() < 0.01).all()


def test_a_rotation_is_torchvisions(pictures, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda count, device: torch.ones(count))
    turned = augment(pictures, Augmentation(rotation=20))
    expected = v2.functional.rotate(
        pictures.float(), 20, interpolation=v2.InterpolationMode.BILINEAR
    )
    assert torch.allclose(turned, expected, atol=0.5)


def test_a_scale_makes_larger(pictures, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda count, device: torch.ones(count))
    assert augment(pictures, Augmentation(scale=0.2)).sum() > 1.3 * pictures.float().sum()


def test_each_picture_has_its_own_amount_from_the_global_generator(pictures):
    same = pictures[:1].expand(8, -1, -1, -1)
    amounts = Augmentation(rotation=15, shift=2, scale=0.1, shear=10)
    torch.manual_seed(0)
    first = augment(same, amounts)
    assert all(not torch.equal(first[0], other) for other in first[1:])
    torch.manual_seed(0)
    assert torch.equal(augment(same, amounts), first)
    assert first.dtype == torch.float32
    assert 0 <= first.min() <= first.max() <= 255.01


@pytest.mark.parametrize(
    "change", [{"rotation": -1}, {"shift": float("nan")}, {"scale": 1}, {"shear": 90}]
)
def test_amounts_out_of_range_are_refused(change):
    (name,) = change
    with pytest.raises(InvalidInputError, match=f"Expected {name}"):
        Augmentation(**change)
