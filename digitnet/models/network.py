"""A network that is complete in itself: pictures in, logits out."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Normalise pictures, apply a body, and divide by a temperature.

    Normalisation and temperature are part of the network, so that a saved one needs nothing
    beside it.

    Args:
        body: Maps normalised float32 pictures (N, C, H, W) to logits (N, classes).
        mean: What is subtracted from each channel of pictures in 0..1.
        std: What each channel is divided by after that.
        memory_format: How pictures lie in memory when the body gets them. Convolutions are
            faster with channels last, but a body that uses `view` may not take it.
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
    ) -> None:
        super().__init__()
        self.body = body.to(memory_format=memory_format)
        self.memory_format = memory_format
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))
        self.register_buffer("temperature", torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        """Map uint8 pictures (N, C, H, W) to logits (N, classes)."""
        x = images.float().div_(255).sub_(self.mean).div_(self.std)
        logits: Tensor = self.body(x.contiguous(memory_format=self.memory_format))
        # in training it is 1: the weights that it was fitted to are changing
        return logits if self.training else logits / self.temperature

    def set_normalization(self, mean: Tensor, std: Tensor) -> None:
        """Replace mean and standard deviation, each (C,)."""
        self.mean.copy_(mean.view(-1, 1, 1))
        self.std.copy_(std.view(-1, 1, 1))
