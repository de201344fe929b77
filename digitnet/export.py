"""A trained network as an ONNX file, for other programs and languages."""

from __future__ import annotations

import copy
import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from digitnet.artifact import write_atomically
from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError
from digitnet.model_file import current_versions
from digitnet.models.network import Network

if TYPE_CHECKING:
    import onnx

_ONNX_PACKAGES = ("onnx", "onnxscript")  # by torch.onnx


class _Reader(nn.Module):
    """Map uint8 pictures (N, C, H, W) to probabilities (N, classes)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        probabilities: Tensor = self.network(images).softmax(dim=1)
        return probabilities


def write_onnx(
    network: Network, path: str | os.PathLike[str], *, classes: Sequence[str], input_shape: Shape
) -> None:
    """Write a network as ONNX, from pictures to probabilities.

    Args:
        network: With its normalisation and temperature.
        path: The file; it is replaced whole, or not at all.
        classes: The classes' names.
        input_shape: Channels, height and width of a picture.

    Raises:
        InvalidInputError: The extra `onnx` is not installed, or torch.onnx cannot express a
            layer.
        ArtifactError: The file could not be written.
    """
    model = _exported(
        _Reader(copy.deepcopy(network)).cpu().eval(),
        torch.zeros(2, *input_shape, dtype=torch.uint8),
        {"images": {0: torch.export.Dim("pictures")}},
        ("probabilities",),
    )
    metadata = {"classes": list(classes), "input_shape": list(input_shape)}
    _write(model, path, metadata)


def write_maps_onnx(
    network: nn.Module,
    path: str | os.PathLike[str],
    *,
    outputs: Sequence[str],
    stride: int,
    metadata: Mapping[str, object],
) -> None:
    """Write a fully convolutional network as ONNX, from a grey image to maps.

    Args:
        network: From float32 (1, 1, H, W) to maps.
        path: The file; it is replaced whole, or not at all.
        outputs: The maps' names.
        stride: H and W are multiples of this.
        metadata: What else another program needs, by name; each becomes JSON.

    Raises:
        InvalidInputError: The extra `onnx` is not installed.
        ArtifactError: The file could not be written.
    """
    sides = [stride * torch.export.Dim(name, min=1, max=1024) for name in ("rows", "columns")]
    example = torch.zeros(1, 1, 10 * stride, 12 * stride)
    model = _exported(network, example, {"grey": {2: sides[0], 3: sides[1]}}, outputs)
    _write(model, path, metadata)


def _exported(
    network: nn.Module, example: Tensor, inputs: dict[str, dict[int, Any]], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Return a network as an ONNX model; `inputs` says which axes of its input are of any size."""
    missing = [name for name in _ONNX_PACKAGES if find_spec(name) is None]
    if missing:
        raise InvalidInputError(
            f"Expected {' and '.join(_ONNX_PACKAGES)} to be installed for ONNX; received no "
            f'{" and no ".join(missing)}. Run: pip install "digitnet[onnx]".'
        )
    with _quiet():
        try:
            program = torch.onnx.export(
                network,
                (example,),
                input_names=[*inputs],
                output_names=[*outputs],
                dynamic_shapes=tuple(inputs.values()),
                dynamo=True,
                verbose=False,
            )
        except Exception as error:  # torch.onnx has many of its own
            raise InvalidInputError(
                f"Expected layers that torch.onnx can express; it says: {error}"
            ) from error
    assert program is not None  # as no file was named
    return program.model_proto


def _write(
    model: onnx.ModelProto, path: str | os.PathLike[str], metadata: Mapping[str, object]
) -> None:
    from onnx import helper  # slow to import

    texts = {name: json.dumps(value) for name, value in metadata.items()}
    helper.set_model_props(model, texts | current_versions())
    write_atomically(path, model.SerializeToString())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what torch.onnx says of itself from the user, who can do nothing about it."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
