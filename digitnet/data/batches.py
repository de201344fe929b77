"""Images in memory, handed out by index."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property

import torch
from torch import Tensor

from digitnet.data.image_set import ImageSet
from digitnet.objectives import Weighted


def fingerprint(images: Tensor, *labels: Tensor) -> str:
    """Return the shape and the SHA-256 of images and, if given, labels, as text."""
    digest = hashlib.sha256()
    for tensor in (images, *labels):
        digest.update(tensor.cpu().contiguous().numpy().data)
    return f"{tuple(images.shape)} {images.dtype} {digest.hexdigest()}"


class Batches:
    """An image set on a device, in batches; each is one index operation.

    The set is copied to the device once, or a batch at a time where it would take more than half of
    the device's free memory. In `shuffled`, a last batch of fewer than `least` images is joined to
    the one before.
    """

    def __init__(
        self, images: ImageSet, batch_size: int, device: torch.device, *, least: int = 1
    ) -> None:
        self.classes = images.classes
        self._device = device
        fits = (
            device.type != "cuda" or images.images.numel() * 2 < torch.cuda.mem_get_info(device)[0]
        )
        self._images, self.labels = (
            tensor.to(device) if fits else tensor for tensor in (images.images, images.labels)
        )
        self.weights = None if images.weights is None else images.weights.to(self.labels.device)
        self.batch_size = batch_size
        self._least = least

    @property
    def n_images(self) -> int:
        """Images in all."""
        return len(self.labels)

    def __len__(self) -> int:
        return 1 + len(self._starts(self.n_images))

    @cached_property
    def unweighted_fingerprint(self) -> str:
        """Shape and SHA-256 of all images and labels."""
        return fingerprint(self._images, self.labels)

    @property
    def fingerprint(self) -> str:
        """The same, and those of the weights, if any."""
        if self.weights is None:
            return self.unweighted_fingerprint
        return f"{self.unweighted_fingerprint}, weights {fingerprint(self.weights)}"

    def unlabelled(self, part: slice = slice(None)) -> Iterator[Tensor]:
        """Yield the images of a part of the set as they lie, uint8 (B, C, H, W)."""
        images = self._images[part]
        if len(images):  # split would give one empty batch
            for x in images.split(self.batch_size):
                yield x.to(self._device)

    def shuffled(
        self, order: Tensor, share: Callable[[int], slice] = slice
    ) -> Iterator[tuple[Tensor, Tensor | Weighted, int]]:
        """Yield images and labels (B,), with weights if there are any, and the size of their batch.

        Of each batch of `order`, indices int64 (N,), `share` of its size says which part to yield.
        """
        if not len(order):  # split would give one empty batch
            return
        for batch in order.to(self._images.device).tensor_split(self._starts(len(order))):
            index = batch[share(len(batch))]
            x, y = self._images[index].to(self._device), self.labels[index].to(self._device)
            if self.weights is None:
                yield x, y, len(batch)
            else:
                yield x, Weighted(y, self.weights[index].to(self._device)), len(batch)

    def _starts(self, count: int) -> tuple[int, ...]:
        """Return where each batch of so many images begins, but the first."""
        return tuple(range(self.batch_size, count - self._least + 1, self.batch_size))
