"""Calibration of the confidences on MNIST's test set, before and after `calibrate`.

    DIGITNET_DATA=... python benchmarks/calibration.py --recipes fast report --seeds 5
    python benchmarks/calibration.py --quick

5,000 images of the training set are held out for the temperature; the network is trained on
the rest.
"""

from __future__ import annotations

import harness

from digitnet import DigitClassifier, Evaluation
from digitnet.recipe import RECIPES

HELD_OUT = 5_000  # images


def main() -> None:
    """Print a table, and write it with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=["fast", "report"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="where not the recipe's")
    options = harness.parse(parser)
    if options.quick:
        options.recipes, options.seeds = ["fast"], 2
    train, test = harness.mnist(quick=options.quick)
    rows, figures = [], {}
    for recipe in options.recipes:
        # Trainings, each evaluated before and after calibration
        evaluations: dict[str, list[Evaluation]] = {"before": [], "after": []}
        temperatures = []
        for seed in range(options.seeds):
            fitted, held_out = train.split(min(HELD_OUT / len(train), 0.2), seed=seed)
            classifier = DigitClassifier(recipe=recipe, seed=seed)
            classifier.fit(fitted, epochs=options.epochs, verbose=0)
            evaluations["before"].append(classifier.evaluate(test, verbose=0))
            temperatures.append(classifier.calibrate(held_out))
            evaluations["after"].append(classifier.evaluate(test, verbose=0))
            print(f"{recipe}, seed {seed} done", flush=True)

        # Their rows
        figures[recipe] = {"temperatures": temperatures}
        for when, results in evaluations.items():
            losses = [result.loss for result in results]
            errors = [100 * result.calibration_error for result in results]
            figures[recipe][when] = {"losses": losses, "calibration_errors": errors}
            cells = ((losses, 5), (errors, 3))
            temperature = harness.mean_and_deviation(temperatures, 3) if when == "after" else "1"
            means = (harness.mean_and_deviation(*cell) for cell in cells)
            rows.append((f"`{recipe}` {when}", temperature, *means))
    title = f"Calibration on {test.name}, {options.seeds} seeds, mean ± deviation"
    columns = ["recipe", "temperature", "test loss", "expected calibration error, %"]
    harness.report(
        options.out, "calibration", title=title, columns=columns, rows=rows, figures=figures
    )


if __name__ == "__main__":
    main()
