"""What the experiments have in common: options, data, trainings, and the page they write."""

from __future__ import annotations

import json
import math
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from digitnet import machine
from digitnet.errors import DigitNetError
from digitnet.experiments import Comparison, Difference, Figures, compare
from reporting.options import load, parse
from reporting.page import table

QUICK_SEEDS, QUICK_PICTURES = 2, (1_500, 500)


class Experiment:
    """One question, put to several variants with the same seeds.

    Args:
        title: Heading of the page.
        question: What is asked, a sentence or two.
        seeds: Seeds of a full run.
        epochs: Epochs of a full run.
    """

    def __init__(self, title: str, question: str, *, seeds: int, epochs: int) -> None:
        self.title, self.question = title, question
        script = Path(sys.argv[0])
        options = parse(question, out=script.stem, seeds=seeds)
        self.quick = options.quick
        self.seeds = min(QUICK_SEEDS, options.seeds) if options.quick else options.seeds
        self.epochs = options.epochs or (1 if options.quick else epochs)
        self.out = options.out
        self.console = Console()
        self.data = load(
            options.data, quick=options.quick, console=self.console, most=QUICK_PICTURES
        )
        self._command = shlex.join(["python", f"examples/{script.name}", *sys.argv[1:]])
        self._seconds = 0.0

    def compare(
        self, variants: Mapping[str, Callable[[int], Figures]], **settings: Any
    ) -> Comparison:
        """Train all variants; trainings that an interrupted run has finished are not repeated.

        Args:
            variants: By name, a function from a seed to figures.
            settings: What the figures depend on beside data and epochs.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        settings |= {
            "epochs": self.epochs,
            "train": [self.data.train.name, len(self.data.train)],
            "test": [self.data.test.name, len(self.data.test)],
        }
        told = {name: self._telling(name, train) for name, train in variants.items()}
        try:
            comparison = compare(
                told, seeds=self.seeds, path=self.out / "trainings.json", settings=settings
            )
        except DigitNetError as error:
            raise SystemExit(str(error)) from error
        self._seconds = sum(float(comparison.values(name, "seconds").sum()) for name in variants)
        return comparison

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Print a table, and return it as Markdown."""
        shown = Table(*header)
        for row in rows:
            shown.add_row(*row)
        self.console.print(shown)
        return table(header, rows)

    def write(
        self, *, found: str, sections: Sequence[str], figures: Mapping[str, Figure], **results: Any
    ) -> None:
        """Write page, figures and results.

        Args:
            found: What was found, in two sentences.
            sections: The page's sections, in Markdown.
            figures: By file name without ending; the sections show them.
            results: What the page tells beside what `trainings.json` holds, for JSON.
        """
        conditions = {
            "command": self._command,
            **machine.describe(),
            "seconds of all trainings": round(self._seconds),
        }
        for name, figure in figures.items():
            figure.savefig(self.out / f"{name}.png")
        content = {"found": found, "warning": self.data.warning, **results, **conditions}
        (self.out / "results.json").write_text(
            json.dumps(content, indent=1, default=_for_json) + "\n"
        )
        page = [
            f"# {self.title}\n",
            *([f"> **NOT COMPARABLE.** {self.data.warning}\n"] if self.data.warning else []),
            f"{self.question}\n",
            f"**Found:** {found}\n",
            *sections,
            self._made(conditions),
        ]
        (self.out / "index.md").write_text("\n".join(page), encoding="utf-8")
        self.console.print(found)
        self.console.print(f"The page is [bold]{self.out / 'index.md'}[/bold].")

    def _telling(self, name: str, train: Callable[[int], Figures]) -> Callable[[int], Figures]:
        def told(seed: int) -> Figures:
            started = time.perf_counter()
            figures = train(seed)
            seconds = time.perf_counter() - started
            self.console.print(f"{name}, seed {seed}: {seconds:.0f} s", highlight=False)
            return {**figures, "seconds": seconds}

        return told

    def _made(self, conditions: Mapping[str, object]) -> str:
        train, test = self.data.train, self.data.test
        rows = [[key, f"`{value}`" if key == "command" else str(value)]
                for key, value in conditions.items()]  # fmt: skip
        return (
            "## How this was made\n\n"
            f"{train.name} ({len(train):,} pictures, or the first of them where it is said above), "
            f"{test.name} ({len(test):,}), seeds 0 to {self.seeds - 1}; figures are of the last "
            "epoch where nothing else is said, and no epoch or seed was chosen by them. A variant "
            "that is called the best is so on the test set itself, so its gain is a little too "
            "large. A ± is the standard deviation over the seeds; an interval is of 95%, from the "
            "differences of pairs with the same seed (Student's t). The figures of every training "
            "are in `trainings.json`, the rest in `results.json`.\n\n"
            f"{table(['what', 'value'], rows)}\n"
        )


def points(
    difference: Difference, unit: str = "points", scale: float = 100, decimals: int = 2
) -> str:
    """Return a difference with its interval in words, of shares in percentage points."""
    mean, low, high = (
        f"{scale * value:+.{decimals}f}"
        for value in (difference.mean, difference.low, difference.high)
    )
    interval = "no interval" if math.isnan(difference.low) else f"{low} to {high}"
    return f"{mean}{unit and ' '}{unit} ({interval})"


def last(comparison: Comparison, variant: str, figure: str) -> np.ndarray:
    """Return the last number of a row of each seed, (seeds,)."""
    return comparison.values(variant, figure)[:, -1]


def plain(values: np.ndarray, decimals: int) -> str:
    """Return the mean of numbers and their deviation."""
    text = f"{values.mean():.{decimals}f}"
    return f"{text} ± {values.std(ddof=1):.{decimals}f}" if len(values) > 1 else text


def _for_json(value: object) -> object:
    """Return for JSON what it does not know."""
    if isinstance(value, Difference):
        return vars(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"expected figures, received {value!r}")
