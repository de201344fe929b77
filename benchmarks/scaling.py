"""Time and memory of training by images, batch size and threads, and over 50 epochs.

    DIGITNET_DATA=... python benchmarks/scaling.py
    python benchmarks/scaling.py --quick

Every setting trains the report's recipe in a process of its own, which measures the seconds of an
epoch (after a warm-up on a few images) and the peak of its memory. The settings take turns. It
needs Linux, whose /proc says what a process holds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import charts
import harness
import numpy as np
import torch
from matplotlib.figure import Figure

from digitnet import DigitClassifier, ImageSet, machine
from digitnet.callbacks import LambdaCallback

LEAK_EPOCHS = 50  # in which a leak of 1 MiB an epoch stands out from a noise of a few


@dataclass(frozen=True)
class Setting:
    """What one process trains.

    Attributes:
        pictures: Training images.
        batch_size: Images of a batch.
        threads: Of torch.
        epochs: To train.
        keeps_memory: Whether the allocator has the benchmarks' settings.
    """

    pictures: int = 60_000
    batch_size: int = 64
    threads: int = 2
    epochs: int = 1
    keeps_memory: bool = True


@dataclass
class Measured:
    """What it measures: seconds of an epoch, peak memory, and memory after each epoch, in MiB."""

    seconds: float
    peak_mib: float
    held_mib: list[float]


def main() -> None:
    """Print two tables, and write them with the figures."""
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each setting")
    parser.add_argument("--setting", nargs=2, help="one, and its pictures (used inside)")
    options = harness.parse(parser)
    if options.setting:
        setting, data = options.setting
        print(json.dumps(asdict(_measure(Setting(**json.loads(setting)), data))))
        return
    harness.relaunch()
    train, _ = harness.mnist(quick=options.quick)
    with tempfile.TemporaryDirectory() as folder:
        _compare(train, Path(folder), options)


def _compare(train: ImageSet, folder: Path, options: argparse.Namespace) -> None:
    base = Setting(pictures=len(train), threads=torch.get_num_threads())
    groups = _groups(base)
    settings = dict.fromkeys(setting for group in groups.values() for setting in group)
    found: dict[Setting, list[Measured]] = {setting: [] for setting in settings}
    for turn in range(1 if options.quick else options.rounds):
        for setting in settings:
            found[setting].append(_start(setting, train, folder))
        print(f"turn {turn + 1} done", flush=True)
    _report_growth(base, found, options.out)
    long = replace(base, pictures=len(train) // 20, epochs=4 if options.quick else LEAK_EPOCHS)
    _report_leak(long, _start(long, train, folder).held_mib, options.out)


def _groups(base: Setting) -> dict[str, list[Setting]]:
    """Return what is varied, one thing at a time: its name, with the number in it."""
    powers = range(base.threads.bit_length())
    return {
        "{pictures:,} pictures": [
            replace(base, pictures=base.pictures // part) for part in (8, 4, 2, 1)
        ],
        "{batch_size:,} in a batch": [
            replace(base, batch_size=size) for size in (16, 64, 256, 1_024)
        ],
        "{batch_size:,} in a batch, glibc's own thresholds": [
            replace(base, batch_size=size, keeps_memory=False) for size in (64, 256, 1_024)
        ],
        "threads: {threads}": [replace(base, threads=2**power) for power in powers],
    }


def _report_growth(base: Setting, found: dict[Setting, list[Measured]], out: Path) -> None:
    groups = _groups(base)
    rows = []
    for name, group in groups.items():
        for setting in group:
            seconds = [measured.seconds for measured in found[setting]]
            each = [1e6 * taken / setting.pictures for taken in seconds]
            peak = statistics.median(measured.peak_mib for measured in found[setting])
            cells = (harness.median_and_range(seconds), harness.median_and_range(each, 0))
            rows.append((name.format(**asdict(setting)), *cells, f"{peak:,.0f}"))
    harness.report(
        out,
        "scaling",
        title=f"One epoch of the report's recipe ({base.pictures:,} pictures, batch 64, "
        f"{base.threads} threads, where not said otherwise)",
        columns=["with", "seconds", "microseconds a picture", "MiB at most"],
        rows=rows,
        figures=[[asdict(setting), [asdict(m) for m in of]] for setting, of in found.items()],
        figure=_draw_growth(next(iter(groups.values())), found),
    )


def _report_leak(setting: Setting, held: list[float], out: Path) -> None:
    marks = [1, 2, *range(len(held) // 5, len(held) + 1, len(held) // 5 or 1)]
    harness.report(
        out,
        "leak",
        title=f"Memory held after each of {setting.epochs} epochs of {setting.pictures:,} pictures",
        columns=["after epoch", "MiB"],
        rows=[(str(epoch), f"{held[epoch - 1]:,.1f}") for epoch in dict.fromkeys(marks) if epoch],
        figures=held,
        figure=_draw(held),
    )


def _measure(setting: Setting, data: str) -> Measured:
    # Data, and a warm-up
    torch.set_num_threads(setting.threads)
    with np.load(data) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    warm = DigitClassifier(device="cpu", seed=0)
    warm.fit(images[:640], labels[:640], epochs=1, batch_size=setting.batch_size, verbose=0)

    # The training
    held: list[float] = []
    classifier = DigitClassifier(device="cpu", seed=0)
    watch = LambdaCallback(on_epoch_end=lambda state: held.append(harness.held_mib()))
    seconds = harness.seconds_of(
        lambda: classifier.fit(
            images,
            labels,
            epochs=setting.epochs,
            batch_size=setting.batch_size,
            callbacks=[watch],
            verbose=0,
        )
    )
    return Measured(seconds / setting.epochs, machine.peak_memory_mib() or 0.0, held)


def _start(setting: Setting, train: ImageSet, folder: Path) -> Measured:
    data = folder / f"{setting.pictures}.npz"  # these images alone: more would take memory
    if not data.exists():
        part = train[: setting.pictures]
        np.savez(data, images=part.images.numpy(), labels=part.labels.numpy())
    kept = os.environ if setting.keeps_memory else os.environ.keys() - harness.ALLOCATOR
    arguments = ("--setting", json.dumps(asdict(setting)), str(data))
    environment = {name: os.environ[name] for name in kept}
    return Measured(**harness.run_script(__file__, *arguments, environment=environment))


def _draw_growth(settings: list[Setting], found: dict[Setting, list[Measured]]) -> Figure:
    figure, both = charts.chart(height=3, columns=2)
    pictures = [setting.pictures for setting in settings]
    for axes, field in zip(both, ("seconds", "peak_mib"), strict=True):
        for turns in zip(*(found[setting] for setting in settings), strict=True):
            values = [getattr(measured, field) for measured in turns]
            axes.plot(pictures, values, "o-", color="tab:blue", alpha=0.6)
        most = max(getattr(measured, field) for setting in settings for measured in found[setting])
        axes.set(xlim=(0, None), ylim=(0, 1.1 * most), xlabel="pictures of the epoch")
        axes.set_ylabel({"seconds": "seconds", "peak_mib": "MiB at most"}[field])
    return figure


def _draw(held: list[float]) -> Figure:
    figure, (axes,) = charts.chart(height=3)
    axes.plot(range(1, len(held) + 1), held, ".-", color="tab:blue")
    axes.set_ylim(0, 1.2 * max(held))
    axes.set_xlabel("epoch")
    axes.set_ylabel("MiB held")
    return figure


if __name__ == "__main__":
    main()
