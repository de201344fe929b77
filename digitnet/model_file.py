"""What a saved classifier says of itself, beside its weights."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.data.image_set import Shape, checked_classes
from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.history import EpochLog
from digitnet.models import is_known
from digitnet.named_metrics import is_named
from digitnet.recipe import Recipe, check_count, check_seed
from digitnet.records import read_record
from digitnet.version import __version__

# A network's tensors that are no parameters: batch norm's and `Ensemble`'s
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "temperatures")


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """The metadata of a model file.

    Attributes:
        network: Name of the network, or `None` for a module of the user's own.
        network_type: Name of the network's type, for messages alone.
        classes: The classes' names.
        input_shape: Channels, height and width of an image.
        mean: Normalisation of each channel.
        std: Likewise.
        normalization: Mean and deviation that the classifier was given; `None` if measured.
        recipe: The recipe that the classifier was given.
        effective_recipe: The recipe as it was in the last `fit`.
        loss: Name of the loss.
        metrics: Names of the metrics.
        seed: The seed of the training.
        history: Its epochs.
        chosen_on: Fingerprint of the images that the best epoch was chosen on, if one was.
        versions: What it was trained with.
    """

    network: str | None
    network_type: str
    classes: tuple[str, ...]
    input_shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    normalization: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    recipe: Recipe
    effective_recipe: Recipe
    loss: str = "cross_entropy"
    metrics: tuple[str, ...] = ()
    seed: int
    history: tuple[EpochLog, ...]
    chosen_on: str | None
    versions: dict[str, str]

    def __post_init__(self) -> None:
        checked_classes(self.classes)
        check_seed(self.seed)
        for size in self.input_shape:
            check_count("input_shape", size)
        for name in ("mean", "std"):
            if len(values := getattr(self, name)) != self.input_shape[0]:
                raise InvalidInputError(
                    f"Expected {name} of {self.input_shape[0]} channels; received {len(values)}."
                )

    def to_metadata(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> ModelInfo:
        """Return what `to_metadata` was given, or raise `ArtifactError` where it does not fit."""
        try:
            return read_record(cls, metadata, among_others=True)
        except ArtifactError as error:
            raise ArtifactError(
                f"Expected the metadata of a digitnet model. {error} Save the model again, or "
                "install the digitnet that wrote it, where that is a newer one."
            ) from error

    @classmethod
    def of_vote(cls, infos: Sequence[ModelInfo]) -> ModelInfo:
        """Return what an ensemble says, or raise `InvalidInputError` where members differ."""
        first = infos[0]
        if len({(info.recipe.mirror, info.recipe.multi_crop) for info in infos}) > 1:
            raise InvalidInputError(
                "Expected members that all look at the same views of a picture; received others. "
                "Give their recipes the same mirror and multi_crop."
            )
        for setting in ("classes", "input_shape", "mean", "std"):
            found = {getattr(info, setting) for info in infos}
            if len(found) > 1:
                raise InvalidInputError(
                    f"Expected members with the same {setting}; received {sorted(found)}. "
                    "Give all of them the same classes, input_shape, mean and std."
                )
        name = f"{first.network}*{len(infos)}"
        alike = len({info.network for info in infos}) == 1
        return replace(
            first,
            network=name if alike and is_known(name) else None,
            history=(),
            chosen_on=next((info.chosen_on for info in infos if info.chosen_on), None),
        )

    def describe(self, weights: Mapping[str, Tensor]) -> dict[str, str]:
        """Return what to tell a reader of the file, by name; the network is not built.

        All tensors of a network of the user's own count as parameters, but for batch norm's
        statistics.
        """
        parameters = sum(
            tensor.numel()
            for name, tensor in weights.items()
            if name.startswith("body.") and name.rpartition(".")[2] not in _BUFFERS
        )
        recipe = self.effective_recipe
        last = self.history[-1] if len(self.history) else None
        validation = None if last is None else last.val_accuracy
        return {
            "network": self.network or f"{self.network_type}, a network of your own",
            "parameters": f"{parameters:,}",
            "classes": ", ".join(self.classes),
            "input shape": " x ".join(map(str, self.input_shape)),
            "recipe": f"{recipe.name}, batch size {recipe.batch_size}, {recipe.precision}",
            "seed": str(self.seed),
            "epochs": str(len(self.history)),
            "training accuracy": "unknown" if last is None else f"{last.accuracy:.2%}",
            "validation accuracy": "unknown" if validation is None else f"{validation:.2%}",
            "temperature": f"{float(weights['temperature']):.4g}",
            "versions": ", ".join(f"{name} {version}" for name, version in self.versions.items()),
        }

    def completed(self, *, model: nn.Module | None, loss: Any, metrics: Any) -> dict[str, Any]:
        """Return the network, loss and metrics that were given, or else those that the file names.

        Raises:
            ArtifactError: There is none of the name.
        """
        self._check_network(model)
        if loss is None and self.loss != "cross_entropy":
            raise ArtifactError(
                f"It was trained by a loss of your own, {self.loss}. Pass it: load(path, "
                f"loss={self.loss}); or, where it is not at hand, loss='cross_entropy'."
            )
        if metrics is None and not all(map(is_named, self.metrics)):
            all_of_them = ", ".join(repr(name) if is_named(name) else name for name in self.metrics)
            raise ArtifactError(
                f"It has metrics of your own. Pass all: load(path, metrics=[{all_of_them}]); or, "
                "where they are not at hand, metrics=[]."
            )
        return {
            "model": self.network if model is None else model,
            "loss": self.loss if loss is None else loss,
            "metrics": self.metrics if metrics is None else metrics,
        }

    def _check_network(self, model: nn.Module | None) -> None:
        if model is None and self.network is None:
            raise ArtifactError(
                f"It holds the weights of a network of your own, {self.network_type}. "
                f"Pass one: load(path, model={self.network_type}(...))."
            )
        if model is None and not is_known(self.network):
            raise ArtifactError(
                f"It is of a network '{self.network}' that this digitnet does not know. "
                "Install a newer digitnet."
            )


def current_versions() -> dict[str, str]:
    """Return the versions of digitnet, torch and Python."""
    return {
        "digitnet": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }


def check_weights(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Raise `ArtifactError` unless names, shapes and types of tensors are as expected."""
    if found.keys() != expected.keys():
        raise ArtifactError(
            "Expected other weights: "
            f"missing {sorted(expected.keys() - found.keys()) or 'none'}, "
            f"unknown {sorted(found.keys() - expected.keys()) or 'none'}. "
            "Is it the same network?"
        )
    for name, tensor in expected.items():
        if (tensor.shape, tensor.dtype) != (found[name].shape, found[name].dtype):
            raise ArtifactError(
                f"Expected '{name}' of shape {tuple(tensor.shape)}, {tensor.dtype}; received "
                f"{tuple(found[name].shape)}, {found[name].dtype}. Is it the same network?"
            )
