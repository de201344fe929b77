"""A network that learns digits in seconds."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError
from digitnet.models.blocks import MaxPool, NormBlock


def slim(classes: int, input_shape: Shape) -> nn.Module:
    """Return a network of 81,450 parameters for 10 classes of 1x28x28.

    The plan is that of train_mnist_fast (github.com/tuomaso, 2021): a narrow 5x5 convolution
    without padding whose large output is pooled at once, as most of the time goes there, a
    3x3 convolution, pooling, a hidden layer. A second 3x3 convolution and batch norm (Ioffe
    and Szegedy, 2015) on the small layers, where it is cheap, make one epoch enough.

    Raises:
        InvalidInputError: The images are lower or narrower than 16 pixels.
    """
    channels, height, width = input_shape
    if min(height, width) < 16:  # nothing would be left after three convolutions and two poolings
        raise InvalidInputError(
            f"Expected pictures of at least 16x16 for 'slim'; received {height}x{width}. "
            "Take 'deep', or make the pictures larger."
        )
    flat = 32 * _size_left(height) * _size_left(width)
    return nn.Sequential(
        OrderedDict(
            block1=nn.Sequential(nn.Conv2d(channels, 16, 5), MaxPool(), nn.ReLU()),
            block2=NormBlock(16, 32, padding=0),
            block3=NormBlock(32, 32, padding=0, pool=True),
            flatten=nn.Flatten(),
            hidden=nn.Sequential(nn.Linear(flat, 128, bias=False), nn.BatchNorm1d(128), nn.ReLU()),
            output=nn.Linear(128, classes),
        )
    )


def _size_left(size: int) -> int:
    return ((size - 4) // 2 - 4) // 2
