"""Time augmentation: each change alone, and all of `best` as a share of an epoch.

    DIGITNET_DATA=... python benchmarks/augmentation.py
    python benchmarks/augmentation.py --quick

Each change is timed on batches of 128, by turns with torchvision's transform of the same kind
where there is one; torchvision draws one amount for the whole batch, digitnet one for each image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import harness
import torch
from torch import Tensor
from torchvision.transforms import v2

from digitnet import Augmentation, DigitClassifier, ImageSet, Recipe
from digitnet.data.augmentation import augment
from digitnet.recipe import BEST

BATCH = 128  # images
TIMED = 20 * BATCH  # images a turn
OURS = {
    "rotation, shift, scale, shear": Augmentation(rotation=15, shift=2.5, scale=0.15, shear=10),
    "elastic": Augmentation(elastic=1),
    "stroke width": Augmentation(stroke=1),
    "blur": Augmentation(blur=1),
    "noise": Augmentation(noise=0.1),
    "erasing": Augmentation(erasing=0.5),
    "all of `best`": BEST.augmentation,
}
TORCHVISION = {
    "rotation, shift, scale, shear": v2.RandomAffine(
        15, (0.09, 0.09), (0.85, 1.15), 10, interpolation=v2.InterpolationMode.BILINEAR
    ),
    "elastic": v2.ElasticTransform(),
    "blur": v2.GaussianBlur(7, (0.01, 1)),
    "noise": v2.GaussianNoise(sigma=0.1),
    "erasing": v2.RandomErasing(p=1, scale=(0.01, 0.25)),
}


def main() -> None:
    """Print two tables, and write them with the figures."""
    harness.relaunch()
    options = harness.parse(harness.parser(__doc__))
    train, _ = harness.mnist(quick=options.quick)
    _report_batches(train, 2 if options.quick else 9, options.out)
    part, rounds = (train[:1_280], 1) if options.quick else (train[:12_800], 5)
    _report_epochs(part, rounds, options.out)


def _report_batches(train: ImageSet, rounds: int, out: Path) -> None:
    batches = list(train.images[:TIMED].split(BATCH))
    runs: dict[str, Callable[[Tensor], Tensor]] = {}
    for name, augmentation in OURS.items():
        runs[f"{name}: digitnet"] = partial(augment, augmentation=augmentation)
        if name in TORCHVISION:
            runs[f"{name}: torchvision"] = TORCHVISION[name]
    timed = {name: partial(_per_batch, run, batches) for name, run in runs.items()}
    seconds = harness.alternate(timed, rounds)
    harness.report(
        out,
        "augmentation",
        title=f"Augmenting a batch of {BATCH} digits",
        columns=["change", "milliseconds"],
        rows=[
            (name, harness.median_and_range([1e3 * taken for taken in times]))
            for name, times in seconds.items()
        ],
        figures=seconds,
    )


def _report_epochs(part: ImageSet, rounds: int, out: Path) -> None:
    recipes = {"with": BEST, "without": replace(BEST, augmentation=None)}
    epochs = harness.alternate(
        {name: partial(_epoch, recipe, part) for name, recipe in recipes.items()}, rounds
    )
    shares = [100 * (1 - 1 / ratio) for ratio in harness.ratios(epochs, "without", "with")]
    harness.report(
        out,
        "augmentation_share",
        title=f"An epoch of `best` on {len(part):,} pictures",
        columns=["augmentation", "seconds"],
        rows=[
            *((name, harness.median_and_range(times)) for name, times in epochs.items()),
            ("share of the epoch, %", harness.median_and_range(shares, 1)),
        ],
        figures=epochs,
    )


def _per_batch(run: Callable[[Tensor], Tensor], batches: list[Tensor]) -> float:
    """Return the seconds of a batch, from uint8 to float32."""
    takes_floats = isinstance(run, v2.Transform)

    def augment_all() -> None:
        for batch in batches:
            run(batch.float() / 255 if takes_floats else batch)

    return harness.seconds_of(augment_all) / len(batches)


def _epoch(recipe: Recipe, part: ImageSet) -> float:
    classifier = DigitClassifier(recipe=replace(recipe, epochs=1), device="cpu", seed=0)
    return harness.seconds_of(lambda: classifier.fit(part, verbose=0))


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
