"""Train the digit network of `DigitClassifier.pretrained()` and write its weights.

    DIGITNET_DATA=... python training/train_digits.py --out digits.safetensors --checkpoints run
    python training/train_digits.py --quick --out digits.safetensors

Training data: MNIST's training digits, synthetic strokes, pen digits of Swiss writers 1 to 10,
digits of generated pictures cut out by their true masks, and printed digits. All but the plain
MNIST format are soft masks of random height, as the reader network finds them, normalized to
28x28. Distractors (parts and pairs of digits, letters, scribbles) have random labels: no network
can learn those, so it becomes unsure of them (after Hendrycks et al., 2019).

A killed run goes on from the data and checkpoints in `--checkpoints` when it is started again. The
same machine, versions and threads give the same file, byte for byte. The test figures are printed
once, at the end. Where other programs use the cores too, set OMP_WAIT_POLICY=PASSIVE: threads that
spin while they wait took five times the CPU time; the result is the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import digit_masks
import numpy as np
import torch
from digit_masks import HEIGHT, Pair, labelled, masks, resized, tight

from digitnet import Augmentation, DigitClassifier, ImageSet, Recipe, datasets
from digitnet.artifact import check_folder, read_artifact, write_artifact
from digitnet.callbacks import Checkpoint
from digitnet.data.image_set import DIGITS
from digitnet.datasets import paper
from digitnet.datasets.pen_digits import mnist_handwriting, swiss_digits
from digitnet.model_file import ModelInfo
from digitnet.pictures.normalization import normalize

RECIPE = Recipe(
    name="pretrained",
    network="deep",
    epochs=5,
    batch_size=128,
    optimizer="adamw",
    learning_rate=4e-3,
    weight_decay=0.1,
    schedule="one_cycle",
    augmentation=Augmentation(
        rotation=12, shift=2, scale=0.12, shear=10, elastic=0.8, stroke=0.6, blur=0.5, noise=0.05
    ),
    averaging=0.998,
    precision="auto",
)
HELD_OUT = 12  # every 12th writer of MNIST, every 12th Swiss digit: for the temperature
SWISS, SWISS_TRIAL, SWISS_TEST = range(1, 11), range(1, 9), range(11, 15)  # writers
MODES = {
    "quick": "synthetic digits alone: does it run?",
    "trial": "a fifth of the data, Swiss writers 9 and 10 held out: to choose settings by",
}
SHARES = {"full": 1.0, "trial": 0.2, "quick": 0.005}  # of all counts below
COPIES = 6  # masks of each Swiss digit
STROKES, PRINTED, PARTIAL = 40_000, 4_000, 15_000
NUMBERS = {"strokes": 2_000, "mnist": 1_000, "swiss": 2_000}  # pictures of each source
SINGLES, DISTRACTORS = 1_500, 2_000  # pictures of each source or kind
HELD_OUT_NUMBERS = 150
SINGLE_STYLE, NUMBER_STYLE = paper.Style(size=(48, 420)), paper.Style(size=(100, 600))
MARKS = {  # what is cut out of generated pictures
    "numbers": partial(paper.numbers, style=NUMBER_STYLE),
    "digits": partial(paper.digits, style=SINGLE_STYLE),
    "letters": partial(paper.letters, style=SINGLE_STYLE),
    "scribbles": partial(paper.scribbles, style=SINGLE_STYLE),
}
CHUNK = 50  # pictures a job; masks are made ten times as fast

Job = Callable[[], list[Pair]]


def main() -> None:
    """Make the data, train, calibrate, write the file, and report the test figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("digits.safetensors"))
    parser.add_argument("--checkpoints", type=Path, help="folder to write to and resume from")
    parser.set_defaults(mode="full")
    mode = parser.add_mutually_exclusive_group()
    for name, text in MODES.items():
        mode.add_argument(f"--{name}", dest="mode", action="store_const", const=name, help=text)
    options = parser.parse_args()
    check_folder(options.out)  # now, not after the training
    torch.set_num_threads(2)
    folder = options.checkpoints
    train, held_out = kept_data(options.mode, folder) if folder else training_data(options.mode)
    print(train, flush=True)

    classifier = DigitClassifier(recipe=RECIPE, seed=0)
    classifier.fit(
        train,
        epochs=1 if options.mode == "quick" else None,
        callbacks=[Checkpoint(folder, monitor="loss", every=1000)] if folder else (),
        resume=folder if folder and any(folder.glob("checkpoint-*")) else None,
    )
    temperature = classifier.calibrate(joined(list(held_out.values()), "held out"))
    print(f"temperature: {temperature:.3f}")
    classifier.save(options.out)
    forget_times(options.out)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    for name, images in (held_out | (test_data() if options.mode == "full" else {})).items():
        result = classifier.evaluate(images, verbose=0)
        print(f"{result.accuracy:.2%} of {name} ({len(images):,}), loss {result.loss:.4f}")


def forget_times(path: Path) -> None:
    """Set the epochs' durations in a model file to 0; all else is reproducible."""
    tensors, metadata = read_artifact(path)
    info = ModelInfo.from_metadata(metadata)
    history = tuple(replace(log, epoch_seconds=0.0) for log in info.history)
    write_artifact(path, tensors, replace(info, history=history).to_metadata())


def kept_data(mode: str, folder: Path) -> tuple[ImageSet, dict[str, ImageSet]]:
    """Return the training set and the held-out sets; they are made once for a folder."""
    path = folder / f"data-{mode}.safetensors"
    if not path.exists():
        train, held_out = training_data(mode)
        sets = {train.name: train} | held_out
        tensors = {f"{name}/images": one.images for name, one in sets.items()}
        tensors |= {f"{name}/labels": one.labels for name, one in sets.items()}
        folder.mkdir(parents=True, exist_ok=True)
        write_artifact(path, tensors, {"names": list(sets)})
    tensors, metadata = read_artifact(path)
    sets = {
        name: ImageSet(tensors[f"{name}/images"], tensors[f"{name}/labels"], DIGITS, name)
        for name in metadata["names"]
    }
    return sets.pop("training data"), sets


@cache
def sources(mode: str) -> dict[str, paper.Handwriting]:
    """Return the real handwriting by name, training and held-out parts, once in each process."""
    if mode == "quick":
        digits = datasets.synthetic(400, 1)[0]
        names = ("mnist", "mnist held out", "swiss", "swiss held out")
        return {name: handwriting(digits[start::4]) for start, name in enumerate(names)}
    mnist, swiss = mnist_handwriting()[0], swiss_digits()
    own = np.isin(swiss.writers, SWISS)
    mnist_held = np.isin(mnist.writers, np.unique(mnist.writers)[::HELD_OUT])
    swiss_held = np.arange(len(swiss)) % HELD_OUT == 0
    if mode == "trial":
        swiss_held = ~np.isin(swiss.writers, SWISS_TRIAL)
    return {
        "mnist": subset(mnist, ~mnist_held),
        "mnist held out": subset(mnist, mnist_held),
        "swiss": subset(swiss, own & ~swiss_held),
        "swiss held out": subset(swiss, own & swiss_held),
    }


def subset(digits: paper.Handwriting, kept: np.ndarray | slice) -> paper.Handwriting:
    """Return the digits of a mask or slice."""
    images = [digits.images[index] for index in np.arange(len(digits))[kept]]
    return paper.Handwriting(images, digits.labels[kept], digits.writers[kept], digits.name)


def handwriting(digits: ImageSet) -> paper.Handwriting:
    """Return digits as those of three writers."""
    images, labels = list(digits.images[:, 0].numpy()), digits.labels.numpy()
    return paper.Handwriting(images, labels, np.arange(len(digits)) % 3, digits.name)


def training_data(mode: str) -> tuple[ImageSet, dict[str, ImageSet]]:
    """Return the training set and the held-out sets."""
    share, found = SHARES[mode], sources(mode)
    mnist = subset(found["mnist"], slice(None, None, 5 if mode == "trial" else 1))
    strokes = datasets.synthetic(round(STROKES * share), 1, seed=1)[0]

    def cut_out(kind: str, source: str, count: int, seed: int) -> list[Job]:
        return chunked(partial(from_pictures, kind, source, mode), round(count * share), seed)

    # seeds 0 to 51 are training data, from 60 on held out
    groups = [mask_jobs(mnist, None, 0), mask_jobs(handwriting(strokes), None, 1)]
    for copy in range(max(1, round(COPIES * share))):
        groups.append(mask_jobs(found["swiss"], HEIGHT, 10 + copy))
    for index, (source, count) in enumerate(NUMBERS.items()):
        groups.append(cut_out("numbers", source, count, 20 + index))
    for index, source in enumerate(NUMBERS):
        groups.append(cut_out("digits", source, SINGLES, 30 + index))
    for index, kind in enumerate(("letters", "scribbles")):
        groups.append(cut_out(kind, "strokes", DISTRACTORS, 40 + index))
    groups.append(chunked(digit_masks.printed, round(PRINTED * share), 50))
    groups.append(chunked(partial(parts_and_pairs, mode), round(PARTIAL * share), 51))
    held_out = {
        "held-out MNIST, masks": mask_jobs(found["mnist held out"], HEIGHT, 60),
        "held-out Swiss, masks": mask_jobs(found["swiss held out"], HEIGHT, 61),
        "held-out generated, masks": cut_out("numbers", "mnist held out", HELD_OUT_NUMBERS, 62),
    }
    made = run([*groups, *held_out.values()])
    train = joined([plain(mnist), strokes, *made[: len(groups)]], "training data")
    masks_held_out = dict(zip(held_out, made[len(groups) :], strict=True))
    return train, {"held-out MNIST": plain(found["mnist held out"])} | masks_held_out


def test_data() -> dict[str, ImageSet]:
    """Return the test sets: nothing is trained or chosen on them."""
    swiss = swiss_digits().of_writers(SWISS_TEST)
    clean = [(normalize(resized(tight(image), 40)), label) for image, label in labelled(swiss)]
    return {"MNIST test": datasets.mnist()[1], "Swiss writers 11 to 14": image_set(clean)}


def mask_jobs(digits: paper.Handwriting, heights: tuple[int, int] | None, seed: int) -> list[Job]:
    """Return jobs that make a mask of each digit."""
    step = 10 * CHUNK
    return [
        partial(masks, subset(digits, slice(start, start + step)), heights, seed_of(seed, start))
        for start in range(0, len(digits), step)
    ]


def chunked(make: Callable[[int, int], list[Pair]], count: int, seed: int) -> list[Job]:
    """Return jobs of a function of a count and a seed."""
    return [
        partial(make, min(CHUNK, count - start), seed_of(seed, start))
        for start in range(0, count, CHUNK)
    ]


def seed_of(group: int, start: int) -> int:
    """Return a job's seed."""
    return 1_000_000 * group + start


def from_pictures(kind: str, source: str, mode: str, count: int, seed: int) -> list[Pair]:
    """Return the marks of generated pictures of a source."""
    return digit_masks.from_pictures(MARKS[kind], sources(mode).get(source), count, seed)


def parts_and_pairs(mode: str, count: int, seed: int) -> list[Pair]:
    """Return parts and pairs of MNIST's digits or, less often, of Swiss ones."""
    found = sources(mode)
    return digit_masks.parts_and_pairs(found["mnist"].images, found["swiss"].images, count, seed)


def run(groups: Sequence[list[Job]]) -> list[ImageSet]:
    """Run all jobs in two processes; return one set a group, in order."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        done = processes.map(call, [job for group in groups for job in group])
        return [image_set([pair for _ in group for pair in next(done)]) for group in groups]


def call(job: Job) -> list[Pair]:
    """Run a job on one thread; drop what normalization leaves empty."""
    torch.set_num_threads(1)
    return [(image, label) for image, label in job() if image.any()]


def plain(digits: paper.Handwriting) -> ImageSet:
    """Return digits of 28x28 as they are."""
    return image_set(list(labelled(digits)))


def image_set(pairs: Sequence[Pair]) -> ImageSet:
    """Return images and labels as one set."""
    images, labels = zip(*pairs, strict=True)
    return ImageSet(torch.from_numpy(np.stack(images))[:, None], torch.tensor(labels), DIGITS)


def joined(sets: Sequence[ImageSet], name: str) -> ImageSet:
    """Return all images of several sets."""
    images = torch.cat([one.images for one in sets])
    return ImageSet(images, torch.cat([one.labels for one in sets]), DIGITS, name)


if __name__ == "__main__":
    main()
