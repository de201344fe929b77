"""What a classifier is measured by: its loss, and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from digitnet.errors import InvalidInputError
from digitnet.named_metrics import Metric, checked_metrics, name_of
from digitnet.objectives import LossFunction, Objective, cross_entropy, mean_of
from digitnet.randomness import isolated

Loss: TypeAlias = Literal["cross_entropy"] | LossFunction

_IMAGES_AT_ONCE = 4096  # images; bounds the memory that a loss takes


@dataclass(frozen=True, kw_only=True, eq=False)
class Measures:
    """The loss and the metrics of a classifier; `device` is where the loss computes."""

    loss: Loss = "cross_entropy"
    metrics: tuple[Metric, ...] = ()
    device: str | torch.device = "cpu"

    @classmethod
    def checked(cls, *, loss: Any, metrics: Any, classes: int, device: torch.device) -> Measures:
        """Return the measures that `ImageClassifier` was given, or raise `InvalidInputError`."""
        if not isinstance(loss, str) or loss != "cross_entropy":
            _try_loss(loss, classes, device)
        return cls(loss=loss, metrics=checked_metrics(metrics, classes=classes), device=device)

    @property
    def loss_name(self) -> str:
        """What files call the loss."""
        return self.loss if isinstance(self.loss, str) else name_of(self.loss)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What results and files call the metrics."""
        return tuple(metric.name for metric in self.metrics)

    def objective(self, *, class_weight: Tensor | None, label_smoothing: float) -> Objective:
        """Return what a training minimises; the arguments are those of `cross_entropy`."""
        if isinstance(self.loss, str):
            return cross_entropy(class_weight=class_weight, label_smoothing=label_smoothing)
        return mean_of(self.loss, class_weight=class_weight)

    def mean_loss(self, logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> float:
        """Return the mean of the weighted losses, over the number of images, all on the CPU.

        Logits are float32 (N, C), labels int64 (N,), weights float32 (N,), or `None` for 1 each.
        """
        if isinstance(self.loss, str):
            losses = functional.cross_entropy(logits.double(), labels, reduction="none")
        else:
            parts = zip(logits.split(_IMAGES_AT_ONCE), labels.split(_IMAGES_AT_ONCE), strict=True)
            with torch.no_grad():
                found = [self.loss(x.to(self.device), y.to(self.device)).cpu() for x, y in parts]
            losses = torch.cat(found).double()
        return float((losses if weights is None else losses * weights).mean())


def _try_loss(loss: Any, classes: int, device: torch.device) -> None:
    """Raise `InvalidInputError` unless a loss computes what a training needs."""
    if not callable(loss) or isinstance(loss, type) or name_of(loss) == "cross_entropy":
        raise InvalidInputError(
            "Expected loss to be 'cross_entropy', which is the default, or a function of another "
            "name from logits (N, C) and labels (N,) to losses (N,), as the instance "
            f"torch.nn.CrossEntropyLoss(reduction='none'); received {loss!r}."
        )
    count = classes + 1  # so that the two axes differ
    logits = torch.linspace(-1, 1, count * classes, device=device, dtype=torch.float32)
    labels = torch.arange(count, device=device) % classes
    try:
        with isolated(device):
            losses = loss(logits.view(count, classes).requires_grad_(), labels)
    except Exception as error:
        raise InvalidInputError(
            f"Expected loss(logits, labels) of float32 ({count}, {classes}) and int64 ({count},) "
            f"on {device}; {name_of(loss)} raised {type(error).__name__}: {error}. Try it: "
            f"loss(torch.zeros({count}, {classes}), torch.arange({count}) % {classes})."
        ) from error
    shape = tuple(losses.shape) if isinstance(losses, Tensor) else type(losses).__name__
    if shape == (count,) and losses.is_floating_point() and losses.requires_grad:
        return
    remedy = "Compute them from the logits with torch, without detach, argmax or NumPy."
    if shape == ():
        remedy = "Leave the mean out: torch's own losses take reduction='none'."
    elif shape != (count,) and shape[:1] == (count,):
        remedy = "Take the mean over the other axes: losses.flatten(1).mean(dim=1)."
    raise InvalidInputError(
        f"Expected {name_of(loss)} to return a loss with a gradient for each of {count} pictures, "
        f"({count},); received {shape}. {remedy}"
    )
