"""What the benchmarks share: allocator settings, options, data, timing and reports."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from digitnet import ImageSet, datasets, machine
from digitnet.errors import DatasetUnavailableError

sys.path.append(str(Path(__file__).resolve().parents[1] / "examples"))
from reporting.figures import save
from reporting.manifest import command, record

# By default, glibc returns large blocks to the system and requests them again at every step, at
# the price of a page fault a page. Thresholds above all blocks, in bytes, keep them (mallopt(3),
# M_MMAP_THRESHOLD and M_TRIM_THRESHOLD); they are read when a process starts.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "1073741824"}
PEERS = (
    *("torchvision", "skorch", "lightning", "fastai", "keras"),
    *("tensorflow", "tensorflow-cpu", "jax", "onnxruntime", "rapidocr", "easyocr"),
)
QUICK_TRAIN, QUICK_TEST = 2_560, 500  # images: ten batches of 256, and seconds a training

Seconds = Mapping[str, Sequence[float]]
"""Seconds of each contestant, one number a turn."""


def relaunch() -> None:
    """Start this script again with the allocator's settings, unless it has some."""
    if sys.platform == "linux" and not any(name in os.environ for name in ALLOCATOR):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of the options that all benchmarks have."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("--out", type=Path, help="folder of the files; else results/")
    made.add_argument("--quick", action="store_true", help="a trial on little data")
    return made


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return the options; a trial writes elsewhere, so that it overwrites no figures."""
    options = parser.parse_args()
    options.out = options.out or Path("results", "quick" if options.quick else "")
    return options


def mnist(*, quick: bool) -> tuple[ImageSet, ImageSet]:
    """Return MNIST; for a trial a small part, or synthetic digits where MNIST is unavailable."""
    if not quick:
        return datasets.mnist()
    try:
        train, test = datasets.mnist()
    except DatasetUnavailableError:
        train, test = datasets.synthetic(train=QUICK_TRAIN, test=QUICK_TEST)
    return train[:QUICK_TRAIN], test[:QUICK_TEST]


def alternate(
    contestants: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Let all take turns, so that a slow moment of the machine affects all; return seconds.

    Args:
        contestants: Each does its work once and returns how long that took.
        rounds: Turns of each, after a warm-up.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            taken = run()
            if turn:
                seconds[name].append(taken)
                print(f"turn {turn} of {rounds}: {name} {taken:.3f} s", flush=True)
    return seconds


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds of a call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def python_seconds(code: str) -> float:
    """Return the seconds of a new Python process that runs the code."""
    return seconds_of(lambda: subprocess.run([sys.executable, "-c", code], check=True))


def run_script(
    script: str,
    *arguments: str,
    launcher: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Any:
    """Run a script in a process of its own, and return what it prints as JSON.

    Args:
        script: Path of the script.
        arguments: Its arguments.
        launcher: Arguments of Python before the script, such as torchrun's.
        environment: Its environment variables; `None` takes those of this process.
    """
    command = [sys.executable, *launcher, script, *arguments]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def held_mib(kind: str = "VmRSS") -> float:
    """Return the memory that this process holds now in MiB, as Linux counts it (proc(5)).

    Args:
        kind: `"VmRSS"` is all that is resident, `"RssAnon"` what is in no file.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 2**10  # KiB


def ratios(seconds: Seconds, name: str, baseline: str) -> list[float]:
    """Return how many times as fast as the baseline it was, turn by turn."""
    return [theirs / own for theirs, own in zip(seconds[baseline], seconds[name], strict=True)]


def median_and_range(values: Sequence[float], digits: int = 2) -> str:
    """Return "median (least to greatest)"."""
    median = statistics.median(values)
    return f"{median:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def mean_and_deviation(values: Sequence[float], digits: int = 2) -> str:
    """Return "mean ± standard deviation"; of a single value, itself."""
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation}"


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
        out: The folder: `name.md`, `name.png` and, outside `docs/figures`, `name.json` are
            written there.
        name: What the files are called.
        title: What was measured.
        columns: The table's head.
        rows: Its cells.
        figures: Every single measurement, for JSON.
        figure: A picture of it.
    """
    _print(title, columns, rows)
    out.mkdir(parents=True, exist_ok=True)
    conditions = {"title": title, **_conditions()}
    names = [f"{name}.md"]
    (out / f"{name}.md").write_text(_markdown(columns, rows, conditions))
    if figure is not None:
        save(figure, out / f"{name}.png", dpi=150, bbox_inches="tight")
        names.append(f"{name}.png")
    if not record(out, names):  # pages show no single measurements
        names.append(f"{name}.json")
        text = json.dumps({**conditions, "figures": figures}, indent=1)
        (out / names[-1]).write_text(text + "\n")
    print(f"written in {out}: {', '.join(names)}")


def _print(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _markdown(
    columns: Sequence[str], rows: Sequence[Sequence[str]], conditions: Mapping[str, object]
) -> str:
    """Return a table, and under it what it was measured with."""
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    gpu = f"{conditions['gpu']}, " if "gpu" in conditions else ""
    measured_with = (
        f"{gpu}{conditions['processor']}, {conditions['threads']} threads, Python "
        f"{conditions['python']}, digitnet {conditions['digitnet']}, torch "
        f"{conditions['torch']}, {conditions['peers']}; {conditions['date']}"
    )
    page = [f"| {' | '.join(cells)} |" for cells in lines]
    page += ["", f"*{conditions['title']}. `{conditions['command']}`. {measured_with}.*"]
    return "\n".join(page) + "\n"


def _conditions() -> dict[str, object]:
    return {
        "command": command(),
        **machine.describe(),
        "peers": ", ".join(f"{name} {found}" for name in PEERS if (found := _version(name))),
        "allocator": {name: os.environ.get(name) for name in ALLOCATOR},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
