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
from pathlib import Path
from tempfile import TemporaryDirectory
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
_RUNTIME = ("onnxruntime",)  # for int8, and to predict with
MIN_CALIBRATION = 100  # images; ranges measured on fewer depend on which they are
_CALIBRATED_AT_ONCE = 100  # images
# What computes with weights. Its neighbours stay in float32: int8 would round the probabilities
_QUANTIZED = ["Conv", "Gemm", "MatMul"]


class _Calibration:
    """Calibration images in batches, as ONNX Runtime asks for them."""

    def __init__(self, images: Tensor) -> None:
        self._batches = iter(images.split(_CALIBRATED_AT_ONCE))

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch.numpy()}


class _Reader(nn.Module):
    """Map uint8 pictures (N, C, H, W) to probabilities (N, classes)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        probabilities: Tensor = self.network(images).softmax(dim=1)
        return probabilities


def check_quantization(quantize: object, calibration: object) -> None:
    """Check what `export_onnx` was asked for.

    Raises:
        InvalidInputError: There is no such quantization, or no images for it, or images alone.
    """
    if quantize not in (None, "int8"):
        raise InvalidInputError(
            f"Expected quantize to be None or 'int8'; received {quantize!r}. "
            'Write quantize="int8" for a small, fast file.'
        )
    if quantize is not None and calibration is None:
        raise InvalidInputError(
            "Expected calibration images with quantize; received none. Pass some of the training "
            "set: calibration=train.images[:1000]."
        )
    if quantize is None and calibration is not None:
        raise InvalidInputError(
            "Expected no calibration images without quantize; received some. Add "
            'quantize="int8", or leave calibration out.'
        )


def write_onnx(
    network: Network,
    path: str | os.PathLike[str],
    *,
    classes: Sequence[str],
    input_shape: Shape,
    calibration: Tensor | None = None,
) -> None:
    """Write a network as ONNX, from pictures to probabilities.

    Args:
        network: With its normalisation and temperature.
        path: The file; it is replaced whole, or not at all.
        classes: The classes' names.
        input_shape: Channels, height and width of a picture.
        calibration: uint8 (N, C, H, W), images to measure the ranges of int8 on; `None` keeps
            float32.

    Raises:
        InvalidInputError: The extra `onnx` is not installed, a layer cannot be expressed or
            quantized, or there are too few calibration images.
        ArtifactError: The file could not be written.
    """
    if calibration is not None:
        if len(calibration) < MIN_CALIBRATION:
            raise InvalidInputError(
                f"Expected at least {MIN_CALIBRATION} calibration images; received "
                f"{len(calibration)}. Pass more of the training set: "
                "calibration=train.images[:1000]."
            )
        _require(_RUNTIME)
    model = _exported_classifier(_Reader(network), input_shape, "probabilities")
    if calibration is not None:
        model = _quantized(model, calibration)
    metadata = {"classes": list(classes), "input_shape": list(input_shape)}
    _write(model, path, metadata)


def logits_onnx(network: Network, input_shape: Shape) -> bytes:
    """Return a network as an ONNX file, from `images`, uint8 (N, C, H, W), to logits.

    Raises:
        InvalidInputError: The extra `onnx` is not installed, or a layer cannot be expressed.
    """
    _require(_RUNTIME)
    model: bytes = _exported_classifier(network, input_shape, "logits").SerializeToString()
    return model


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


def _exported_classifier(network: nn.Module, input_shape: Shape, output: str) -> onnx.ModelProto:
    """Return what maps `images`, uint8 (N, C, H, W), to an output (N, classes), as ONNX."""
    return _exported(
        copy.deepcopy(network).cpu().eval(),
        torch.zeros(2, *input_shape, dtype=torch.uint8),
        {"images": {0: torch.export.Dim("pictures")}},
        (output,),
    )


def _exported(
    network: nn.Module, example: Tensor, inputs: dict[str, dict[int, Any]], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Return a network as an ONNX model; `inputs` says which axes of its input are of any size."""
    _require(_ONNX_PACKAGES)
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


def _require(packages: Sequence[str]) -> None:
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise InvalidInputError(
            f"Expected {' and '.join(packages)} to be installed for ONNX; received no "
            f'{" and no ".join(missing)}. Run: pip install "digitnet[onnx]".'
        )


def _quantized(model: onnx.ModelProto, calibration: Tensor) -> onnx.ModelProto:
    """Return a model in int8, with a scale for each output channel of the weights."""
    from onnx import load, save
    from onnxruntime.quantization import QuantFormat, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with TemporaryDirectory() as folder:
        names = ("float32.onnx", "prepared.onnx", "int8.onnx")
        float32, prepared, int8 = (Path(folder, name) for name in names)
        save(model, float32)
        try:
            quant_pre_process(float32, prepared, skip_symbolic_shape=True)
            quantize_static(
                prepared,
                int8,
                _Calibration(calibration),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=_QUANTIZED,
                per_channel=True,
            )
        except Exception as error:  # ONNX Runtime has many of its own
            raise InvalidInputError(
                f"Expected layers that ONNX Runtime can quantize; it says: {error} "
                "Leave quantize out for a file in float32."
            ) from error
        return load(int8)


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
