"""Command-line options, and the data that they choose."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from digitnet import ImageSet, datasets
from digitnet.errors import DatasetUnavailableError

QUICK_TRAIN, QUICK_TEST, QUICK_EPOCHS = 6_000, 2_000, 2


@dataclass(frozen=True)
class Data:
    """A training and a test set, and what a reader must know of them.

    Attributes:
        train: What to train on.
        test: What to test on.
        warning: Why figures on these sets are not comparable; empty for all of MNIST.
    """

    train: ImageSet
    test: ImageSet
    warning: str


def parse(description: str, *, out: str) -> argparse.Namespace:
    """Return the options that every example has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=_positive, default=1, help="repeat with so many seeds")
    parser.add_argument("--epochs", type=_positive, help="epochs (default: the recipe's)")
    parser.add_argument(
        "--data",
        choices=("auto", "mnist", "synthetic"),
        default="auto",
        help="auto: MNIST, or digits drawn by a program where MNIST cannot be had",
    )
    parser.add_argument("--out", type=Path, default=Path(out), help="folder for what is made")
    parser.add_argument(
        "--quick", action="store_true", help="a try in under a minute, on part of the data"
    )
    return parser.parse_args()


def load(choice: str, *, quick: bool, console: Console) -> Data:
    """Return the data of `--data`, and warn where figures on them are not comparable."""
    warning = ""
    if choice == "synthetic":
        warning = "These figures are of digits drawn by a program, not of MNIST."
    else:
        try:
            train, test = datasets.mnist()
        except DatasetUnavailableError as error:
            if choice == "mnist":
                raise SystemExit(str(error)) from error
            console.print(str(error), style="dim", soft_wrap=True)
            warning = (
                "MNIST could not be had: these figures are of digits drawn by a program. They "
                "are not comparable with the original's."
            )
    if warning:
        train, test = datasets.synthetic()
    if quick:
        train, test = train[:QUICK_TRAIN], test[:QUICK_TEST]
        warning = f"{warning} A quick try on part of the data: the figures mean little.".strip()
    if warning:
        console.print(Panel(warning, title="NOT COMPARABLE", style="bold white on red"))
    return Data(train, test, warning)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, received {number}")
    return number
