"""The loop that trains the small networks of the path of pictures."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from digitnet.models.averaging import move_average


def train(
    network: nn.Module,
    loss_of: Callable[[Tensor], Tensor],
    count: int,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    averaging: float,
) -> nn.Module:
    """Train a network in place, and return another with its weights averaged over the last steps.

    Args:
        network: It has its first weights.
        loss_of: The loss of a batch, from the places of its pictures.
        count: Pictures there are.
        epochs: How often each is seen.
        batch_size: Pictures of a step.
        learning_rate: The highest of one cycle.
        weight_decay: AdamW's.
        averaging: Share of the average that each step keeps.
    """
    averaged = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), learning_rate, weight_decay=weight_decay)
    steps = epochs * math.ceil(count / batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=steps, pct_start=0.15
    )
    for step in range(steps):
        if step * batch_size % count < batch_size:
            order = torch.randperm(count)
        batch = order[torch.arange(step * batch_size, (step + 1) * batch_size) % count]
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        move_average(averaged, network, averaging, step=step)
        if step % 100 == 99 or step == steps - 1:
            print(f"step {step + 1:,} of {steps:,}: loss {loss.detach():.4f}", flush=True)
    return averaged
