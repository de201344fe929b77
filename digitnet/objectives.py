"""What a training minimises."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from torch import Tensor
from torch.nn import functional

Forward: TypeAlias = Callable[[Tensor], Any]
Objective: TypeAlias = Callable[[Forward, Tensor, Any], tuple[Tensor, Tensor]]
"""Called with the network, a batch's inputs (B, ...) and its targets; returns the mean loss () with
its gradient, and how many of the batch are right ()."""
LossFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Called with logits, float32 (N, C), and labels, int64 (N,); returns losses (N,)."""


class Weighted(NamedTuple):
    """Labels, int64 (B,), and what each image counts in the mean of the losses, float32 (B,)."""

    labels: Tensor
    weights: Tensor


def cross_entropy(*, class_weight: Tensor | None = None, label_smoothing: float = 0.0) -> Objective:
    """Return the objective of classifiers; `mean_of` says what `class_weight` is."""
    losses = partial(functional.cross_entropy, label_smoothing=label_smoothing)
    return mean_of(partial(losses, reduction="none"), class_weight=class_weight, unweighted=losses)


def mean_of(
    losses: LossFunction,
    *,
    class_weight: Tensor | None = None,
    unweighted: LossFunction | None = None,
) -> Objective:
    """Return the objective that is the mean of the losses of a batch's images.

    Targets are labels or `Weighted` labels. In Keras's meaning, the mean is the sum of the weighted
    losses over the number of images, and not over the sum of the weights.

    Args:
        losses: Returns the loss of each image.
        class_weight: What each class counts, float32 (C,).
        unweighted: Returns their mean () where all count alike, in one kernel, if there is one.
    """

    def objective(model: Forward, x: Tensor, y: Tensor | Weighted) -> tuple[Tensor, Tensor]:
        logits = model(x).float()
        labels, weights = y if isinstance(y, Weighted) else (y, None)
        correct = (logits.detach().argmax(dim=1) == labels).sum()
        if unweighted is not None and class_weight is None and weights is None:
            return unweighted(logits, labels), correct
        found = losses(logits, labels)
        if class_weight is not None:
            found = found * class_weight[labels]
        if weights is not None:
            found = found * weights
        return found.mean(), correct

    return objective
