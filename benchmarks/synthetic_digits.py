"""Train on synthetic digits alone, and read MNIST's test set.

    DIGITNET_DATA=... python benchmarks/synthetic_digits.py --seeds 3

A seed changes both the images and the training. The shapes of the synthetic digits were tuned on
MNIST's training set, without a look at the test set.
"""

from __future__ import annotations

import argparse
import time

import harness
from rich.console import Console
from rich.table import Table

from digitnet import DigitClassifier, datasets


def main() -> None:
    """Print a table of accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=10_000, help="synthetic training images")
    options = parser.parse_args()
    _, real = datasets.mnist()
    table = Table(title=f"Trained on {options.pictures:,} synthetic digits, 10 epochs")
    for column in ("seed", "drawn in s", "synthetic test", "MNIST test"):
        table.add_column(column, justify="right")
    accuracies = []
    for seed in range(options.seeds):
        started = time.perf_counter()
        train, test = datasets.synthetic(train=options.pictures, seed=seed)
        seconds = time.perf_counter() - started
        classifier = DigitClassifier(seed=seed)
        classifier.fit(train, verbose=0)
        accuracies.append(classifier.score(real))
        table.add_row(
            str(seed), f"{seconds:.2f}", f"{classifier.score(test):.2%}", f"{accuracies[-1]:.2%}"
        )
    percent = [100 * accuracy for accuracy in accuracies]
    table.add_row("mean", "", "", f"{harness.mean_and_deviation(percent)}%")
    Console().print(table)


if __name__ == "__main__":
    main()
