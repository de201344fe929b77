"""Averaged weights."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def move_average(averaged: nn.Module, trained: nn.Module, kept: float, *, step: int) -> None:
    """Move averaged weights towards trained ones; buffers are taken over.

    Args:
        averaged: Holds the exponential moving average (Polyak and Juditsky, 1992).
        trained: The network in training.
        kept: The share of the average that is kept.
        step: Steps done before. In the first steps less is kept, as `kept` alone would
            leave little but the first weights in the average: at most
            (1 + step) / (10 + step), as TensorFlow's ExponentialMovingAverage does.
    """
    kept = min(kept, (1 + step) / (10 + step))
    for mean, weight in zip(averaged.parameters(), trained.parameters(), strict=True):
        mean.lerp_(weight, 1 - kept)
    for own, value in zip(averaged.buffers(), trained.buffers(), strict=True):
        own.copy_(value)
