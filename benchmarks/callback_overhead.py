"""What the callbacks cost: an epoch of the report's recipe with all of them and without.

    DIGITNET_DATA=... python benchmarks/callback_overhead.py

With: a line an epoch, the CSV log, and a checkpoint an epoch. Both take turns.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from digitnet import DigitClassifier, ImageSet, datasets
from digitnet.callbacks import Callback, Checkpoint, CSVLogger


def main() -> None:
    """Print the medians and the ratio, turn by turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--pictures", type=int, default=60_000)
    options = parser.parse_args()
    train = datasets.mnist()[0][: options.pictures]
    _epoch(train, [], verbose=0)  # a first turn that does not count
    pairs = []
    for _ in range(options.turns):
        with tempfile.TemporaryDirectory() as folder:
            callbacks = [CSVLogger(Path(folder, "log.csv")), Checkpoint(Path(folder, "run"))]
            pairs.append((_epoch(train, callbacks, verbose=2), _epoch(train, [], verbose=0)))
    ratios = [with_all / without for with_all, without in pairs]
    for name, times in zip(("with", "without"), zip(*pairs, strict=True), strict=True):
        print(f"{name} callbacks: {statistics.median(times):.2f} s")
    print(f"ratio: {statistics.median(ratios):.4f} ({min(ratios):.4f} to {max(ratios):.4f})")


def _epoch(train: ImageSet, callbacks: list[Callback], *, verbose: int) -> float:
    classifier = DigitClassifier(seed=0)
    started = time.perf_counter()
    classifier.fit(train, epochs=1, callbacks=callbacks, verbose=verbose)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
