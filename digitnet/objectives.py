"""What a training minimises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from torch import Tensor
from torch.nn import functional

Forward: TypeAlias = Callable[[Tensor], Any]
Objective: TypeAlias = Callable[[Forward, Tensor, Any], tuple[Tensor, Tensor]]
"""Called with the network, a batch's inputs (B, ...) and its targets; returns the mean loss () with
its gradient, and how many of the batch are right ()."""


def cross_entropy(*, class_weight: Tensor | None = None, label_smoothing: float = 0.0) -> Objective:
    """Return the objective of classifiers.

    Args:
        class_weight: What each class counts, float32 (C,), in Keras's meaning: the sum of the
            weighted losses over the number of images.
        label_smoothing: Share of the target that is spread evenly over all classes, in [0, 1).
    """

    def objective(model: Forward, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        logits = model(x).float()
        correct = (logits.detach().argmax(dim=1) == y).sum()
        if class_weight is None:
            loss = functional.cross_entropy(logits, y, label_smoothing=label_smoothing)
            return loss, correct
        losses = functional.cross_entropy(
            logits, y, label_smoothing=label_smoothing, reduction="none"
        )
        return (losses * class_weight[y]).mean(), correct

    return objective
