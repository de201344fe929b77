"""Do convolutions read better than flattening because they keep which pixels are neighbours?

python examples/convolution.py
python examples/convolution.py --quick

To copy this script, copy the folder `reporting` beside it as well.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from reporting.experiment import Experiment, last, of_variants
from reporting.tables import by_name, count, each, percent, points
from torch.nn import functional

from digitnet import DigitClassifier, ImageSet
from digitnet.experiments import Comparison, Difference, Figures, mean_difference
from digitnet.models.inspection import count_parameters
from digitnet.plots import compared_curves
from digitnet.recipe import REPORT

RECIPE = replace(REPORT, precision="auto")
NETWORKS = ("report", "mlp")
PERMUTED = ", pixels permuted"
SHIFTS = (0, 1, 2, 3, 4)  # pixels
DIFFERENCES = {  # between test accuracies
    "lead": "convolutions against flattening",
    "lead_permuted": "the same, pixels permuted",
    "cost": "permuting, for the convolutions",
    "cost_flattened": "permuting, for the flattened network",
}


def main() -> None:
    """Train both networks, on both orders of the pixels and with all seeds; write the page."""
    experiment = Experiment(
        "Convolution or flattening",
        "The report argues that convolutions beat flattening, because flattening loses which "
        "pixels are neighbours. If so, one fixed permutation of all pixels should cost the "
        "convolutions their lead, and cost the flattened network nothing.",
        seeds=3,
        epochs=4,
    )
    comparison = experiment.compare(
        {
            f"{network}{PERMUTED if permuted else ''}": partial(
                _train, experiment, network, permuted
            )
            for permuted in (False, True)
            for network in NETWORKS
        },
        recipe=vars(RECIPE),
    )
    _write(experiment, comparison)


def _train(experiment: Experiment, network: str, permuted: bool, seed: int) -> Figures:
    change = _permuted if permuted else lambda images: images
    train, test = change(experiment.data.train), change(experiment.data.test)
    classifier = DigitClassifier(network, recipe=RECIPE, seed=seed)
    history = classifier.fit(train, epochs=experiment.epochs, validation_data=test, verbose=0)
    shifted = [
        np.mean([classifier.score(change(moved)) for moved in _moved(experiment.data.test, shift)])
        for shift in SHIFTS
    ]
    return {
        "parameters": count_parameters(classifier.model),
        "test accuracy": history.history["val_accuracy"],
        "shifted": shifted,
    }


def _permuted(images: ImageSet) -> ImageSet:
    """Permute the pixels of all images in the same way."""
    flat = images.images.flatten(1)
    order = torch.randperm(flat.shape[1], generator=torch.Generator().manual_seed(0))
    return replace(images, images=flat[:, order].view_as(images.images))


def _moved(images: ImageSet, pixels: int) -> list[ImageSet]:
    """Shift images right, left, down and up, and pad them with black."""
    directions = [(1, 0), (-1, 0), (0, 1), (0, -1)] if pixels else [(0, 0)]
    return [
        replace(
            images,
            images=functional.pad(
                images.images, (pixels * x, -pixels * x, pixels * y, -pixels * y)
            ),
        )
        for x, y in directions
    ]


def _write(experiment: Experiment, comparison: Comparison) -> None:
    # Figures of each variant, and the differences that the claim is about
    by_epoch = of_variants(comparison, "test accuracy")
    shifted = of_variants(comparison, "shifted")
    final = last(by_epoch)
    differences = _differences(final)

    # Tables
    columns = [
        ("parameters", each(count, of_variants(comparison, "parameters"))),
        (f"test accuracy after {experiment.epochs} epochs", each(percent, final)),
        *(
            (f"shifted by {shift}", {name: percent(of[:, n]) for name, of in shifted.items()})
            for n, shift in enumerate(SHIFTS)
            if shift
        ),
    ]
    table = experiment.table(*by_name("network", comparison.figures, columns))
    pairs = experiment.table(
        ["difference in test accuracy", "points, with 95% interval"],
        [(DIFFERENCES[name], points(of)) for name, of in differences.items()],
    )

    experiment.write(
        found=_found(**differences),
        sections=[
            f"## Accuracy\n\n{table}\n\n{pairs}\n",
            "Shifted: the mean of shifts right, left, down and up by so many pixels, by networks "
            "that saw none in training. With permuted pixels, the pictures are shifted first.\n",
            "![Test accuracy over the epochs](epochs.png)\n",
            "![Accuracy on shifted test digits](shifted.png)\n",
        ],
        figures=_curves(by_epoch, shifted),
        **differences,
    )


def _differences(final: dict[str, np.ndarray]) -> dict[str, Difference]:
    """Return what convolutions gain, and what the permutation costs each network."""
    report, mlp = (final[network] for network in NETWORKS)
    report_permuted, mlp_permuted = (final[network + PERMUTED] for network in NETWORKS)
    return {
        "lead": mean_difference(report - mlp),
        "lead_permuted": mean_difference(report_permuted - mlp_permuted),
        "cost": mean_difference(report_permuted - report),
        "cost_flattened": mean_difference(mlp_permuted - mlp),
    }


def _curves(by_epoch: dict[str, np.ndarray], shifted: dict[str, np.ndarray]) -> dict[str, Figure]:
    epochs = range(1, 1 + next(iter(by_epoch.values())).shape[1])
    return {
        "epochs": compared_curves(epochs, by_epoch, title="Test accuracy", xlabel="Epoch"),
        "shifted": compared_curves(
            SHIFTS, shifted, title="Accuracy on shifted test digits", xlabel="Shift in pixels"
        ),
    }


def _found(
    lead: Difference, lead_permuted: Difference, cost: Difference, cost_flattened: Difference
) -> str:
    """Return the conclusion in two sentences."""
    better = {1: "read more than", -1: "read less than", 0: "cannot be told from"}
    first = (
        f"Convolutions {better[lead.sign]} a flattened network of as many parameters, by "
        f"{points(lead)} of the test digits, and with permuted pixels they "
        f"{better[lead_permuted.sign]} it, by {points(lead_permuted)}."
    )
    if cost.sign == -1 and cost_flattened.sign == 0 and lead_permuted.mean < lead.mean / 2:
        claim = "so the claim holds"
    elif cost.sign == -1 and cost.mean < cost_flattened.mean:
        claim = "so the claim holds in its direction, though not in full"
    else:
        claim = "so the claim is not borne out"
    return (
        f"{first} The permutation costs the convolutions {points(cost)} and the flattened network "
        f"{points(cost_flattened)}: {claim}."
    )


if __name__ == "__main__":
    main()
