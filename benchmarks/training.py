"""Time one epoch of the report's recipe: digitnet against a plain hand-written loop.

    DIGITNET_DATA=... python benchmarks/training.py
    python benchmarks/training.py --quick

All contestants take turns in one process, so that a machine that is slower for a while is
so for all of them; the ratio to the plain loop is taken turn by turn.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional

from digitnet import DigitClassifier, ImageSet, datasets
from digitnet.errors import DatasetUnavailableError
from digitnet.recipe import REPORT

PLAIN = "plain loop on tensors, float32"


def main() -> None:
    """Print a table and write the figures to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant")
    parser.add_argument("--pictures", type=int, default=60_000, help="pictures of the epoch")
    parser.add_argument("--out", type=Path, default=Path("results/training.json"))
    parser.add_argument("--quick", action="store_true", help="2 turns on 3,000 pictures")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.pictures = 2, 3_000

    train = _training_set(options.pictures)
    contestants: dict[str, Callable[[], float]] = {
        PLAIN: lambda: _plain_epoch(train),
        "digitnet, float32": lambda: _digitnet_epoch(train, "float32"),
        "digitnet, bfloat16": lambda: _digitnet_epoch(train, "bfloat16"),
    }
    for run in contestants.values():  # a first turn that does not count: caches, allocations
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(options.rounds):
        for name, run in contestants.items():
            seconds[name].append(run())
        print(f"turn {turn + 1} of {options.rounds} done", flush=True)
    _report(seconds, len(train), options.out)


def _training_set(pictures: int) -> ImageSet:
    try:
        return datasets.mnist()[0][:pictures]
    except DatasetUnavailableError:
        return datasets.synthetic(train=pictures, test=1)[0]


def _plain_epoch(train: ImageSet) -> float:
    """The loop as one writes it by hand: normalised tensors, a shuffled index, Adam."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images = (train.images.float() / 255 - 0.1307) / 0.3081
    started = time.perf_counter()
    total_loss, correct = 0.0, 0
    order = torch.randperm(len(images))
    for start in range(0, len(images), 64):
        index = order[start : start + 64]
        x, y = images[index], train.labels[index]
        logits = model(x)
        loss = functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(y)
        correct += (logits.argmax(dim=1) == y).sum().item()
    return time.perf_counter() - started


def _digitnet_epoch(train: ImageSet, precision: str) -> float:
    """`fit` with its default callbacks, from call to return."""
    classifier = DigitClassifier(recipe=replace(REPORT, precision=precision), seed=0)
    started = time.perf_counter()
    classifier.fit(train, epochs=1)
    return time.perf_counter() - started


def _report(seconds: dict[str, list[float]], pictures: int, out: Path) -> None:
    table = Table(title=f"One epoch of the report's recipe, {pictures:,} pictures, batch 64")
    for column in ("contestant", "median s", "min - max", "times as fast as plain", "min - max"):
        table.add_column(column, justify="left" if column == "contestant" else "right")
    figures = {}
    for name, times in seconds.items():
        ratios = [plain / own for plain, own in zip(seconds[PLAIN], times, strict=True)]
        figures[name] = {"seconds": times, "ratios": ratios}
        table.add_row(
            name,
            f"{statistics.median(times):.2f}",
            f"{min(times):.2f} - {max(times):.2f}",
            f"{statistics.median(ratios):.2f}",
            f"{min(ratios):.2f} - {max(ratios):.2f}",
        )
    Console().print(table)
    out.parent.mkdir(parents=True, exist_ok=True)
    conditions = {"torch": torch.__version__, "threads": torch.get_num_threads()}
    out.write_text(json.dumps({"pictures": pictures, **conditions, "contestants": figures}))


if __name__ == "__main__":
    main()
