"""What computes the logits of a prediction: torch, in float32 or bfloat16, or ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, get_args
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from digitnet.data.image_set import Shape
from digitnet.devices import has_native_bfloat16
from digitnet.errors import InvalidInputError
from digitnet.export import logits_onnx
from digitnet.models.modes import exclusive
from digitnet.models.network import Network

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Engine = Literal["torch", "onnxruntime"]
"""What computes a prediction."""
PredictionPrecision = Literal["float32", "bfloat16"]
"""In which precision torch computes a prediction; weights and probabilities stay float32."""
Logits = Callable[[Tensor], Tensor]
"""From images (N, C, H, W) to logits (N, classes)."""


def choose_engine(
    network: Network,
    input_shape: Shape,
    *,
    engine: Engine = "torch",
    precision: PredictionPrecision = "float32",
) -> Logits:
    """Return what computes a network's logits.

    Raises:
        InvalidInputError: There is no such engine or precision, or not on this machine, or the
            network cannot be expressed in ONNX.
    """
    for name, value, kind in (
        ("engine", engine, Engine),
        ("precision", precision, PredictionPrecision),
    ):
        if value not in (known := get_args(kind)):
            raise InvalidInputError(
                f"Expected {name} to be one of {', '.join(map(repr, known))}; received {value!r}."
            )
    if engine == "onnxruntime":
        return _onnx_runtime(network, input_shape, precision)
    return network if precision == "float32" else _bfloat16(network)


def _bfloat16(network: Network) -> Logits:
    device = network.mean.device
    if not has_native_bfloat16(device):
        raise InvalidInputError(
            "Expected hardware that computes in bfloat16 for precision='bfloat16'; received the "
            f"device '{device}', which does not. Leave precision out."
        )

    def logits(images: Tensor) -> Tensor:
        # uncached: an autocast around the call would keep old weights
        with torch.autocast(device.type, torch.bfloat16, cache_enabled=False):
            computed: Tensor = network(images)
        return computed

    return logits


class _Exported:
    """A network in ONNX, as it was with the weights that it had then."""

    def __init__(self, network: Network, input_shape: Shape) -> None:
        self._weights = [tensor.detach().clone() for tensor in _weights(network)]
        self._model = logits_onnx(network, input_shape)
        self.session: InferenceSession | None = None

    def is_of(self, network: Network) -> bool:
        """Say whether the network has the same weights still."""
        weights = _weights(network)
        return len(weights) == len(self._weights) and all(map(torch.equal, weights, self._weights))

    def __call__(self, images: Tensor) -> Tensor:
        session = self.session = self.session or _session(self._model)
        (logits,) = session.run(None, {"images": images.numpy()})
        return torch.from_numpy(logits)


# Kept beside the networks, so that copies and pickles of these have none
_exported: WeakKeyDictionary[Network, _Exported] = WeakKeyDictionary()


def _onnx_runtime(network: Network, input_shape: Shape, precision: str) -> Logits:
    if precision != "float32":
        raise InvalidInputError(
            f"Expected precision='float32' with engine='onnxruntime'; received {precision!r}. "
            "Leave one of them out."
        )
    if (device := network.mean.device).type != "cpu":
        raise InvalidInputError(
            f"Expected a classifier on the CPU for engine='onnxruntime'; received one on "
            f"'{device}'. Save it, and load it with device='cpu'."
        )
    current = _current(network)
    if current is None:
        with exclusive(network):  # no training step meanwhile, and one export of several threads'
            current = _current(network) or _Exported(network, input_shape)
            _exported[network] = current
    return current


def _current(network: Network) -> _Exported | None:
    found = _exported.get(network)
    return found if found is not None and found.is_of(network) else None


def _weights(network: Network) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]


def _session(model: bytes) -> InferenceSession:
    import onnxruntime  # slow, and an extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # its threads would spin until the next call, and slow torch down
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has many of its own
        raise InvalidInputError(
            f"Expected layers that ONNX Runtime can compute; it says: {error} Leave engine out."
        ) from error


def _close_sessions() -> None:
    for exported in list(_exported.values()):  # their threads would be missing in a forked process
        exported.session = None


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_close_sessions)
