"""The report on CIFAR-10: its tables, its figures and its page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from digitnet import plots
from digitnet.models.inspection import count_parameters
from reporting import evaluation
from reporting.colours import Run
from reporting.evaluation import confusion_rows
from reporting.figures import save
from reporting.options import Data
from reporting.tables import median_and_range, percent, table

RESULTS = ("recipe", "parameters", "epochs", "test accuracy", "test loss", "seconds of training")


def result_rows(trainings: Mapping[str, list[Run]]) -> list[list[str]]:
    """Return a row for each recipe: means over its seeds, ± standard deviations."""
    return [
        [
            f"`{name}`",
            f"{count_parameters(runs[0].classifier.model):,}",
            str(len(runs[0].classifier.history)),
            percent(np.array([run.test.accuracy for run in runs])),
            f"{np.mean([run.test.loss for run in runs]):.3f}",
            median_and_range([run.seconds[-1] for run in runs]),
        ]
        for name, runs in trainings.items()
    ]


def tables(
    data: Data, trainings: Mapping[str, list[Run]], conditions: Mapping[str, str]
) -> dict[str, str]:
    """Return the tables of the page by name, each under a note where it is not comparable."""
    *_, runs = trainings.values()
    note = f"**NOT COMPARABLE.** {data.warning}\n\n" if data.warning else ""
    test = runs[0].test
    accuracies = [np.array([run.test.per_class for run in of]) for of in trainings.values()]
    classes = [
        [name, *(percent(of_recipe[:, label]) for of_recipe in accuracies)]
        for label, name in enumerate(test.classes)
    ]
    made = {
        "results": table(RESULTS, result_rows(trainings)),
        "over_time": table(("epoch", "seconds of training", "test accuracy"), _over_time(runs)),
        "classes": table(("class", *(f"`{name}`" for name in trainings)), classes),
        "confusions": table(("it is", "read as", "times"), confusion_rows(test)),
        "conditions": table(("what", "value"), [[*pair] for pair in conditions.items()]),
    }
    return {name: f"{note}{text}\n" for name, text in made.items()}


def figures(data: Data, trainings: Mapping[str, list[Run]]) -> dict[str, Figure]:
    """Return the figures of the page by name; those of one training are the first seed's."""
    *_, runs = trainings.values()
    return {
        "accuracy_over_time": _draw_over_time(trainings),
        **{
            f"learning_curves_{name}": of[0].classifier.history.plot()
            for name, of in trainings.items()
        },
        **evaluation.figures(data, runs[0].test),
    }


def write(folder: Path, data: Data, parts: Mapping[str, str], drawn: Mapping[str, Figure]) -> None:
    """Write tables, figures, and the page `report.md` that shows them all."""
    for name, text in parts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    for name, figure in drawn.items():
        save(figure, folder / f"{name}.png")
    pictures = {name: f"![{name.replace('_', ' ')}]({name}.png)\n" for name in drawn}
    sections = [
        f"# {data.train.name.partition(' train')[0]}\n",
        f"{len(data.train):,} training pictures of {data.train.name}, {len(data.test):,} of "
        f"{data.test.name}. The test set is looked at after each epoch, for the curves; nothing "
        "is chosen by it, and the figures are those of the last epoch.\n",
        parts["results"],
        pictures["accuracy_over_time"],
        parts["over_time"],
        *(text for name, text in pictures.items() if name.startswith("learning_curves")),
        parts["classes"],
        pictures["per_class_accuracy"],
        pictures["confusion_matrix"],
        parts["confusions"],
        pictures["mistakes"],
        pictures["samples"],
        parts["conditions"],
    ]
    (folder / "report.md").write_text("\n".join(sections), encoding="utf-8")


def _over_time(runs: list[Run]) -> list[list[str]]:
    """Return a row for each epoch: when it ended, and how the test set was read then."""
    return [
        [
            str(log.epoch),
            f"{np.mean([run.seconds[place] for run in runs]):.0f}",
            percent(np.array([run.classifier.history[place].val_accuracy for run in runs])),
        ]
        for place, log in enumerate(runs[0].classifier.history)
    ]


def _draw_over_time(trainings: Mapping[str, list[Run]]) -> Figure:
    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    colours = (plots.GREY, plots.BLUE, plots.ORANGE)
    for (name, runs), colour in zip(trainings.items(), colours, strict=False):
        for number, run in enumerate(runs):
            accuracies = [100 * (log.val_accuracy or 0) for log in run.classifier.history]
            label = None if number else f"{name}, each seed"
            axes.plot(run.seconds, accuracies, ".-", color=colour, alpha=0.7, label=label)
    axes.set_xlabel("seconds of training")
    axes.set_ylabel("test accuracy in %")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
