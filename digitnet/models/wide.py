"""A network for small images of things, in colour."""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn

from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError
from digitnet.models.blocks import NormBlock


class Whitening(nn.Sequential):
    """Patches of 2x2 pixels as whitened components, each as what is above 0 and what is below.

    Neighbouring pixels and their colours are much alike, so a network that begins with them
    learns slowly; one that begins with the principal components of small patches, each of
    deviation 1, needs far fewer epochs (Jordan, 2024, arXiv 2404.00498). On images of things
    these components are nearly those of a cosine transform over both directions and the
    colours (Ahmed et al., 1974; of colours: Ohta et al., 1980), which needs no data: it is
    fixed here, and batch norm brings its deviations to 1.

    Args:
        channels: Channels of the input; the output has eight times as many.
    """

    def __init__(self, channels: int) -> None:
        components = nn.Conv2d(channels, 4 * channels, kernel_size=2, bias=False)
        components.weight.requires_grad_(False)
        filters = torch.einsum("ai,bj,ck->abcijk", _cosines(channels), _cosines(2), _cosines(2))
        components.weight.copy_(filters.reshape(components.weight.shape))
        super().__init__(components, nn.BatchNorm2d(4 * channels), BothSigns())


class BothSigns(nn.Module):
    """What is above 0 and what is below, side by side (Shang et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, 2 * C, H, W)."""
        return torch.cat([x, -x], dim=1).relu_()


def _cosines(size: int) -> Tensor:
    """Return the orthogonal matrix of the discrete cosine transform, a frequency a row."""
    places = torch.arange(size)
    matrix = torch.cos(math.pi / size * (places + 0.5) * places[:, None])
    scaled: Tensor = matrix / matrix.norm(dim=1, keepdim=True)
    return scaled


def wide(classes: int, input_shape: Shape) -> nn.Module:
    """Return a network of 1,530,034 parameters for 10 classes of three channels.

    The plan is that of airbench94 (Jordan, 2024, arXiv 2404.00498), with 192 in place of 256
    channels in the second pair, for the time's sake: whitened patches, then three pairs of 3x3
    convolutions with batch norm, of which the first of each is pooled at once. The largest value
    of each channel goes to the output, wherever in the image it is.

    Raises:
        InvalidInputError: The images are lower or narrower than 9 pixels.
    """
    channels, height, width = input_shape
    if min(height, width) < 9:  # nothing would be left after the patches and three poolings
        raise InvalidInputError(
            f"Expected pictures of at least 9x9 for 'wide'; received {height}x{width}. "
            "Take 'deep', or make the pictures larger."
        )
    return nn.Sequential(
        OrderedDict(
            whitening=Whitening(channels),
            block1=NormBlock(8 * channels, 64, pool=True),
            block2=NormBlock(64, 64),
            block3=NormBlock(64, 192, pool=True),
            block4=NormBlock(192, 192),
            block5=NormBlock(192, 256, pool=True),
            block6=NormBlock(256, 256),
            pooling=nn.AdaptiveMaxPool2d(1),
            flatten=nn.Flatten(),
            output=nn.Linear(256, classes),
        )
    )
