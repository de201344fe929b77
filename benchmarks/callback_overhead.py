"""What callbacks cost: an epoch of the report's recipe with and without them.

    DIGITNET_DATA=... python benchmarks/callback_overhead.py

The callbacks print a line an epoch, write the CSV log, and save a checkpoint an epoch. Both take
turns. As an epoch varies by more than they cost, their cost is also measured alone, by epochs of
one step, with the fingerprint of the whole training set added.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import harness

from digitnet import DigitClassifier, ImageSet, datasets
from digitnet.callbacks import Checkpoint, CSVLogger
from digitnet.data.batches import fingerprint

EPOCHS = 20  # of one step; a checkpoint of one alone varies too much


def main() -> None:
    """Print the medians and the ratio, turn by turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--pictures", type=int, default=60_000)
    options = parser.parse_args()
    train = datasets.mnist()[0][: options.pictures]

    # Whole epochs, by turns
    _epochs(train, 1, callbacks=False)  # warm-up
    pairs = []
    for turn in range(options.turns):  # who begins changes from turn to turn
        first = turn % 2 == 0
        times = {which: _epochs(train, 1, callbacks=which) for which in (first, not first)}
        pairs.append((times[True], times[False]))
    for name, times in zip(("with", "without"), zip(*pairs, strict=True), strict=True):
        print(f"{name} callbacks: {statistics.median(times):.2f} s")
    ratios = [with_all / without for with_all, without in pairs]
    print(f"ratio: {harness.median_and_range(ratios, 4)}")

    # The callbacks alone
    alone = []
    for _ in range(options.turns):
        once = harness.seconds_of(lambda: fingerprint(train.images, train.labels))
        with_all, without = (_epochs(train[:64], EPOCHS, callbacks=c) for c in (True, False))
        alone.append(once + (with_all - without) / EPOCHS)
    cost, epoch = statistics.median(alone), statistics.median(pair[1] for pair in pairs)
    milliseconds = harness.median_and_range([1000 * seconds for seconds in alone], 0)
    print(f"alone: {milliseconds} ms, {cost / epoch:.2%} of an epoch")


def _epochs(train: ImageSet, epochs: int, *, callbacks: bool) -> float:
    classifier = DigitClassifier(seed=0)
    with tempfile.TemporaryDirectory() as folder:
        log, checkpoint = CSVLogger(Path(folder, "log.csv")), Checkpoint(Path(folder, "run"))
        own, verbose = ([log, checkpoint], 2) if callbacks else ([], 0)
        return harness.seconds_of(
            lambda: classifier.fit(train, epochs=epochs, callbacks=own, verbose=verbose)
        )


if __name__ == "__main__":
    main()
