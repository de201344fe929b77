"""What a classifier is given to train on and to evaluate: pictures, folders, data sets."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from digitnet.arguments import check_validation
from digitnet.data.coercion import to_image_set, to_images
from digitnet.data.image_set import ImageSet, Shape
from digitnet.datasets.image_folder import image_folder


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Bring what users pass to uint8 images and int64 labels.

    Args:
        classes: The classes that labels must fit.
        input_shape: Channels, height and width that images must have.
        seed: What data sets draw from, and a validation split.
        notice: Called with the images, uint8 (N, C, H, W), to warn of odd ones.
    """

    classes: tuple[str, ...]
    input_shape: Shape
    seed: int
    notice: Callable[[Tensor], None]

    def images(self, x: Any) -> Tensor:
        """Return images, uint8 (N, C, H, W), of what `predict` takes.

        Raises:
            InvalidInputError: It is something else.
        """
        images = to_images(x, input_shape=self.input_shape, seed=self.seed)
        self.notice(images)
        return images

    def labelled(self, x: Any, y: Any = None) -> ImageSet:
        """Return the images and labels of what `fit` takes.

        Raises:
            InvalidInputError: It is something else.
            DatasetUnavailableError: There is no such folder, or no picture in it.
        """
        if isinstance(x, (str, os.PathLike)) and y is None:
            x = image_folder(x, mode="RGB" if self.input_shape[0] == 3 else None)
        images = to_image_set(
            x, y, classes=self.classes, input_shape=self.input_shape, seed=self.seed
        )
        self.notice(images.images)
        return images

    def training(
        self, x: Any, y: Any, validation_data: Any, validation_split: float
    ) -> tuple[ImageSet, ImageSet | None]:
        """Return what to train on, and what to validate on, if anything.

        Raises:
            InvalidInputError: One of them is not as `fit` takes it.
            DatasetUnavailableError: As for `labelled`.
        """
        check_validation(x, validation_data, validation_split)
        train = self.labelled(x, y)
        if validation_split:
            return train.split(validation_split, seed=self.seed)
        if validation_data is None:
            return train, None
        pair = isinstance(validation_data, (tuple, list)) and len(validation_data) == 2
        return train, self.labelled(*(validation_data if pair else (validation_data,)))
