"""What a network is made of, and whether it fits the data, by one dry run."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy

from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError
from digitnet.user_warnings import warn

# What a layer expects, the attribute that holds the size, and the axis that must have it
_EXPECTED: dict[type[nn.Module], tuple[str, str, int]] = {
    nn.Linear: ("a last dimension of {}", "in_features", -1),
    nn.Conv2d: ("{} channels", "in_channels", 1),
    nn.BatchNorm1d: ("{} channels", "num_features", 1),
    nn.BatchNorm2d: ("{} channels", "num_features", 1),
}

_MAX_LISTED = 8  # layers of a part that its row names one by one


@dataclass(frozen=True)
class LayerRow:
    """A row of the table of layers; one that never ran has no output shape."""

    layer: str
    output_shape: tuple[int, ...] | None
    parameters: int

    @property
    def cells(self) -> tuple[str, str, str]:
        """The row as text."""
        shape = " x ".join(f"{size:,}" for size in self.output_shape or ()) or "-"
        return self.layer, shape, f"{self.parameters:,}"


def check(body: nn.Module, *, classes: int, input_shape: Shape) -> None:
    """Run two blank images through a network, in both modes, and leave it as it was.

    Raises `InvalidInputError` where it does not map them to logits; the message names the layer.
    """
    if not any(parameter.requires_grad for parameter in body.parameters()):
        raise InvalidInputError("Expected a network with weights to train; received none.")
    if _lazy(body):
        _check_mode(body, classes, input_shape, training=False)  # materialises them
    if left := _lazy(body):
        raise InvalidInputError(
            f"Expected every lazy layer to run on a picture; received no input for '{left[0]}'. "
            "Leave it out of the network."
        )
    if any(parameter.is_inference() for parameter in body.parameters()):
        raise InvalidInputError(
            "Expected a network made outside torch.inference_mode(), as its weights are to be "
            "trained; received one made within. Pass copy.deepcopy(model), outside of it."
        )
    before = copy.deepcopy(body.state_dict())
    try:
        for training in (False, True):  # some layers fail, or give something else, in one alone
            _check_mode(body, classes, input_shape, training=training)
    finally:
        if before:
            body.load_state_dict(before)  # training mode updates batch norm's statistics


def _lazy(body: nn.Module) -> list[str]:
    """Return the names of weights and buffers that have no shape yet."""
    tensors = [*body.named_parameters(), *body.named_buffers()]
    return [name for name, tensor in tensors if is_lazy(tensor)]


def _check_mode(body: nn.Module, classes: int, input_shape: Shape, *, training: bool) -> None:
    running: list[tuple[str, nn.Module, Any]] = []  # entered, and not yet left

    def enter(name: str, layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        running.append((name, layer, inputs[0] if inputs else None))

    def leave(name: str, layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        running.pop()

    with _hooks(body, before=enter, after=leave):
        try:
            logits = _dry_run(body, input_shape, training=training)
        except Exception as error:
            raise InvalidInputError(_misfit(running, error) + _other_type(body)) from error
    if not isinstance(logits, Tensor) or logits.shape != (2, classes):
        came = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise InvalidInputError(
            f"Expected the network to map pictures (2, {', '.join(map(str, input_shape))}) to "
            f"logits (2, {classes}), one for each class; received {came} from its last layer, "
            f"{_last_layer(body)}{' in training mode' if training else ''}."
        )
    if not training and _look_like_probabilities(logits):
        warn(
            f"The network's output looks like probabilities (from {_last_layer(body)}: no value is "
            "below 0, and each row's sum is 1), where the loss expects logits. Leave its softmax "
            "out."
        )


def _look_like_probabilities(logits: Tensor) -> bool:
    sums = logits.sum(dim=1)
    return bool((logits >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3)


def least_batch(body: nn.Module) -> int:
    """Return how many images a network must get at once in training: two with batch norm."""
    return 1 + any(isinstance(module, _BatchNorm) for module in body.modules())


def layer_rows(body: nn.Module, input_shape: Shape) -> list[LayerRow]:
    """Return a row for each part of a network, in the order of its registration."""
    shapes: dict[str, tuple[int, ...]] = {}

    def leave(name: str, layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if isinstance(output, Tensor):
            shapes[name] = tuple(output.shape[1:])

    parts = dict(_parts(body)) or {"": body}
    inside = sum(count_parameters(part) for part in parts.values())
    with _hooks(body, after=leave):
        _dry_run(body, input_shape)
    rows = [
        LayerRow(_describe(name, part), shapes.get(name), count_parameters(part))
        for name, part in parts.items()
    ]
    own = count_parameters(body) - inside
    return [*rows, LayerRow(f"{type(body).__name__} itself", None, own)] if own > 0 else rows


def _parts(body: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield a network's parts, those in a list one by one."""
    for name, part in body.named_children():
        if isinstance(part, nn.ModuleList):
            yield from ((f"{name}.{number}", own) for number, own in part.named_children())
        else:
            yield name, part


def print_summary(name: str, body: nn.Module, input_shape: Shape) -> None:
    """Print a table of a network's parts."""
    from rich.console import Console  # slow to import
    from rich.table import Table

    table = Table(title=name, show_footer=True)
    table.add_column("Layer", "", justify="right")
    table.add_column("Type", "total")
    table.add_column("Output shape", "", justify="right")
    table.add_column("Parameters", f"{count_parameters(body):,}", justify="right")
    for number, row in enumerate(layer_rows(body, input_shape), start=1):
        table.add_row(str(number), *row.cells)
    Console().print(table)


def count_parameters(module: nn.Module) -> int:
    """Return the number of parameters, shared ones counted once."""
    return sum(parameter.numel() for parameter in module.parameters())


def _dry_run(body: nn.Module, input_shape: Shape, *, training: bool = False) -> Any:
    parameter = next(body.parameters())
    was_training = {module: module.training for module in body.modules()}
    body.train(training)
    try:
        with torch.no_grad():
            blank = torch.zeros(2, *input_shape, dtype=torch.float32, device=parameter.device)
            return body(blank)
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
    came = f"{tuple(x.shape)} of {x.dtype}" if isinstance(x, Tensor) else type(x).__name__
    meaning, size, axis = _EXPECTED.get(type(layer), ("", "", 0))
    wanted = getattr(layer, size, None)
    known = type(layer) in _EXPECTED and isinstance(x, Tensor) and x.ndim > abs(axis)
    fits = not known or x.shape[axis] == wanted
    expected = "an input that it can take" if fits else meaning.format(wanted)
    return (
        f"The network does not fit the pictures: layer '{name or 'the network'}' ({_kind(layer)}) "
        f"expected {expected}, received {came}. torch says: {error}"
    )


def _other_type(body: nn.Module) -> str:
    """Return a remedy where a network's weights are of another type than its input."""
    types = {weight.dtype for weight in body.parameters() if weight.is_floating_point()}
    others = sorted(map(str, types - {torch.float32}))
    return f" Its weights are {', '.join(others)}: pass model.float()." if others else ""


def _kind(layer: nn.Module) -> str:
    return repr(layer) if not list(layer.children()) else type(layer).__name__


def _last_layer(body: nn.Module) -> str:
    name, layer = [*body.named_modules()][-1]
    return f"'{name}' ({_kind(layer)})" if name else _kind(layer)


def _describe(name: str, part: nn.Module) -> str:
    layers = _in_sequence(part)
    if len(layers) > _MAX_LISTED:
        return f"{type(part).__name__} of {len(layers)} layers"
    text = " + ".join(_describe_layer(layer) for layer in layers)
    return f"{text} (output)" if name == "output" else text


def _in_sequence(part: nn.Module) -> list[nn.Module]:
    if not isinstance(part, nn.Sequential):
        return [part]
    return [layer for child in part.children() for layer in _in_sequence(child)]


def _describe_layer(layer: nn.Module) -> str:
    if isinstance(layer, nn.Conv2d):
        stride = "" if layer.stride == (1, 1) else f", stride {_size(layer.stride)}"
        return (
            f"Conv2d {'x'.join(map(str, layer.kernel_size))} "
            f"({layer.in_channels}->{layer.out_channels}, padding {_size(layer.padding)}{stride})"
        )
    if isinstance(layer, nn.MaxPool2d):
        size = layer.kernel_size
        return f"MaxPool {'x'.join(map(str, (size, size) if isinstance(size, int) else size))}"
    if isinstance(layer, nn.Dropout):
        return f"Dropout (p = {layer.p:g})"
    return type(layer).__name__


def _size(size: str | tuple[int, ...]) -> str:
    """Return one number where all are the same."""
    if isinstance(size, str):
        return size
    return str(size[0]) if len(set(size)) == 1 else "x".join(map(str, size))
