"""Training and predicting on a GPU: seconds, the share of kernels in an epoch, memory.

    DIGITNET_DATA=... python benchmarks/gpu.py
    python benchmarks/gpu.py --quick

Without a GPU it runs only with `--quick`, and counts neither kernels nor memory.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import harness
import numpy as np
import torch
from torch.autograd import DeviceType
from torch.profiler import profile

from digitnet import DigitClassifier, ImageSet
from digitnet.recipe import RECIPES

TRAINED = ("report", "fast", "best")  # recipes
PROFILED = 100  # batches: the profiler keeps every kernel in memory


def main() -> None:
    """Print a table, and write it with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="epochs after the first")
    options = harness.parse(parser)
    if not (options.quick or torch.cuda.is_available()):
        raise SystemExit("Expected a GPU that torch can use; found none. Try --quick.")
    train, test = harness.mnist(quick=options.quick)
    rounds = 1 if options.quick else options.rounds
    measured = {name: _measure(name, train, test, rounds) for name in TRAINED}
    rows = []
    for name, figures in measured.items():
        first, *others = figures["epochs"]
        share = figures["kernels"][0] / statistics.median(others)
        rows.append(
            (
                f"`{name}`",
                f"{first:.2f}",
                harness.median_and_range(others),
                f"{share:.0%}" if torch.cuda.is_available() else "-",
                harness.median_and_range([len(test) / taken / 1e3 for taken in figures["all"]], 0),
                harness.median_and_range([1e3 * taken for taken in figures["one"]]),
                *(f"{mib:,.0f}" if torch.cuda.is_available() else "-" for mib in figures["memory"]),
            )
        )
    harness.report(
        options.out,
        "gpu",
        title=f"Recipes on one GPU, {len(train):,} pictures an epoch, {len(test):,} predicted",
        columns=[
            *("recipe", "first epoch, s", "an epoch, s", "of it kernels"),
            *("thousand predictions a second", "one prediction, ms"),
            *("MiB at most in training", "in predicting"),
        ],
        rows=rows,
        figures=measured,
    )


def _measure(name: str, train: ImageSet, test: ImageSet, rounds: int) -> dict[str, Sequence[float]]:
    """Return seconds: of each epoch, of an epoch's kernels, of predicting all and one; and MiB."""
    # Training
    classifier = DigitClassifier(recipe=name, seed=0)
    history = classifier.fit(train, epochs=1 + rounds, verbose=0)
    memory = [_peak_mib()]

    # The kernels of part of an epoch
    part = train[: PROFILED * RECIPES[name].batch_size]
    with profile() as profiled:
        classifier.fit(part, epochs=1, verbose=0)
    micros = sum(
        event.self_device_time_total
        for event in profiled.key_averages()
        # operations and annotations count their kernels again
        if event.device_type == DeviceType.CUDA and not event.is_user_annotation
    )

    # Predicting
    images = test.images.numpy()
    _peak_mib()  # leaves out what the profiled part took
    seconds_of_all = _seconds(classifier, images, 20)
    memory.append(_peak_mib())
    return {
        "epochs": [log.epoch_seconds for log in history],
        "kernels": [1e-6 * micros * len(train) / len(part)],
        "all": seconds_of_all,
        "one": _seconds(classifier, images[:1], 200),
        "memory": memory,
    }


def _peak_mib() -> float:
    """Return the most MiB that tensors have taken on the GPU since this was last asked."""
    if not torch.cuda.is_available():
        return 0.0
    peak = torch.cuda.max_memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    return peak / 2**20


def _seconds(classifier: DigitClassifier, images: np.ndarray, repeats: int) -> list[float]:
    """Return the seconds of each prediction after a warm-up."""
    # `predict` returns the digits, so it waits for the device
    return [harness.seconds_of(lambda: classifier.predict(images)) for _ in range(1 + repeats)][1:]


if __name__ == "__main__":
    main()
