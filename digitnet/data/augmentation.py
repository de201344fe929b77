"""Pictures changed at random, a batch at a time, as tensor code on the device."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from digitnet.recipe import Augmentation


def augment(images: Tensor, augmentation: Augmentation) -> Tensor:
    """Rotate, scale, shear and shift each picture by its own random amount.

    The amounts are drawn uniformly from torch's global generator of the device, which
    the trainer seeds for each step. What comes in from outside a picture is 0.

    Args:
        images: uint8 (N, C, H, W).
        augmentation: The greatest amounts.

    Returns:
        float32 (N, C, H, W), still in 0..255.
    """
    count, _, height, width = images.shape
    angle, shear = (
        _uniform(count, math.radians(most), images.device)
        for most in (augmentation.rotation, augmentation.shear)
    )
    scale = 1 + _uniform(count, augmentation.scale, images.device)
    across, down = (
        # in the units of affine_grid, where a picture reaches from -1 to 1
        _uniform(count, 2 * augmentation.shift / size, images.device)
        for size in (width, height)
    )
    cos, sin, slope = angle.cos() / scale, angle.sin() / scale, shear.tan()
    rows = [cos, cos * slope - sin, across, sin, sin * slope + cos, down]
    maps = torch.stack(rows, dim=1).view(count, 2, 3)
    grid = functional.affine_grid(maps, list(images.shape), align_corners=False)
    return functional.grid_sample(images.float(), grid, align_corners=False)


def _uniform(count: int, most: float, device: torch.device) -> Tensor:
    return (torch.rand(count, device=device) * 2 - 1) * most
