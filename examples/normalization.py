"""Does normalisation make the report's training steadier?

python examples/normalization.py
python examples/normalization.py --quick
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from matplotlib.figure import Figure
from reporting.claims import spread
from reporting.experiment import Experiment, last, plain, points

from digitnet import ImageClassifier
from digitnet.callbacks import LambdaCallback
from digitnet.digits import DIGITS, INPUT_SHAPE, MEAN, STD
from digitnet.experiments import Comparison, Difference, Figures, mean_difference
from digitnet.plots import compared_curves
from digitnet.recipe import REPORT

RATES = (1e-3, 3e-3, 1e-2)  # the report's, and two where the effect should show more
SETTINGS = {"with": (MEAN, STD), "without": (0.0, 1.0)}  # 0 and 1 leave pixels in 0..1
WINDOW = 10  # steps whose losses are averaged
SETTLED = 0.3  # nats; with normalisation reached within a fifth of the first epoch
KINDS = {  # what the table calls each, and its decimals
    "unsteadiness": ("change of loss from step to step", 4),
    "steps to settle": (f"steps to a loss of {SETTLED}", 0),
    "first loss": ("mean loss of the first epoch", 3),
}


def main() -> None:
    """Answer the question."""
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
    mean, std = SETTINGS[setting]
    classifier = ImageClassifier(
        classes=DIGITS,
        input_shape=INPUT_SHAPE,
        mean=mean,
        std=std,
        recipe=replace(REPORT, learning_rate=rate),
        seed=seed,
    )
    noted: list[torch.Tensor] = []
    note = LambdaCallback(on_batch_end=lambda state: noted.append(state.batch_loss))
    history = classifier.fit(
        experiment.data.train,
        epochs=experiment.epochs if rate == RATES[0] else 1,
        validation_data=experiment.data.test,
        callbacks=[note],
        verbose=0,
    )
    losses = torch.stack(noted[: len(noted) // len(history)]).double()  # of the first epoch
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
    costs = {
        f"{rate:g}": {
            kind: comparison.difference(_name("without", rate), _name("with", rate), kind)
            for kind in (*KINDS, "first accuracy")
        }
        for rate in RATES
    }
    header = [*(label for label, _ in KINDS.values()), "test accuracy after it"]
    table = experiment.table(
        ["normalisation", *header],
        [
            [
                name,
                *(
                    plain(comparison.values(name, kind), decimals)
                    for kind, (_, decimals) in KINDS.items()
                ),
                spread(comparison.values(name, "first accuracy")),
            ]
            for name in comparison.figures
        ],
    )
    differences = experiment.table(
        ["without less with, learning rate", *header],
        [
            [
                rate,
                *(points(of[kind], "", 1, decimals) for kind, (_, decimals) in KINDS.items()),
                points(of["first accuracy"]),
            ]
            for rate, of in costs.items()
        ],
    )
    pair = [_name(setting, RATES[0]) for setting in SETTINGS]
    final = [last(comparison, name, "test accuracy") for name in pair]
    gain = mean_difference(final[0] - final[1])
    ends = experiment.table(
        ["normalisation", f"test accuracy after {experiment.epochs} epochs"],
        [
            *([name, spread(values)] for name, values in zip(pair, final, strict=True)),
            ["with less without", points(gain)],
        ],
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
    """Say in two sentences what came out, whichever way."""
    report = costs[f"{RATES[0]:g}"]
    word = {1: "more", -1: "less", 0: "not measurably more"}
    settle = {1: "later", -1: "sooner", 0: "not measurably later"}
    signs = report["unsteadiness"].sign, report["steps to settle"].sign
    claim = {(1, 1): "holds", (-1, -1): "does not hold"}.get(
        signs, "holds in part" if 1 in signs else "is not borne out"
    )
    higher = [rate for rate in costs if costs[rate]["first accuracy"].sign == -1]
    where = (
        f"at the learning rate{'s' * (len(higher) > 1)} {' and '.join(higher)}"
        if higher
        else "at no learning rate"
    )
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
