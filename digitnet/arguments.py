"""Checks of what a classifier is given beside pictures and labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from digitnet.callbacks.base import Callback
from digitnet.callbacks.epoch_printer import EpochPrinter
from digitnet.callbacks.progress_bar import ProgressBar
from digitnet.data.image_set import Shape
from digitnet.errors import InvalidInputError

Verbose = Literal["auto", 0, 1, 2]
Statistic = float | Sequence[float] | None


def checked_classes(classes: Any) -> tuple[str, ...]:
    """Return the names of at least two classes, no two alike."""
    names = () if isinstance(classes, str) else tuple(classes)
    if len(names) < 2 or len(set(names)) < len(names) or not _all(names, str):
        raise InvalidInputError(
            f"Expected classes to be the different names of at least 2; received {classes!r}."
        )
    return names


def checked_shape(shape: Any) -> Shape:
    """Return channels, height and width, each at least 1."""
    sizes = tuple(shape) if isinstance(shape, Sequence) else ()
    if len(sizes) != 3 or not _all(sizes, int) or min(sizes) < 1:
        raise InvalidInputError(
            f"Expected input_shape to be (channels, height, width); received {shape!r}."
        )
    return sizes[0], sizes[1], sizes[2]


def checked_seed(seed: Any) -> int:
    """Return a seed in 0..2**63 - 1."""
    if not _all((seed,), int) or not 0 <= seed < 2**63:
        raise InvalidInputError(
            f"Expected seed to be None or a whole number in 0..2**63 - 1; received {seed!r}."
        )
    return int(seed)


def checked_statistics(
    mean: Statistic, std: Statistic, *, channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of each channel; 0 and 1 where they are to be measured."""
    if (mean is None) != (std is None):
        raise InvalidInputError(
            f"Expected mean and std, or neither; received mean={mean!r}, std={std!r}."
        )
    means = _per_channel("mean", 0.0 if mean is None else mean, channels)
    deviations = _per_channel("std", 1.0 if std is None else std, channels)
    if min(deviations) <= 0:
        raise InvalidInputError(f"Expected std to be above 0; received {std!r}.")
    return means, deviations


def checked_callbacks(callbacks: Any) -> Sequence[Callback]:
    """Return callbacks, each an instance."""
    if not isinstance(callbacks, Sequence) or not _all(callbacks, Callback):
        raise InvalidInputError(
            f"Expected callbacks to be a list of Callback instances; received {callbacks!r}. "
            "Make instances: callbacks=[MyCallback()]."
        )
    return callbacks


def check_verbose(verbose: Any) -> None:
    """Raise `InvalidInputError` unless it is "auto", 0, 1 or 2."""
    if verbose not in ("auto", 0, 1, 2):
        raise InvalidInputError(f"Expected verbose to be 'auto', 0, 1 or 2; received {verbose!r}.")


def reporters(verbose: Verbose) -> list[Callback]:
    """Return the callbacks that report as `verbose` says."""
    check_verbose(verbose)
    if verbose == 0:
        return []
    return [EpochPrinter()] if verbose == 2 else [ProgressBar()]


def check_validation(x: Any, data: Any, split: Any) -> None:
    """Raise `InvalidInputError` unless `fit` can validate as it was told to."""
    if not isinstance(split, (int, float)) or not 0 <= split < 1:
        raise InvalidInputError(f"Expected validation_split in [0, 1); received {split!r}.")
    if split and data is not None:
        raise InvalidInputError(
            "Expected validation_data or validation_split; received both. Leave one out."
        )
    if split and isinstance(x, DataLoader):
        raise InvalidInputError(
            "Expected arrays, an ImageSet or a Dataset with validation_split; received a "
            "DataLoader. Pass its dataset, or a second DataLoader as validation_data."
        )


def class_weights(
    class_weight: Mapping[int, float] | Sequence[float] | None, classes: int
) -> Tensor | None:
    """Return what each class's pictures count, float32 (classes,)."""
    if class_weight is None:
        return None
    given = class_weight
    if isinstance(given, Mapping):
        unknown = [label for label in given if label not in range(classes)]
        if unknown:
            raise InvalidInputError(
                f"Expected class_weight for classes in 0..{classes - 1}; received {unknown}."
            )
        given = [given.get(label, 1.0) for label in range(classes)]
    try:
        weights = torch.as_tensor(given, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        weights = torch.empty(0)
    if weights.shape != (classes,) or not (weights.isfinite() & (weights >= 0)).all():
        raise InvalidInputError(
            f"Expected class_weight to hold {classes} finite numbers of at least 0; "
            f"received {class_weight!r}."
        )
    return weights


def _per_channel(name: str, value: Any, channels: int) -> tuple[float, ...]:
    values = tuple(value) if isinstance(value, Sequence) else (value,) * channels
    numbers = _all(values, (int, float)) and all(math.isfinite(number) for number in values)
    if len(values) != channels or not numbers:
        raise InvalidInputError(
            f"Expected {name} to be a finite number, or {channels}, one for each channel; "
            f"received {value!r}."
        )
    return tuple(float(number) for number in values)


def _all(values: Sequence[Any], kind: type | tuple[type, ...]) -> bool:
    return all(isinstance(value, kind) and not isinstance(value, bool) for value in values)
