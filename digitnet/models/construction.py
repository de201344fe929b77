"""A network from a name or a module, tried and complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError
from digitnet.execution import float32_by_default
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
    multi_crop: int = 0,
) -> Network:
    """Return a network on the CPU, tried; the modules of one that is given keep their modes.

    `mirror` and `multi_crop` are as in the recipe, and `seed` is that of the first weights. Raises
    `InvalidInputError` where there is no network of that name, or it does not fit.
    """
    if multi_crop >= min(input_shape[1:]):  # reflection padding must be narrower
        raise InvalidInputError(
            f"Expected multi_crop below the pictures' {min(input_shape[1:])} pixels; received "
            f"{multi_crop}. One or two are enough."
        )
    own = isinstance(model, nn.Module)
    with first_weights(derive_seed(seed, WEIGHTS), model):  # lazy layers draw theirs in `check`
        if isinstance(model, nn.Module):
            body = model
        else:
            body = build(model, classes=classes, input_shape=input_shape)
        check(body, classes=classes, input_shape=input_shape)
    memory_format = torch.contiguous_format if own else torch.channels_last
    return Network(
        body,
        mean=mean,
        std=std,
        memory_format=memory_format,
        mirror=mirror,
        multi_crop=multi_crop,
    )


@contextmanager
def first_weights(seed: int, model: str | nn.Module = "") -> Iterator[None]:
    """Have a network made and tried in float32, with what it draws from a seed."""
    weights = model.parameters() if isinstance(model, nn.Module) else iter(())
    device = next((weight.device for weight in weights), torch.device("cpu"))
    with isolated(device), float32_by_default():
        reseed(device, seed)
        yield
