"""A trained network as an ONNX file, for other programs and languages."""

from __future__ import annotations

import copy
import json
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from digitnet.artifact import write_atomically
from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError
from digitnet.model_file import current_versions
from digitnet.models.network import Network

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
    missing = [name for name in _ONNX_PACKAGES if find_spec(name) is None]
    if missing:
        raise InvalidInputError(
            f"Expected {' and '.join(_ONNX_PACKAGES)} to be installed for ONNX; received no "
            f'{" and no ".join(missing)}. Run: pip install "digitnet[onnx]".'
        )
    from onnx import helper  # slow to import

    reader = _Reader(copy.deepcopy(network)).cpu().eval()
    with _quiet():
        try:
            program = torch.onnx.export(
                reader,
                (torch.zeros(2, *input_shape, dtype=torch.uint8),),
                input_names=["images"],
                output_names=["probabilities"],
                dynamic_shapes=({0: torch.export.Dim("pictures")},),
                dynamo=True,
                verbose=False,
            )
        except Exception as error:  # torch.onnx has many of its own
            raise InvalidInputError(
                f"Expected layers that torch.onnx can express; it says: {error}"
            ) from error
    assert program is not None  # as no file was named
    model = program.model_proto
    helper.set_model_props(
        model,
        {
            "classes": json.dumps(list(classes)),
            "input_shape": json.dumps(list(input_shape)),
            **current_versions(),
        },
    )
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
