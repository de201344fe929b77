"""Convolutions with what goes with them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MaxPool(nn.MaxPool2d):
    """2x2 max-pooling.

    torch's own writes down which pixel was the greatest, which only training needs, and takes
    twice the time on a CPU for it. Predictions do without.
    """

    def __init__(self) -> None:
        super().__init__(2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H/2, W/2), rounded down."""
        if not (torch.is_inference_mode_enabled() and x.is_cpu):
            pooled: Tensor = super().forward(x)
            return pooled
        height, width = (size - size % 2 for size in x.shape[-2:])
        rows = torch.maximum(x[..., 0:height:2, :], x[..., 1:height:2, :])
        return torch.maximum(rows[..., 0:width:2], rows[..., 1:width:2])


class ConvBlock(nn.Sequential):
    """3x3 convolution, ReLU and 2x2 max-pooling, which halves height and width."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.activation = nn.ReLU(inplace=True)
        self.pooling = MaxPool()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, H, W) to (N, out, H/2, W/2)."""
        # max(relu(x)) = relu(max(x)), and after pooling ReLU has a quarter of the work
        activated: Tensor = self.activation(self.pooling(self.convolution(x)))
        return activated


class NormBlock(nn.Sequential):
    """3x3 convolution, 2x2 max-pooling where it is asked for, batch norm and ReLU.

    Batch norm (Ioffe and Szegedy, 2015) adds what a bias would; pooling comes before it,
    so that it has a quarter of the work. `padding` is in pixels of 0.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, padding: int = 1, pool: bool = False
    ) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=padding, bias=False),
            *([MaxPool()] if pool else []),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )
