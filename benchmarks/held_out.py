"""Change settings of the recipe `best`, and count mistakes on held-out training images.

    DIGITNET_DATA=... python benchmarks/held_out.py --change epochs=20 sharpness_radius=0.0
    python benchmarks/held_out.py --quick

A third of MNIST's training images is held out, the network is trained on the others, and the test
set is not used, so settings can be chosen. The cross-entropy is that with the best temperature.
"""

from __future__ import annotations

import argparse
import ast
from dataclasses import replace
from typing import Any

import harness
import torch

from digitnet import DigitClassifier, ImageSet, Recipe
from digitnet.errors import InvalidInputError
from digitnet.recipe import BEST

SPLIT = 123  # seed of the permutation whose first third is held out


def main() -> None:
    """Print a table, and write it with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument(
        "--change",
        nargs="+",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="settings of the recipe, as epochs=20, or augmentation.stroke=1",
    )
    parser.add_argument("--seeds", nargs="+", default=[77, 78], type=int, help="a training each")
    options = harness.parse(parser)
    if options.quick:
        options.change, options.seeds = [("epochs", 3)], [77]

    # Data and recipe
    train, _ = harness.mnist(quick=options.quick)
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(SPLIT))
    third = len(train) // 3
    held_out, rest = train[order[:third]], train[order[third:]]
    recipe = BEST
    for name, value in options.change:
        recipe = _changed(recipe, name, value)

    # Trainings
    found = [_train(recipe, seed, rest, held_out) for seed in options.seeds]
    changed = ", ".join(f"{name}={value}" for name, value in options.change)
    harness.report(
        options.out,
        "_".join(["held_out", *(f"{name}={value}" for name, value in options.change)]),
        title=f"`best` with {changed or 'nothing'} changed, on {third:,} pictures held out",
        columns=["seed", "mistakes", "cross-entropy", "seconds"],
        rows=[
            (str(seed), f"{mistakes}", f"{loss:.4f}", f"{seconds:.0f}")
            for seed, (mistakes, loss, seconds) in zip(options.seeds, found, strict=True)
        ],
        figures=dict(zip(map(str, options.seeds), found, strict=True)),
    )


def _setting(text: str) -> tuple[str, Any]:
    """Return name and value of "name=value"; what is no Python value is text."""
    name, _, value = text.partition("=")
    try:
        setting = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        setting = value
    try:
        _changed(BEST, name, setting)
    except (InvalidInputError, TypeError) as error:
        raise argparse.ArgumentTypeError(
            f"expected a setting of a recipe, as epochs=20; received {text!r} ({error})"
        ) from error
    return name, setting


def _changed(recipe: Recipe, name: str, value: Any) -> Recipe:
    part, _, amount = name.partition(".")
    if part == "augmentation" and amount:
        return replace(recipe, augmentation=replace(recipe.augmentation, **{amount: value}))
    return replace(recipe, **{name: value})


def _train(
    recipe: Recipe, seed: int, rest: ImageSet, held_out: ImageSet
) -> tuple[int, float, float]:
    """Return mistakes, cross-entropy, and the seconds of the training."""
    classifier = DigitClassifier(recipe=recipe, seed=seed)
    seconds = harness.seconds_of(lambda: classifier.fit(rest))
    classifier.calibrate(held_out)
    result = classifier.evaluate(held_out, verbose=0)
    return round((1 - result.accuracy) * len(held_out)), result.loss, seconds


if __name__ == "__main__":
    main()
