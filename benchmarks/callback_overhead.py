"""What the callbacks cost: an epoch of the report's recipe with all of them and without.

    DIGITNET_DATA=... python benchmarks/callback_overhead.py

With: a line an epoch, the CSV log, and a checkpoint an epoch. Both take turns. As an epoch
varies by more than they cost, their cost is also measured alone, by epochs of one step, with
the fingerprint of the whole training set added.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from digitnet import DigitClassifier, ImageSet, datasets
from digitnet.callbacks import Checkpoint, CSVLogger
from digitnet.data.batches import fingerprint

EPOCHS = 20  # of one step


def main() -> None:
    """Print the medians and the ratio, turn by turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--pictures", type=int, default=60_000)
    options = parser.parse_args()
    train = datasets.mnist()[0][: options.pictures]
    _epochs(train, 1, callbacks=False)  # a first turn that does not count
    pairs = []
    for turn in range(options.turns):  # who begins changes from turn to turn
        first = turn % 2 == 0
        times = {which: _epochs(train, 1, callbacks=which) for which in (first, not first)}
        pairs.append((times[True], times[False]))
    ratios = [with_all / without for with_all, without in pairs]
    for name, times in zip(("with", "without"), zip(*pairs, strict=True), strict=True):
        print(f"{name} callbacks: {statistics.median(times):.2f} s")
    print(f"ratio: {statistics.median(ratios):.4f} ({min(ratios):.4f} to {max(ratios):.4f})")

    alone = []
    for _ in range(options.turns):
        started = time.perf_counter()
        fingerprint(train.images, train.labels)
        once = time.perf_counter() - started
        with_all, without = (_epochs(train[:64], EPOCHS, callbacks=c) for c in (True, False))
        alone.append(once + (with_all - without) / EPOCHS)
    cost, epoch = statistics.median(alone), statistics.median(pair[1] for pair in pairs)
    print(
        f"alone: {1000 * cost:.0f} ms ({1000 * min(alone):.0f} to {1000 * max(alone):.0f}), "
        f"{cost / epoch:.2%} of an epoch"
    )


def _epochs(train: ImageSet, epochs: int, *, callbacks: bool) -> float:
    classifier = DigitClassifier(seed=0)
    with tempfile.TemporaryDirectory() as folder:
        log, checkpoint = CSVLogger(Path(folder, "log.csv")), Checkpoint(Path(folder, "run"))
        started = time.perf_counter()
        classifier.fit(
            train,
            epochs=epochs,
            callbacks=[log, checkpoint] if callbacks else [],
            verbose=2 if callbacks else 0,
        )
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
