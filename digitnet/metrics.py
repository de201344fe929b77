"""Tensors to figures: running loss and accuracy, confusion matrix, channel statistics."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_BYTES_AT_ONCE = 2**22  # counted at a time, so that no copy of all is made


class RunningMetrics:
    """Loss and accuracy of the steps of one epoch.

    Recording costs no synchronisation: the figures stay on the device until asked for.
    """

    def __init__(self, steps: int, device: torch.device) -> None:
        self._losses = torch.zeros(steps, dtype=torch.float32, device=device)
        self._correct = torch.zeros(steps, dtype=torch.int64, device=device)
        self._sizes = torch.zeros(steps, dtype=torch.int64)
        self._recorded = 0

    def record(self, loss: Tensor, correct: Tensor, n_images: int) -> None:
        """Add a step of so many images: its mean loss () and how many were read right ()."""
        self._losses[self._recorded] = loss
        self._correct[self._recorded] = correct
        self._sizes[self._recorded] = n_images
        self._recorded += 1

    def read(self) -> tuple[float, float]:
        """Return the mean loss and the accuracy over the images so far; NaN before any."""
        sizes = self._sizes[: self._recorded].double()  # the last batch may be smaller
        losses = self._losses[: self._recorded].cpu().double()
        correct = int(self._correct[: self._recorded].sum())
        total = float(sizes.sum()) or float("nan")
        return float((losses * sizes).sum()) / total, correct / total

    @property
    def n_images(self) -> int:
        """Images so far."""
        return int(self._sizes[: self._recorded].sum())

    def state_dict(self) -> dict[str, Tensor]:
        """Return the figures so far."""
        done = slice(self._recorded)
        return {
            "losses": self._losses[done],
            "correct": self._correct[done],
            "sizes": self._sizes[done],
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from there."""
        self._recorded = len(state["sizes"])
        done = slice(self._recorded)
        self._losses[done], self._correct[done] = state["losses"], state["correct"]
        self._sizes[done] = state["sizes"]

    def first_bad_step(self) -> int | None:
        """Return the first step whose loss was not finite, counted from 0."""
        bad = (~self._losses[: self._recorded].isfinite()).nonzero()
        return int(bad[0]) if len(bad) else None


def confusion_matrix(labels: Tensor, predictions: Tensor, classes: int) -> Tensor:
    """Count images by label (row) and prediction (column), int64 (C, C), of two int64 (N,)."""
    cells = labels * classes + predictions
    return torch.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def per_class_accuracy(confusion: Tensor) -> Tensor:
    """Return the share of each class that was read right, float64 (C,); NaN without images."""
    return confusion.diagonal().double() / confusion.sum(dim=1)


def precision_recall_f1(confusion: Tensor) -> Tensor:
    """Return precision, recall and F1 of each class of a confusion matrix, float64 (3, C).

    They are 0 where a class has no predictions, no images, or neither.
    """
    right = confusion.diagonal().double()
    predicted, labelled = confusion.sum(dim=0), confusion.sum(dim=1)
    counts = torch.stack([predicted, labelled, predicted + labelled])
    factors = torch.tensor([[1], [1], [2]])
    return factors * right / counts.clamp(min=1)


def channel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of each channel, float32 (C,), of images (N, C, H, W) in 0..1.

    The images are uint8, and scaled here. The deviation is at least 1/255, one grey level, so that
    a channel of one value can be divided by it.
    """
    levels = torch.arange(256, dtype=torch.float64) / 255
    # a histogram holds the same figures as the pixels, without a float copy of them
    histograms = torch.zeros(images.shape[1], 256, dtype=torch.int64)
    for part in images.split(max(1, _BYTES_AT_ONCE // images[:1].numel())):
        for histogram, channel in zip(histograms, part.unbind(1), strict=True):
            histogram += torch.bincount(channel.flatten(), minlength=256)
    shares = histograms.double() / (images.numel() // images.shape[1])
    mean = shares @ levels
    variance = (shares * (levels - mean[:, None]) ** 2).sum(dim=1)
    return mean.float(), variance.sqrt().clamp(min=1 / 255).float()
