"""CIFAR-10, or generated patterns in its place, and the trainings on them."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.panel import Panel

from digitnet import Evaluation, ImageClassifier, ImageSet, Recipe, datasets
from digitnet.callbacks import Checkpoint
from digitnet.data.batches import fingerprint
from digitnet.datasets.cifar10 import CLASSES
from digitnet.errors import DatasetUnavailableError
from reporting.options import Data

QUICK_TRAIN, QUICK_TEST, QUICK_EPOCHS = 1_000, 250, 2  # images and epochs: a trial in seconds


@dataclass(frozen=True)
class Run:
    """One training, and its evaluation on the test set."""

    seed: int
    classifier: ImageClassifier
    test: Evaluation

    @property
    def seconds(self) -> list[float]:
        """Seconds of training at the end of each epoch."""
        logs = self.classifier.history
        return torch.tensor([log.epoch_seconds for log in logs]).cumsum(0).tolist()

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them."""
        return {
            "seed": self.seed,
            "history": self.classifier.history.to_rows(),
            "test_loss": self.test.loss,
            "test_accuracy": self.test.accuracy,
            "per_class": self.test.per_class.tolist(),
            "confusion": self.test.confusion.tolist(),
        }


def parse() -> argparse.Namespace:
    """Return the options of the example."""
    parser = argparse.ArgumentParser(description="Learn CIFAR-10.")
    parser.add_argument("--seeds", type=int, default=1, help="repeat with so many seeds")
    parser.add_argument("--epochs", type=int, help="epochs (default: each recipe's)")
    parser.add_argument(
        "--data",
        choices=("auto", "cifar-10", "made"),
        default="auto",
        help="auto: CIFAR-10, or patterns drawn by a program where CIFAR-10 cannot be had",
    )
    parser.add_argument("--out", type=Path, help="folder for all files (cifar10, or cifar10/quick)")
    parser.add_argument("--quick", action="store_true", help="a try in seconds, on few pictures")
    options = parser.parse_args()
    if min(options.seeds, 1 if options.epochs is None else options.epochs) < 1:
        parser.error("expected --seeds and --epochs of at least 1")
    options.out = options.out or Path("cifar10", "quick" if options.quick else "")
    return options


def load(choice: str, *, quick: bool, console: Console) -> Data:
    """Return the data of `--data`, and warn where figures on them are not comparable."""
    warning = ""
    if choice == "made":
        train, test = patterns(QUICK_TRAIN, seed=0), patterns(QUICK_TEST, seed=1)
        warning = "These figures are of patterns drawn by a program, not of CIFAR-10."
    else:
        try:
            train, test = datasets.cifar10()
        except DatasetUnavailableError as error:
            if choice != "auto":
                raise SystemExit(str(error)) from error
            console.print(str(error), style="dim", soft_wrap=True)
            return load("made", quick=quick, console=console)
    if quick:
        train, test = train[:: len(train) // QUICK_TRAIN], test[:: len(test) // QUICK_TEST]
        warning = f"{warning} A quick try on few pictures: the figures mean little.".strip()
    if warning:
        console.print(Panel(warning, title="NOT COMPARABLE", style="bold white on red"))
    return Data(train, test, warning)


def patterns(count: int, *, seed: int) -> ImageSet:
    """Return images of ten coloured patterns with noise, labelled with CIFAR-10's classes."""
    coarse = torch.rand((10, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear")
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 10
    noise = torch.randn((count, 3, 32, 32), generator=generator) * 0.2
    images = ((smooth[labels] + noise).clamp(0, 1) * 255).byte()
    return ImageSet(images, labels, CLASSES, "patterns drawn by a program")


def train_once(recipe: Recipe, data: Data, *, seed: int, epochs: int | None, kept: Path) -> Run:
    """Train with one seed, or go on where an interrupted run of the script stopped.

    Args:
        recipe: How to train.
        data: The data. The test set is evaluated after each epoch for the curves; nothing is
            chosen by it.
        seed: The seed.
        epochs: Passes over the training set; `None` takes the recipe's.
        kept: The folder for the trained network and, until it is there, for checkpoints. Their
            names hold a hash of the data, so that a trial replaces no other training.
    """
    # A training that an earlier run has finished
    recipe = replace(recipe, epochs=epochs or recipe.epochs)
    data_hash = fingerprint(data.train.images)[-8:]
    model = kept / f"{recipe.name}-{recipe.epochs}-epochs-{data_hash}-{seed}.safetensors"
    if model.exists():
        classifier = ImageClassifier.load(model)
        if classifier.recipe == recipe and classifier.seed == seed:
            return Run(seed, classifier, classifier.evaluate(data.test))

    # A new training, or the rest of an interrupted one
    shape = tuple(data.train.images.shape[1:])
    classifier = ImageClassifier(
        classes=data.train.classes, input_shape=shape, recipe=recipe, seed=seed
    )
    directory = kept / "checkpoints" / model.stem
    classifier.fit(
        data.train,
        validation_data=data.test,
        callbacks=[Checkpoint(directory, keep=1)],
        resume=directory if directory.exists() else None,
    )
    classifier.save(model)
    shutil.rmtree(directory)
    return Run(seed, classifier, classifier.evaluate(data.test))
