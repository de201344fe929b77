"""Does a deeper network read better, or does it over-fit?

python examples/deeper_network.py
python examples/deeper_network.py --quick
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from matplotlib.figure import Figure
from reporting.claims import spread
from reporting.experiment import Experiment, points
from torch import nn

from digitnet import DigitClassifier
from digitnet.experiments import Comparison, Difference, Figures, mean_difference
from digitnet.models.inspection import count_parameters
from digitnet.plots import compared_curves
from digitnet.recipe import REPORT

RECIPE = replace(REPORT, batch_size=128, precision="auto")
PICTURES = 6_000  # of the training set: on few, over-fitting shows sooner
DEPTHS = (2, 4, 6, 10)  # convolutions
WIDTH, WIDTHS = 32, (16, 64)  # channels of the report's first convolution, and others
MIDDLE = 2  # the depth at which widths are compared
LOOKED_AT = 4_000  # test pictures read after each epoch; after the last one, all are


def main() -> None:
    """Answer the question."""
    experiment = Experiment(
        "A deeper network",
        "The report would try a deeper network next. Here its network grows from 2 to 10 "
        "convolutions, with and without batch norm, and in width, on part of the training set: "
        "does it read better, also in the same time, or does it only learn by heart?",
        seeds=3,
        epochs=8,
    )
    settings = [(depth, WIDTH, norm) for norm in (False, True) for depth in DEPTHS]
    settings += [(MIDDLE, width, True) for width in WIDTHS]
    comparison = experiment.compare(
        {_name(*setting): partial(_train, experiment, *setting) for setting in settings},
        recipe=vars(RECIPE),
        pictures=PICTURES,
    )
    _write(experiment, comparison)


def network(depth: int, width: int, norm: bool) -> nn.Module:
    """Return the report's network with so many 3x3 convolutions in place of two.

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
    torch.manual_seed(seed)  # for the first weights of a network of one's own
    own = network(depth, width, norm).to(memory_format=torch.channels_last)  # faster
    classifier = DigitClassifier(own, recipe=RECIPE, seed=seed)
    train, test = experiment.data.train[:PICTURES], experiment.data.test
    history = classifier.fit(
        train, epochs=experiment.epochs, validation_data=test[:LOOKED_AT], verbose=0
    )
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
    names = list(comparison.figures)
    first = names[0]
    ends = {name: comparison.values(name, "test accuracy") for name in names}
    seconds = {name: float(comparison.values(name, "epoch seconds").min()) for name in names}
    in_time = {name: _epochs_in_time(seconds, name, experiment.epochs) for name in names}
    timed = {
        name: comparison.values(name, "accuracy by epoch")[:, in_time[name] - 1] for name in names
    }
    gains = {name: mean_difference(ends[name] - ends[first]) for name in names[1:]}
    gains_in_time = {name: mean_difference(timed[name] - timed[first]) for name in names[1:]}
    gaps = {name: comparison.difference(name, first, "gap") for name in names[1:]}
    table = experiment.table(
        [
            *("network", "parameters", "seconds of its fastest epoch", "test accuracy"),
            *("against the first", "training accuracy", "gap"),
        ],
        [
            [
                name,
                f"{comparison.values(name, 'parameters')[0]:,.0f}",
                f"{seconds[name]:.1f}",
                spread(ends[name]),
                points(gains[name]) if name in gains else "",
                spread(comparison.values(name, "training accuracy")),
                spread(comparison.values(name, "gap")),
            ]
            for name in names
        ],
    )
    times = experiment.table(
        ["network", "epochs in the same time", "test accuracy then", "against the first"],
        [
            [
                name,
                str(in_time[name]),
                spread(timed[name]),
                points(gains_in_time[name]) if name in gains else "",
            ]
            for name in names
        ],
    )
    experiment.write(
        found=_found(gains, gains_in_time, gaps),
        sections=[
            f"## At equal epochs\n\nAfter {experiment.epochs} epochs on the first "
            f"{min(PICTURES, len(experiment.data.train)):,} training pictures; the gap is "
            "training less test accuracy, both read "
            f"after the training.\n\n{table}\n",
            "![Accuracy by depth](depth.png)\n",
            "![Gap by depth](gap.png)\n",
            "## At equal time\n\nThe epochs that each finishes (at least one) while the fastest "
            "takes all of its own, by the seconds of the fastest epoch of each, which other work "
            "on the machine disturbed least; they are not the same in another run. The accuracies "
            f"are on the first {LOOKED_AT:,} test pictures.\n\n{times}\n",
            "![Accuracy by depth at equal time](time.png)\n",
        ],
        figures={
            "depth": _by_depth(
                "Accuracy at equal epochs",
                {
                    "test": ends,
                    "training": {
                        name: comparison.values(name, "training accuracy") for name in names
                    },
                },
            ),
            "gap": _by_depth(
                "Training less test accuracy",
                {"gap": {name: comparison.values(name, "gap") for name in names}},
            ),
            "time": _by_depth("Test accuracy at equal time", {"test": timed}),
        },
        seconds_an_epoch=seconds,
        epochs_in_time=in_time,
        gains=gains,
        gains_in_time=gains_in_time,
        gaps=gaps,
    )


def _epochs_in_time(seconds: dict[str, float], name: str, epochs: int) -> int:
    return max(1, int(epochs * min(seconds.values()) / seconds[name]))


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
    """Say in two sentences what came out, whichever way."""
    best = max(gains, key=lambda name: gains[name].mean)
    deepest = [_name(DEPTHS[-1], WIDTH, norm) for norm in (True, False)]
    better = {1: "more", -1: "less", 0: "not measurably more"}
    wider = {1: "grows", -1: "shrinks", 0: "does not measurably change"}
    over_fits = [name for name in deepest if gaps[name].sign == 1 and gains[name].sign == -1]
    verdict = (
        f"over-fitting shows in {' and in '.join(over_fits)}"
        if over_fits
        else "neither loses accuracy while its gap grows, so over-fitting does not show"
    )
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
