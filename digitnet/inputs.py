"""What a classifier is given to train on and to evaluate: images, folders, data sets."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader

from digitnet.arguments import check_validation
from digitnet.data.coercion import to_image_set, to_images
from digitnet.data.image_set import ImageSet, Shape
from digitnet.data.weights import check_not_all_zero, to_weights
from digitnet.datasets.image_folder import image_folder
from digitnet.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Bring what users pass to uint8 images and int64 labels, or refuse it as `fit` says.

    `seed` is what data sets and a validation split draw from; `notice` is called with the images,
    uint8 (N, C, H, W), to warn of odd ones.
    """

    classes: tuple[str, ...]
    input_shape: Shape
    seed: int
    notice: Callable[[Tensor], None]

    def images(self, x: Any) -> Tensor:
        """Return images, uint8 (N, C, H, W), of what `predict` takes."""
        images = to_images(x, input_shape=self.input_shape, seed=self.seed)
        self.notice(images)
        return images

    def labelled(self, x: Any, y: Any = None, sample_weight: Any = None) -> ImageSet:
        """Return the images and labels of what `fit` takes, with their weights, if any."""
        if isinstance(x, DataLoader) and sample_weight is not None:
            raise InvalidInputError(
                "Expected arrays, an ImageSet or a Dataset with sample_weight; received a "
                "DataLoader, which may shuffle. Pass its dataset: loader.dataset."
            )
        if isinstance(x, (str, os.PathLike)) and y is None:
            x = image_folder(x, mode="RGB" if self.input_shape[0] == 3 else None)
        images = to_image_set(
            x, y, classes=self.classes, input_shape=self.input_shape, seed=self.seed
        )
        self.notice(images.images)
        if sample_weight is None:
            return images
        return replace(images, weights=to_weights(sample_weight, count=len(images)))

    def training(
        self,
        x: Any,
        y: Any,
        validation_data: Any,
        validation_split: float,
        sample_weight: Any = None,
    ) -> tuple[ImageSet, ImageSet | None]:
        """Return what to train on, and what to validate on, if anything."""
        check_validation(x, validation_data, validation_split)
        train = self.labelled(x, y, sample_weight)
        if validation_split:
            parts = train.split(validation_split, seed=self.seed)
            for part, name in zip(parts, ("the training part", "the held-out part"), strict=True):
                if part.weights is not None:
                    check_not_all_zero(part.weights, name)
            return parts
        if validation_data is None:
            return train, None
        return train, self.set_or_parts(validation_data)

    def set_or_parts(self, data: Any) -> ImageSet:
        """Return the images and labels of a set, or of (x, y) or (x, y, sample_weight)."""
        return self.labelled(*(data if isinstance(data, (tuple, list)) else (data,)))
