"""What users pass, brought to uint8 images and int64 labels, or refused with a remedy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from numbers import Number
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from digitnet.data.image_set import ImageSet, Shape
from digitnet.data.pixels import arranged, describe_shapes, to_uint8, warn_of_emnist
from digitnet.data.remedies import (
    described,
    described_names,
    described_picture,
    first_few,
    first_odd,
)
from digitnet.data.spool import Rows, Spool
from digitnet.errors import InvalidInputError
from digitnet.randomness import READING, Stream, derive_seed

_END = object()  # of a loader's batches


def to_image_set(
    x: Any, y: Any, *, classes: tuple[str, ...], input_shape: Shape, seed: int = 0
) -> ImageSet:
    """Return labelled images, or raise `InvalidInputError` with a remedy.

    They are those of an `ImageSet`, of a torch `Dataset` or `DataLoader`, which is read once and
    draws from `seed` instead of torch's random state, or of what `to_images` and `to_labels` take.
    """
    if isinstance(x, (ImageSet, Dataset, DataLoader)):
        if y is not None:
            raise InvalidInputError(
                f"Expected no separate labels with a {type(x).__name__}, which has its own; "
                "received y. Leave y out."
            )
        if isinstance(x, ImageSet):
            return _checked(x, classes, input_shape)
        x, y = _read(x, input_shape, labelled=True, seed=seed)
    elif y is None and not isinstance(x, (str, os.PathLike)):
        raise InvalidInputError(
            "Expected labels with the pictures; received none. Pass y; pairs of picture and label "
            "come apart by x, y = zip(*pairs)."
        )
    images = to_images(x, input_shape=input_shape)
    return ImageSet(images, to_labels(y, count=len(images), classes=classes), classes, "arrays")


def to_images(x: Any, *, input_shape: Shape, seed: int = 0) -> Tensor:
    """Return images as uint8 (N, C, H, W), or raise `InvalidInputError` with a remedy.

    Those of an `ImageSet`, `Dataset` or `DataLoader`, or of an array, tensor or list of shape
    (N, C, H, W), (N, H, W, C), (N, C * H * W), or (N, H, W) where C is 1. Integers are in 0..255;
    floats are in 0..1 and are rounded to 256 levels.
    """
    if isinstance(x, ImageSet):
        _check_shape(x, input_shape)
        return x.images
    if isinstance(x, (Dataset, DataLoader)):
        return _read(x, input_shape, labelled=False, seed=seed)[0]
    picture = described_picture(x[0] if isinstance(x, (list, tuple)) and x else x, input_shape)
    if picture is not None:
        raise InvalidInputError(
            f"Expected pictures as numbers, in an array, a tensor or a list; received {picture}"
        )
    pixels = to_uint8(arranged(to_array(x, "images"), input_shape))
    return torch.from_numpy(pixels)


def to_labels(y: Any, *, count: int, classes: tuple[str, ...]) -> Tensor:
    """Return labels as int64 (N,), or raise `InvalidInputError` with a remedy.

    They are integers (N,), indices into `classes`, or one-hot rows (N, C), of `count` images.
    """
    labels = to_array(y, "labels", classes)
    if labels.ndim == 2 and labels.shape[1] == len(classes) and len(classes) > 1:
        labels = _from_one_hot(labels)
    if labels.ndim != 1:
        remedy = " Pass numpy.ravel(labels)." if labels.ndim == 2 and labels.shape[1] == 1 else ""
        raise InvalidInputError(
            f"Expected labels of shape (N,), or one-hot (N, {len(classes)}); "
            f"received {labels.shape}.{remedy}"
        )
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise InvalidInputError(
            "Expected integer labels; received NaN or infinity. Leave out the pictures of these."
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise InvalidInputError(
            f"Expected integer labels; received {labels.dtype}. Convert them: "
            "numpy.asarray(labels).astype(int)."
        )
    if len(labels) != count:
        raise InvalidInputError(
            f"Expected a label for each of the {count} pictures; received {len(labels)} labels."
        )
    outside = np.unique(labels[(labels < 0) | (labels >= len(classes))]).tolist()
    if outside:
        remedy = " They begin at 0: pass numpy.asarray(labels) - 1." if labels.min() == 1 else ""
        raise InvalidInputError(
            f"Expected labels in 0..{len(classes) - 1}; received {first_few([*map(str, outside)])}."
            f"{remedy}"
        )
    return torch.from_numpy(labels.astype(np.int64))


def to_array(values: Any, what: str, classes: tuple[str, ...] = ()) -> npt.NDArray[Any]:
    """Return numbers; refuse other values with a remedy, names of classes too."""
    try:
        array = _stacked(values)
    except (TypeError, ValueError, RuntimeError, NotImplementedError) as error:
        odd = first_odd(values)
        found = (
            f"{str(error).rstrip('.')}. Bring them to one size."
            if odd is values
            else f"received {described(odd, what)}"
        )
        raise InvalidInputError(f"Expected {what} as numbers, all of one size; {found}") from error
    if array.dtype.kind in "biuf":
        return array
    odd = first_odd(values, array)
    if isinstance(odd, str) and classes:
        found = described_names(values, classes)
    elif array.ndim == 1 and len(array) and not isinstance(array[0], Number):  # paths, arrays
        kind = f"{type(array[0]).__name__} in a {type(values).__name__}"
        found = f"{kind}. Pass a list: list({what})."
    elif array.ndim and (odd is values or array.dtype.kind == "U"):
        number = "int" if what == "labels" else "float"
        found = f"{array.dtype}. Convert them: numpy.asarray({what}).astype({number})."
    else:
        found = described(odd, what)
    raise InvalidInputError(
        f"Expected {what} as numbers, in an array, a tensor or a list; received {found}"
    )


def _stacked(values: Any) -> npt.NDArray[Any]:
    if isinstance(values, (list, tuple)) and values and isinstance(values[0], Tensor):
        values = torch.stack(list(values))
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        # NumPy has no bfloat16
        values = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    return np.asarray(values)


def _from_one_hot(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if not (np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all()):
        raise InvalidInputError(
            "Expected one-hot labels with a single 1 in each row and 0 elsewhere; received "
            "other values. For probabilities, pass numpy.asarray(labels).argmax(axis=1)."
        )
    labels: npt.NDArray[Any] = rows.argmax(axis=1)
    return labels


def _read(
    data: Dataset[Any] | DataLoader[Any], input_shape: Shape, *, labelled: bool, seed: int
) -> tuple[Tensor, npt.NDArray[Any]]:
    """Read a torch Dataset or DataLoader once; without `labelled`, no labels."""
    warn_of_emnist(data)
    kind = type(data).__name__
    loader = data if isinstance(data, DataLoader) else DataLoader(data, batch_size=256)
    images, labels = Spool(), Rows()
    for batch in _batches(loader, kind, Stream(derive_seed(seed, READING))):
        parts = batch if isinstance(batch, (list, tuple)) else [batch]
        if labelled and len(parts) != 2:
            raise InvalidInputError(
                f"Expected the {kind} to give pairs of picture and label; "
                f"received {type(batch).__name__} of {len(parts)}. Pass weights as sample_weight."
            )
        images.add(to_images(parts[0] if len(parts) < 3 else batch, input_shape=input_shape))
        if labelled:
            labels.add(np.atleast_1d(to_array(parts[1], "labels")))
    if not images:
        raise InvalidInputError(f"Expected at least one picture; the {kind} is empty.")
    return images.tensor(), labels.array()


def _batches(loader: DataLoader[Any], kind: str, stream: Stream) -> Iterator[Any]:
    """Yield a loader's batches; say what is wrong where torch cannot put samples together."""
    try:
        with stream.drawing():
            batches = iter(loader)
        while True:
            with stream.drawing():
                batch = next(batches, _END)
            if batch is _END:
                return
            yield batch
    except (TypeError, RuntimeError) as error:
        if not any(words in str(error) for words in ("default_collate", "stack expects")):
            raise  # an error of the user's own code
        raise InvalidInputError(
            f"Expected the {kind} to give pictures as tensors or arrays of one size: {error} "
            "For PIL images, give it transform=torchvision.transforms.ToTensor()."
        ) from error


def _checked(images: ImageSet, classes: tuple[str, ...], input_shape: Shape) -> ImageSet:
    _check_shape(images, input_shape)
    if images.classes != classes:
        missing = [name for name in classes if name not in images.classes]
        remedy = (
            "Make a classifier of these: ImageClassifier(classes=images.classes, "
            "input_shape=tuple(images.images.shape[1:]))."
        )
        if set(images.classes) <= set(classes):
            remedy = (
                f"{f'Add pictures of {missing}, or name' if missing else 'Name'} each label's "
                "class: fit(images.images, [clf.classes.index(images.classes[label]) for label in "
                "images.labels])."
            )
        raise InvalidInputError(
            f"Expected the classes {list(classes)}; the set '{images.name}' has "
            f"{list(images.classes)}. {remedy}"
        )
    return images


def _check_shape(images: ImageSet, input_shape: Shape) -> None:
    if tuple(images.images.shape[1:]) != input_shape:
        raise InvalidInputError(
            f"Expected pictures of shape {describe_shapes(input_shape)}; the set "
            f"'{images.name}' has {tuple(images.images.shape)}. Of a folder: "
            f"digitnet.datasets.image_folder(path, size={input_shape[1:]}, "
            f"mode='{'L' if input_shape[0] == 1 else 'RGB'}')."
        )
    if not len(images):
        raise InvalidInputError(f"Expected at least one picture; the set '{images.name}' is empty.")
