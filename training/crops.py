"""Training crops of the reader: grey pixels, ink, the digit that owns each pixel, and its box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from digitnet.datasets.paper import PaperPicture

SIDE = 128  # px of a crop
MOST_DIGITS = 64  # of a crop; the others are ignored
IGNORED = 255  # owner of pixels that say nothing
READ_HEIGHT = (16.0, 30.0, 64.0)  # px of a digit in a close view: least, median, most
FAR_HEIGHT = (3.0, 22.0)  # px of a digit in a far view
NEAR_HEIGHT = (72.0, 260.0)  # px of a digit in a near view: parts of digits are none
FLAT_PADDING = 0.4  # share of views padded by the median of the picture's border, not its edge
_SPREAD = 0.33  # standard deviation of the logarithm of heights in close views
MOST_ENLARGED = 3.0  # of a picture's pixels: more would show no more

Bytes = npt.NDArray[np.uint8]


class Truth(NamedTuple):
    """A picture and the truth about its pixels.

    Attributes:
        grey: "L" image.
        ink: uint8 (H, W), how much of a pixel is ink.
        owners: uint16 (H, W), 1 for the first digit and so on, 0 for none, `unknown` for ignored.
        boxes: float (K, 4), left, top, right, bottom of each digit.
        labels: int (K,).
        unknown: The number in `owners` of pixels of which nothing is known.
    """

    grey: Image.Image
    ink: Bytes
    owners: npt.NDArray[np.uint16]
    boxes: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    unknown: int = 65535


class Crop(NamedTuple):
    """One view of a picture: uint8 (SIDE, SIDE) three times, and a table of its digits.

    Attributes:
        grey: Pixels.
        ink: How much of a pixel is ink, in 0..255.
        owners: Row of `table` plus 1, 0 for none, `IGNORED`.
        table: float32 (MOST_DIGITS, 5): x and y of the centre, width, height in px, label; a
            height of 0 ends it.
    """

    grey: Bytes
    ink: Bytes
    owners: Bytes
    table: npt.NDArray[np.float32]


def truth_of(made: PaperPicture) -> Truth:
    """Return the truth about a generated picture."""
    return Truth(
        made.picture.convert("L"),
        made.ink,
        made.owners,
        np.array(made.boxes, float).reshape(-1, 4),
        np.array([int(digit) for digit in made.text.replace("\n", "")], int),
    )


def views(
    truth: Truth, close: int, far: int, near: int, rng: np.random.Generator, *, side: int = SIDE
) -> Iterator[Crop]:
    """Yield close views, in which digits can be read, and some from too far and too near."""
    boxes = truth.boxes
    heights = np.maximum(boxes[:, 3] - boxes[:, 1], 0.7 * (boxes[:, 2] - boxes[:, 0]))
    width, height = truth.grey.size
    for number in range(close + far + near):
        # At a digit, or anywhere where there is none
        middle = rng.uniform(0, 1, 2) * (width, height)
        size = height * rng.uniform(0.1, 0.8)
        if len(boxes):
            chosen = rng.integers(len(boxes))
            middle = (boxes[chosen, :2] + boxes[chosen, 2:]) / 2
            size = max(heights[chosen], 4.0)
            middle = middle + rng.normal(0, 0.7, 2) * size

        # The height that it is to have in the view
        if number < close:
            least, median, most = READ_HEIGHT
            target = np.clip(median * np.exp(_SPREAD * rng.standard_normal()), least, most)
        else:
            limits = FAR_HEIGHT if number < close + far else NEAR_HEIGHT
            target = np.exp(rng.uniform(*np.log(limits)))
        enlarged = MOST_ENLARGED * (2 if number >= close + far else 1)
        yield _crop(truth, float(np.clip(target / size, 0.02, enlarged)), middle, rng, side)


def _crop(
    truth: Truth,
    scale: float,
    middle: npt.NDArray[np.float64],
    rng: np.random.Generator,
    side: int,
) -> Crop:
    # Where the view lies in the picture
    shown = side / scale
    corner = [
        np.clip(at - shown * rng.uniform(0.3, 0.7), 0, length - shown)
        if length > shown
        else -(shown - length) * rng.uniform()
        for at, length in zip(middle, truth.grey.size, strict=True)
    ]
    x, y = (float(value) for value in corner)
    width, height = truth.grey.size
    box = (max(x, 0.0), max(y, 0.0), min(x + shown, width), min(y + shown, height))
    left, top = round((box[0] - x) * scale), round((box[1] - y) * scale)
    w = int(np.clip(round((box[2] - box[0]) * scale), 1, side - left))
    h = int(np.clip(round((box[3] - box[1]) * scale), 1, side - top))

    # Its pixels
    smooth = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    grey = np.asarray(truth.grey.resize((w, h), smooth, box))
    linear = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    ink = np.asarray(Image.fromarray(truth.ink).resize((w, h), linear, box))
    owners = _owners(truth, (x, y), scale, (h, w))

    # What lies beyond the picture's border
    pads = ((top, side - top - h), (left, side - left - w))
    grey = _padded(grey, pads, flat=rng.random() < FLAT_PADDING)
    table, numbered = _numbered(truth, np.pad(owners, pads), (x, y), scale)
    return Crop(grey, np.pad(ink, pads), numbered, table)


def _padded(grey: Bytes, pads: tuple[tuple[int, int], tuple[int, int]], *, flat: bool) -> Bytes:
    """Return pixels padded by the median of their border, or by its own pixels."""
    if not flat:
        return np.pad(grey, pads, mode="edge")
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return np.pad(grey, pads, constant_values=int(np.median(border)))


def _numbered(
    truth: Truth, owners: npt.NDArray[np.uint16], corner: tuple[float, float], scale: float
) -> tuple[npt.NDArray[np.float32], Bytes]:
    """Return the table of a view's digits, and the owner of each pixel by the table's rows."""
    table, numbered = np.zeros((MOST_DIGITS, 5), np.float32), np.zeros(owners.shape, np.uint8)
    numbered[owners == truth.unknown] = IGNORED
    count = 0
    for number in np.unique(owners):
        if number in (0, truth.unknown):
            continue
        mine = owners == number
        if count == MOST_DIGITS:
            numbered[mine] = IGNORED
            continue
        start, end = truth.boxes[number - 1].reshape(2, 2)
        centre, size = ((start + end) / 2 - corner) * scale, (end - start) * scale
        table[count] = (*centre, *size, truth.labels[number - 1])
        count += 1
        numbered[mine] = count
    return table, numbered


def _owners(
    truth: Truth, corner: tuple[float, float], scale: float, shape: tuple[int, int]
) -> npt.NDArray[np.uint16]:
    """Return the owner of each pixel of a view: the largest number that the pixel covers."""
    owners = truth.owners
    block = max(1, int(np.ceil(1 / scale - 0.25)))
    if block > 1:
        rows, columns = owners.shape
        owners = np.pad(owners, ((0, -rows % block), (0, -columns % block)))
        owners = owners.reshape(len(owners) // block, block, -1, block).max(axis=(1, 3))
    places = []
    for size, start, length in zip(shape, corner[::-1], owners.shape, strict=True):
        at = (max(start, 0) + (np.arange(size) + 0.5) / scale) / block
        places.append(at.astype(int).clip(0, length - 1))
    return owners[np.ix_(*places)]
