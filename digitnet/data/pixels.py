"""Pixels as users have them, brought to uint8 (N, C, H, W)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from digitnet.data.image_set import Shape
from digitnet.data.remedies import shape_remedy
from digitnet.errors import InvalidInputError
from digitnet.user_warnings import warn

_ROUNDING = 1e-3  # above 1, as resizing gives; clipped
_LEAST_SPAN = 32  # levels from an image's darkest pixel to its brightest; MNIST's least is 254
_IMAGES_AT_ONCE = 4096  # converted at a time, so that no float copy of all is made


def arranged(array: npt.NDArray[Any], input_shape: Shape) -> npt.NDArray[Any]:
    """Return images of any accepted shape as (N, C, H, W)."""
    channels, height, width = input_shape
    if array.size == 0:
        raise InvalidInputError(f"Expected at least one picture; received {array.shape}.")
    if array.shape[1:] == input_shape:
        return array
    if array.shape[1:] == (height, width, channels):
        return np.moveaxis(array, 3, 1)
    if array.shape[1:] == (channels * height * width,) or (
        channels == 1 and array.shape[1:] == (height, width)
    ):
        return array.reshape(-1, *input_shape)
    raise InvalidInputError(
        f"Expected pictures of shape {describe_shapes(input_shape)}; received {array.shape}. "
        + shape_remedy(array, input_shape)
    )


def to_uint8(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return integers in 0..255 as they are, and floats in 0..1 in 256 levels."""
    if array.dtype == np.bool_:
        raise InvalidInputError(
            "Expected pictures of integers in 0..255 or floats in 0..1; received bool. "
            "Convert them: numpy.asarray(images).astype(float)."
        )
    low, high = array.min(), array.max()  # NaN comes through as NaN
    if array.dtype.kind in "iu":
        if low < 0 or high > 255:
            raise InvalidInputError(f"Expected integer pictures in 0..255; received {low}..{high}.")
        pixels = np.ascontiguousarray(array.astype(np.uint8, copy=False))
        return pixels if pixels.flags.writeable else np.asarray(_Shared(pixels))
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InvalidInputError(
            "Expected finite pictures; received NaN or infinity. Replace them: "
            "numpy.nan_to_num(images, posinf=1, neginf=0)."
        )
    if low < 0 or high > 1 + _ROUNDING:
        remedy = "They look normalised already; leave that out, the network normalises itself."
        if low >= 0 and high <= 255:
            remedy = "Divide by 255: numpy.asarray(images) / 255."
        raise InvalidInputError(
            f"Expected float pictures in 0..1; received {low:.4g}..{high:.4g}. {remedy}"
        )
    pixels = np.empty(array.shape, np.uint8)
    for start in range(0, len(array), _IMAGES_AT_ONCE):
        part = array[start : start + _IMAGES_AT_ONCE].astype(np.float32)
        pixels[start : start + _IMAGES_AT_ONCE] = np.rint(part * 255).clip(max=255)
    return pixels


class _Shared:
    """A read-only array, as a map of a file, that torch takes without a copy or a warning.

    The tensor shares its memory, and is only ever read.
    """

    def __init__(self, array: npt.NDArray[np.uint8]) -> None:
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}
        self._array = array  # keeps the memory


def warn_of_faint(images: Tensor) -> None:
    """Warn of images, uint8 (N, C, H, W), that are nearly black or nearly of one level."""
    extremes = [torch.aminmax(part.flatten(1), dim=1) for part in images.split(_IMAGES_AT_ONCE)]
    low, high = (torch.cat(levels).int() for levels in zip(*extremes, strict=True))
    faint = (high - low < _LEAST_SPAN).nonzero()[:, 0]
    if not len(faint):
        return
    darkest, brightest = int(low.min()), int(high.max())
    remedy = "Leave out those that show nothing; floats in 0..1 are not to be divided by 255."
    if 0 < brightest - darkest < _LEAST_SPAN:
        x = "numpy.asarray(images)"
        shifted = f"({x} - {x}.min())" if darkest else x
        remedy = (
            "Were they divided by 255 twice, or have they fewer levels? Stretch them to 0..1: "
            f"{shifted} / {shifted}.max()."
        )
    warn(
        f"{len(faint):,} of {len(images):,} pictures are nearly of one level, the first at index "
        f"{int(faint[0])}; in all there are levels {darkest}..{brightest} of 0..255. {remedy}"
    )


def warn_of_emnist(data: Any) -> None:
    """Warn of torchvision's EMNIST, a subset or a loader of it, where no transform turns it."""
    while hasattr(data, "dataset"):
        data = data.dataset
    kinds = [(kind.__module__, kind.__name__) for kind in type(data).mro()]
    if ("torchvision.datasets.mnist", "EMNIST") not in kinds:  # which is slow to import
        return
    stored, first = data.data[0], data[0][0]
    seen = first.squeeze().double() if isinstance(first, Tensor) else None
    if seen is not None and any(torch.equal(seen, x.double()) for x in (stored, stored / 255)):
        warn(
            "torchvision's EMNIST is transposed as it comes: digits lie on their sides. If you "
            "have not turned its data, pass transform=torchvision.transforms.Compose(["
            "torchvision.transforms.ToTensor(), lambda picture: picture.mT])."
        )


def describe_shapes(input_shape: Shape) -> str:
    """Return the shapes that images may have, as text."""
    channels, height, width = input_shape
    flat = channels * height * width
    if channels == 1:
        return f"(N, {height}, {width}), (N, 1, {height}, {width}) or (N, {flat})"
    return f"(N, {channels}, {height}, {width}), (N, {height}, {width}, {channels}) or (N, {flat})"
