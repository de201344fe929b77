"""Metrics by their names, or of the user's own: what is measured beside loss and accuracy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from digitnet.errors import InvalidInputError
from digitnet.metrics import confusion_matrix, precision_recall_f1

Probabilities: TypeAlias = npt.NDArray[np.float32]
Labels: TypeAlias = npt.NDArray[np.int64]
MetricFunction: TypeAlias = Callable[[Probabilities, Labels], float]
"""Called with probabilities, float32 (N, C), and labels, int64 (N,), of a whole set."""

_MACRO = ("precision", "recall", "f1")  # rows of `precision_recall_f1`


@dataclass(frozen=True)
class Metric:
    """A figure of a whole set: what results and files call it, and what computes it."""

    name: str
    function: MetricFunction

    def __call__(self, probabilities: Probabilities, labels: Labels) -> float:
        """Return the figure, or raise `InvalidInputError` where the function gives no number."""
        try:
            value = np.asarray(self.function(probabilities, labels))
        except Exception as error:
            raise InvalidInputError(
                f"Expected the metric {self.name} to take probabilities, float32 "
                f"{probabilities.shape}, and labels, int64 {labels.shape}, in this order; it "
                f"raised {type(error).__name__}: {error}. Predictions are "
                "probabilities.argmax(axis=1)."
            ) from error
        if value.ndim or value.dtype.kind not in "iuf":
            raise InvalidInputError(
                f"Expected the metric {self.name} to return a number; received {value!r}. Return "
                "one, as float(numpy.mean(values))."
            )
        return float(value)


def checked_metrics(metrics: Any, *, classes: int) -> tuple[Metric, ...]:
    """Return the metrics that `ImageClassifier` was given, tried; or raise `InvalidInputError`."""
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        raise InvalidInputError(
            f"Expected metrics to be a list; received {metrics!r}. Write metrics=['f1']."
        )
    found = tuple(_metric(each, classes) for each in metrics)
    names = [metric.name for metric in found]
    if len(set(names)) < len(names):
        raise InvalidInputError(
            f"Expected metrics of different names; received {names}. Leave out one of each name."
        )
    return found


def is_named(name: str) -> bool:
    """Say whether it is the name of a metric that comes with digitnet."""
    return name in _MACRO or re.fullmatch(r"top_[1-9]\d*", name) is not None


def name_of(function: Any) -> str:
    """Return what a function or a module is called; a `partial` after its function."""
    if isinstance(function, partial):
        return f"partial({name_of(function.func)})"
    return str(getattr(function, "__name__", type(function).__name__))


def _metric(metric: Any, classes: int) -> Metric:
    if isinstance(metric, str):
        if metric in _MACRO:
            return Metric(metric, partial(_macro_average, _MACRO.index(metric)))
        if is_named(metric) and int(metric[4:]) < classes:
            return Metric(metric, partial(_top_accuracy, int(metric[4:])))
    elif callable(metric) and not isinstance(metric, type):
        name = name_of(metric)
        if name.isidentifier() and not is_named(name) and name not in ("loss", "accuracy"):
            own = Metric(name, metric)
            labels = np.arange(2 * classes) % classes
            scores = np.random.default_rng(0).random((2 * classes, classes), np.float32)
            own(scores / scores.sum(axis=1, keepdims=True), labels)
            return own
    raise InvalidInputError(
        f"Expected metrics to be 'precision', 'recall', 'f1', 'top_1' to 'top_{classes - 1}', or "
        f"functions with names of their own, made by def; received {metric!r}. Loss and accuracy "
        "are always measured: leave them out."
    )


def _macro_average(row: int, probabilities: Probabilities, labels: Labels) -> float:
    """Return the mean of precision, recall or F1 over all classes."""
    predictions = torch.from_numpy(probabilities.argmax(axis=1))
    confusion = confusion_matrix(torch.from_numpy(labels), predictions, probabilities.shape[1])
    return float(precision_recall_f1(confusion)[row].mean())


def _top_accuracy(k: int, probabilities: Probabilities, labels: Labels) -> float:
    """Return the share of images whose label is among the k classes of highest probability."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]  # of equals, the first
    return float((best == labels[:, None]).any(axis=1).mean())
