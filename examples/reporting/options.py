"""Command-line options, and the data that they choose."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.panel import Panel

from digitnet import ImageSet, datasets
from digitnet.digits import DIGITS, INPUT_SHAPE
from digitnet.errors import DatasetUnavailableError, DigitNetError

QUICK_TRAIN, QUICK_TEST = 6_000, 2_000  # images: a tenth and a fifth, seconds an epoch
QUICK_EPOCHS = 2  # the fewest that show a curve


@dataclass(frozen=True)
class Data:
    """The data of a report.

    Attributes:
        train: The training set.
        test: The test set.
        warning: Why figures on these sets are not comparable with the original's; else empty.
    """

    train: ImageSet
    test: ImageSet
    warning: str


def parse(description: str, *, out: str, seeds: int = 1) -> argparse.Namespace:
    """Return the options that every example has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--seeds", type=_positive, default=seeds, help="repeat with so many seeds (%(default)s)"
    )
    parser.add_argument("--epochs", type=_positive, help="epochs (default: the recipe's)")
    parser.add_argument(
        "--data",
        default="auto",
        metavar="auto|mnist|synthetic|FOLDER",
        help="auto: MNIST, or digits drawn by a program where MNIST cannot be had; or a folder "
        "with train/ and test/, in each a folder of pictures a digit",
    )
    parser.add_argument("--out", type=Path, default=Path(out), help="folder for what is made")
    parser.add_argument(
        "--quick", action="store_true", help="a try in under a minute, on part of the data"
    )
    return parser.parse_args()


def load(
    choice: str,
    *,
    quick: bool,
    console: Console,
    quick_sizes: tuple[int, int] = (QUICK_TRAIN, QUICK_TEST),
) -> Data:
    """Return the data of `--data`, and warn where figures on them are not comparable.

    Args:
        choice: The value of `--data`.
        quick: Whether to take only a part.
        console: Where to warn.
        quick_sizes: Training and test images of that part.
    """
    train, test, warning = _chosen(choice, console)
    if quick:
        train, test = _part(train, quick_sizes[0]), _part(test, quick_sizes[1])
        warning = f"{warning} A quick try on part of the data: the figures mean little.".strip()
    if warning:
        console.print(Panel(warning, title="NOT COMPARABLE", style="bold white on red"))
    return Data(train, test, warning)


def _part(images: ImageSet, size: int) -> ImageSet:
    """Return images at equal distances in a set, which may be sorted by class."""
    count = min(size, len(images))
    return images[torch.arange(count) * len(images) // count]


def _chosen(choice: str, console: Console) -> tuple[ImageSet, ImageSet, str]:
    if choice == "synthetic":
        warning = "These figures are of digits drawn by a program, not of MNIST."
        return *datasets.synthetic(), warning
    if choice not in ("auto", "mnist"):
        return *_from_folder(Path(choice)), f"These figures are of '{choice}', not of MNIST."
    try:
        return *datasets.mnist(), ""
    except DatasetUnavailableError as error:
        if choice == "mnist":
            raise SystemExit(str(error)) from error
        console.print(str(error), style="dim", soft_wrap=True)
        warning = (
            "MNIST could not be had: these figures are of digits drawn by a program. They "
            "are not comparable with the original's."
        )
        return *datasets.synthetic(), warning


def _from_folder(folder: Path) -> tuple[ImageSet, ImageSet]:
    """Return the images of a folder; classes and shape must be those of MNIST."""
    try:
        train, test = (datasets.image_folder(folder / part) for part in ("train", "test"))
    except DigitNetError as error:
        raise SystemExit(str(error)) from error
    for part, images in (("train", train), ("test", test)):
        shape = tuple(images.images.shape[1:])
        if images.classes != DIGITS or shape != INPUT_SHAPE:
            raise SystemExit(
                f"Expected in '{folder / part}' the classes {', '.join(DIGITS)} in pictures of "
                f"{INPUT_SHAPE} (channels, height, width), as the networks here take them; "
                f"received {', '.join(images.classes)} in pictures of {shape}. Give other "
                "pictures, or train on these with digitnet.ImageClassifier."
            )
    return train, test


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, received {number}")
    return number
