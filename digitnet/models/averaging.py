"""Averaged weights."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def move_average(averaged: nn.Module, trained: nn.Module, kept: float, *, step: int) -> None:
    """Move averaged weights towards trained ones; buffers are taken over.

    It is an exponential moving average (Polyak and Juditsky, 1992). After few steps less than
    `kept` of it is kept, as that alone would leave little but the first weights in it: at most
    (1 + step) / (10 + step), as TensorFlow's ExponentialMovingAverage does.
    """
    kept = min(kept, (1 + step) / (10 + step))
    for mean, weight in zip(averaged.parameters(), trained.parameters(), strict=True):
        mean.lerp_(weight, 1 - kept)
    for own, value in zip(averaged.buffers(), trained.buffers(), strict=True):
        own.copy_(value)
