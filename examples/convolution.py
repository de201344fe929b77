"""Do convolutions read better than flattening because they keep what is next to what?

python examples/convolution.py
python examples/convolution.py --quick
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from reporting.claims import spread
from reporting.experiment import Experiment, last, points
from torch.nn import functional

from digitnet import DigitClassifier, ImageSet
from digitnet.experiments import Comparison, Figures, mean_difference
from digitnet.models.inspection import count_parameters
from digitnet.plots import compared_curves
from digitnet.recipe import REPORT

RECIPE = replace(REPORT, precision="auto")
NETWORKS = ("report", "mlp")
PERMUTED = ", pixels permuted"
SHIFTS = (0, 1, 2, 3, 4)  # pixels


def main() -> None:
    """Answer the question."""
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
    """Put the pixels of all pictures into the same other order."""
    flat = images.images.flatten(1)
    order = torch.randperm(flat.shape[1], generator=torch.Generator().manual_seed(0))
    return replace(images, images=flat[:, order].view_as(images.images))


def _moved(images: ImageSet, pixels: int) -> list[ImageSet]:
    """Shift pictures right, left, down and up; what comes in is black."""
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
    names = list(comparison.figures)
    final = {name: last(comparison, name, "test accuracy") for name in names}
    lead = mean_difference(final["report"] - final["mlp"])
    lead_permuted = mean_difference(final["report" + PERMUTED] - final["mlp" + PERMUTED])
    cost = mean_difference(final["report" + PERMUTED] - final["report"])
    cost_flattened = mean_difference(final["mlp" + PERMUTED] - final["mlp"])
    table = experiment.table(
        ["network", "parameters", f"test accuracy after {experiment.epochs} epochs"]
        + [f"shifted by {shift}" for shift in SHIFTS[1:]],
        [
            [
                name,
                f"{comparison.values(name, 'parameters')[0]:,.0f}",
                spread(final[name]),
                *(spread(of) for of in comparison.values(name, "shifted").T[1:]),
            ]
            for name in names
        ],
    )
    pairs = experiment.table(
        ["difference in test accuracy", "points, with 95% interval"],
        [
            ["convolutions against flattening", points(lead)],
            ["the same, pixels permuted", points(lead_permuted)],
            ["permuting, for the convolutions", points(cost)],
            ["permuting, for the flattened network", points(cost_flattened)],
        ],
    )
    experiment.write(
        found=_found(lead, lead_permuted, cost, cost_flattened),
        sections=[
            f"## Accuracy\n\n{table}\n\n{pairs}\n",
            "Shifted: the mean of shifts right, left, down and up by so many pixels, by networks "
            "that saw none in training. With permuted pixels, the pictures are shifted first.\n",
            "![Test accuracy over the epochs](epochs.png)\n",
            "![Accuracy on shifted test digits](shifted.png)\n",
        ],
        figures={
            "epochs": compared_curves(
                range(1, experiment.epochs + 1),
                {name: comparison.values(name, "test accuracy") for name in names},
                title="Test accuracy",
                xlabel="Epoch",
            ),
            "shifted": compared_curves(
                SHIFTS,
                {name: comparison.values(name, "shifted") for name in names},
                title="Accuracy on shifted test digits",
                xlabel="Shift in pixels",
            ),
        },
        lead=lead,
        lead_permuted=lead_permuted,
        cost=cost,
        cost_flattened=cost_flattened,
    )


def _found(lead, lead_permuted, cost, cost_flattened) -> str:
    """Say in two sentences what came out, whichever way."""
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
