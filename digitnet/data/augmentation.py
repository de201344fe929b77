"""Images changed at random, a batch at a time, as tensor code on the device.

torchvision's transforms draw one amount for a whole batch; here each image has its own.
Amounts are drawn from torch's global generator, which the trainer seeds for each step, and for
the whole batch also where a process has a part of it: so they do not depend on how many there are.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from digitnet.recipe import Augmentation

# Ronneberger et al. (2015, U-Net) displace a coarse grid of points and interpolate
# smoothly between them; 5 points lie 7 pixels apart on 28, about two strokes' width.
_CONTROL_POINTS = 5
_BLUR_REACH = 3  # pixels either side; a Gaussian of deviation 1 has 99.9% of its weight there


class Draws:
    """Random numbers for each image of a batch, of which a part is at hand."""

    def __init__(self, n_images: int, part: slice, device: torch.device) -> None:
        self.n_images, self.part, self.device = n_images, part, device

    def uniform(self, most: float, *shape: int) -> Tensor:
        """Return amounts in -most..most, (B, *shape)."""
        return (self.share(*shape) * 2 - 1) * most

    def share(self, *shape: int) -> Tensor:
        """Return shares in 0..1, (B, *shape)."""
        shape = (self.n_images, *shape)
        return torch.rand(shape, dtype=torch.float32, device=self.device)[self.part]

    def normal(self, *shape: int) -> Tensor:
        """Return amounts of deviation 1, (B, *shape)."""
        shape = (self.n_images, *shape)
        return torch.randn(shape, dtype=torch.float32, device=self.device)[self.part]


def augment(
    images: Tensor,
    augmentation: Augmentation,
    *,
    n_images: int | None = None,
    part: slice = slice(None),
) -> Tensor:
    """Change each image by its own random amounts, drawn uniformly.

    What comes in from outside an image, and what is erased, is 0; where `crop` shifts, it is
    the mirror image.

    Args:
        images: uint8 (B, C, H, W).
        augmentation: The greatest amounts; what is 0 is left out.
        n_images: Images of the batch that these are a part of; `None` where they are all.
        part: Which of them these are.

    Returns:
        float32 (B, C, H, W), still in 0..255.
    """
    if not len(images):  # a small last batch may have no part for each process
        return images.float()
    draws = Draws(len(images) if n_images is None else n_images, part, images.device)
    if augmentation.flip or augmentation.crop:
        images = _flip_and_crop(images, augmentation, draws)
    x = images.float()
    if augmentation.warps:
        x = _warp(x, augmentation, draws)
    if augmentation.stroke:
        x = _change_stroke(x, draws.uniform(augmentation.stroke))
    if augmentation.blur:
        x = _blur(x, draws.uniform(augmentation.blur).abs())
    if augmentation.noise:
        deviation = 255 * draws.uniform(augmentation.noise)
        x = (x + draws.normal(*x.shape[1:]) * _each(deviation)).clamp_(0, 255)
    if augmentation.erasing:
        x = _erase(x, augmentation.erasing, draws)
    return x


def _flip_and_crop(images: Tensor, augmentation: Augmentation, draws: Draws) -> Tensor:
    """Mirror images and shift them by whole pixels: each pixel is read from another one."""
    _, _, height, width = images.shape
    rows, columns = (
        torch.arange(size, device=images.device) + _whole(augmentation.crop, draws)[:, None]
        for size in (height, width)
    )
    columns = torch.where(draws.share(1) < augmentation.flip, width - 1 - columns, columns)
    rows, columns = _inside(rows, height), _inside(columns, width)
    each = torch.arange(len(images), device=images.device)[:, None, None]
    # the index gives (B, H, W, C), which in memory is channels last, as the network wants it
    return images[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _whole(most: float, draws: Draws) -> Tensor:
    """Return whole numbers in -most..most, (B,), each as likely."""
    return (draws.share() * (2 * most + 1)).long() - int(most)


def _inside(places: Tensor, size: int) -> Tensor:
    """Bring places beyond a border back, as in a mirror that stands on the last pixel."""
    period = max(2 * (size - 1), 1)
    places = places % period
    return torch.minimum(places, period - places)


def _warp(x: Tensor, augmentation: Augmentation, draws: Draws) -> Tensor:
    """Rotate, scale, shear, shift and bend, with one interpolation for all."""
    count, _, height, width = x.shape
    angle, shear = (
        draws.uniform(math.radians(most)) for most in (augmentation.rotation, augmentation.shear)
    )
    scale = 1 + draws.uniform(augmentation.scale)
    across, down = (
        # in the units of affine_grid, where an image reaches from -1 to 1
        draws.uniform(2 * augmentation.shift / size)
        for size in (width, height)
    )
    cos, sin, slope = angle.cos() / scale, angle.sin() / scale, shear.tan()
    aspect = height / width  # a unit down is as many pixels as this many units across
    rows = [
        *(cos, (cos * slope - sin) * aspect, across),
        *(sin / aspect, sin * slope + cos, down),
    ]
    maps = torch.stack(rows, dim=1).view(count, 2, 3)
    grid = functional.affine_grid(maps, list(x.shape), align_corners=False)
    if augmentation.elastic:
        grid = grid + _bends(x, augmentation.elastic, draws)
    return functional.grid_sample(x, grid, align_corners=False)


def _bends(x: Tensor, most: float, draws: Draws) -> Tensor:
    """Return a smooth field of displacements (N, H, W, 2), in the units of affine_grid."""
    count, _, height, width = x.shape
    x_and_y = [draws.uniform(most * size, _CONTROL_POINTS**2) for size in (2 / width, 2 / height)]
    bends = torch.stack(x_and_y, dim=1) @ _bend_of_each_point(height, width, x.device)
    return bends.view(count, 2, height, width).permute(0, 2, 3, 1)


@cache
def _bend_of_each_point(height: int, width: int, device: torch.device) -> Tensor:
    """Return how far each pixel moves with each point, (points, H * W)."""
    points = torch.eye(_CONTROL_POINTS**2, dtype=torch.float32, device=device).view(
        -1, 1, _CONTROL_POINTS, _CONTROL_POINTS
    )
    bends = functional.interpolate(points, (height, width), mode="bicubic", align_corners=True)
    return bends.flatten(1)


def _change_stroke(x: Tensor, amount: Tensor) -> Tensor:
    """Blend with the image dilated (amounts up to 1) or eroded (down to -1) by a pixel."""
    dilated = functional.max_pool2d(x, 3, stride=1, padding=1)
    eroded = -functional.max_pool2d(-x, 3, stride=1, padding=1)
    other = torch.where(_each(amount) > 0, dilated, eroded)
    return torch.lerp(x, other, _each(amount.abs()))


def _blur(x: Tensor, deviation: Tensor) -> Tensor:
    """Convolve each image with a Gaussian of its own deviation (N,) in pixels."""
    count, channels, height, width = x.shape
    offset = torch.arange(-_BLUR_REACH, _BLUR_REACH + 1, device=x.device)
    kernel = torch.exp(-0.5 * (offset / deviation.clamp(min=1e-3)[:, None]) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)
    groups = count * channels
    rows = x.reshape(1, groups, height, width)  # each plane a channel with a kernel of its own
    rows = functional.conv2d(
        rows, kernel.view(groups, 1, 1, -1), padding=(0, _BLUR_REACH), groups=groups
    )
    rows = functional.conv2d(
        rows, kernel.view(groups, 1, -1, 1), padding=(_BLUR_REACH, 0), groups=groups
    )
    return rows.view_as(x)


def _erase(x: Tensor, most: float, draws: Draws) -> Tensor:
    """Blank a rectangle with sides up to a share `most` of the image's (Zhong et al., 2020)."""
    inside = [
        (_each(start) <= place) & (place < _each(start + length))
        for size, place in (
            (x.shape[2], torch.arange(x.shape[2], device=x.device).view(1, 1, -1, 1)),
            (x.shape[3], torch.arange(x.shape[3], device=x.device).view(1, 1, 1, -1)),
        )
        for length in [most * size * draws.share()]
        for start in [(size - length) * draws.share()]
    ]
    return x.masked_fill(inside[0] & inside[1], 0)


def _each(amounts: Tensor) -> Tensor:
    """Return one amount an image in a shape that goes with images."""
    return amounts.view(-1, 1, 1, 1)
