"""Digits cut out of real handwriting, each with its writer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from digitnet.errors import InvalidInputError

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Handwriting:
    """Digits of several writers, so that a number can be composed of one writer's digits.

    Attributes:
        images: One uint8 (H, W) a digit, light ink on dark, of any size.
        labels: int64 (N,), 0 to 9.
        writers: int64 (N,), the same number for the same writer.
        name: What the collection is called.

    Raises:
        InvalidInputError: The three differ in length, there is no digit, or a label is not 0 to 9.
    """

    images: Sequence[Image]
    labels: npt.NDArray[np.int64]
    writers: npt.NDArray[np.int64]
    name: str

    def __post_init__(self) -> None:
        counts = (len(self.images), len(self.labels), len(self.writers))
        if len(set(counts)) > 1 or not counts[0]:
            raise InvalidInputError(
                f"Expected as many images as labels and writers, at least one; received {counts}."
            )
        if self.labels.min() < 0 or self.labels.max() > 9:
            raise InvalidInputError(
                "Expected labels in 0..9; received "
                f"{int(self.labels.min())}..{int(self.labels.max())}."
            )

    def __len__(self) -> int:
        return len(self.images)

    def of_writers(self, writers: Collection[int]) -> Handwriting:
        """Return the digits of some of the writers."""
        (kept,) = np.nonzero(np.isin(self.writers, list(writers)))
        images = [self.images[index] for index in kept.tolist()]
        return Handwriting(images, self.labels[kept], self.writers[kept], self.name)

    def draw(self, count: int, rng: Generator) -> npt.NDArray[np.int64]:
        """Return indices of digits of one writer: each writer is as likely, then each class."""
        everyone = np.unique(self.writers)
        (own,) = np.nonzero(self.writers == everyone[rng.integers(len(everyone))])
        labels = self.labels[own]
        classes = np.unique(labels)
        wanted = classes[rng.integers(len(classes), size=count)]
        return np.array([rng.choice(own[labels == label]) for label in wanted])
