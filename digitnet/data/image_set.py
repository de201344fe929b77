"""Labelled images of one size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, overload

import torch
from torch import Tensor
from torch.utils.data import Dataset

from digitnet.data.spool import taken
from digitnet.errors import InvalidInputError
from digitnet.execution import with_own_settings
from digitnet.randomness import SPLIT, derive_seed, permutation

DIGITS = tuple("0123456789")
"""The classes of every set of digits."""

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""


@dataclass(frozen=True, eq=False)
class ImageSet(Dataset[tuple[Tensor, int]]):
    """Labelled images. Treat it as immutable, its tensors too.

    `len` and an integer index work as in a torch `Dataset`; a slice, a mask or a tensor
    of indices gives an `ImageSet`.

    Attributes:
        images: uint8 (N, C, H, W).
        labels: int64 (N,), indices into `classes`.
        classes: The classes' names.
        name: What the set is called.
        weights: float32 (N,), what each image counts in a loss, as the `sample_weight` of `fit`;
            `None` where all count 1.

    Raises:
        InvalidInputError: Shapes, types or labels do not fit together.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    name: str = "unnamed"
    weights: Tensor | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", checked_classes(self.classes))
        for name in ("images", "labels"):
            if not isinstance(values := getattr(self, name), Tensor):
                raise InvalidInputError(
                    f"Expected {name} as a tensor; received {type(values).__name__}. "
                    f"Convert them: torch.as_tensor({name})."
                )
        if self.images.dtype != torch.uint8 or self.images.ndim != 4:
            raise InvalidInputError(
                "Expected images of shape (N, C, H, W) and type uint8; received "
                f"{tuple(self.images.shape)}, {self.images.dtype}."
            )
        if self.labels.dtype != torch.int64 or self.labels.shape != self.images.shape[:1]:
            raise InvalidInputError(
                f"Expected labels of shape ({len(self.images)},) and type int64; received "
                f"{tuple(self.labels.shape)}, {self.labels.dtype}."
            )
        if len(self.labels) and not (
            int(self.labels.min()) >= 0 and int(self.labels.max()) < len(self.classes)
        ):
            raise InvalidInputError(
                f"Expected labels in 0..{len(self.classes) - 1}, one for each of the "
                f"{len(self.classes)} classes; received {int(self.labels.min())}.."
                f"{int(self.labels.max())}."
            )

        weights = self.weights
        if weights is not None and (
            weights.dtype != torch.float32 or weights.shape != self.labels.shape
        ):
            raise InvalidInputError(
                f"Expected weights of shape ({len(self.images)},) and type float32; received "
                f"{tuple(weights.shape)}, {weights.dtype}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: int) -> tuple[Tensor, int]: ...
    @overload
    def __getitem__(self, index: slice | Tensor) -> ImageSet: ...
    def __getitem__(self, index: int | slice | Tensor) -> tuple[Tensor, int] | ImageSet:
        if isinstance(index, slice):
            return self._part(self.images[index], index)
        if isinstance(index, Tensor) and index.ndim == 1:
            return self._part(taken(self.images, index), index)
        return self.images[index], int(self.labels[index])

    def _part(self, images: Tensor, index: slice | Tensor) -> ImageSet:
        weights = None if self.weights is None else self.weights[index]
        return replace(self, images=images, labels=self.labels[index], weights=weights)

    def __repr__(self) -> str:
        size = "x".join(map(str, self.images.shape[1:]))
        return f"ImageSet({self.name}: {len(self):,} pictures {size}, {len(self.classes)} classes)"

    @property
    def class_counts(self) -> Tensor:
        """Images of each class, int64 (C,)."""
        return torch.bincount(self.labels, minlength=len(self.classes))

    @with_own_settings
    def split(self, fraction: float, *, seed: int) -> tuple[ImageSet, ImageSet]:
        """Divide the set at random, keeping each class's share in both parts.

        Args:
            fraction: Share of the second part, in (0, 1). Of each class it gets the
                nearest whole number of images, at least 1 and not all.
            seed: The same seed gives the same parts.

        Returns:
            The larger rest and the part split off, each in the set's own order.

        Raises:
            InvalidInputError: The fraction is out of range, or a class has one image.
        """
        if not 0 < fraction < 1:
            raise InvalidInputError(
                f"Expected the fraction to split off to be between 0 and 1; received {fraction!r}."
            )
        split_off = torch.zeros(len(self), dtype=torch.bool)
        for label, count in enumerate(self.class_counts.tolist()):
            if count == 1:
                raise InvalidInputError(
                    f"Expected at least 2 pictures of each class to split; class "
                    f"'{self.classes[label]}' has 1. Add pictures of it, or leave it out."
                )
            if count:
                taken = min(max(round(fraction * count), 1), count - 1)
                order = permutation(count, derive_seed(seed, SPLIT, label))
                split_off[(self.labels == label).nonzero()[order[:taken], 0]] = True
        return self[~split_off], self[split_off]


def checked_classes(classes: Any) -> tuple[str, ...]:
    """Return the names of at least two classes, no two alike."""
    listed = isinstance(classes, Iterable) and not isinstance(classes, str)
    names = tuple(classes) if listed else ()
    if len(names) < 2 or len(set(names)) < len(names) or not all(type(n) is str for n in names):
        raise InvalidInputError(
            f"Expected classes to be the different names of at least 2; received {classes!r}."
        )
    return names
