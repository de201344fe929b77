"""Train a recipe with several seeds: accuracy of each on MNIST's test set, and of their vote.

    DIGITNET_DATA=... python benchmarks/accuracy.py --recipe best --seeds 5
    DIGITNET_DATA=... python benchmarks/accuracy.py --recipe best --seeds 5 --processes 5
    python benchmarks/accuracy.py --quick

The second line trains the five side by side, as suits a GPU: one alone leaves it idle most of the
time. The accuracies are of the last epoch; nothing is chosen on the test set. Each training is
kept in the folder, and one of the same data, recipe, machine and versions is not run again. Seconds
are wall-clock time, and CPU time of all cores together, which other work on the machine disturbs
less.
"""

from __future__ import annotations

import json
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import harness

from digitnet import DigitClassifier, Evaluation, machine
from digitnet.artifact import write_atomically
from digitnet.data.batches import fingerprint
from digitnet.recipe import RECIPES

CLOCKS = ("wall", "cpu")  # of the machine, of the processor


def main() -> None:
    """Print a table, and write it with the figures."""
    # Options
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--recipe", choices=RECIPES, default="best")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=1, help="trainings side by side")
    options = harness.parse(parser)
    if options.quick:
        options.recipe, options.seeds = "fast", 2

    # Trainings, each evaluated on the test set
    _, test = harness.mnist(quick=options.quick)
    kept = options.out / f"accuracy_{options.recipe}"
    kept.mkdir(parents=True, exist_ok=True)
    train_one = partial(_train, options.recipe, kept=kept, quick=options.quick)
    members, clocks, results = [], [], []
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as processes:
        for seed, taken in enumerate(processes.map(train_one, range(options.seeds))):
            clocks.append(taken)
            members.append(DigitClassifier.load(_model(kept, seed)))
            results.append(members[-1].evaluate(test, verbose=0))
            print(f"seed {seed}: {results[-1].accuracy:.2%}, {taken['wall']:.0f} s", flush=True)

    # Their vote, and the report
    vote = DigitClassifier.ensemble(members).evaluate(test, verbose=0)
    harness.report(
        options.out,
        f"accuracy_{options.recipe}",
        title=f"The recipe `{options.recipe}` on {test.name}",
        columns=["network", "test accuracy", "test loss", "seconds of training", "CPU seconds"],
        rows=_rows(results, clocks, vote),
        figures={
            "accuracies": [result.accuracy for result in results],
            "losses": [result.loss for result in results],
            "seconds": clocks,
            "vote": {"accuracy": vote.accuracy, "loss": vote.loss},
        },
    )


def _rows(
    results: list[Evaluation], clocks: list[dict[str, float]], vote: Evaluation
) -> list[tuple[str, ...]]:
    """Return a row a seed and, where there are several, their mean and their vote."""
    rows = [
        (
            f"seed {seed}",
            f"{result.accuracy:.2%}",
            f"{result.loss:.4f}",
            *(f"{taken[clock]:.0f}" for clock in CLOCKS),
        )
        for seed, (result, taken) in enumerate(zip(results, clocks, strict=True))
    ]
    if len(results) > 1:
        percent = harness.mean_and_deviation([100 * result.accuracy for result in results], 3)
        loss = statistics.mean(result.loss for result in results)
        medians = (
            harness.median_and_range([taken[clock] for taken in clocks], 0) for clock in CLOCKS
        )
        rows.append(("mean ± deviation", f"{percent}%", f"{loss:.4f}", *medians))
        rows.append((f"vote of {len(results)}", f"{vote.accuracy:.2%}", f"{vote.loss:.4f}", "", ""))
    return rows


def _train(recipe: str, seed: int, *, kept: Path, quick: bool) -> dict[str, float]:
    """Train and save a network unless it is there; return the seconds of the training, by clock."""
    # A training that an earlier run has kept
    train, _ = harness.mnist(quick=quick)
    model, record = _model(kept, seed), kept / f"{seed}.json"
    conditions = {"data": fingerprint(train.images), **machine.describe()}
    del conditions["date"]
    if record.exists():
        found = json.loads(record.read_text())
        known = found.get("conditions") == conditions
        if known and DigitClassifier.load(model).recipe == RECIPES[recipe]:
            return found["seconds"]

    # A new training, kept
    classifier = DigitClassifier(recipe=recipe, seed=seed)
    started, started_cpu = time.perf_counter(), time.process_time()
    classifier.fit(train)
    ended, ended_cpu = time.perf_counter(), time.process_time()
    seconds = {"wall": ended - started, "cpu": ended_cpu - started_cpu}
    record.unlink(missing_ok=True)  # never a network beside the record of another
    classifier.save(model)
    text = json.dumps({"conditions": conditions, "seconds": seconds}, indent=1)
    write_atomically(record, text.encode())
    return seconds


def _model(kept: Path, seed: int) -> Path:
    return kept / f"{seed}.safetensors"


if __name__ == "__main__":
    main()
