"""Kernels of one training step and of one prediction, by torch.profiler.

    python benchmarks/kernels.py
    python benchmarks/kernels.py --quick

The report's network on random images, in float32: a step on 64, a prediction of 128.
"""

from __future__ import annotations

from collections.abc import Callable

import harness
import torch
from torch.nn import functional
from torch.profiler import profile

from digitnet import DigitClassifier
from digitnet.optimizer import build_optimizer
from digitnet.recipe import REPORT

SHOWN = 10  # kernels in each table


def main() -> None:
    """Print two tables, and write them with the figures."""
    harness.relaunch()
    options = harness.parse(harness.parser(__doc__))
    repeats = 3 if options.quick else 100
    network = DigitClassifier(device="cpu", seed=0)._trained.network
    images = torch.randint(256, (128, 1, 28, 28), dtype=torch.uint8)
    labels = torch.randint(10, (64,))
    optimizer = build_optimizer(REPORT, network)

    def predict() -> None:
        with torch.inference_mode():
            network(images)

    def step() -> None:
        loss = functional.cross_entropy(network(images[:64]), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    _report("kernels_prediction", "a prediction", _profile(predict, repeats), 128, options.out)
    network.train()
    _report("kernels_step", "a training step", _profile(step, repeats), 64, options.out)


def _profile(run: Callable[[], None], repeats: int) -> dict[str, float]:
    """Return the microseconds of each kernel in one run, the longest first."""
    for _ in range(repeats // 2):  # caches, allocations
        run()
    with profile() as profiled:
        for _ in range(repeats):
            run()
    taken = {event.key: event.self_cpu_time_total / repeats for event in profiled.key_averages()}
    return dict(sorted(taken.items(), key=lambda item: -item[1]))


def _report(name: str, what: str, kernels: dict[str, float], pictures: int, out: object) -> None:
    whole = sum(kernels.values())
    rows = [
        (f"`{kernel}`", f"{taken / pictures:.2f}", f"{taken / whole:.1%}")
        for kernel, taken in list(kernels.items())[:SHOWN]
    ]
    harness.report(
        out,
        name,
        title=f"Kernels of {what} with the report's network, {pictures} pictures, float32",
        columns=["kernel", "microseconds a picture", "share"],
        rows=[*rows, ("all", f"{whole / pictures:.2f}", "100%")],
        figures=kernels,
    )


if __name__ == "__main__":
    main()
