"""How well a network reads a set of labelled pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from digitnet import metrics


@dataclass(frozen=True)
class Confusion:
    """How often one class was taken for another."""

    label: int
    prediction: int
    count: int


@dataclass(frozen=True)
class Mistake:
    """A picture that was read wrong: its index in the set, and with what confidence."""

    index: int
    label: int
    prediction: int
    confidence: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Figures on a labelled set. `loss, accuracy = evaluation` works, as in Keras.

    Attributes:
        loss: Mean cross-entropy in nats.
        accuracy: Share of pictures read right, in [0, 1].
        classes: The classes' names.
        labels: int64 (N,), what was right.
        predictions: int64 (N,), what was read.
        confidences: float32 (N,), probability of the class that was read.
    """

    loss: float
    accuracy: float
    classes: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    predictions: npt.NDArray[np.int64]
    confidences: npt.NDArray[np.float32]

    def __iter__(self) -> Iterator[float]:
        yield self.loss
        yield self.accuracy

    def __repr__(self) -> str:
        return (
            f"Evaluation(loss={self.loss:.4f}, accuracy={self.accuracy:.4f}, "
            f"{len(self.labels):,} pictures)"
        )

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """Counts by label (row) and prediction (column), int64 (C, C)."""
        return self._confusion().numpy()

    @property
    def per_class(self) -> npt.NDArray[np.float64]:
        """Accuracy of each class, float64 (C,); NaN for a class without pictures."""
        return metrics.per_class_accuracy(self._confusion()).numpy()

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """Pictures of each class, int64 (C,)."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def most_confused(self, limit: int = 5) -> list[Confusion]:
        """Return the commonest confusions, the commonest first."""
        wrong = self.confusion
        np.fill_diagonal(wrong, 0)
        commonest = np.argsort(-wrong, axis=None, kind="stable")[:limit]
        rows, columns = np.unravel_index(commonest, wrong.shape)
        return [
            Confusion(int(label), int(prediction), int(wrong[label, prediction]))
            for label, prediction in zip(rows, columns, strict=True)
            if wrong[label, prediction]
        ]

    def mistakes(self, limit: int | None = None) -> list[Mistake]:
        """Return the pictures that were read wrong, the most confident mistake first."""
        wrong = np.flatnonzero(self.labels != self.predictions)
        worst = wrong[np.argsort(-self.confidences[wrong], kind="stable")][:limit]
        return [
            Mistake(
                int(i), int(self.labels[i]), int(self.predictions[i]), float(self.confidences[i])
            )
            for i in worst
        ]

    def _confusion(self) -> Tensor:
        labels, predictions = torch.from_numpy(self.labels), torch.from_numpy(self.predictions)
        return metrics.confusion_matrix(labels, predictions, len(self.classes))


def evaluate(
    model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], classes: tuple[str, ...]
) -> Evaluation:
    """Evaluate a network in float32, in evaluation mode.

    Args:
        model: Maps pictures to logits (N, C).
        batches: Pairs of pictures and labels (N,), on the model's device.
        classes: The classes' names.
    """
    losses, labels, predictions, confidences = [], [], [], []
    with inference(model):
        for x, y in batches:
            logits = model(x).float()
            confidence, prediction = logits.softmax(dim=1).max(dim=1)
            losses.append(functional.cross_entropy(logits, y, reduction="none"))
            labels.append(y)
            predictions.append(prediction)
            confidences.append(confidence)
    all_labels, all_predictions = torch.cat(labels).cpu(), torch.cat(predictions).cpu()
    return Evaluation(
        loss=float(torch.cat(losses).cpu().double().mean()),
        accuracy=float((all_labels == all_predictions).double().mean()),
        classes=classes,
        labels=all_labels.numpy(),
        predictions=all_predictions.numpy(),
        confidences=torch.cat(confidences).cpu().numpy(),
    )


@contextmanager
def inference(model: nn.Module) -> Iterator[None]:
    """Compute without gradients and in evaluation mode; training mode comes back after."""
    was_training = model.training
    if was_training:
        model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        if was_training:
            model.train()
