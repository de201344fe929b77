"""A network that is complete in itself: images in, logits out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Network(nn.Module):
    """Normalise images, apply a body, and divide by a temperature.

    All of these are part of the network, so that a saved one needs nothing beside it; how many
    views of an image it takes stands in the recipe that is saved with it.

    Args:
        body: Maps normalised float32 images (N, C, H, W) to logits (N, classes).
        mean: What is subtracted from each channel of images in 0..1.
        std: What each channel is divided by after that.
        memory_format: How images lie in memory when the body gets them. Convolutions are
            faster with channels last, but a body that uses `view` may not take it.
        mirror: As in the recipe, like `multi_crop`: views whose logits are averaged, but not in
            training (Jordan, 2024, arXiv 2404.00498).
        multi_crop: Likewise.
    """

    mean: Tensor
    std: Tensor
    temperature: Tensor

    def __init__(
        self,
        body: nn.Module,
        *,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        memory_format: torch.memory_format = torch.contiguous_format,
        mirror: bool = False,
        multi_crop: int = 0,
    ) -> None:
        super().__init__()
        self.body = body.to(memory_format=memory_format)
        # torch.save cannot store a memory format
        self.channels_last = memory_format == torch.channels_last
        self.mirror = mirror
        self.multi_crop = multi_crop
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1))
        self.register_buffer("temperature", torch.ones(1, dtype=torch.float32))

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, C, H, W) in 0..255, uint8 or float32, to logits (N, classes)."""
        x = images.to(torch.float32, copy=True).div_(255).sub_(self.mean).div_(self.std)
        if self.training:  # the weights that the temperature was fitted to are changing
            return self._logits(x)
        logits = self._of_both_sides(x)
        if self.multi_crop:
            height, width = x.shape[-2:]
            padded = functional.pad(x, [self.multi_crop] * 4, mode="reflect")
            first = self._of_both_sides(padded[..., :height, :width])
            last = self._of_both_sides(padded[..., -height:, -width:])
            logits = logits / 2 + (first + last) / 4
        return logits / self.temperature

    def _of_both_sides(self, x: Tensor) -> Tensor:
        logits = self._logits(x)
        return (logits + self._logits(x.flip(-1))) / 2 if self.mirror else logits

    def _logits(self, x: Tensor) -> Tensor:
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        logits: Tensor = self.body(x.contiguous(memory_format=layout))
        return logits

    def set_normalization(self, mean: Tensor, std: Tensor) -> None:
        """Replace mean and standard deviation, each (C,)."""
        self.mean.copy_(mean.view(-1, 1, 1))
        self.std.copy_(std.view(-1, 1, 1))
