"""The loop as one writes it at first: tensors, a shuffled index, the loss read at each step."""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from contestants import network


def prepare(images: np.ndarray, labels: np.ndarray) -> Callable[[], None]:
    """Return an epoch."""
    model = network.build()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    pictures, targets = network.normalized(images), torch.from_numpy(labels)

    def train() -> None:
        total_loss, correct = 0.0, 0
        order = torch.randperm(len(pictures))
        for start in range(0, len(pictures), 64):
            index = order[start : start + 64]
            x, y = pictures[index], targets[index]
            logits = model(x)
            loss = functional.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(y)
            correct += (logits.argmax(dim=1) == y).sum().item()

    return train
