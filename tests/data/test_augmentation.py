"""Pictures changed at random."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torchvision.transforms import v2

from digitnet.data.augmentation import augment
from digitnet.errors import InvalidInputError
from digitnet.recipe import Augmentation

LIMITS = {
    "flip": 1,
    "crop": 1e6,
    "rotation": 360,
    "shift": 1e6,
    "scale": 0.99,
    "shear": 89,
    "elastic": 1e6,
    "stroke": 1,
    "blur": 1,
    "noise": 1,
    "erasing": 1,
}


@pytest.fixture
def pictures(digits):
    return digits[0].images[:64]


def test_without_amounts_nothing_changes(pictures):
    assert torch.allclose(augment(pictures, Augmentation()), pictures.float(), atol=0.01)


def test_a_shift_moves_whole_pixels_with_zeros_from_outside(pictures, monkeypatch):
    # the greatest amount, for every picture
    monkeypatch.setattr(torch, "rand", lambda count, **options: torch.ones(count))
    moved = augment(pictures, Augmentation(shift=3))
    assert torch.allclose(moved[..., :-3, :-3], pictures[..., 3:, 3:].float(), atol=0.01)
    assert (moved[..., -3:, :].abs() < 0.01).all()


@pytest.mark.parametrize(("drawn", "moved"), [(0.0, -2), (0.5, 0), (0.9999, 2)])
def test_a_crop_is_one_of_a_picture_with_mirrored_borders(monkeypatch, drawn, moved):
    images = torch.randint(256, (4, 3, 9, 7), dtype=torch.uint8)
    monkeypatch.setattr(torch, "rand", lambda shape, **options: torch.full(shape, drawn))
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    expected = padded[:, :, 2 + moved : 11 + moved, 2 + moved : 9 + moved]
    assert np.array_equal(augment(images, Augmentation(crop=2)).numpy(), expected)


def test_a_crop_may_be_larger_than_the_picture():
    images = torch.randint(256, (30, 1, 1, 3), dtype=torch.uint8)
    cropped = augment(images, Augmentation(crop=40))
    assert all(
        set(new.flatten().tolist()) <= set(old.flatten().tolist())
        for new, old in zip(cropped, images, strict=True)
    )


def test_each_whole_shift_is_as_likely():
    ramp = torch.arange(9, dtype=torch.uint8).view(1, 1, 1, 9).expand(5000, 1, 1, 9)
    torch.manual_seed(0)
    middle = augment(ramp, Augmentation(crop=2))[:, 0, 0, 4].long() - 4
    shares = torch.bincount(middle + 2) / 5000
    assert len(shares) == 5
    assert shares.numpy() == pytest.approx(0.2, abs=0.03)


def test_a_share_of_the_pictures_is_mirrored(pictures):
    torch.manual_seed(0)
    flipped = augment(pictures, Augmentation(flip=0.25))
    mirrored = v2.functional.horizontal_flip(pictures).float()
    same = (flipped == pictures).flatten(1).all(1)
    assert ((flipped == mirrored).flatten(1).all(1) ^ same).all()
    assert 5 < (~same).sum() < 28  # of 64; 16 are expected
    assert torch.equal(augment(pictures, Augmentation(flip=1)), mirrored)


def test_a_part_of_a_batch_is_changed_as_it_is_in_the_whole(pictures):
    amounts = Augmentation(flip=0.5, crop=2, rotation=10, noise=0.1)
    whole, part = slice(None), slice(20, 50)
    changed = []
    for taken in (whole, part):
        torch.manual_seed(0)
        changed.append(augment(pictures[taken], amounts, n_images=len(pictures), part=taken))
    assert torch.equal(changed[0][part], changed[1])


def test_a_rotation_is_torchvisions(pictures, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda count, **options: torch.ones(count))
    turned = augment(pictures, Augmentation(rotation=20))
    expected = v2.functional.rotate(
        pictures.float(), 20, interpolation=v2.InterpolationMode.BILINEAR
    )
    assert torch.allclose(turned, expected, atol=0.5)


@pytest.mark.parametrize("change", [{"rotation": 30}, {"shear": 20}, {"shift": 3}])
def test_pictures_that_are_not_square_are_changed_as_torchvision_does(change, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda count, **options: torch.ones(count))
    images = torch.randint(256, (2, 3, 28, 20), dtype=torch.uint8).float()
    images = v2.functional.gaussian_blur(images, [7, 7], [2.0, 2.0]).byte()
    most = {"rotation": 0.0, "shear": 0.0, "shift": 0} | change
    expected = v2.functional.affine(
        images.float(),
        -most["rotation"],
        [-most["shift"], -most["shift"]],
        1.0,
        [most["shear"], 0.0],
        interpolation=v2.InterpolationMode.BILINEAR,
    )
    assert torch.allclose(augment(images, Augmentation(**change)), expected, atol=1)


def test_a_scale_makes_larger(pictures, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda count, **options: torch.ones(count))
    assert augment(pictures, Augmentation(scale=0.2)).sum() > 1.3 * pictures.float().sum()


def test_bending_at_the_greatest_is_a_shift_where_all_points_agree(pictures, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda shape, **options: torch.ones(shape))
    bent = augment(pictures, Augmentation(elastic=2))
    assert torch.allclose(bent, augment(pictures, Augmentation(shift=2)), atol=0.05)


def test_bending_moves_neighbours_alike_and_distant_pixels_differently():
    ramp = torch.arange(28, dtype=torch.uint8).view(1, 1, 1, 28).expand(50, 1, 28, 28) * 9
    torch.manual_seed(0)
    moved = (augment(ramp, Augmentation(elastic=1)) - ramp)[..., 4:-4, 4:-4] / 9  # in pixels
    assert 0.2 < moved.std() < 0.6  # of numbers drawn evenly from -1 to 1: 0.58 at the points
    assert moved.diff(dim=-2).abs().max() < 0.6
    assert (moved.flatten(1).amax(1) - moved.flatten(1).amin(1)).mean() > 1


@pytest.mark.parametrize("sign", [1, -1])
def test_a_stroke_becomes_a_pixel_thicker_or_thinner_at_the_greatest(pictures, monkeypatch, sign):
    monkeypatch.setattr(torch, "rand", lambda shape, **options: torch.full(shape, (1 + sign) / 2))
    changed = augment(pictures, Augmentation(stroke=1))
    numpy_function = ndimage.grey_dilation if sign > 0 else ndimage.grey_erosion
    x = pictures.numpy()[:, 0]
    edge = {"mode": "constant", "cval": 0 if sign > 0 else 255}  # outside never wins
    expected = numpy_function(x, size=(1, 3, 3), **edge)
    assert (changed[:, 0].numpy() == expected).all()


def test_a_blur_is_a_gaussians(pictures, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda shape, **options: torch.ones(shape))
    blurred = augment(pictures, Augmentation(blur=0.8))
    expected = ndimage.gaussian_filter(
        pictures.float().numpy(), (0, 0, 0.8, 0.8), mode="constant", radius=(0, 0, 3, 3)
    )
    assert np.allclose(blurred.numpy(), expected, atol=0.01)


def test_noise_has_the_deviation_and_stays_in_range(monkeypatch):
    grey = torch.full((64, 1, 28, 28), 128, dtype=torch.uint8)
    monkeypatch.setattr(torch, "rand", lambda shape, **options: torch.ones(shape))
    assert augment(grey, Augmentation(noise=0.1)).std() == pytest.approx(25.5, rel=0.03)
    noisy = augment(grey, Augmentation(noise=1))
    assert (noisy.min(), noisy.max()) == (0, 255)


def test_erasing_blanks_one_rectangle_within_the_size():
    white = torch.full((200, 1, 28, 20), 255, dtype=torch.uint8)
    torch.manual_seed(0)
    erased = augment(white, Augmentation(erasing=0.5))[:, 0] == 0
    heights, widths = erased.any(2).sum(1), erased.any(1).sum(1)
    assert heights.max() in (13, 14)
    assert widths.max() in (9, 10)
    assert (erased.sum((1, 2)) == heights * widths).all()
    assert erased.any(0)[3:-3, 3:-3].all()  # anywhere


def test_colours_are_bent_and_blurred_alike():
    colours = torch.randint(256, (4, 1, 12, 16), dtype=torch.uint8).expand(-1, 3, -1, -1)
    torch.manual_seed(0)
    changed = augment(colours, Augmentation(rotation=20, elastic=1, stroke=1, blur=1, erasing=0.5))
    assert torch.allclose(changed[:, 0], changed[:, 2], atol=1e-3)


def test_each_picture_has_its_own_amount_from_the_global_generator(pictures):
    same = pictures[:1].expand(8, -1, -1, -1)
    amounts = Augmentation(**dict.fromkeys(LIMITS, 0.9) | {"crop": 2})
    torch.manual_seed(0)
    first = augment(same, amounts)
    assert all(not torch.equal(first[0], other) for other in first[1:])
    torch.manual_seed(0)
    assert torch.equal(augment(same, amounts), first)
    assert first.dtype == torch.float32
    assert 0 <= first.min() <= first.max() <= 255.01


@pytest.mark.parametrize(
    "name", ["rotation", "shift", "scale", "shear", "elastic", "stroke", "blur"]
)
def test_each_picture_has_its_own_amount_of_each(pictures, name):
    torch.manual_seed(0)
    first = augment(pictures[:1].expand(8, -1, -1, -1), Augmentation(**{name: 0.9}))
    assert len(first.flatten(1).unique(dim=0)) > 4  # the least amounts change nothing


@pytest.mark.parametrize(
    "change",
    [{name: limit * 1.01} for name, limit in LIMITS.items()]
    + [{"rotation": -1}, {"shift": float("nan")}, {"stroke": "1"}, {"crop": 1.5}],
)
def test_amounts_out_of_range_are_refused(change):
    (name,) = change
    with pytest.raises(InvalidInputError, match=f"Expected {name}"):
        Augmentation(**change)
