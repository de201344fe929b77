"""Does normalisation make the report's training steadier?

python examples/normalization.py
python examples/normalization.py --quick

To copy this script, copy the folder `reporting` beside it as well.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from reporting.experiment import Experiment, last, of_variants
from reporting.tables import by_name, each, mean, percent, points

from digitnet import ImageClassifier
from digitnet.callbacks import LambdaCallback
from digitnet.digits import DIGITS, INPUT_SHAPE, MEAN, STD
from digitnet.experiments import Comparison, Difference, Figures, mean_difference
from digitnet.plots import compared_curves
from digitnet.recipe import REPORT

RATES = (1e-3, 3e-3, 1e-2)  # learning rates: the report's, and two that amplify the effect
SETTINGS = {
    "with": (MEAN, STD),
    "without": (0.0, 1.0),
}  # mean, deviation; the last is none
WINDOW = 10  # steps whose losses are averaged, against the noise of single batches
SETTLED = 0.3  # nats; with normalisation reached within a fifth of the first epoch
KINDS = {  # figures of the first epoch: heading and decimals
    "unsteadiness": ("change of loss from step to step", 4),
    "steps to settle": (f"steps to a loss of {SETTLED}", 0),
    "first loss": ("mean loss of the first epoch", 3),
}
AFTER = "test accuracy after it"


def main() -> None:
    """Train with and without normalisation, at each rate and with all seeds; write the page."""
    experiment = Experiment(
        "With and without normalisation",
        "The report says that without normalisation the loss is less stable in the first epoch "
        "and takes longer to settle. Here its recipe is run both ways, and for one epoch at two "
        "greater learning rates, where the effect should show most.",
        seeds=5,
        epochs=3,
    )
    comparison = experiment.compare(
        {
            _name(setting, rate): partial(_train, experiment, setting, rate)
            for rate in RATES
            for setting in SETTINGS
        },
        recipe=vars(REPORT),
    )
    _write(experiment, comparison)


def _name(setting: str, rate: float) -> str:
    return f"{setting}, learning rate {rate:g}"


def _train(experiment: Experiment, setting: str, rate: float, seed: int) -> Figures:
    # Train, and record the loss of each batch
    own_mean, own_std = SETTINGS[setting]
    classifier = ImageClassifier(
        classes=DIGITS,
        input_shape=INPUT_SHAPE,
        mean=own_mean,
        std=own_std,
        recipe=replace(REPORT, learning_rate=rate),
        seed=seed,
    )
    recorded: list[torch.Tensor] = []
    recorder = LambdaCallback(on_batch_end=lambda state: recorded.append(state.batch_loss))
    history = classifier.fit(
        experiment.data.train,
        epochs=experiment.epochs if rate == RATES[0] else 1,
        validation_data=experiment.data.test,
        callbacks=[recorder],
        verbose=0,
    )

    # The first epoch: how its losses change, and when they settle
    losses = torch.stack(recorded[: len(recorded) // len(history)]).double()
    size = min(WINDOW, len(losses))
    windows = losses[: len(losses) // size * size].view(-1, size).mean(dim=1)
    below = (windows < SETTLED).nonzero()
    return {
        "test accuracy": history.history["val_accuracy"],
        "first accuracy": history[0].val_accuracy,
        "loss of ten steps": [round(loss, 5) for loss in windows.tolist()],
        "unsteadiness": float(losses.diff().abs().mean()),
        "steps to settle": float(WINDOW * (below[0] + 1)) if len(below) else float(len(losses)),
        "first loss": history[0].loss,
    }


def _write(experiment: Experiment, comparison: Comparison) -> None:
    # Tables of the first epoch: each variant, and without less with normalisation
    costs = {
        f"{rate:g}": {
            kind: comparison.difference(_name("without", rate), _name("with", rate), kind)
            for kind in (*KINDS, "first accuracy")
        }
        for rate in RATES
    }
    table = _first_epoch_table(experiment, comparison)
    differences = _differences_table(experiment, costs)

    # Table of the last epoch, at the report's learning rate
    final = last(of_variants(comparison, "test accuracy"))
    pair = {_name(setting, RATES[0]): final[_name(setting, RATES[0])] for setting in SETTINGS}
    gain = mean_difference(np.subtract(*pair.values()))
    ends = experiment.table(
        ["normalisation", f"test accuracy after {experiment.epochs} epochs"],
        [*each(percent, pair).items(), ("with less without", points(gain))],
    )

    experiment.write(
        found=_found(costs, gain),
        sections=[
            f"## The first epoch\n\n{table}\n\n{differences}\n",
            "The change from step to step is the mean of its absolute values over the epoch; the "
            f"steps count to the first mean of {WINDOW} losses below {SETTLED}, or to the epoch's "
            "end where none is.\n",
            *(f"![Loss at learning rate {rate:g}](loss_{rate:g}.png)\n" for rate in RATES),
            f"## The end\n\n{ends}\n",
        ],
        figures={f"loss_{rate:g}": _losses(comparison, rate) for rate in RATES},
        costs=costs,
        gain=gain,
    )


def _first_epoch_table(experiment: Experiment, comparison: Comparison) -> str:
    columns = [
        (heading, each(partial(mean, decimals=decimals), of_variants(comparison, kind)))
        for kind, (heading, decimals) in KINDS.items()
    ]
    columns.append((AFTER, each(percent, of_variants(comparison, "first accuracy"))))
    return experiment.table(*by_name("normalisation", comparison.figures, columns))


def _differences_table(experiment: Experiment, costs: dict[str, dict[str, Difference]]) -> str:
    columns = [
        (heading, {rate: points(of[kind], "", 1, decimals) for rate, of in costs.items()})
        for kind, (heading, decimals) in KINDS.items()
    ]
    columns.append((AFTER, {rate: points(of["first accuracy"]) for rate, of in costs.items()}))
    return experiment.table(*by_name("without less with, learning rate", costs, columns))


def _losses(comparison: Comparison, rate: float) -> Figure:
    curves = {
        f"{setting} normalisation": comparison.values(_name(setting, rate), "loss of ten steps")
        for setting in SETTINGS
    }
    windows = next(iter(curves.values())).shape[1]
    return compared_curves(
        [WINDOW * (window + 1) for window in range(windows)],
        curves,
        title=f"Training loss in the first epoch, learning rate {rate:g}",
        xlabel=f"Step (means of {WINDOW})",
        ylabel="Loss",
        share=False,
        log=True,
    )


def _found(costs: dict[str, dict[str, Difference]], gain: Difference) -> str:
    """Return the conclusion in two sentences."""
    # Whether the report's claim holds at its own learning rate
    report = costs[f"{RATES[0]:g}"]
    signs = report["unsteadiness"].sign, report["steps to settle"].sign
    claim = {(1, 1): "holds", (-1, -1): "does not hold"}.get(
        signs, "holds in part" if 1 in signs else "is not borne out"
    )

    # Where normalisation raises the accuracy
    higher = [rate for rate in costs if costs[rate]["first accuracy"].sign == -1]
    where = (
        f"at the learning rate{'s' * (len(higher) > 1)} {' and '.join(higher)}"
        if higher
        else "at no learning rate"
    )

    word = {1: "more", -1: "less", 0: "not measurably more"}
    settle = {1: "later", -1: "sooner", 0: "not measurably later"}
    end = {1: "ends higher", -1: "ends lower", 0: "cannot be told from the other"}
    return (
        f"Without normalisation the loss of the report's recipe changes {word[signs[0]]} from step "
        f"to step ({points(report['unsteadiness'], 'nats', 1, 4)}) and falls below {SETTLED} "
        f"{settle[signs[1]]} ({points(report['steps to settle'], 'steps', 1, 0)}): the claim "
        f"{claim}. Normalisation reads more after one epoch {where}, and at the report's the "
        f"training with it {end[gain.sign]} after the last ({points(gain)})."
    )


if __name__ == "__main__":
    main()
