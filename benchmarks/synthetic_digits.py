"""How real the synthetic digits are: train on them alone, read MNIST's test set.

    DIGITNET_DATA=... python benchmarks/synthetic_digits.py --seeds 3

A seed changes both the pictures and the training. The forms of the digits were tuned on
MNIST's training set; the test set is used here alone.
"""

from __future__ import annotations

import argparse
import statistics
import time

from rich.console import Console
from rich.table import Table

from digitnet import DigitClassifier, datasets


def main() -> None:
    """Print a table of accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=10_000, help="synthetic training pictures")
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
    deviation = statistics.stdev(accuracies) if len(accuracies) > 1 else float("nan")
    table.add_row("mean", "", "", f"{statistics.mean(accuracies):.2%} ± {100 * deviation:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
