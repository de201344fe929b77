"""A network from a name or a module, tried and complete."""

from __future__ import annotations

import torch
from torch import nn

from digitnet.data.image_set import Shape
from digitnet.models import build
from digitnet.models.inspection import check
from digitnet.models.network import Network
from digitnet.randomness import WEIGHTS, derive_seed, isolated, reseed


def build_network(
    model: str | nn.Module,
    *,
    classes: int,
    input_shape: Shape,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    seed: int,
    mirror: bool = False,
) -> Network:
    """Return a network on the CPU, in evaluation mode.

    Args:
        model: The name of a network, or a module, which is used as it is.
        classes: How many classes there are.
        input_shape: Channels, height and width of the pictures.
        mean: Normalisation of each channel.
        std: Likewise.
        seed: Of the first weights.
        mirror: Whether predictions look at the mirror image too.

    Raises:
        InvalidInputError: There is no network of that name, or it does not fit.
    """
    cpu = torch.device("cpu")
    own = isinstance(model, nn.Module)
    with isolated(cpu):  # for the first weights, of lazy layers too
        reseed(cpu, derive_seed(seed, WEIGHTS))
        if isinstance(model, nn.Module):
            body = model
        else:
            body = build(model, classes=classes, input_shape=input_shape)
        check(body, classes=classes, input_shape=input_shape)
    memory_format = torch.contiguous_format if own else torch.channels_last
    network = Network(body, mean=mean, std=std, memory_format=memory_format, mirror=mirror)
    return network.eval()
