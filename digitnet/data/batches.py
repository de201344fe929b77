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
    """

    def __init__(self, images: ImageSet, batch_size: int, device: torch.device) -> None:
        self.classes = images.classes
        self._images = images.images.to(device)
        self._labels = images.labels.to(device)
        self._batch_size = batch_size

    @property
    def pictures(self) -> int:
        """Pictures in all."""
        return len(self._labels)

    def __len__(self) -> int:
        return -(-self.pictures // self._batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the pictures (B, C, H, W) uint8 and labels (B,) int64 as they lie."""
        yield from zip(
            self._images.split(self._batch_size), self._labels.split(self._batch_size), strict=True
        )

    def shuffled(self, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield them in the order of the indices, int64 (N,)."""
        for index in order.to(self._images.device).split(self._batch_size):
            yield self._images[index], self._labels[index]
