"""What the benchmarks share: the allocator, the data, the turns and the report."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from digitnet import ImageSet, datasets, machine
from digitnet.errors import DatasetUnavailableError

# glibc gives large blocks back to the system and gets them anew at every step, each page
# at the price of a fault. Thresholds above all blocks keep them (mallopt(3), M_MMAP_THRESHOLD
# and M_TRIM_THRESHOLD); they are read when a process starts.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "1073741824"}
PEERS = (
    *("torchvision", "skorch", "lightning", "fastai", "keras"),
    *("tensorflow", "tensorflow-cpu", "jax", "onnxruntime", "rapidocr"),
)

Seconds = Mapping[str, Sequence[float]]


def relaunch() -> None:
    """Start this script again with the allocator's settings, unless it has some."""
    if sys.platform == "linux" and not any(name in os.environ for name in ALLOCATOR):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of the options that all benchmarks have."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("--out", type=Path, help="folder of the files; else results/")
    made.add_argument("--quick", action="store_true", help="little of everything, as a trial")
    return made


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return the options; a trial writes elsewhere, so that it overwrites no figures."""
    options = parser.parse_args()
    options.out = options.out or Path("results", "quick" if options.quick else "")
    return options


def mnist(*, quick: bool) -> tuple[ImageSet, ImageSet]:
    """Return MNIST; for a trial a small part, or drawn digits where MNIST is not to be had."""
    if not quick:
        return datasets.mnist()
    try:
        train, test = datasets.mnist()
    except DatasetUnavailableError:
        train, test = datasets.synthetic(train=2_560, test=500)
    return train[:2_560], test[:500]


def alternate(
    contestants: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Let all take turns, so that a slow moment of the machine meets all; return seconds.

    Args:
        contestants: Each does its work once and returns how long that took.
        rounds: Turns of each, after a first one that does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            taken = run()
            if turn:
                seconds[name].append(taken)
                print(f"turn {turn} of {rounds}: {name} {taken:.3f} s", flush=True)
    return seconds


def ratios(seconds: Seconds, name: str, baseline: str) -> list[float]:
    """Return how many times as fast as the baseline it was, turn by turn."""
    return [theirs / own for theirs, own in zip(seconds[baseline], seconds[name], strict=True)]


def median_and_range(values: Sequence[float], digits: int = 2) -> str:
    """Return "median (least to greatest)"."""
    median = statistics.median(values)
    return f"{median:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def bars(values: Seconds, label: str, *, digits: int = 1) -> Figure:
    """Draw median, least and greatest of each; digitnet's bars stand out.

    Args:
        values: What to draw, the uppermost first.
        label: What the values are.
        digits: Digits after the point.
    """
    names = list(values)
    medians = [statistics.median(values[name]) for name in names]
    below = [median - min(values[name]) for name, median in zip(names, medians, strict=True)]
    above = [max(values[name]) - median for name, median in zip(names, medians, strict=True)]
    figure, (axes,) = chart(height=0.4 * len(names) + 1)
    axes.grid(visible=False)
    colors = ["tab:blue" if "digitnet" in name else "silver" for name in names]
    made = axes.barh(names, medians, xerr=[below, above], color=colors, ecolor="dimgray", capsize=2)
    axes.bar_label(made, [f"{median:.{digits}f}" for median in medians], padding=6)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(f"{label}: median, least and greatest")
    return figure


def chart(*, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure of the pages' width, in the manner of all of them, and its axes.

    Args:
        height: In inches.
        columns: How many axes stand side by side.
    """
    figure = Figure(figsize=(7, height), layout="constrained")
    made = list(figure.subplots(1, columns, squeeze=False)[0])
    for axes in made:
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, made


def report(
    out: Path,
    name: str,
    *,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    figures: object,
    figure: Figure | None = None,
) -> None:
    """Print a table, and write it with what it was made of.

    Args:
        out: The folder: `name.json`, `name.md` and `name.png` are written there.
        name: What the files are called.
        title: What was measured.
        columns: The table's head.
        rows: Its cells.
        figures: Every single measurement, for JSON.
        figure: A picture of it.
    """
    table = Table(title=title)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    out.mkdir(parents=True, exist_ok=True)
    command = " ".join(["python", *[Path(sys.argv[0]).as_posix(), *sys.argv[1:]]])
    conditions = {"title": title, "command": command, **_conditions()}
    text = json.dumps({**conditions, "figures": figures}, indent=1)
    (out / f"{name}.json").write_text(text + "\n")
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    page = [f"| {' | '.join(cells)} |" for cells in lines]
    gpu = f"{conditions['gpu']}, " if "gpu" in conditions else ""
    where = (
        f"{gpu}{conditions['processor']}, {conditions['threads']} threads, Python "
        f"{conditions['python']}, digitnet {conditions['digitnet']}, torch "
        f"{conditions['torch']}, {conditions['peers']}; {conditions['date']}"
    )
    page += ["", f"*{title}. `{conditions['command']}`. {where}.*"]
    (out / f"{name}.md").write_text("\n".join(page) + "\n")
    if figure is not None:
        figure.savefig(out / f"{name}.png", dpi=150, bbox_inches="tight")
    print(f"written: {out / name}.json, .md{'' if figure is None else ', .png'}")


def _conditions() -> dict[str, object]:
    return {
        **machine.describe(),
        "peers": ", ".join(f"{name} {found}" for name in PEERS if (found := _version(name))),
        "allocator": {name: os.environ.get(name) for name in ALLOCATOR},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
