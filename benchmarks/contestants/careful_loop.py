"""The best loop that we can write by hand, with nothing but what an epoch needs.

uint8 pictures by index, channels last, pooling before ReLU, fused Adam, figures read once.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def prepare(images: np.ndarray, labels: np.ndarray, variant: str) -> Callable[[], None]:
    """Return an epoch in the precision `variant`, "float32" or "bfloat16".

    With "+compile" after it, by torch.compile: built beforehand on two batches, one as small as
    the last one of the epoch.
    """
    precision, _, compiled = variant.partition("+")
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    ).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    forward = torch.compile(model, dynamic=False) if compiled else model
    pictures, targets = torch.from_numpy(images)[:, None], torch.from_numpy(labels)

    def train(count: int = len(pictures)) -> None:
        losses, correct = [], []
        order = torch.randperm(count)
        for index in order.split(64):
            x, y = pictures[index], targets[index]
            x = x.float().div_(255).sub_(0.1307).div_(0.3081)
            x = x.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                logits = forward(x)
            loss = functional.cross_entropy(logits.float(), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            correct.append((logits.argmax(dim=1) == y).sum())
        torch.stack(losses).mean().item(), torch.stack(correct).sum().item()

    if compiled:
        train(64 + len(pictures) % 64)
    return train
