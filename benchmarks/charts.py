"""Figures of the pages: bars and axes of one style."""

from __future__ import annotations

import statistics

from harness import Seconds
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def bars(values: Seconds, label: str, *, digits: int = 1) -> Figure:
    """Draw median, least and greatest of each; digitnet's bars stand out.

    Args:
        values: What to draw, the uppermost first.
        label: What the values are.
        digits: Digits after the point.
    """
    names = list(values)
    medians = [statistics.median(values[name]) for name in names]
    below = [median - min(values[name]) for name, median in zip(names, medians, strict=True)]
    above = [max(values[name]) - median for name, median in zip(names, medians, strict=True)]
    figure, (axes,) = chart(height=0.4 * len(names) + 1)
    axes.grid(visible=False)
    colors = ["tab:blue" if "digitnet" in name else "silver" for name in names]
    made = axes.barh(names, medians, xerr=[below, above], color=colors, ecolor="dimgray", capsize=2)
    axes.bar_label(made, [f"{median:.{digits}f}" for median in medians], padding=6)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(f"{label}: median, least and greatest")
    return figure


def chart(*, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure of the pages' width, in the style of all of them, and its axes.

    Args:
        height: In inches.
        columns: How many axes stand side by side.
    """
    figure = Figure(figsize=(7, height), layout="constrained")
    made = list(figure.subplots(1, columns, squeeze=False)[0])
    for axes in made:
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, made
