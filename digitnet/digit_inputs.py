"""What a classifier of digits is given: data in MNIST's format, or real pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from digitnet.arguments import Verbose
from digitnet.data.coercion import to_labels
from digitnet.data.image_set import ImageSet
from digitnet.data.remedies import first_few
from digitnet.data.weights import check_not_all_zero, to_weights
from digitnet.datasets.image_folder import picture_files, picture_size
from digitnet.errors import InvalidInputError
from digitnet.inputs import Inputs
from digitnet.pictures import Digit, Source, is_picture
from digitnet.user_warnings import warn


@dataclass(frozen=True, kw_only=True)
class DigitInputs(Inputs):
    """Take real pictures, too: the most prominent digit of each, normalized to 28x28.

    `find` yields that digit of each picture, `None` where nothing is found. It is given the
    pictures, how many to read at once (`None` chooses), and `verbose`.
    """

    find: Callable[[Sequence[Source], int | None, Verbose], Iterator[Digit | None]]

    def images(self, x: Any) -> Tensor:
        """Return images, uint8 (N, 1, 28, 28), of what `predict` takes; no picture may be blank."""
        digits = self.digits(x)
        return super().images(x) if digits is None else _pixels(digits)

    def digits(
        self, x: Any, batch_size: int | None = None, verbose: Verbose = 0
    ) -> list[Digit] | None:
        """Return the digits of pictures, all of which have one; `None` of data."""
        sources = self._pictures(x)
        if sources is None:
            return None
        digits = []
        for index, digit in enumerate(self.find(sources, batch_size, verbose)):
            if digit is None:
                which = f"picture {index} of the list" if len(sources) > 1 else "the picture"
                raise InvalidInputError(
                    f"Expected pictures with a digit; nothing written was found in {which}. "
                    "inspect(...) of the same answers each picture without an error."
                )
            digits.append(digit)
        return digits

    def labelled(self, x: Any, y: Any = None, sample_weight: Any = None) -> ImageSet:
        """Return the images and labels of what `fit` takes, those of pictures' digits, too."""
        found = self.labelled_digits(x, y, sample_weight)
        return super().labelled(x, y, sample_weight) if found is None else found[0]

    def labelled_digits(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        verbose: Verbose = 0,
    ) -> tuple[ImageSet, list[Digit]] | None:
        """Return the digits of labelled pictures, as a set, too; `None` of data.

        Pictures in which nothing is found are left out with their labels, with a warning.
        """
        if isinstance(x, (str, os.PathLike)) and y is None:
            x, y = self._photos_of(x)
        sources = self._pictures(x) if y is not None else None
        if sources is None:
            return None
        # what does not fit is refused before pictures are read, which takes long
        count = len(sources)
        labels = to_labels(y, count=count, classes=self.classes)
        weights = None if sample_weight is None else to_weights(sample_weight, count=count)
        digits = list(self.find(sources, batch_size, verbose))
        _tell_of_blank(sources, digits)
        kept = [index for index, digit in enumerate(digits) if digit is not None]
        found = [digit for digit in digits if digit is not None]
        weights = None if weights is None else check_not_all_zero(weights[kept], "the pictures")
        return ImageSet(_pixels(found), labels[kept], self.classes, "pictures", weights), found

    def _photos_of(self, folder: str | os.PathLike[str]) -> tuple[list[Any] | Any, Any]:
        """Return the files of a folder of photos with their labels.

        Where all images have the network's input size, they are data: the folder itself.
        """
        listing = picture_files(folder)
        files = [file for of_class in listing.values() for file in of_class]
        if all(picture_size(file) == self.input_shape[1:] for file in files):
            return folder, None
        unknown = [name for name in listing if name not in self.classes]
        if unknown:
            raise InvalidInputError(
                f"Expected sub-folders named after the classes {list(self.classes)}; received "
                f"{unknown}. Rename them, or move them out of '{folder!s:.200}'."
            )
        labels = [self.classes.index(name) for name, files in listing.items() for _ in files]
        return files, labels

    def _pictures(self, x: Any) -> list[Source] | None:
        """Return pictures as a list; `None` of data in MNIST's format."""
        sources = list(x) if isinstance(x, (list, tuple)) else [x]
        if not any(is_picture(source) and not self._is_data(source) for source in sources):
            return None
        if any(map(self._is_data, sources)):
            raise InvalidInputError(
                "Expected pictures alone, or arrays in MNIST's format alone; received both in one "
                "list. inspect(...) of the same takes arrays of any size as pictures."
            )
        return sources

    def _is_data(self, source: Any) -> bool:
        """Say whether an array is in MNIST's format, (28, 28) or flat (N, 784), and no photo."""
        _, height, width = self.input_shape
        return isinstance(source, np.ndarray) and (
            source.shape == (height, width) or source.shape[1:] == (height * width,)
        )


def _pixels(digits: Sequence[Digit]) -> Tensor:
    return torch.from_numpy(np.stack([digit.pixels for digit in digits]))[:, None]


def _tell_of_blank(sources: Sequence[Source], digits: Sequence[Digit | None]) -> None:
    """Warn of pictures in which nothing was found; raise an error where they are all."""
    blank = [
        f"'{source}'" if isinstance(source, (str, os.PathLike)) else f"picture {index}"
        for index, (source, digit) in enumerate(zip(sources, digits, strict=True))
        if digit is None
    ]
    if not blank:
        return
    which = f"{len(blank):,} of {len(digits):,} pictures: {first_few(blank)}"
    remedy = "digitnet.pictures.explain(picture, clf.predict_proba) shows what the reader saw"
    if len(blank) == len(digits):
        raise InvalidInputError(
            f"Expected pictures with a digit; nothing written was found in {which}. {remedy}."
        )
    warn(f"Nothing written was found in {which}. They are left out with their labels; {remedy}.")
