"""Accuracy on generated pictures over rotation, size, pen, noise, contrast and shadow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import harness
from matplotlib.figure import Figure
from picture_scores import predict_row
from picture_sets import SEED, of_paper

from digitnet import DigitClassifier
from digitnet.datasets import paper

CURVES: Mapping[str, tuple[float, ...]] = {
    "rotation": (0, 10, 20, 30, 45),
    "height": (0.03, 0.06, 0.12, 0.25, 0.5, 0.9),
    "thickness": (0.01, 0.03, 0.06, 0.1, 0.15),
    "noise": (0, 0.02, 0.04, 0.08, 0.12),
    "contrast": (0.1, 0.2, 0.3, 0.5, 0.8),
    "shadow": (0, 0.2, 0.4, 0.6, 0.8),
}
UNITS = {  # as `paper.Style` takes them
    "rotation": "degrees",
    "height": "share of the picture's",
    "thickness": "share of the digit's height",
    "noise": "deviation, share of the range",
    "contrast": "share of the range",
    "shadow": "share of the light",
}


def report_curves(classifier: DigitClassifier, count: int, out: Path) -> None:
    """Write a table and two figures: `count` pictures for each amount."""
    shares = {
        name: [_share(classifier, count, name, amount) for amount in amounts]
        for name, amounts in CURVES.items()
    }
    figure, more = _draw(shares)
    harness.report(
        out,
        "pictures_curves",
        title=f"Accuracy on {count} digits on paper with one amount fixed",
        columns=["fixed", "at", "right"],
        rows=[
            (name, ", ".join(map(str, CURVES[name])), ", ".join(f"{s:.0%}" for s in found))
            for name, found in shares.items()
        ],
        figures={"amounts": CURVES, "right": shares},
        figure=figure,
    )
    more.savefig(out / "pictures_curves_2.png", dpi=150, bbox_inches="tight")


def _share(classifier: DigitClassifier, count: int, name: str, amount: float) -> float:
    """Return the share of digits that are read right where one amount of the style is fixed."""
    made = paper.digits(count, seed=SEED + 7, style=paper.Style(**{name: amount}))
    return predict_row(classifier, of_paper(name, made)).right


def _draw(shares: Mapping[str, list[float]]) -> list[Figure]:
    """Return two figures of three curves each."""
    (figure, axes), (more, lower) = (harness.chart(height=2.6, columns=3) for _ in range(2))
    for (name, found), place in zip(shares.items(), [*axes, *lower], strict=True):
        place.plot(CURVES[name], [100 * share for share in found], marker="o")
        place.set(xlabel=f"{name}: {UNITS[name]}", ylim=(0, 102))
        place.xaxis.label.set_fontsize(8)
    for first in (axes[0], lower[0]):
        first.set_ylabel("digits read right, %")
    return [figure, more]
