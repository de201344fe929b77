"""Seconds to an accuracy: the recipe `fast` against the report's recipe as tutorials run it.

    DIGITNET_DATA=... python benchmarks/time_to_accuracy.py
    python benchmarks/time_to_accuracy.py --quick

Two parts. In the first, `fast` takes turns with an epoch of the report's recipe: a plain loop
on tensors, and torchvision + DataLoader, which goes on for as many epochs as there are turns.
In the second, trainings of several lengths give the accuracy that a time buys. All accuracies
are of the last epoch, on the test set, on which nothing was chosen.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from pathlib import Path

import charts
import harness
import torch
from contestants import network, plain_loop, tutorial
from matplotlib.figure import Figure

from digitnet import DigitClassifier, ImageSet, Recipe
from digitnet.recipe import BEST, FAST

TUTORIAL_EPOCHS = 10  # the report's
# Trainings of growing length: name, recipe and share of the training images
CURVE = {
    "`fast` on a third of the pictures": (FAST, 1 / 3),
    "`fast`": (FAST, 1.0),
    "`fast`, 2 epochs": (replace(FAST, epochs=2), 1.0),
    "`fast`, 3 epochs": (replace(FAST, epochs=3), 1.0),
    "`fast`, 6 epochs": (replace(FAST, epochs=6), 1.0),
    "`best`, 3 epochs": (replace(BEST, epochs=3), 1.0),
}


@dataclass
class Trainings:
    """Times in seconds and test accuracies in [0, 1] of some seeds."""

    seconds: list[float]
    accuracies: list[float]

    def add(self, seconds: float, accuracy: float) -> None:
        """Add a training with another seed."""
        self.seconds.append(seconds)
        self.accuracies.append(accuracy)

    @property
    def row(self) -> tuple[str, str]:
        """Median time, and mean and deviation of the accuracy."""
        percent = [100 * accuracy for accuracy in self.accuracies]
        accuracy = f"{harness.mean_and_deviation(percent)}% ({len(percent)})"
        return harness.median_and_range(self.seconds), accuracy


def main() -> None:
    """Print two tables, and write them with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=TUTORIAL_EPOCHS, help="turns, first part")
    parser.add_argument("--seeds", type=int, default=20, help="of `fast`, in the first part")
    parser.add_argument("--curve-seeds", type=int, default=5, help="of each, in the second")
    options = harness.parse(parser)
    if options.quick:
        options.rounds = options.seeds = options.curve_seeds = 2
    train, test = harness.mnist(quick=options.quick)
    _train(FAST, train[:1_280], test, seed=0)  # warm-up
    _against_tutorials(train, test, options.rounds, options.seeds, options.out)
    _curve(train, test, options.curve_seeds, options.out)


def _train(recipe: Recipe, train: ImageSet, test: ImageSet, *, seed: int) -> tuple[float, float]:
    """Return the seconds of `fit`, from call to return, and the test accuracy."""
    classifier = DigitClassifier(recipe=recipe, device="cpu", seed=seed)
    seconds = harness.seconds_of(lambda: classifier.fit(train, verbose=0))
    return seconds, classifier.score(test)


def _against_tutorials(train: ImageSet, test: ImageSet, rounds: int, seeds: int, out: Path) -> None:
    # Epochs of the report's recipe and trainings with `fast`, by turns
    images, labels = train.images[:, 0].numpy(), train.labels.numpy()
    model = network.build()
    tutorial_epoch = tutorial.prepare(images, labels, model)
    plain, tutorials, fast = [], [], Trainings([], [])
    for turn in range(rounds):
        plain.append(harness.seconds_of(plain_loop.prepare(images, labels)))
        tutorials.append(harness.seconds_of(tutorial_epoch))
        for seed in range(turn * seeds // rounds, (turn + 1) * seeds // rounds):
            fast.add(*_train(FAST, train, test, seed=seed))
        print(f"turn {turn + 1} of {rounds} done", flush=True)

    # The test accuracy of the network that was trained in all epochs
    model.eval()
    with torch.inference_mode():
        logits = model(network.normalized(test.images[:, 0].numpy()))
    final = float((logits.argmax(dim=1) == test.labels).double().mean())

    figures = {"fast": vars(fast), "plain": plain, "tutorial": tutorials}
    harness.report(
        out,
        "fast",
        title="The recipe `fast` against the report's recipe",
        columns=["training", "seconds", "test accuracy (seeds)", "times `fast`"],
        rows=_tutorial_rows(fast, plain, tutorials, final),
        figures={**figures, "tutorial_accuracy": final},
    )


def _tutorial_rows(
    fast: Trainings, plain: list[float], tutorials: list[float], final: float
) -> list[tuple[str, ...]]:
    one = statistics.median(fast.seconds)
    rows = [("`fast`, whole training", *fast.row, "1")]
    for name, epochs in (("plain loop on tensors", plain), ("torchvision + DataLoader", tutorials)):
        ratio = f"{statistics.median(epochs) / one:.1f}"
        seconds = harness.median_and_range(epochs)
        rows.append((f"report's recipe, {name}, 1 epoch", seconds, "-", ratio))
    whole = TUTORIAL_EPOCHS * statistics.median(tutorials)
    accuracy = f"{final:.2%} (1)" if len(tutorials) == TUTORIAL_EPOCHS else "-"
    name = f"the same, {TUTORIAL_EPOCHS} epochs"
    return [*rows, (name, f"{whole:.0f}", accuracy, f"{whole / one:.0f}")]


def _curve(train: ImageSet, test: ImageSet, seeds: int, out: Path) -> None:
    found = {name: Trainings([], []) for name in CURVE}
    for seed in range(seeds):
        for name, (recipe, share) in CURVE.items():
            part = train[: round(share * len(train))]
            found[name].add(*_train(recipe, part, test, seed=seed))
        print(f"seed {seed + 1} of {seeds} done", flush=True)
    harness.report(
        out,
        "time_to_accuracy",
        title="Which accuracy a time buys",
        columns=["training", "seconds", "test accuracy (seeds)"],
        rows=[(name, *trainings.row) for name, trainings in found.items()],
        figures={name: vars(trainings) for name, trainings in found.items()},
        figure=_draw(found),
    )


def _draw(trainings: dict[str, Trainings]) -> Figure:
    figure, (axes,) = charts.chart(height=4)
    # The curve through medians and means
    seconds = [statistics.median(training.seconds) for training in trainings.values()]
    means = [100 * statistics.mean(training.accuracies) for training in trainings.values()]
    axes.plot(seconds, means, "-", color="tab:blue")

    # Each seed, and names
    for (name, training), median, mean in zip(trainings.items(), seconds, means, strict=True):
        percent = [100 * accuracy for accuracy in training.accuracies]
        axes.plot([median] * len(percent), percent, "o", color="tab:blue", alpha=0.35, ms=4)
        axes.annotate(
            name.replace("`", ""),
            (median, mean),
            xytext=(8, -12),
            textcoords="offset points",
            fontsize=8,
        )

    # Axes
    axes.set_xscale("log")
    axes.set_xlim(right=3 * max(seconds))  # room for the last name
    axes.set_xticks(
        seconds, [f"{value:.0f}" if value >= 1 else f"{value:.1f}" for value in seconds]
    )
    axes.minorticks_off()
    axes.set_xlabel("seconds of training (logarithmic)")
    axes.set_ylabel("test accuracy in %, each seed and mean")
    return figure


if __name__ == "__main__":
    main()
