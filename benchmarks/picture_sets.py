"""Sets of generated pictures, and of pictures of few pixels, for `pictures.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.datasets import load_digits

from digitnet import ImageSet
from digitnet.datasets import paper
from digitnet.pictures import Source

SEED = 500_000_000  # above all seeds of the training scripts
FORM = paper.Style(forms=paper.FORMS)


class DigitSet(NamedTuple):
    """Pictures of one digit each, with their labels (N,)."""

    name: str
    pictures: Sequence[Source]
    labels: npt.NDArray[np.int64]


class NumberSet(NamedTuple):
    """Pictures of numbers, with the truth about each."""

    name: str
    pictures: Sequence[paper.PaperPicture]


def digit_sets(test: ImageSet, count: int) -> Iterator[DigitSet]:
    """Yield pictures of single digits.

    Args:
        test: MNIST's test digits.
        count: Pictures of a kind; 20 times as many of MNIST's digits.
    """
    yield _pasted(test[: 20 * count])
    strokes = paper.digits(count, seed=SEED)
    yield of_paper("digits on paper, from strokes", strokes)
    yield of_paper("the same, dithered to black and white", [_dithered(p) for p in strokes])
    from_mnist = paper.digits(count, seed=SEED + 1, source=test)
    yield of_paper("digits on paper, from MNIST's test digits", from_mnist)
    on_forms = paper.digits(count, seed=SEED + 12, style=FORM)
    yield of_paper("digits on printed forms, from strokes", on_forms)


def number_sets(count: int) -> Iterator[NumberSet]:
    """Yield pictures of numbers: half as many as of single digits, and a tenth of pages."""
    numbers = paper.numbers(count // 2, seed=SEED + 2)
    dithered = [_dithered(picture) for picture in numbers]
    on_forms = paper.numbers(count // 2, seed=SEED + 11, style=FORM)
    signed = paper.numbers(count // 2, seed=SEED + 13, signs=True)
    pages = paper.numbers(count // 10 or 1, seed=SEED + 3, lines=(2, 6))
    yield NumberSet("numbers of 2 to 12 digits", numbers)
    yield NumberSet("the same numbers, dithered to black and white", dithered)
    yield NumberSet("numbers on printed forms", on_forms)
    yield NumberSet("numbers with a plus or brackets", signed)
    yield NumberSet("pages of 2 to 6 lines", pages)


def touching_pairs(count: int) -> NumberSet:
    """Return the pairs of digits that touch, of `6 * count` generated ones."""
    pairs = paper.numbers(6 * count, seed=SEED + 10, digits=2)
    return NumberSet("touching pairs", [pair for pair in pairs if pair.traits.touching])


def low_resolution_sets(test: ImageSet, count: int) -> Iterator[DigitSet]:
    """Yield digits of few pixels that fill their picture, `10 * count` of a kind."""
    digits = test[: 10 * count]
    fitted = [_fitted(image[0].numpy()) for image, _ in digits]
    binary = [picture.point(lambda grey: 255 * (grey < 110)) for picture in fitted]
    labels = digits.labels.numpy()
    tiny = [picture.resize((16, 16)) for picture in fitted]
    yield DigitSet("MNIST's test digits filling 16x16 pixels", tiny, labels)
    yield DigitSet("the same filling 32x32, black and white", binary, labels)
    scanned = load_digits()
    small = [Image.fromarray((255 / 16 * pixels).astype(np.uint8)) for pixels in scanned.images]
    enlarged = [p.resize((32, 32), Image.Resampling.BICUBIC) for p in small[: 10 * count]]
    name = "scikit-learn's digits of 8x8 pixels, enlarged"
    yield DigitSet(name, enlarged, scanned.target[: 10 * count])


def drawn_sets(folder: Path) -> Iterator[DigitSet]:
    """Yield a folder's drawings named "<digit>-...", and arrays of one writer, dark on light."""
    files = sorted((folder / "drawings").glob("*.png"))
    labels = np.array([int(file.name[0]) for file in files])
    yield DigitSet("drawings of people", files, labels)
    with np.load(folder / "hwd1000.npz") as held:
        pictures = [Image.fromarray(pixels) for pixels in held["X"]]
        yield DigitSet("drawings of one writer", pictures, held["y"])


def of_paper(name: str, made: Sequence[paper.PaperPicture]) -> DigitSet:
    """Return generated pictures of one digit each as a set."""
    labels = np.array([int(picture.text) for picture in made])
    return DigitSet(name, [picture.picture for picture in made], labels)


def _pasted(digits: ImageSet) -> DigitSet:
    """Return digits in canvases of 28 to 80 pixels, every second dark on light."""
    random = np.random.default_rng(0)
    pictures = []
    for number, (image, _) in enumerate(digits):
        canvas = np.zeros(random.integers(28, 81, 2), np.uint8)
        top, left = (random.integers(0, size - 27) for size in canvas.shape)
        canvas[top : top + 28, left : left + 28] = image[0].numpy()
        pictures.append(Image.fromarray(255 - canvas if number % 2 else canvas))
    name = "the same, pasted into larger canvases, dark or light"
    return DigitSet(name, pictures, digits.labels.numpy())


def _fitted(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    """Return a digit scaled to a square of 32x32 px whose border it touches."""
    rows, columns = (np.flatnonzero(pixels.max(axis=axis) > 60) for axis in (1, 0))
    tight = Image.fromarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    square = Image.new("L", (32, 32))
    scale = 32 / max(tight.size)
    tight = tight.resize([max(1, round(scale * side)) for side in tight.size])
    square.paste(tight, ((32 - tight.width) // 2, (32 - tight.height) // 2))
    return square


def _dithered(made: paper.PaperPicture) -> paper.PaperPicture:
    """Return a picture dithered to one bit a pixel."""
    return replace(made, picture=made.picture.convert("1"))
