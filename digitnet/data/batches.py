"""Pictures in memory, handed out by index."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from digitnet.data.image_set import ImageSet


class Batches:
    """An image set on a device, in batches; each is one index operation.

    Args:
        images: The set; it is copied to the device once.
        batch_size: Pictures a batch; the last one may be smaller.
        device: Where the batches are needed.

    Attributes:
        labels: All labels as they lie, int64 (N,).
        classes: The classes' names.
    """

    def __init__(self, images: ImageSet, batch_size: int, device: torch.device) -> None:
        self.classes = images.classes
        self._images = images.images.to(device)
        self.labels = images.labels.to(device)
        self._batch_size = batch_size

    @property
    def pictures(self) -> int:
        """Pictures in all."""
        return len(self.labels)

    def __len__(self) -> int:
        return -(-self.pictures // self._batch_size)

    def unlabelled(self) -> Iterator[Tensor]:
        """Yield the pictures as they lie, uint8 (B, C, H, W)."""
        yield from self._images.split(self._batch_size)

    def shuffled(self, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield pictures and labels (B,) in the order of the indices, int64 (N,)."""
        for index in order.to(self._images.device).split(self._batch_size):
            yield self._images[index], self.labels[index]
