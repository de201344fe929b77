"""The report's network and normalisation, as one writes them by hand."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


def build() -> nn.Sequential:
    """Return it in the order that the report prints."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )


def normalized(images: np.ndarray) -> Tensor:
    """Return uint8 (N, 28, 28) as float32 (N, 1, 28, 28)."""
    return (torch.from_numpy(images)[:, None].float() / 255 - 0.1307) / 0.3081
