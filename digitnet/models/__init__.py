"""The networks by name; each cites its source."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError
from digitnet.models.report import mlp, report

NETWORKS: dict[str, Callable[[int, Shape], nn.Module]] = {"report": report, "mlp": mlp}


def build(name: str, *, classes: int, input_shape: Shape) -> nn.Module:
    """Return a new network that maps normalised pictures to logits.

    Args:
        name: One of `NETWORKS`.
        classes: How many classes there are.
        input_shape: Channels, height and width of the pictures.

    Raises:
        InvalidInputError: There is no network of that name.
    """
    if not isinstance(name, str) or name not in NETWORKS:
        raise InvalidInputError(
            f"Expected an nn.Module or one of {', '.join(map(repr, NETWORKS))}; received {name!r}."
        )
    return NETWORKS[name](classes, input_shape)
