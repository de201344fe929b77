"""What does augmentation bring, and which confusions does it mend?

python examples/augmentation.py
python examples/augmentation.py --quick
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from reporting.claims import spread
from reporting.experiment import Experiment, points
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import affine

from digitnet import Augmentation, DigitClassifier, ImageSet
from digitnet.experiments import Comparison, Figures
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
CHANGES = {  # of the test digits, none of which a training saw
    "shift": ("Shift to the right in pixels", (0, 1, 2, 3, 4)),
    "rotation": ("Rotation in degrees", (-40, -20, 0, 20, 40)),
    "scale": ("Size in per cent", (60, 80, 100, 120, 140)),
}
PAIRS = ((4, 9), (3, 5))  # the report names them
PICTURES = 20_000  # of the training set: on fewer, there is more to gain, in less time
SEEN = 10_000  # of these, read again for the gap


def main() -> None:
    """Answer the question."""
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
        pictures=PICTURES,
        augmentations={name: value and vars(value) for name, value in AUGMENTATIONS.items()},
    )
    _write(experiment, comparison)


def _train(experiment: Experiment, name: str, seed: int) -> Figures:
    recipe = replace(RECIPE, augmentation=AUGMENTATIONS[name])
    classifier = DigitClassifier(recipe=recipe, seed=seed)
    test = experiment.data.test
    train = experiment.data.train[:PICTURES]
    classifier.fit(train, epochs=experiment.epochs, verbose=0)
    result = classifier.evaluate(test)
    seen = classifier.score(train[:SEEN])
    confusion = result.confusion
    return {
        "test accuracy": result.accuracy,
        "training accuracy": seen,
        "gap": seen - result.accuracy,
        "mistakes": len(result.mistakes()),
        **{
            f"{kind} changed": [classifier.score(_changed(test, kind, by)) for by in amounts]
            for kind, (_, amounts) in CHANGES.items()
        },
        **{f"{a} and {b}": int(confusion[a, b] + confusion[b, a]) for a, b in PAIRS},
    }


def _changed(images: ImageSet, kind: str, by: float) -> ImageSet:
    """Change all pictures by the same amount, with torchvision."""
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
    pairs = [f"{a} and {b}" for a, b in PAIRS]
    gains = {row.variant: row.against for row in comparison.rows("test accuracy") if row.against}
    table = experiment.table(
        ["augmentation", "test accuracy", "against none", "training accuracy", "gap"],
        [
            [
                name,
                spread(comparison.values(name, "test accuracy")),
                points(gains[name]) if name in gains else "",
                spread(comparison.values(name, "training accuracy")),
                spread(comparison.values(name, "gap")),
            ]
            for name in AUGMENTATIONS
        ],
    )
    mended = {
        kind: {row.variant: row.against for row in comparison.rows(kind) if row.against}
        for kind in ("mistakes", *pairs)
    }
    confusions = experiment.table(
        ["augmentation", "mistakes", "against none"]
        + [cell for pair in pairs for cell in (pair, "against none")],
        [
            [
                name,
                *(
                    cell
                    for kind, of in mended.items()
                    for cell in (
                        f"{comparison.values(name, kind).mean():.1f}",
                        points(of[name], "", 1) if name in of else "",
                    )
                ),
            ]
            for name in AUGMENTATIONS
        ],
    )
    experiment.write(
        found=_found(comparison, gains, mended),
        sections=[
            f"## Test digits\n\nAfter {experiment.epochs} epochs on the first "
            f"{min(PICTURES, len(experiment.data.train)):,} training pictures.\n\n{table}\n",
            f"Training accuracy: of the first {SEEN:,} training pictures as they are, read after "
            "the training; the gap is that less the test accuracy.\n",
            f"## Confusions\n\nHow many of the test digits are read wrong, and of these how many "
            f"are taken for each other.\n\n{confusions}\n",
            "## Changed test digits\n",
            *(f"![{kind} of test digits]({kind}.png)\n" for kind in CHANGES),
        ],
        figures={kind: _curves(comparison, kind) for kind in CHANGES},
        gains=gains,
        mended=mended,
    )


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


def _found(comparison: Comparison, gains: dict, mended: dict) -> str:
    """Say in two sentences what came out, whichever way."""
    helps = [name for name, gain in gains.items() if gain.sign == 1]
    hurts = [name for name, gain in gains.items() if gain.sign == -1]
    best = max(gains, key=lambda name: gains[name].mean)
    told = f"{_quoted(helps) or 'no kind'} raise{'' if len(helps) > 1 else 's'} it measurably"
    if hurts:
        told += f", {_quoted(hurts)} lower{'' if len(hurts) > 1 else 's'} it"
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
