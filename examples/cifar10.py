"""Train on CIFAR-10: the MNIST report's recipe first, then the recipe made for colour images.

python examples/cifar10.py --seeds 3
python examples/cifar10.py --quick

To copy this script, copy the folder `reporting` beside it as well.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from reporting import colour_page
from reporting.colours import QUICK_EPOCHS, Run, load, parse, train_once
from reporting.manifest import command, record
from reporting.options import Data
from rich.console import Console
from rich.table import Table

from digitnet import machine
from digitnet.recipe import CIFAR10, REPORT

# The MNIST report's recipe, in the precision of the other one
RECIPES = (replace(REPORT, precision="auto"), CIFAR10)


def main() -> None:
    """Train both recipes with all seeds, and write the report."""
    # Options and data
    options = parse()
    console = Console()
    data = load(options.data, quick=options.quick, console=console)
    options.out.mkdir(parents=True, exist_ok=True)
    epochs = options.epochs or (QUICK_EPOCHS if options.quick else None)

    # Trainings
    trainings: dict[str, list[Run]] = {}
    for recipe in RECIPES:
        trainings[recipe.name] = []
        for seed in range(options.seeds):
            console.rule(f"Recipe {recipe.name}, seed {seed}: {data.train.name}")
            run = train_once(recipe, data, seed=seed, epochs=epochs, kept=options.out)
            trainings[recipe.name].append(run)

    # Report
    results = Table(*colour_page.RESULTS, title=f"{data.test.name}, last epoch")
    for row in colour_page.result_rows(trainings):
        results.add_row(*row)
    console.print(results)
    _write_results(options.out / "results.json", data, trainings)
    conditions = {"command": f"`{command()}`", **machine.describe()}
    tables = colour_page.tables(data, trainings, conditions)
    figures = colour_page.figures(data, trainings)
    colour_page.write(options.out, data, tables, figures)
    names = [*(f"{name}.md" for name in tables), *(f"{name}.png" for name in figures)]
    record(options.out, ["report.md", "results.json", *names])
    console.print(f"The report is in [bold]{options.out / 'report.md'}[/bold].")
    if data.warning:
        console.print(f"NOT COMPARABLE: {data.warning}", style="bold red")


def _write_results(path: Path, data: Data, trainings: dict[str, list[Run]]) -> None:
    results = {
        "warning": data.warning,
        "sets": [data.train.name, data.test.name],
        "command": command(),
        "machine": machine.describe(),
        "recipes": {
            name: asdict(runs[0].classifier.effective_recipe) for name, runs in trainings.items()
        },
        "runs": {name: [run.to_json() for run in runs] for name, runs in trainings.items()},
    }
    path.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
