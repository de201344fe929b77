"""Pen digits of known writers: scanned ones from Switzerland, and MNIST's by QMNIST's labels."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image

from digitnet.datasets.folders import places
from digitnet.datasets.mnist import mnist
from digitnet.datasets.paper.handwriting import Handwriting, Image
from digitnet.datasets.paper.record import PaperPicture, Traits
from digitnet.errors import DatasetUnavailableError, InvalidInputError
from digitnet.randomness import PAPER, derive_seed

_SWISS = "swiss/swiss.npz"
_SWISS_NUMBERS = 8  # after the kinds of `datasets.paper.generation`: no two share a seed
_QMNIST = "qmnist/qmnist-{part}-labels-idx2-int.gz"
_HEADER, _COLUMNS, _WRITER = 12, 8, 2  # QMNIST: bytes, integers a row, and the writer's column
_PAPER_MARGIN = 14  # grey levels; pixels darker than the paper by more are ink
_INK_SHARE = 0.6  # share of a digit's contrast that is solid ink
_MIN_COMPONENT = 0.04  # share of the largest component's pixels; smaller ones are specks
_INK_LEVEL = 100  # of 255; fainter ink is outside the bounding box


def swiss_digits(root: str | os.PathLike[str] | None = None) -> Handwriting:
    """Return 8,048 pen digits of 14 writers from Switzerland, scanned about 100 pixels high.

    Their collection kensanata/numbers is in the public domain (CC0). The paper is removed, and
    so are specks and traces of neighbours at the edges of an image.

    Args:
        root: A folder to look for `swiss/swiss.npz` in before the folder that the environment
            variable `DIGITNET_DATA` names.

    Raises:
        DatasetUnavailableError: The file is nowhere.
    """
    scans, labels, writers = _scans(_found(_SWISS, root))
    images = []
    for scan in scans:
        ink = _ink(scan)
        images.append(ink[_box(ink)])
    return Handwriting(images, labels, writers, "Swiss pen digits")


def swiss_numbers(
    count: int,
    *,
    seed: int = 0,
    writers: Sequence[int],
    digits: tuple[int, int] = (2, 8),
    gap: tuple[float, float] = (0.05, 0.6),
    root: str | os.PathLike[str] | None = None,
) -> list[PaperPicture]:
    """Return scans of digits of one writer each, side by side on one paper.

    The pixels are those of the scans; every digit stands as high in its line as in its scan.

    Args:
        count: Pictures.
        seed: The same seed gives the same pictures.
        writers: Whose digits, of 1 to 14; each is as likely.
        digits: The least and the most digits of a picture.
        gap: Between the ink of neighbours, of the median digit's height, the least and the most,
            drawn once a picture and varied there.
        root: See `swiss_digits`.

    Raises:
        DatasetUnavailableError: The file is nowhere.
        InvalidInputError: There are no writers, or one whose digits are not there.
    """
    scans, labels, of_writers = _scans(_found(_SWISS, root))
    known = np.unique(of_writers).tolist()
    if not len(writers) or not set(writers) <= set(known):
        raise InvalidInputError(
            f"Expected writers out of {known}, at least one; received {list(writers)}."
        )
    made = []
    for number in range(count):
        rng = np.random.default_rng(derive_seed(seed, PAPER, _SWISS_NUMBERS, number))
        (own,) = np.nonzero(of_writers == rng.choice(writers))
        chosen = [
            rng.choice(own[labels[own] == label])
            for label in rng.integers(10, size=rng.integers(digits[0], digits[1] + 1))
        ]
        text = "".join(str(labels[index]) for index in chosen)
        made.append(_number([scans[index] for index in chosen], text, gap, rng))
    return made


def mnist_handwriting(
    root: str | os.PathLike[str] | None = None,
) -> tuple[Handwriting, Handwriting]:
    """Return MNIST's training and test digits with their writers (Yadav and Bottou, 2019).

    Args:
        root: A folder to look for MNIST and `qmnist/` in before the folder that the environment
            variable `DIGITNET_DATA` names.

    Raises:
        DatasetUnavailableError: A file is nowhere.
    """
    parts = []
    for images, part in zip(mnist(root), ("train", "test"), strict=True):
        content = gzip.decompress(_found(_QMNIST.format(part=part), root).read_bytes())
        rows = np.frombuffer(content, ">i4", offset=_HEADER).reshape(-1, _COLUMNS)
        writers = rows[: len(images), _WRITER].astype(np.int64)
        parts.append(
            Handwriting(
                list(images.images[:, 0].numpy()), images.labels.numpy(), writers, images.name
            )
        )
    return parts[0], parts[1]


def _found(name: str, root: str | os.PathLike[str] | None) -> Path:
    looked = places(root)
    for place in looked:
        if (place / name).is_file():
            return place / name
    raise DatasetUnavailableError(
        f"Expected the file {name} in one of {', '.join(map(str, looked))}; it is in none. Put it "
        "there, or name its folder's parent in the environment variable DIGITNET_DATA."
    )


@cache
def _scans(path: Path) -> tuple[list[Image], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    with np.load(path) as file:
        sizes = zip(file["images"], file["heights"], file["widths"], strict=True)
        scans = [image[:height, :width] for image, height, width in sizes]
        return scans, file["labels"].astype(np.int64), file["writers"].astype(np.int64)


def _number(
    scans: Sequence[Image], text: str, gap: tuple[float, float], rng: np.random.Generator
) -> PaperPicture:
    """Paste scans side by side: the darker pixel counts where two overlap."""
    inks = [_ink(scan) for scan in scans]
    boxes = [_box(ink) for ink in inks]
    unit = float(np.median([rows.stop - rows.start for rows, _ in boxes]))
    space, border = rng.uniform(*gap) * unit, (rng.uniform(0.15, 1.0, 4) * unit).astype(int)
    lefts = [int(border[0])]
    for _, columns in boxes:
        lefts.append(
            lefts[-1] + columns.stop - columns.start + round(space * rng.uniform(0.6, 1.4))
        )
    top = min(rows.start for rows, _ in boxes)
    height = max(rows.stop for rows, _ in boxes) - top + border[1] + border[3]
    width = lefts[-1] + border[2]
    paper = round(float(np.median([np.percentile(scan, 75) for scan in scans])))
    grey = np.full((height, width), paper, np.uint8)
    cover, owners = np.zeros_like(grey), np.zeros(grey.shape, np.uint16)
    placed = []
    for number, (scan, ink, (rows, columns), left) in enumerate(
        zip(scans, inks, boxes, lefts, strict=False), start=1
    ):
        place = np.s_[
            rows.start - top + border[1] : rows.stop - top + border[1],
            left : left + columns.stop - columns.start,
        ]
        seen = np.where(ink[rows, columns] > 0, scan[rows, columns], 255)
        np.minimum(grey[place], seen, out=grey[place])
        np.maximum(cover[place], ink[rows, columns], out=cover[place])
        owners[place][ink[rows, columns] >= _INK_LEVEL] = number
        placed.append((left, place[0].start, place[1].stop, place[0].stop))
    noise = rng.normal(0, rng.uniform(0, 2), grey.shape)
    picture = PIL.Image.fromarray(np.clip(grey + noise, 0, 255).astype(np.uint8)).convert("RGB")
    traits = Traits(
        "number", "blank", "black", "Swiss pen digits", "scan", None, "usual", False, False, False,
        max(grey.shape), unit / height, 0.1, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None,
    )  # fmt: skip
    return PaperPicture(picture, text, tuple(placed), traits, cover, owners)


def _ink(scan: Image) -> Image:
    """Return a scanned digit as light ink on black."""
    from scipy import ndimage  # slow to import

    paper, darkest = np.percentile(scan, 75), np.percentile(scan, 0.5)
    contrast = max(_INK_SHARE * (paper - _PAPER_MARGIN - darkest), 1)
    ink = np.clip((paper - _PAPER_MARGIN - scan.astype(np.float32)) / contrast, 0, 1)
    parts, count = ndimage.label(ink > 0.3, np.ones((3, 3)))
    if count:
        areas = np.bincount(parts.ravel())[1:]
        for number, (area, place) in enumerate(
            zip(areas, ndimage.find_objects(parts), strict=True), start=1
        ):
            edge = any(
                side.start == 0 or side.stop == length
                for side, length in zip(place, ink.shape, strict=True)
            )
            if area < _MIN_COMPONENT * areas.max() or (edge and area < 0.3 * areas.max()):
                ink[ndimage.binary_dilation(parts == number, iterations=2)] = 0
    return np.rint(255 * ink).astype(np.uint8)


def _box(ink: Image) -> tuple[slice, slice]:
    """Return the rows and columns of ink."""
    rows, columns = (np.flatnonzero((ink > _INK_LEVEL).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return slice(0, ink.shape[0]), slice(0, ink.shape[1])
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
