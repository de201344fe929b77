"""The networks by name; each cites its source."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import nn

from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError
from digitnet.models.deep import deep
from digitnet.models.ensemble import Ensemble
from digitnet.models.report import mlp, report
from digitnet.models.slim import slim
from digitnet.models.wide import wide
from digitnet.recipe import RECIPES

NETWORKS: dict[str, Callable[[int, Shape], nn.Module]] = {
    "report": report,
    "mlp": mlp,
    "slim": slim,
    "deep": deep,
    "wide": wide,
}


def build(name: str, *, classes: int, input_shape: Shape) -> nn.Module:
    """Return a new network that maps normalised images to logits.

    Args:
        name: One of `NETWORKS`; `"deep*5"` is an `Ensemble` of five of them.
        classes: How many classes there are.
        input_shape: Channels, height and width of the images.

    Raises:
        InvalidInputError: There is no network of that name.
    """
    if not is_known(name):
        raise InvalidInputError(
            f"Expected an nn.Module or one of {', '.join(map(repr, NETWORKS))}; received {name!r}."
            f"{_remedy(name)}"
        )
    network, _, count = name.partition("*")
    if count:
        return Ensemble(NETWORKS[network](classes, input_shape) for _ in range(int(count)))
    return NETWORKS[network](classes, input_shape)


def _remedy(name: object) -> str:
    if isinstance(name, type):
        return f" Write {name.__name__}()."
    recipe = isinstance(name, str) and name in RECIPES
    return f" Do you mean the recipe? Write recipe={name!r}." if recipe else ""


def is_known(name: object) -> bool:
    """Say whether `build` makes a network of that name."""
    if not isinstance(name, str):
        return False
    network, times, count = name.partition("*")
    return network in NETWORKS and (not times or re.fullmatch("[1-9][0-9]?", count) is not None)
