"""The network that finds ink: for each pixel, how likely something is written there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from digitnet.models.blocks import NormBlock

STRIDE = 16  # sides of a picture are multiples of this
_WIDTHS = (16, 32, 48, 64)  # channels at a half, a quarter, an eighth, a sixteenth of the size
_FLAT = 0.03  # deviation of a picture below which nothing can be told from noise


class InkNetwork(nn.Module):
    """Map grey pictures to ink.

    The plan is the U-Net's (Ronneberger et al., 2015), made narrow, and without its first
    level: pixels go in and come out four at a time (Shi et al., 2016), as most of the time
    would go into convolutions at full size.
    """

    def __init__(self, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        channels = [4, *widths]
        self.down = nn.ModuleList(
            nn.Sequential(NormBlock(before, after), NormBlock(after, after))
            for before, after in zip(channels, widths, strict=False)
        )
        self.up = nn.ModuleList(
            NormBlock(below + beside, beside)
            for below, beside in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.output = nn.Conv2d(widths[0], 4, kernel_size=3, padding=1)

    def for_inference(self) -> InkNetwork:
        """Let convolutions do what batch norm does, which is the same and faster, and return it."""
        self.eval().to(memory_format=torch.channels_last)
        for block in self.modules():
            if not isinstance(block, NormBlock):
                continue
            convolution, norm, _ = block
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                block[0], block[1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()
        return self

    def forward(self, grey: Tensor) -> Tensor:
        """Map float32 (N, 1, H, W) in 0..1 to logits of ink, of the same shape.

        Height and width are multiples of 16.
        """
        deviation, mean = torch.std_mean(grey, dim=(1, 2, 3), keepdim=True)
        x = functional.pixel_unshuffle((grey - mean) / deviation.clamp(min=_FLAT), 2)
        beside = []
        for number, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if number else x)
            beside.append(x)
        for block in self.up:
            beside.pop()
            x = block(torch.cat([functional.interpolate(x, scale_factor=2.0), beside[-1]], dim=1))
        return functional.pixel_shuffle(self.output(x), 2)
