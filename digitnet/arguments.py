"""Checks of what a classifier is given beside images and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from numbers import Integral, Real
from typing import Any, Literal, TypedDict, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from digitnet.callbacks.base import Callback
from digitnet.callbacks.epoch_printer import EpochPrinter
from digitnet.callbacks.progress_bar import ProgressBar, is_interactive, track
from digitnet.data.image_set import Shape
from digitnet.engines import Engine, PredictionPrecision
from digitnet.errors import InvalidInputError
from digitnet.processes import current

B = TypeVar("B", bound=Sized)
Verbose = Literal["auto", 0, 1, 2]
"""0 is silent, 1 a progress bar, 2 a line an epoch; `"auto"` chooses by where the output goes."""
ClassWeight = Literal["balanced"] | Mapping[int, float] | Sequence[float] | None
"""What images of each class count in the loss."""
Statistic = float | Sequence[float] | np.ndarray[Any, Any] | None
"""A mean or standard deviation: one number, or one for each channel; `None` measures it."""


class EvaluateOptions(TypedDict, total=False):
    """What `evaluate` takes beside the data, whatever it returns."""

    sample_weight: Any
    batch_size: int | None
    verbose: Verbose
    engine: Engine
    precision: PredictionPrecision


def checked_shape(shape: Any) -> Shape:
    """Return channels, height and width, each at least 1."""
    sizes = tuple(shape) if isinstance(shape, Sequence) else ()
    whole = all(isinstance(size, Integral) for size in sizes)
    if len(sizes) != 3 or not whole or min(sizes) < 1:
        raise InvalidInputError(
            f"Expected input_shape to be (channels, height, width); received {shape!r}."
        )
    return int(sizes[0]), int(sizes[1]), int(sizes[2])


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
    listed = isinstance(callbacks, Sequence)
    if not listed or not all(isinstance(callback, Callback) for callback in callbacks):
        raise InvalidInputError(
            f"Expected callbacks to be a list of Callback instances; received {callbacks!r}. "
            "Write callbacks=[MyCallback()]."
        )
    return tuple(callbacks)


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


def tracked(
    batches: Iterable[B], *, total: int, verbose: Verbose, task: str = "Predicting"
) -> Iterable[B]:
    """Return batches of `total` images in all, with a bar where `verbose` asks for one."""
    check_verbose(verbose)
    shown = verbose == 1 or (verbose == "auto" and is_interactive())
    return track(batches, total=total, task=task) if shown and current().is_first else batches


def check_validation(x: Any, data: Any, split: Any) -> None:
    """Raise `InvalidInputError` unless `fit` can validate as it was told to."""
    number = isinstance(split, Real)
    if not number or not 0 <= split < 1:
        raise InvalidInputError(f"Expected validation_split in [0, 1); received {split!r}.")
    if split and data is not None:
        raise InvalidInputError(
            "Expected validation_data or validation_split; received both. Leave one out."
        )
    if isinstance(data, (tuple, list)) and len(data) not in (2, 3):
        raise InvalidInputError(
            "Expected validation_data to be a set, or pictures and labels, with sample weights or "
            f"without; received {len(data)} items. Pass (x, y) or (x, y, sample_weight)."
        )
    if split and isinstance(x, DataLoader):
        raise InvalidInputError(
            "Expected arrays, an ImageSet or a Dataset with validation_split; received a "
            "DataLoader. Pass its dataset, or a second DataLoader as validation_data."
        )


def check_batches(processes: int, *, n_images: int, batch_size: int, least: int) -> None:
    """Raise `InvalidInputError` unless each process can get `least` images of a batch."""
    norm = ", as the network has batch norm" if least > 1 else ""
    each = f", {'one' if least == 1 else least} for each process" if processes > 1 else ""
    fewer = ", or start fewer with torchrun --nproc-per-node" if processes > 1 else ""
    for what, count, remedy in (
        ("training set", n_images, "Add pictures"),
        ("batch", batch_size, "Take a greater batch_size"),
    ):
        if count < least * processes:
            raise InvalidInputError(
                f"Expected a {what} of at least {least * processes} pictures{each}{norm}; "
                f"received {count}. {remedy}{fewer}."
            )


def class_weights(class_weight: ClassWeight, counts: Tensor) -> Tensor | None:
    """Return what each class's images count, float32 (C,); `counts` are how many, int64 (C,)."""
    if class_weight is None:
        return None
    if isinstance(class_weight, str) and class_weight == "balanced":
        # scikit-learn's n_samples / (n_classes * count) over the classes that have images
        return counts.sum() / ((counts > 0).sum() * counts.clamp(min=1)).float()
    classes = len(counts)
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
            f"Expected class_weight to hold {classes} finite numbers of at least 0, or to be "
            f"'balanced'; received {class_weight!r}."
        )
    return weights


def _per_channel(name: str, value: Any, channels: int) -> tuple[float, ...]:
    values = np.asarray(value).ravel()
    numbers = values.dtype.kind in "iuf" and bool(np.isfinite(values).all())
    if len(values) not in (1, channels) or not numbers:
        raise InvalidInputError(
            f"Expected {name} to be a finite number, or {channels}, one for each channel; "
            f"received {value!r}."
        )
    return tuple(float(number) for number in np.broadcast_to(values, channels))
