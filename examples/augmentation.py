"""What does augmentation bring, and which confusions does it mend?

python examples/augmentation.py
python examples/augmentation.py --quick

To copy this script, copy the folder `reporting` beside it as well.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from reporting.experiment import Experiment, against_first, of_variants
from reporting.tables import Column, by_name, each, percent, points
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import affine

from digitnet import Augmentation, DigitClassifier, ImageSet
from digitnet.experiments import Comparison, Difference, Figures
from digitnet.plots import compared_curves
from digitnet.recipe import REPORT

RECIPE = replace(REPORT, batch_size=128, learning_rate=3e-3, schedule="one_cycle", precision="auto")
AUGMENTATIONS = {
    "none": None,
    "shift": Augmentation(shift=2),
    "rotation": Augmentation(rotation=15),
    "affine": Augmentation(rotation=10, shift=2, scale=0.1, shear=10),
    "elastic": Augmentation(elastic=1.5),
    "all": Augmentation(rotation=10, shift=2, scale=0.1, shear=10, elastic=1),
}
CHANGES = {  # applied to the test images alone
    "shift": ("Shift to the right in pixels", (0, 1, 2, 3, 4)),
    "rotation": ("Rotation in degrees", (-40, -20, 0, 20, 40)),
    "scale": ("Size in per cent", (60, 80, 100, 120, 140)),
}
PAIRS = {"4 and 9": (4, 9), "3 and 5": (3, 5)}  # the report's commonest confusions
TRAIN_IMAGES = 20_000  # of 60,000: with fewer there is more to gain, in less time
GAP_IMAGES = 10_000  # training images whose accuracy is compared: as many as test images


def main() -> None:
    """Train with each augmentation and all seeds, and write the page."""
    experiment = Experiment(
        "Augmentation",
        "The report would try augmentation next. Here its network is trained without, with each "
        "kind, and with all: what does each bring on the test digits, on shifted, rotated and "
        "scaled ones, and for the digits that are most confused?",
        seeds=3,
        epochs=8,
    )
    comparison = experiment.compare(
        {name: partial(_train, experiment, name) for name in AUGMENTATIONS},
        recipe=vars(RECIPE),
        pictures=TRAIN_IMAGES,
        augmentations={name: value and vars(value) for name, value in AUGMENTATIONS.items()},
    )
    _write(experiment, comparison)


def _train(experiment: Experiment, name: str, seed: int) -> Figures:
    # Train
    train, test = experiment.data.train[:TRAIN_IMAGES], experiment.data.test
    recipe = replace(RECIPE, augmentation=AUGMENTATIONS[name])
    classifier = DigitClassifier(recipe=recipe, seed=seed)
    classifier.fit(train, epochs=experiment.epochs, verbose=0)

    # Evaluate on the test set, on training images, and on changed test images
    result = classifier.evaluate(test)
    training_accuracy = classifier.score(train[:GAP_IMAGES])
    confusion = result.confusion
    return {
        "test accuracy": result.accuracy,
        "training accuracy": training_accuracy,
        "gap": training_accuracy - result.accuracy,
        "mistakes": len(result.mistakes()),
        **{
            f"{kind} changed": [classifier.score(_changed(test, kind, by)) for by in amounts]
            for kind, (_, amounts) in CHANGES.items()
        },
        **{pair: int(confusion[a, b] + confusion[b, a]) for pair, (a, b) in PAIRS.items()},
    }


def _changed(images: ImageSet, kind: str, by: float) -> ImageSet:
    """Change all images by the same amount, with torchvision."""
    moved = affine(
        images.images,
        angle=by if kind == "rotation" else 0.0,
        translate=[by if kind == "shift" else 0, 0],
        scale=by / 100 if kind == "scale" else 1.0,
        shear=[0.0],
        interpolation=InterpolationMode.BILINEAR,
    )
    return replace(images, images=moved)


def _write(experiment: Experiment, comparison: Comparison) -> None:
    # Differences from the training without augmentation
    gains = against_first(comparison, "test accuracy")
    mended = {kind: against_first(comparison, kind) for kind in ("mistakes", *PAIRS)}

    # Tables, one row an augmentation
    accuracies, confusions = (
        experiment.table(*by_name("augmentation", AUGMENTATIONS, columns))
        for columns in (_accuracy_columns(comparison, gains), _mistake_columns(comparison, mended))
    )

    experiment.write(
        found=_found(comparison, gains, mended),
        sections=[
            f"## Test digits\n\nAfter {experiment.epochs} epochs on the first "
            f"{min(TRAIN_IMAGES, len(experiment.data.train)):,} training pictures.\n\n"
            f"{accuracies}\n",
            f"Training accuracy: of the first {GAP_IMAGES:,} training pictures as they are, read "
            "after the training; the gap is that less the test accuracy.\n",
            f"## Confusions\n\nHow many of the test digits are read wrong, and of these how many "
            f"are taken for each other.\n\n{confusions}\n",
            "## Changed test digits\n",
            *(f"![{kind} of test digits]({kind}.png)\n" for kind in CHANGES),
        ],
        figures={kind: _curves(comparison, kind) for kind in CHANGES},
        gains=gains,
        mended=mended,
    )


def _accuracy_columns(comparison: Comparison, gains: dict[str, Difference]) -> list[Column]:
    test, training, gap = (
        each(percent, of_variants(comparison, figure))
        for figure in ("test accuracy", "training accuracy", "gap")
    )
    return [
        ("test accuracy", test),
        ("against none", each(points, gains)),
        ("training accuracy", training),
        ("gap", gap),
    ]


def _mistake_columns(
    comparison: Comparison, mended: dict[str, dict[str, Difference]]
) -> list[Column]:
    columns: list[Column] = []
    for kind, differences in mended.items():
        counts = of_variants(comparison, kind)
        columns += [
            (kind, each(lambda values: f"{values.mean():.1f}", counts)),
            ("against none", each(partial(points, unit="", scale=1), differences)),
        ]
    return columns


def _curves(comparison: Comparison, kind: str) -> Figure:
    label, amounts = CHANGES[kind]
    return compared_curves(
        amounts,
        {name: comparison.values(name, f"{kind} changed") for name in AUGMENTATIONS},
        title="Accuracy on changed test digits, by augmentation in training",
        xlabel=label,
    )


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _found(
    comparison: Comparison,
    gains: dict[str, Difference],
    mended: dict[str, dict[str, Difference]],
) -> str:
    """Return the conclusion in two sentences."""
    # Which kinds raise or lower the test accuracy
    helps = [name for name, gain in gains.items() if gain.sign == 1]
    hurts = [name for name, gain in gains.items() if gain.sign == -1]
    best = max(gains, key=lambda name: gains[name].mean)
    told = f"{_quoted(helps) or 'no kind'} raise{'' if len(helps) > 1 else 's'} it measurably"
    if hurts:
        told += f", {_quoted(hurts)} lower{'' if len(hurts) > 1 else 's'} it"

    # The best kind: its gap, its confusions, and the strongest changes
    gap = [comparison.values(name, "gap").mean() for name in ("none", best)]
    words = {-1: "fewer", 1: "more", 0: "not measurably fewer"}
    confusions = " and ".join(
        f"{words[of[best].sign]} confusions of {pair} ({points(of[best], 'digits', 1)})"
        for pair, of in mended.items()
        if pair != "mistakes"
    )
    edges = ", ".join(
        f"{np.mean(comparison.values('none', f'{kind} changed')[:, -1]):.0%} to "
        f"{np.mean(comparison.values(best, f'{kind} changed')[:, -1]):.0%} of digits under the "
        f"greatest {kind}"
        for kind in CHANGES
    )
    return (
        f"The test accuracy is highest with '{best}', by {points(gains[best])}, and {told}; the "
        f"gap to the training pictures goes from {gap[0]:.2%} to {gap[1]:.2%}. "
        f"'{best}' makes {confusions}, and takes the network from {edges}."
    )


if __name__ == "__main__":
    main()
