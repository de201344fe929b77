"""Networks that several tests train."""

from __future__ import annotations

from torch import nn


def tiny() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
