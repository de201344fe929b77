"""Train the classifier that `DigitClassifier.pretrained()` returns, and write its file.

    DIGITNET_DATA=... python examples/train_pretrained.py --out digits.safetensors
    python examples/train_pretrained.py --quick --out digits.safetensors

It learns from MNIST's training digits, the synthetic strokes, and digits found in pictures of
`datasets.paper` as any picture's are, all with `RECIPE`'s augmentation. Marks that are no digit
(halves of digits, pairs of them, wrong cuts of numbers, letters, scribbles, stains) get random
labels: no network can learn those, so it learns to be unsure of what is no digit (after Hendrycks
et al., 2019, who ask for even probabilities). MNIST's test set is read once, at the end.

With the same machine, versions and threads the file comes out the same, byte for byte.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from segment_truth import HELD_OUT, divisions_with_truth

from digitnet import Augmentation, DigitClassifier, ImageSet, Recipe, datasets
from digitnet.artifact import check_folder, read_artifact, write_artifact
from digitnet.data.image_set import DIGITS
from digitnet.datasets import paper
from digitnet.pictures import Box, prepare
from digitnet.pictures.mnist_form import to_mnist_form
from digitnet.pictures.resizing import resized
from digitnet.pictures.segment_network import NO_DIGIT, NOT_ONE

RECIPE = Recipe(
    name="pretrained",
    network="deep",
    epochs=6,
    batch_size=128,
    optimizer="adamw",
    learning_rate=4e-3,
    weight_decay=0.1,
    schedule="one_cycle",
    sharpness_radius=0.1,
    augmentation=Augmentation(
        rotation=12, shift=2, scale=0.12, shear=10, elastic=0.8, stroke=0.6, blur=0.5, noise=0.05
    ),
    averaging=0.998,
    precision="auto",
)
STROKES, PARTIAL = 40_000, 15_000
PICTURES, NUMBERS = 6_000, 2_000  # from each source
FOREIGN, BLANK = 2_000, 4_000
ON_FORMS = 1_500  # digits from each source, and forms without any
WITH_SIGNS = 1_000
NONE = (NOT_ONE, NO_DIGIT)
FORM = paper.Style(forms=paper.FORMS)
DIGIT_ABOVE, FOREIGN_BELOW = 0.7, 0.5  # overlap of the box that was found with a digit's
STRETCHED, COARSE, FEW = 0.3, 0.4, (8, 24)  # shares of digits; pixels of the longer side
NARROW = 0.5  # width by height: what is cut from a digit and as narrow may look like a 1
CHUNK = 50  # pictures that one process makes at a time


def main() -> None:
    """Gather what to learn from, train, calibrate, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("digits.safetensors"))
    parser.add_argument("--quick", action="store_true", help="a few pictures: does it run?")
    options = parser.parse_args()
    check_folder(options.out)  # now, not after the training
    torch.set_num_threads(2)
    share = 0.005 if options.quick else 1.0
    train, test = datasets.synthetic(1000, 200) if options.quick else datasets.mnist()
    train, held_out = train.split(HELD_OUT, seed=0)
    strokes, _ = datasets.synthetic(round(STROKES * share), 1, seed=1)
    parts = [
        train,
        strokes,
        *(in_form(digits, seed) for seed, digits in enumerate([train, strokes])),
    ]
    parts += from_pictures(train, share)
    parts += partial_digits(train, round(PARTIAL * share))
    everything = ImageSet(
        torch.cat([part.images for part in parts]),
        torch.cat([part.labels for part in parts]),
        DIGITS,
        "everything",
    )
    print(everything, flush=True)
    classifier = DigitClassifier(recipe=RECIPE, seed=0)
    classifier.fit(everything, epochs=1 if options.quick else None)
    print(f"temperature: {classifier.calibrate(held_out):.3f}")
    classifier.save(options.out)
    forget_times(options.out)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    print(f"{classifier.evaluate(test, verbose=0).accuracy:.2%} of {test.name}")


def forget_times(path: Path) -> None:
    """Set a model file's times to 0: all else in it is the same after each run."""
    tensors, metadata = read_artifact(path)
    for epoch in metadata["history"]:
        epoch["epoch_seconds"] = 0.0
    write_artifact(path, tensors, metadata)


def in_form(digits: ImageSet, seed: int) -> ImageSet:
    """Return digits as the path of real pictures brings them to MNIST's form.

    Some are stretched before, and some are reduced to few pixels, as those of coarse scans are.
    """
    random = np.random.default_rng(seed)
    images = [to_mnist_form(changed(fine(image[0].numpy()), random)) for image, _ in digits]
    return ImageSet(torch.from_numpy(np.stack(images))[:, None], digits.labels, DIGITS)


def changed(ink: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return ink perhaps wider or narrower, and perhaps of few pixels."""
    height, width = ink.shape
    if random.random() < STRETCHED and width > NARROW * height:  # a broad 1 is none
        width = round(width * np.exp(random.uniform(-0.2, 0.5)))
        stretched = Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC)
        ink = np.asarray(stretched).clip(0, 1)
    if random.random() < COARSE:
        ink = resized(ink, round(np.exp(random.uniform(*np.log(FEW)))))
    return ink


def fine(pixels: np.ndarray) -> np.ndarray:
    """Return the box of a digit's ink, four times as large, as float32 in 0..1."""
    rows, columns = (np.flatnonzero(pixels.max(axis=axis) > 0) for axis in (1, 0))
    tight = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    return resized(tight / 255, 4 * max(tight.shape))


def from_pictures(source: ImageSet, share: float) -> list[ImageSet]:
    """Return digits found in pictures on paper, and what was found there and is none."""
    kinds = (
        (partial(paper.digits, seed=10), PICTURES),
        (partial(paper.digits, seed=11, source=source), PICTURES),
        (partial(paper.letters, seed=12), FOREIGN),
        (partial(paper.scribbles, seed=13), FOREIGN),
        (partial(paper.blanks, seed=14), BLANK),
        (partial(paper.numbers, seed=15), NUMBERS),
        (partial(paper.numbers, seed=16, source=source), NUMBERS),
        (partial(paper.digits, seed=17, style=FORM), ON_FORMS),
        (partial(paper.digits, seed=18, source=source, style=FORM), ON_FORMS),
        (partial(paper.blanks, seed=19, style=FORM), ON_FORMS),
        (partial(paper.numbers, seed=30, signs=True), WITH_SIGNS),
    )
    jobs = [
        (make, start, min(CHUNK, round(count * share)))
        for make, count in kinds
        for start in range(0, round(count * share), CHUNK)
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        found = [pair for pairs in processes.map(found_in, jobs) for pair in pairs]
    images, labels = zip(*found, strict=True)
    return [ImageSet(torch.from_numpy(np.stack(images))[:, None], torch.tensor(labels), DIGITS)]


def found_in(job: tuple[partial, int, int]) -> list[tuple[np.ndarray, int]]:
    """Return what was found in a chunk of pictures, with its digit or a random label."""
    torch.set_num_threads(1)
    make, start, count = job
    seed = 1_000_000 * make.keywords["seed"] + start
    random = np.random.default_rng(seed)
    pictures = make.func(count, **{**make.keywords, "seed": seed})
    return [pair for picture in pictures for pair in labelled(picture, random)]


def labelled(
    picture: paper.PaperPicture, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, int]]:
    """Yield the digits that are found in a picture, and about as many marks that are none."""
    if picture.traits.subject == "number":
        yield from of_number(picture, random)
        return
    prepared = prepare(picture.picture)
    if prepared.box is None:
        return
    share = prepared.box.overlap(Box(*picture.boxes[0])) if picture.boxes else 0.0
    if share > DIGIT_ABOVE:
        yield prepared.pixels, int(picture.text)
    elif not picture.boxes or (share < FOREIGN_BELOW and not is_narrow(prepared.box)):
        yield prepared.pixels, int(random.integers(10))


def of_number(
    picture: paper.PaperPicture, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, int]]:
    """Yield at most two segments for each digit of a number that are digits, and one that is none.

    The same digit is found several times, cut in one place or beside it.
    """
    segments = [
        (division, segment, label)
        for division, labels in divisions_with_truth(picture, nearest=False)
        for segment, label in zip(division.segments, labels, strict=True)
        if label is not None and (label not in NONE or not is_narrow(division.box(segment)))
    ]
    digits = [found for found in segments if found[2] not in NONE]
    others = [found for found in segments if found[2] in NONE]
    for found, most in ((digits, 2 * len(picture.boxes)), (others, len(picture.boxes))):
        for place in random.permutation(len(found))[:most]:
            division, segment, label = found[place]
            (pixels,) = division.in_mnist_form([segment])
            yield pixels, int(random.integers(10)) if label in NONE else label


def is_narrow(box: tuple) -> bool:
    """Say whether what is in a box is much higher than wide."""
    left, top, right, bottom = box
    return right - left < NARROW * (bottom - top)


def partial_digits(digits: ImageSet, count: int) -> list[ImageSet]:
    """Return halves of digits and pairs of them, with random labels."""
    random = np.random.default_rng(2)
    images = [marks(digits.images[:, 0].numpy(), random) for _ in range(count)]
    labels = torch.from_numpy(random.integers(10, size=count))
    return [ImageSet(torch.from_numpy(np.stack(images))[:, None], labels, DIGITS)]


def marks(digits: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a half of a digit, a pair of digits, or one and a half, in MNIST's form."""
    left, right = (fine(digits[random.integers(len(digits))]) for _ in range(2))
    kind = random.integers(3)
    if kind == 0 and left.shape[1] > left.shape[0] / 2:  # half of a narrow 1 is a 1
        cut = round(left.shape[1] * random.uniform(0.4, 0.6))
        return to_mnist_form(left[:, :cut] if random.random() < 0.5 else left[:, cut:])
    if kind == 1:
        cut = round(right.shape[1] * random.uniform(0.3, 0.7))
        right = right[:, :cut]
    return to_mnist_form(beside(left, right, round(random.uniform(-8, 16))))


def beside(left: np.ndarray, right: np.ndarray, gap: int) -> np.ndarray:
    """Return two pictures of ink side by side on one baseline."""
    height = max(left.shape[0], right.shape[0])
    start = max(left.shape[1] + gap, 0)
    both = np.zeros((height, max(start + right.shape[1], left.shape[1])), np.float32)
    both[height - left.shape[0] :, : left.shape[1]] = left
    place = both[height - right.shape[0] :, start : start + right.shape[1]]
    np.maximum(place, right, out=place)
    return both


if __name__ == "__main__":
    main()
