"""One experiment: its options, data and trainings, and the page that it writes."""

from __future__ import annotations

import json
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
from reporting.figures import save
from reporting.manifest import command, record
from reporting.options import load, parse
from reporting.tables import table

QUICK_SEEDS = 2  # the fewest that have a deviation
QUICK_IMAGES = (1_500, 500)  # training, test: seconds a training


class Experiment:
    """A question, answered by training several variants with the same seeds.

    Args:
        title: Heading of the page.
        question: The question, in a sentence or two.
        seeds: Seeds of a full run.
        epochs: Epochs of a full run.
    """

    def __init__(self, title: str, question: str, *, seeds: int, epochs: int) -> None:
        self.title, self.question = title, question
        options = parse(question, out=Path(sys.argv[0]).stem, seeds=seeds)
        self.quick = options.quick
        self.seeds = min(QUICK_SEEDS, options.seeds) if options.quick else options.seeds
        self.epochs = options.epochs or (1 if options.quick else epochs)
        self.out = options.out
        self.console = Console()
        self.data = load(
            options.data, quick=options.quick, console=self.console, quick_sizes=QUICK_IMAGES
        )
        self._seconds = 0.0

    def compare(
        self, variants: Mapping[str, Callable[[int], Figures]], **settings: Any
    ) -> Comparison:
        """Train all variants; trainings that an interrupted run has finished are not repeated.

        Args:
            variants: By name, a function from a seed to figures.
            settings: What else the figures depend on, beside data and epochs.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        settings |= {
            "epochs": self.epochs,
            "train": [self.data.train.name, len(self.data.train)],
            "test": [self.data.test.name, len(self.data.test)],
        }
        timed = {name: self._timed(name, train) for name, train in variants.items()}
        try:
            comparison = compare(
                timed, seeds=self.seeds, path=self.out / "trainings.json", settings=settings
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
            found: The conclusion, in two sentences.
            sections: The page's sections, in Markdown.
            figures: By file name without ending; the sections show them.
            results: Figures of the page that `trainings.json` does not hold, for JSON.
        """
        conditions = {
            "command": command(),
            **machine.describe(),
            "seconds of all trainings": round(self._seconds),
        }

        # Figures and results
        for name, figure in figures.items():
            save(figure, self.out / f"{name}.png")
        content = {"found": found, "warning": self.data.warning, **results, **conditions}
        (self.out / "results.json").write_text(
            json.dumps(content, indent=1, default=_for_json) + "\n"
        )

        # Page
        page = [
            f"# {self.title}\n",
            *([f"> **NOT COMPARABLE.** {self.data.warning}\n"] if self.data.warning else []),
            f"{self.question}\n",
            f"**Found:** {found}\n",
            *sections,
            self._made(conditions),
        ]
        (self.out / "index.md").write_text("\n".join(page), encoding="utf-8")
        drawn = [f"{name}.png" for name in figures]
        record(self.out, ["index.md", "results.json", "trainings.json", *drawn])
        self.console.print(found)
        self.console.print(f"The page is [bold]{self.out / 'index.md'}[/bold].")

    def _timed(self, name: str, train: Callable[[int], Figures]) -> Callable[[int], Figures]:
        """Return the training so that it also prints and returns its seconds."""

        def timed(seed: int) -> Figures:
            started = time.perf_counter()
            figures = train(seed)
            seconds = time.perf_counter() - started
            self.console.print(f"{name}, seed {seed}: {seconds:.0f} s", highlight=False)
            return {**figures, "seconds": seconds}

        return timed

    def _made(self, conditions: Mapping[str, object]) -> str:
        train, test = self.data.train, self.data.test
        rows = [
            [key, f"`{value}`" if key == "command" else str(value)]
            for key, value in conditions.items()
        ]
        return (
            "## How this was made\n\n"
            f"{train.name} ({len(train):,} pictures, or the first of them where stated) and "
            f"{test.name} ({len(test):,}), seeds 0 to {self.seeds - 1}. Figures are of the last "
            "epoch unless stated; no epoch or seed was chosen by them. A variant called the best "
            "is so on the test set, so its gain is slightly too large. ± is the standard deviation "
            "over the seeds; intervals are of 95%, from differences of pairs with the same seed "
            "(Student's t). [`trainings.json`](trainings.json) has the figures of every training, "
            "[`results.json`](results.json) the rest.\n\n"
            f"{table(['what', 'value'], rows)}\n"
        )


def of_variants(comparison: Comparison, figure: str) -> dict[str, np.ndarray]:
    """Return a figure of each variant, (seeds,) or (seeds, numbers in the row)."""
    return {name: comparison.values(name, figure) for name in comparison.figures}


def against_first(comparison: Comparison, figure: str) -> dict[str, Difference]:
    """Return by how much a figure of each other variant is greater than that of the first."""
    return {row.variant: row.against for row in comparison.rows(figure) if row.against}


def last(rows: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the last number of each row: (seeds, numbers in the row) to (seeds,)."""
    return {name: values[:, -1] for name, values in rows.items()}


def _for_json(value: object) -> object:
    """Return a value that JSON does not know as one that it does."""
    if isinstance(value, Difference):
        return vars(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"expected figures, received {value!r}")
