"""What most tutorials do: torchvision's MNIST and transforms, a DataLoader, a loop."""

import struct
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from contestants import network

_FOLDER = TemporaryDirectory()  # torchvision reads MNIST's files from a folder


def prepare(
    images: np.ndarray, labels: np.ndarray, model: nn.Module | None = None
) -> Callable[[], None]:
    """Return an epoch of a new network, or of the one given; calling it again trains on."""
    model = model or network.build()
    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    )
    _write_files(images, labels)
    data = datasets.MNIST(_FOLDER.name, train=True, transform=transform)
    loader = DataLoader(data, batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def train() -> None:
        model.train()
        total_loss, correct = 0.0, 0
        for x, y in loader:
            optimizer.zero_grad()
            logits = model(x)
            loss = functional.cross_entropy(logits, y)
            loss.backward()
            optimizer.step()
            total_loss += loss.item()
            correct += (logits.argmax(dim=1) == y).sum().item()

    return train


def _write_files(images: np.ndarray, labels: np.ndarray) -> None:
    raw = Path(_FOLDER.name, "MNIST", "raw")
    raw.mkdir(parents=True, exist_ok=True)
    for part in ("train", "t10k"):
        pictures = struct.pack(">4i", 2051, *images.shape) + images.tobytes()
        (raw / f"{part}-images-idx3-ubyte").write_bytes(pictures)
        names = struct.pack(">2i", 2049, len(labels)) + labels.astype(np.uint8).tobytes()
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(names)
