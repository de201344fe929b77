"""Make the complete MNIST report: train, evaluate, draw, and write it all to a folder.

python examples/mnist_report.py
python examples/mnist_report.py --seeds 5
python examples/mnist_report.py --quick

To copy this script, copy the folder `reporting` beside it as well.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from matplotlib.figure import Figure
from reporting import claims, evaluation, page
from reporting.figures import save
from reporting.manifest import command, record
from reporting.options import QUICK_EPOCHS, Data, load, parse
from reporting.runs import Run, train_once
from rich.console import Console
from rich.table import Table

from digitnet import machine, plots


def main() -> None:
    """Train with all seeds, judge the original's claims, and write the report."""
    # Options and data
    options = parse("Make the complete MNIST report.", out="report")
    started = time.perf_counter()
    console = Console()
    data = load(options.data, quick=options.quick, console=console)
    options.out.mkdir(parents=True, exist_ok=True)

    # Trainings
    epochs = options.epochs or (QUICK_EPOCHS if options.quick else None)
    runs = []
    for seed in range(options.seeds):
        console.rule(f"Seed {seed}: {len(data.train):,} pictures of {data.train.name}")
        run = train_once(data.train, data.test, seed=seed, epochs=epochs)
        if seed == 0:
            run.classifier.summary()
        runs.append(run)

    # Report
    verdicts = claims.judge(runs)
    _print_results(console, runs, verdicts)
    figures = _figures(data, runs[0])
    for name, figure in figures.items():
        save(figure, options.out / f"{name}.png")
    runs[0].classifier.save(options.out / "model.safetensors")
    conditions = {
        "machine": machine.describe(),
        "seconds": time.perf_counter() - started,
        "memory_mib": machine.peak_memory_mib(),
        "command": command(),
    }
    _write_results(options.out / "results.json", data, runs, verdicts, conditions)
    page.write(options.out / "report.md", data=data, runs=runs, verdicts=verdicts, **conditions)
    record(options.out, ["report.md", "results.json", *(f"{name}.png" for name in figures)])
    console.print(f"The report is in [bold]{options.out / 'report.md'}[/bold].")
    if data.warning:
        console.print(f"NOT COMPARABLE: {data.warning}", style="bold red")


def _figures(data: Data, run: Run) -> dict[str, Figure]:
    counts = {
        "training": data.train.class_counts.numpy(),
        "test": data.test.class_counts.numpy(),
    }
    return {
        "class_distribution": plots.class_distribution(counts, data.test.classes),
        "learning_curves": run.history.plot(),
        **evaluation.figures(data, run.test),
    }


def _print_results(console: Console, runs: list[Run], verdicts: list[claims.Verdict]) -> None:
    # Each epoch beside the original's
    results = Table(title="Results; below each figure the original's", show_lines=True)
    for name in page.EPOCH_HEADER[:5]:
        results.add_column(name, justify="right")
    for epoch, *figures in page.epoch_rows(runs):
        pairs = zip(figures[:4], figures[4:], strict=True)
        results.add_row(epoch, *(f"{ours}\n[dim]{printed}[/dim]" for ours, printed in pairs))
    console.print(results)

    # The original's claims
    if not verdicts:
        return
    judged = Table(title="The original's claims", show_lines=True)
    for name in ("claim", "found here", "does it hold?"):
        judged.add_column(name)
    for verdict in verdicts:
        judged.add_row(verdict.claim, verdict.found, verdict.holds)
    console.print(judged)


def _write_results(
    path: Path,
    data: Data,
    runs: list[Run],
    verdicts: list[claims.Verdict],
    conditions: dict[str, object],
) -> None:
    results = {
        "warning": data.warning,
        "train": {"name": data.train.name, "pictures": len(data.train)},
        "test": {"name": data.test.name, "pictures": len(data.test)},
        "network": runs[0].classifier.network_name,
        "recipe": vars(runs[0].classifier.effective_recipe),
        **conditions,
        "runs": [run.to_json() for run in runs],
        "verdicts": [vars(verdict) for verdict in verdicts],
    }
    path.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
