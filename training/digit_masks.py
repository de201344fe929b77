"""Masks of digits as the reader network finds them, normalized to 28x28, with their labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.random import Generator, default_rng
from PIL import Image, ImageDraw
from scipy import ndimage

from digitnet.datasets import paper
from digitnet.datasets.paper.fonts import font
from digitnet.pictures.normalization import normalize

Pair = tuple[np.ndarray, int]
"""An image and its label."""

COARSE = 0.4  # share of the masks of mixed height that are coarse
COARSE_HEIGHT, FINE_HEIGHT, HEIGHT = (8, 24), (24, 80), (18, 60)  # px of a mask
PICTURE_HEIGHT = (20, 50)  # px of a mask cut out of a generated picture
MIN_HEIGHT = 10  # px in the generated picture
STRETCHED = 0.3  # share of the masks of mixed height with another aspect ratio
RARE = 0.3  # share of the chunks of parts and pairs that are of the second source
NARROW = 0.5  # width / height; a narrow part may look like a 1


def masks(digits: paper.Handwriting, heights: tuple[int, int] | None, seed: int) -> list[Pair]:
    """Return the mask of each digit; heights `None` is a mixture of coarse and fine."""
    rng = default_rng(seed)
    pairs = []
    for image, label in labelled(digits):
        drawn = heights or (COARSE_HEIGHT if rng.random() < COARSE else FINE_HEIGHT)
        pairs.append((normalized(tight(image), drawn, rng, stretch=heights is None), label))
    return pairs


def labelled(digits: paper.Handwriting) -> Iterator[Pair]:
    """Yield each image with its label."""
    return zip(digits.images, digits.labels.tolist(), strict=True)


def normalized(
    ink: np.ndarray, heights: tuple[int, int], rng: Generator, *, stretch: bool = False
) -> np.ndarray:
    """Return ink as a soft mask of random height, normalized to 28x28."""
    height = round(np.exp(rng.uniform(*np.log(heights))))
    aspect = ink.shape[1] / ink.shape[0]
    if stretch and rng.random() < STRETCHED and aspect > NARROW:  # a broad 1 is none
        aspect *= np.exp(rng.uniform(-0.2, 0.5))
    mask = np.pad(resized(ink, height, max(1, round(aspect * height))), 2)
    # the network's probabilities: blurred, more or less sure, the threshold a little off
    mask = ndimage.gaussian_filter(mask, rng.uniform(0.2, min(0.7, height / 40)))
    mask = mask / max(mask.max(), 0.5)
    soft = 0.5 + rng.uniform(1, 3) * (mask - 0.5 + rng.uniform(-0.1, 0.15))
    return normalize(tight(np.where(mask > 0.02, soft, 0).clip(0, 1)))


def resized(ink: np.ndarray, height: int, width: int | None = None) -> np.ndarray:
    """Return ink at another size; width `None` keeps the aspect ratio."""
    width = max(1, round(ink.shape[1] * height / ink.shape[0])) if width is None else width
    method = Image.Resampling.BOX if height < len(ink) else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(ink).resize((width, height), method)).clip(0, 1)


def tight(pixels: np.ndarray) -> np.ndarray:
    """Return ink cropped to its bounding box, as float32 in 0..1."""
    ink = (pixels / (255 if pixels.dtype == np.uint8 else 1)).astype(np.float32)
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else ink


def from_pictures(
    make: Callable[..., list[paper.PaperPicture]],
    source: paper.Handwriting | None,
    count: int,
    seed: int,
) -> list[Pair]:
    """Return the digits of generated pictures by their true masks; without any, what is none."""
    rng = default_rng(seed)
    given = {} if source is None else {"source": source}
    pairs = []
    for picture in make(count, seed=seed, **given):
        if picture.boxes:
            pairs += [(normalized(ink, PICTURE_HEIGHT, rng), y) for ink, y in cut_out(picture)]
        else:
            pairs += distractors(picture, rng)
    return pairs


def cut_out(picture: paper.PaperPicture) -> Iterator[Pair]:
    """Yield the ink of each digit, with a soft edge of one pixel but none of another digit."""
    text = picture.text.replace("\n", "")
    for number, (digit, box) in enumerate(zip(text, picture.boxes, strict=True), start=1):
        left, top, right, bottom = box
        if bottom - top < MIN_HEIGHT:
            continue
        place = (slice(max(top - 2, 0), bottom + 2), slice(max(left - 2, 0), right + 2))
        owners = picture.owners[place]
        own = ndimage.binary_dilation(owners == number, np.ones((3, 3)))
        yield tight(np.where(own & np.isin(owners, (0, number)), picture.ink[place], 0)), int(digit)


def distractors(picture: paper.PaperPicture, rng: Generator) -> Iterator[Pair]:
    """Yield the connected components that are no digit, with random labels."""
    ink = np.where(picture.owners == 0, picture.ink, 0)
    parts, _ = ndimage.label(ink > 40, np.ones((3, 3)))
    for number, (rows, columns) in enumerate(ndimage.find_objects(parts), start=1):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if height >= MIN_HEIGHT and width >= NARROW * height:
            part = np.where(parts[rows, columns] == number, ink[rows, columns], 0)
            yield normalized(tight(part), PICTURE_HEIGHT, rng), int(rng.integers(10))


def printed(count: int, seed: int) -> list[Pair]:
    """Return printed digits of several fonts and weights."""
    rng = default_rng(seed)
    pairs = []
    for label in rng.integers(10, size=count).tolist():
        image = Image.new("L", (200, 200))
        weight = max(0, int(rng.integers(-4, 5)))  # px added on each side of the outline
        face = font(120, rng)
        ImageDraw.Draw(image).text((40, 20), str(label), 255, face, stroke_width=weight)
        pairs.append((normalized(tight(np.asarray(image)), HEIGHT, rng), label))
    return pairs


def parts_and_pairs(
    usual: Sequence[np.ndarray], rare: Sequence[np.ndarray], count: int, seed: int
) -> list[Pair]:
    """Return halves of digits, pairs, and one and a half, with random labels."""
    rng = default_rng(seed)
    images = rare if rng.random() < RARE else usual
    pairs = []
    for _ in range(count):
        left, right = (
            resized(tight(images[rng.integers(len(images))]), round(rng.uniform(60, 80)))
            for _ in range(2)
        )
        kind = rng.integers(3)
        if kind == 0 and left.shape[1] > NARROW * left.shape[0]:  # half of a narrow 1 is a 1
            cut = round(left.shape[1] * rng.uniform(0.4, 0.6))
            mark = left[:, :cut] if rng.random() < 0.5 else left[:, cut:]
        else:
            cut = round(right.shape[1] * rng.uniform(0.3, 0.7)) if kind == 1 else right.shape[1]
            mark = beside(left, right[:, : max(cut, 1)], round(rng.uniform(-8, 16)))
        pairs.append((normalized(mark, FINE_HEIGHT, rng), int(rng.integers(10))))
    return pairs


def beside(left: np.ndarray, right: np.ndarray, gap: int) -> np.ndarray:
    """Return two marks side by side on one baseline."""
    height, start = max(len(left), len(right)), max(left.shape[1] + gap, 0)
    both = np.zeros((height, max(start + right.shape[1], left.shape[1])), np.float32)
    both[height - len(left) :, : left.shape[1]] = left
    place = both[height - len(right) :, start : start + right.shape[1]]
    np.maximum(place, right, out=place)
    return both
