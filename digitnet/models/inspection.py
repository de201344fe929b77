"""What a network is made of, and whether it fits the data, by one dry run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError

_EXPECTED: dict[type[nn.Module], tuple[str, str]] = {
    nn.Linear: ("a last dimension of {}", "in_features"),
    nn.Conv2d: ("{} channels", "in_channels"),
    nn.BatchNorm2d: ("{} channels", "num_features"),
}


@dataclass(frozen=True)
class LayerRow:
    """A row of the table of layers.

    Attributes:
        layer: What the layer does.
        output_shape: Shape of its output without the batch axis; `None` if it never ran.
        parameters: Its trainable and frozen parameters.
    """

    layer: str
    output_shape: tuple[int, ...] | None
    parameters: int


def check(body: nn.Module, *, classes: int, input_shape: Shape) -> None:
    """Run two blank pictures through a network.

    Raises:
        InvalidInputError: It does not map them to logits; the message names the layer.
    """
    if not any(parameter.requires_grad for parameter in body.parameters()):
        raise InvalidInputError("Expected a network with weights to train; received none.")
    running: list[tuple[str, nn.Module, Any]] = []  # the layers entered and not yet left

    def enter(name: str, layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        running.append((name, layer, inputs[0] if inputs else None))

    def leave(name: str, layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        running.pop()

    with _hooks(body, before=enter, after=leave):
        try:
            logits = _dry_run(body, input_shape)
        except Exception as error:
            raise InvalidInputError(_misfit(running, error)) from error
    if not isinstance(logits, Tensor) or logits.shape != (2, classes):
        came = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise InvalidInputError(
            f"Expected the network to map pictures (2, {', '.join(map(str, input_shape))}) to "
            f"logits (2, {classes}), one for each class; received {came} from its last layer, "
            f"{_last_layer(body)}."
        )


def layer_rows(body: nn.Module, input_shape: Shape) -> list[LayerRow]:
    """Return a row for each part of a network, in the order of its registration."""
    shapes: dict[str, tuple[int, ...]] = {}

    def leave(name: str, layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if isinstance(output, Tensor):
            shapes[name] = tuple(output.shape[1:])

    parts = dict(body.named_children()) or {"": body}
    with _hooks(body, after=leave):
        _dry_run(body, input_shape)
    return [
        LayerRow(_describe(name, part), shapes.get(name), count_parameters(part))
        for name, part in parts.items()
    ]


def count_parameters(module: nn.Module) -> int:
    """Return the number of parameters, shared ones counted once."""
    return sum(parameter.numel() for parameter in module.parameters())


def _dry_run(body: nn.Module, input_shape: Shape) -> Any:
    parameter = next(body.parameters())
    was_training = {module: module.training for module in body.modules()}
    body.eval()  # batch norm keeps its statistics, dropout draws nothing
    try:
        with torch.no_grad():
            return body(torch.zeros(2, *input_shape, device=parameter.device))
    finally:
        for module, training in was_training.items():
            module.training = training


@contextmanager
def _hooks(body: nn.Module, *, before: Any = None, after: Any = None) -> Iterator[None]:
    """Call `before(name, layer, inputs)` and `after(name, layer, inputs, output)`."""
    handles = []
    for name, module in body.named_modules():
        if before:
            handles.append(
                module.register_forward_pre_hook(lambda m, x, name=name: before(name, m, x))
            )
        if after:
            handles.append(
                module.register_forward_hook(lambda m, x, y, name=name: after(name, m, x, y))
            )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _misfit(running: list[tuple[str, nn.Module, Any]], error: Exception) -> str:
    if not running:
        return f"The network does not run on a picture: {error}"
    name, layer, x = running[-1]
    meaning, size = _EXPECTED.get(type(layer), ("an input that it can take", ""))
    expected = meaning.format(getattr(layer, size, ""))
    came = f"{tuple(x.shape)} of {x.dtype}" if isinstance(x, Tensor) else type(x).__name__
    return (
        f"The network does not fit the pictures: layer '{name or 'the network'}' ({_kind(layer)}) "
        f"expected {expected}, received {came}. torch says: {error}"
    )


def _kind(layer: nn.Module) -> str:
    return repr(layer) if not list(layer.children()) else type(layer).__name__


def _last_layer(body: nn.Module) -> str:
    name, layer = [*body.named_modules()][-1]
    return f"'{name}' ({_kind(layer)})" if name else _kind(layer)


def _describe(name: str, part: nn.Module) -> str:
    leaves = [module for module in part.modules() if not list(module.children())]
    text = " + ".join(_describe_leaf(leaf) for leaf in leaves)
    return f"{text} (output)" if name == "output" else text


def _describe_leaf(leaf: nn.Module) -> str:
    if isinstance(leaf, nn.Conv2d):
        size = "x".join(map(str, leaf.kernel_size))
        padding = leaf.padding if isinstance(leaf.padding, str) else leaf.padding[0]
        return f"Conv2d {size} ({leaf.in_channels}->{leaf.out_channels}, padding {padding})"
    if isinstance(leaf, nn.MaxPool2d):
        return f"MaxPool {leaf.kernel_size}x{leaf.kernel_size}"
    if isinstance(leaf, nn.Dropout):
        return f"Dropout (p = {leaf.p:g})"
    return type(leaf).__name__
