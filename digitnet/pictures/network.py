"""The reader network: for each pixel, whether ink is there, of which digit, and where that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from digitnet.models.blocks import NormBlock

STRIDE = 16  # height and width of an input are multiples of this
UNIT_HEIGHT = 32.0  # px; heights are predicted in octaves from it
OFFSET_UNIT = 16.0  # px; so that offsets are about 1
NO_DIGIT = 10  # class of ink that belongs to no digit
_WIDTHS = (16, 40, 80, 144)  # channels at strides 2, 4, 8 and 16
_FINE_WIDTH, _COARSE_WIDTH = 20, 64  # channels before the heads at strides 2 and 4
_FLAT = 0.03  # standard deviation of a picture below which all is noise
_RARE = -4.0  # first logit of the heat maps: nearly all cells are empty


class Maps(NamedTuple):
    """What the network says of images (N, 1, H, W), at several strides.

    Attributes:
        ink: Logits (N, 1, H, W) of ink of any kind.
        digit: Logits (N, 1, H/2, W/2) that ink belongs to a digit.
        centre: Logits (N, 1, H/2, W/2) of a digit's centre (CenterNet, arXiv 1904.07850).
        offset: (N, 2, H/2, W/2), x and y in px / `OFFSET_UNIT` from ink to its digit's centre
            (Panoptic-DeepLab, arXiv 1911.10194).
        height: (N, 1, H/4, W/4), log2 of the digit's height / `UNIT_HEIGHT`.
        label: Logits (N, 11, H/4, W/4) of the ten digits and `NO_DIGIT`.
        smaller: Logits (N, 1, H/8, W/8) that there are digits too small to be read at this scale.
    """

    ink: Tensor
    digit: Tensor
    centre: Tensor
    offset: Tensor
    height: Tensor
    label: Tensor
    smaller: Tensor


class ReaderNetwork(nn.Module):
    """Map grey images to ink, digits' centres, offsets, heights and classes.

    The plan is the U-Net's (Ronneberger et al., 2015), made narrow, and without its first
    level: pixels go in and come out four at a time (Shi et al., 2016), as most of the time
    would go into convolutions at full size. Coarser levels are added to finer ones, as in
    feature pyramids (Lin et al., 2017): beside them, they would double the decoder's time.
    """

    def __init__(self, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        channels = [4, *widths]
        self.down = nn.ModuleList(
            nn.Sequential(NormBlock(before, after), NormBlock(after, after))
            for before, after in zip(channels, widths, strict=False)
        )
        finer = [*widths[2::-1]]
        self.project = nn.ModuleList(
            nn.Conv2d(below, width, kernel_size=1)
            for below, width in zip(widths[:0:-1], finer, strict=True)
        )
        outputs = [*finer[:-1], _FINE_WIDTH]
        self.up = nn.ModuleList(
            NormBlock(width, after) for width, after in zip(finer, outputs, strict=True)
        )
        self.fine = nn.Conv2d(_FINE_WIDTH, 4 + 1 + 1 + 2, kernel_size=3, padding=1)
        self.coarse = nn.Sequential(
            NormBlock(widths[1], _COARSE_WIDTH),
            nn.Conv2d(_COARSE_WIDTH, 1 + 11 + 2, kernel_size=1),
        )
        self.smaller = nn.Conv2d(widths[2], 1, kernel_size=1)
        for head, channel in ((self.fine, 5), (self.smaller, 0)):
            assert head.bias is not None
            nn.init.constant_(head.bias[channel], _RARE)

    def for_inference(self) -> ReaderNetwork:
        """Fold batch norm into the convolutions, and return the network in eval mode."""
        self.eval().to(memory_format=torch.channels_last)
        for block in self.modules():
            if not isinstance(block, NormBlock):
                continue
            convolution, norm, _ = block
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                block[0], block[1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()
        return self

    def forward(self, grey: Tensor) -> Maps:
        """Map float32 (N, 1, H, W) in 0..1 to `Maps`; H and W are multiples of `STRIDE`."""
        deviation, mean = torch.std_mean(grey, dim=(1, 2, 3), keepdim=True)
        x = functional.pixel_unshuffle((grey - mean) / deviation.clamp(min=_FLAT), 2)
        # encoder: strides 2, 4, 8, 16
        skips = []
        for number, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if number else x)
            skips.append(x)
        skips.pop()
        # decoder: strides 8, 4, 2
        levels = []
        for project, block in zip(self.project, self.up, strict=True):
            x = block(functional.interpolate(project(x), scale_factor=2.0) + skips.pop())
            levels.append(x)
        smaller, coarse, fine = (
            head(level)
            for head, level in zip((self.smaller, self.coarse, self.fine), levels, strict=True)
        )
        # whether ink is a digit's, and where its centre is: the class's context and exact shape
        context = functional.interpolate(coarse[:, 12:], scale_factor=2.0, mode="bilinear")
        return Maps(
            ink=functional.pixel_shuffle(fine[:, :4], 2),
            digit=fine[:, 4:5] + context[:, :1],
            centre=fine[:, 5:6] + context[:, 1:],
            offset=fine[:, 6:8],
            height=coarse[:, :1],
            label=coarse[:, 1:12],
            smaller=smaller,
        )
