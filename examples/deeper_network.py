"""Does a deeper network read better, or does it over-fit?

python examples/deeper_network.py
python examples/deeper_network.py --quick

To copy this script, copy the folder `reporting` beside it as well.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from matplotlib.figure import Figure
from reporting.experiment import Experiment, against_first, of_variants
from reporting.tables import Column, by_name, count, each, percent, points
from torch import nn

from digitnet import DigitClassifier
from digitnet.experiments import Comparison, Difference, Figures, mean_difference
from digitnet.models.inspection import count_parameters
from digitnet.plots import compared_curves
from digitnet.recipe import REPORT

RECIPE = replace(REPORT, batch_size=128, precision="auto")
TRAIN_IMAGES = 6_000  # of 60,000: with few, over-fitting shows sooner
DEPTHS = (2, 4, 6, 10)  # convolutions; the report has 2
WIDTH = 32  # channels of the report's first convolution
OTHER_WIDTHS = (16, 64)  # half and twice as many, at the report's depth
VALIDATION_IMAGES = 4_000  # test images evaluated after each epoch, to save time; all at the end


def main() -> None:
    """Train networks of each depth and width with all seeds, and write the page."""
    experiment = Experiment(
        "A deeper network",
        "The report would try a deeper network next. Here its network grows from 2 to 10 "
        "convolutions, with and without batch norm, and in width, on part of the training set: "
        "does it read better, also in the same time, or does it only learn by heart?",
        seeds=3,
        epochs=8,
    )
    settings = [(depth, WIDTH, norm) for norm in (False, True) for depth in DEPTHS]
    settings += [(DEPTHS[0], width, True) for width in OTHER_WIDTHS]
    comparison = experiment.compare(
        {_name(*setting): partial(_train, experiment, *setting) for setting in settings},
        recipe=vars(RECIPE),
        pictures=TRAIN_IMAGES,
    )
    _write(experiment, comparison)


def network(depth: int, width: int, norm: bool) -> nn.Module:
    """Return the report's network with `depth` 3x3 convolutions in place of two.

    The first convolution and pooling are the report's. Half of those that are added stand on
    14x14 pixels, before the second pooling, and half on 7x7, after it.
    """
    more = depth - 2
    channels = [1, *[width] * (1 + more // 2), *[2 * width] * (1 + more - more // 2)]
    pooled = (1, 2 + more // 2)  # these convolutions end in a pooling
    blocks = OrderedDict(
        (f"block{number}", _block(*pair, norm=norm, pool=number in pooled))
        for number, pair in enumerate(pairwise(channels), start=1)
    )
    return nn.Sequential(
        OrderedDict(
            **blocks,
            flatten=nn.Flatten(),
            hidden=nn.Sequential(nn.Linear(2 * width * 49, 128), nn.ReLU()),
            dropout=nn.Dropout(0.5),
            output=nn.Linear(128, 10),
        )
    )


def _block(inputs: int, outputs: int, *, norm: bool, pool: bool) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=not norm),
        *([nn.MaxPool2d(2)] if pool else []),
        *([nn.BatchNorm2d(outputs)] if norm else []),
        nn.ReLU(),
    )


def _name(depth: int, width: int, norm: bool) -> str:
    return f"{depth} convolutions, width {width}, {'batch norm' if norm else 'no batch norm'}"


def _train(experiment: Experiment, depth: int, width: int, norm: bool, seed: int) -> Figures:
    # Train
    torch.manual_seed(seed)  # for the initial weights of a network that digitnet did not build
    own = network(depth, width, norm).to(memory_format=torch.channels_last)  # faster
    classifier = DigitClassifier(own, recipe=RECIPE, seed=seed)
    train, test = experiment.data.train[:TRAIN_IMAGES], experiment.data.test
    history = classifier.fit(
        train, epochs=experiment.epochs, validation_data=test[:VALIDATION_IMAGES], verbose=0
    )

    # Evaluate
    test_accuracy, training_accuracy = classifier.score(test), classifier.score(train)
    return {
        "parameters": count_parameters(classifier.model),
        "epoch seconds": [log.epoch_seconds for log in history],
        "accuracy by epoch": [log.val_accuracy for log in history],
        "test accuracy": test_accuracy,
        "training accuracy": training_accuracy,
        "gap": training_accuracy - test_accuracy,
    }


def _write(experiment: Experiment, comparison: Comparison) -> None:
    # Accuracies after the last epoch, and after as many as fit into the time of the fastest network
    equal_epochs = of_variants(comparison, "test accuracy")
    seconds = each(lambda epochs: float(epochs.min()), of_variants(comparison, "epoch seconds"))
    fastest = min(seconds.values())
    in_time = each(lambda own: max(1, int(experiment.epochs * fastest / own)), seconds)
    equal_time = {
        name: by_epoch[:, in_time[name] - 1]
        for name, by_epoch in of_variants(comparison, "accuracy by epoch").items()
    }

    # Differences from the report's network
    first, *others = comparison.figures
    gains = against_first(comparison, "test accuracy")
    gains_in_time = {name: mean_difference(equal_time[name] - equal_time[first]) for name in others}
    gaps = against_first(comparison, "gap")

    # Tables
    tables = [
        experiment.table(*by_name("network", comparison.figures, columns))
        for columns in (
            _columns_at_equal_epochs(comparison, seconds, gains),
            _columns_at_equal_time(in_time, equal_time, gains_in_time),
        )
    ]

    experiment.write(
        found=_found(gains, gains_in_time, gaps),
        sections=_sections(experiment, *tables),
        figures=_figures(comparison, equal_epochs, equal_time),
        seconds_an_epoch=seconds,
        epochs_in_time=in_time,
        gains=gains,
        gains_in_time=gains_in_time,
        gaps=gaps,
    )


def _columns_at_equal_epochs(
    comparison: Comparison, seconds: dict[str, float], gains: dict[str, Difference]
) -> list[Column]:
    test, training, gap = (
        each(percent, of_variants(comparison, figure))
        for figure in ("test accuracy", "training accuracy", "gap")
    )
    return [
        ("parameters", each(count, of_variants(comparison, "parameters"))),
        ("seconds of its fastest epoch", each("{:.1f}".format, seconds)),
        ("test accuracy", test),
        ("against the first", each(points, gains)),
        ("training accuracy", training),
        ("gap", gap),
    ]


def _columns_at_equal_time(
    in_time: dict[str, int], accuracies: dict[str, np.ndarray], gains: dict[str, Difference]
) -> list[Column]:
    return [
        ("epochs in the same time", each(str, in_time)),
        ("test accuracy then", each(percent, accuracies)),
        ("against the first", each(points, gains)),
    ]


def _sections(experiment: Experiment, equal_epochs: str, equal_time: str) -> list[str]:
    return [
        f"## At equal epochs\n\nAfter {experiment.epochs} epochs on the first "
        f"{min(TRAIN_IMAGES, len(experiment.data.train)):,} training pictures; the gap is "
        "training less test accuracy, both read "
        f"after the training.\n\n{equal_epochs}\n",
        "![Accuracy by depth](depth.png)\n",
        "![Gap by depth](gap.png)\n",
        "## At equal time\n\nThe epochs that each finishes (at least one) while the fastest "
        "takes all of its own, by the seconds of the fastest epoch of each, which other work "
        "on the machine disturbed least; they are not the same in another run. The accuracies "
        f"are on the first {VALIDATION_IMAGES:,} test pictures.\n\n{equal_time}\n",
        "![Accuracy by depth at equal time](time.png)\n",
    ]


def _figures(
    comparison: Comparison, equal_epochs: dict[str, np.ndarray], equal_time: dict[str, np.ndarray]
) -> dict[str, Figure]:
    training, gap = (of_variants(comparison, figure) for figure in ("training accuracy", "gap"))
    return {
        "depth": _by_depth(
            "Accuracy at equal epochs", {"test": equal_epochs, "training": training}
        ),
        "gap": _by_depth("Training less test accuracy", {"gap": gap}),
        "time": _by_depth("Test accuracy at equal time", {"test": equal_time}),
    }


def _by_depth(title: str, kinds: dict[str, dict[str, np.ndarray]]) -> Figure:
    curves = {
        f"{kind}, {'batch norm' if norm else 'no batch norm'}": np.stack(
            [of[_name(depth, WIDTH, norm)] for depth in DEPTHS], axis=1
        )
        for kind, of in kinds.items()
        for norm in (True, False)
    }
    return compared_curves(DEPTHS, curves, title=title, xlabel="Convolutions")


def _found(
    gains: dict[str, Difference], in_time: dict[str, Difference], gaps: dict[str, Difference]
) -> str:
    """Return the conclusion in two sentences."""
    best = max(gains, key=lambda name: gains[name].mean)
    deepest = [_name(DEPTHS[-1], WIDTH, norm) for norm in (True, False)]

    # A network over-fits if its gap grows while its test accuracy falls
    over_fits = [name for name in deepest if gaps[name].sign == 1 and gains[name].sign == -1]
    verdict = (
        f"over-fitting shows in {' and in '.join(over_fits)}"
        if over_fits
        else "neither loses accuracy while its gap grows, so over-fitting does not show"
    )

    better = {1: "more", -1: "less", 0: "not measurably more"}
    wider = {1: "grows", -1: "shrinks", 0: "does not measurably change"}
    return (
        f"Against the report's 2 convolutions, '{best}' gains most at equal epochs "
        f"({points(gains[best])}), and in the same time it reads {better[in_time[best].sign]} "
        f"({points(in_time[best])}). With 10 convolutions the gap between training and test "
        f"{wider[gaps[deepest[0]].sign]} with batch norm ({points(gaps[deepest[0]])}) and "
        f"{wider[gaps[deepest[1]].sign]} without ({points(gaps[deepest[1]])}), and the test "
        f"accuracy changes by {points(gains[deepest[0]])} and {points(gains[deepest[1]])}: "
        f"{verdict}."
    )


if __name__ == "__main__":
    main()
