"""Train on three times the memory that the process may take; print what was held."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import Dataset

from digitnet import ImageClassifier

SHAPE = (3, 64, 64)
ROOM = 192 * 2**20  # bytes beside what Python and torch take
PICTURES = 3 * ROOM // (3 * 64 * 64)
BATCH = 256


class Drawn(Dataset):
    """Light pictures and dark ones, drawn when they are asked for."""

    def __len__(self):
        return PICTURES

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        noise = torch.randint(100, SHAPE, generator=generator, dtype=torch.uint8)
        return noise + index % 2 * 100, index % 2


def held(kind: str) -> int:
    """Return bytes of this process, as Linux counts them."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if kind in line)
    return int(line.split()[1]) * 1024


def main() -> None:
    """Train under a limit, and show that it is one."""
    network = nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(192, 2))
    classifier = ImageClassifier(network, classes=["dark", "light"], input_shape=SHAPE, seed=0)
    classifier.fit(torch.randint(256, (64, *SHAPE), dtype=torch.uint8), [0, 1] * 32, verbose=0)
    limit = held("VmData") + ROOM
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        torch.zeros(PICTURES, *SHAPE, dtype=torch.uint8)
        fits = True
    except RuntimeError:
        fits = False
    history = classifier.fit(Drawn(), epochs=1, batch_size=BATCH, validation_split=0.1, verbose=0)
    accuracy = history[-1].val_accuracy
    json.dump({"fits": fits, "pictures": PICTURES, "accuracy": accuracy}, sys.stdout)


if __name__ == "__main__":
    main()
