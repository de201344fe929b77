"""Figures from plain arrays. Nothing is written to files, and no global state is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

# Colours that colour-blind readers can tell apart: Okabe and Ito, 2008
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"
_COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_BLUES = LinearSegmentedColormap.from_list("blues", ["#FFFFFF", BLUE])
_DPI = 120

Array = npt.NDArray[Any]


def learning_curves(epochs: Sequence[int], history: Mapping[str, Sequence[float | None]]) -> Figure:
    """Draw loss and accuracy over the epochs.

    Args:
        epochs: The epochs' numbers.
        history: One list a figure: `loss`, `accuracy`, and if there was validation
            `val_loss`, `val_accuracy`; accuracies in [0, 1].
    """
    figure = _figure(8, 3.6)
    for place, (name, title) in enumerate((("loss", "Loss"), ("accuracy", "Accuracy")), start=1):
        axes = _axes(figure, title, place=(1, 2, place))
        curves = ((name, "training", BLUE, "o"), (f"val_{name}", "validation", ORANGE, "s"))
        for key, label, colour, marker in curves:
            if key in history:
                values = np.array(history[key], dtype=float)  # NaN where there was none
                axes.plot(epochs, values, color=colour, marker=marker, ms=5, label=label)
        axes.set_xlabel("Epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if name == "accuracy":
            axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(frameon=False)
    return figure


def confusion_matrix(confusion: Array, classes: Sequence[str]) -> Figure:
    """Draw counts by label (row) and prediction (column).

    The colour shows a cell's share of its row, on a square-root scale, so that the few
    mistakes can be seen beside the many right ones.

    Args:
        confusion: Integers (C, C).
        classes: The classes' names, C of them.
    """
    figure = _figure(6.6, 6)
    axes = _axes(figure, "Confusion matrix", grid=None)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(np.sqrt(shares), cmap=_BLUES, vmin=0, vmax=1)
    for row, column in np.ndindex(confusion.shape):
        dark = shares[row, column] > 0.3
        axes.text(
            column,
            row,
            f"{confusion[row, column]}" if confusion[row, column] else "·",
            ha="center",
            va="center",
            fontsize=9,
            color="white" if dark else "black",
        )
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.tick_params(length=0)
    _turn_long_names(axes, classes)
    axes.set(xlabel="Predicted", ylabel="Label")
    return figure


def per_class_accuracy(accuracy: Array, classes: Sequence[str]) -> Figure:
    """Draw the accuracy of each class, the lowest in another colour.

    Args:
        accuracy: Floats (C,) in [0, 1]; NaN for a class without pictures.
        classes: The classes' names, C of them.
    """
    figure = _figure(8, 4)
    axes = _axes(figure, "Accuracy of each class", grid="y")
    colours = np.full(len(classes), BLUE, dtype=object)
    known = np.nan_to_num(accuracy)
    if np.isfinite(accuracy).any():
        colours[np.nanargmin(accuracy)] = ORANGE
    bars = axes.bar(classes, known, color=colours, width=0.7)
    labels = ["none" if np.isnan(value) else f"{value:.1%}" for value in accuracy]
    axes.bar_label(bars, labels, padding=2, fontsize=9)
    # the bars differ in their last percent: show that, and say that the axis is cut
    lowest = float(known[np.isfinite(accuracy)].min(initial=1))
    bottom = max(0.0, np.floor((lowest - 0.005) * 100) / 100)
    axes.set_ylim(bottom, 1 + (1 - bottom) * 0.08)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    _turn_long_names(axes, classes)
    axes.set_xlabel("Class" if not bottom else f"Class (the axis begins at {bottom:.0%})")
    return figure


def class_distribution(counts: Mapping[str, Array], classes: Sequence[str]) -> Figure:
    """Draw how many pictures of each class there are.

    Args:
        counts: For each set, by its name, integers (C,).
        classes: The classes' names, C of them.
    """
    figure = _figure(8, 4)
    axes = _axes(figure, "Pictures of each class", grid="y")
    width = 0.8 / len(counts)
    places = np.arange(len(classes))
    for index, (name, values) in enumerate(counts.items()):
        shift = (index - (len(counts) - 1) / 2) * width
        colour = (BLUE, ORANGE, GREY)[index % 3]
        bars = axes.bar(places + shift, values, width * 0.95, color=colour, label=name)
        axes.bar_label(bars, [f"{value:,}" for value in values], padding=2, fontsize=6)
    axes.set_xticks(places, classes)
    _turn_long_names(axes, classes)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.margins(y=0.1)
    axes.set_xlabel("Class")
    axes.legend(frameon=False, ncols=len(counts), loc="lower right", bbox_to_anchor=(1, 1))
    return figure


def compared_curves(
    x: Sequence[float],
    curves: Mapping[str, Array],
    *,
    title: str,
    xlabel: str,
    ylabel: str = "",
    share: bool = True,
    log: bool = False,
) -> Figure:
    """Draw means over seeds as lines, each in a band of one standard deviation either way.

    On a logarithmic scale, the band reaches from the least to the greatest of the seeds: a mean
    less a deviation may be below 0.

    Args:
        x: Where the curves have points, P of them.
        curves: By name, floats (seeds, P); those after the sixth are dashed.
        title: What the figure shows.
        xlabel: What the points are.
        ylabel: What the values are.
        share: The values are shares, shown as per cent.
        log: Draw the values on a logarithmic scale.
    """
    figure = _figure(8, 4.5)
    axes = _axes(figure, title)
    for number, (name, values) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        style = "-" if number < len(_COLOURS) else "--"
        mean, spread = values.mean(axis=0), values.std(axis=0, ddof=min(1, len(values) - 1))
        few = len(x) <= 20
        axes.plot(x, mean, style, color=colour, marker="o" if few else None, ms=4, label=name)
        low, high = (values.min(0), values.max(0)) if log else (mean - spread, mean + spread)
        axes.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    if share:
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    if all(float(point).is_integer() for point in x):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(frameon=False, fontsize=9)
    return figure


def range_test(rates: Sequence[float], losses: Sequence[float], suggestion: float) -> Figure:
    """Draw the loss over a rising learning rate.

    Args:
        rates: Learning rates above 0.
        losses: As many.
        suggestion: The learning rate to mark.
    """
    figure = _figure(6.5, 4)
    axes = _axes(figure, "Learning rate range test")
    axes.plot(rates, losses, color=BLUE)
    axes.axvline(suggestion, color=ORANGE, ls="--", label=f"suggestion: {suggestion:.1e}")
    axes.set(xlabel="Learning rate", ylabel="Loss, smoothed", xscale="log")
    axes.legend(frameon=False)
    return figure


def sample_grid(images: Array, labels: Array, classes: Sequence[str], *, each: int = 10) -> Figure:
    """Draw the first pictures of each class, a row a class.

    Args:
        images: uint8 (N, C, H, W), of one channel or three.
        labels: Integers (N,).
        classes: The classes' names.
        each: Pictures of each class.
    """
    figure = _figure(each * 0.6 + 0.5, len(classes) * 0.6 + 0.4)
    figure.suptitle("The first pictures of each class", fontsize=12)
    grid = figure.subplots(len(classes), each, squeeze=False)
    for label, row in enumerate(grid):
        indices = np.flatnonzero(labels == label)[:each]
        for place, axes in enumerate(row):
            axes.axis("off")
            if place < len(indices):
                _show(axes, images[indices[place]])
        row[0].text(-0.25, 0.5, classes[label], transform=row[0].transAxes, ha="right", va="center")
    return figure


def mistakes_gallery(
    images: Array,
    labels: Sequence[int],
    predictions: Sequence[int],
    confidences: Sequence[float],
    classes: Sequence[str],
    *,
    columns: int = 6,
) -> Figure:
    """Draw pictures that were read wrong, each with what it is and what was read.

    Args:
        images: uint8 (N, C, H, W), of one channel or three.
        labels: What is right, N of them.
        predictions: What was read.
        confidences: With what probability, in [0, 1].
        classes: The classes' names.
        columns: Pictures a row.
    """
    rows = max(1, -(-len(images) // columns))
    break_ = "\n" if _are_long(classes) else " "
    figure = _figure(columns * 1.25, rows * (1.65 if _are_long(classes) else 1.5) + 0.5)
    figure.suptitle("The most confident mistakes" if len(images) else "No mistakes", fontsize=12)
    for index, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.axis("off")
        if index < len(images):
            _show(axes, images[index])
            label, prediction = classes[labels[index]], classes[predictions[index]]
            axes.set_title(
                f"is {label},{break_}read as {prediction}\nat {confidences[index]:.1%}", fontsize=8
            )
    return figure


def stages(images: Sequence[Array], titles: Sequence[str]) -> Figure:
    """Draw grey pictures of any sizes in a row, each with a title.

    Args:
        images: Floats (H, W) in [0, 1].
        titles: As many.
    """
    figure = _figure(2.1 * len(images), 2.5)
    for axes, image, title in zip(
        figure.subplots(1, len(images), squeeze=False).flat, images, titles, strict=True
    ):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=10)
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def probabilities(pixels: Array, values: Array, classes: Sequence[str]) -> Figure:
    """Draw a picture beside a bar for the probability of each class.

    Args:
        pixels: uint8 (H, W).
        values: Floats (C,) in [0, 1].
        classes: The classes' names, C of them.
    """
    figure = _figure(6.5, 2.8)
    picture = figure.add_subplot(1, 2, 1)
    _show(picture, pixels[None])
    picture.axis("off")
    axes = _axes(figure, "Probability", place=(1, 2, 2), grid="y")
    colours = np.full(len(classes), BLUE, dtype=object)
    colours[int(np.argmax(values))] = ORANGE
    axes.bar(classes, values, color=colours, width=0.7)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    return figure


def boxed_digits(
    image: Array,
    boxes: Sequence[Sequence[float]],
    texts: Sequence[str],
    ignored: Sequence[Sequence[float]] = (),
) -> Figure:
    """Draw a grey picture with boxes: of what was read, with the text above, and the rest.

    Args:
        image: Floats (H, W) in [0, 1].
        boxes: Left, top, right and bottom in pixels.
        texts: What was read in each.
        ignored: Boxes of what was left out.
    """
    height, width = image.shape
    longest = 8 / max(height, width)
    figure = _figure(max(width * longest, 2.5), max(height * longest, 1.2))
    axes = figure.add_subplot()
    axes.imshow(image, cmap="gray", vmin=0, vmax=1)
    axes.axis("off")
    for box, text in [*zip(boxes, texts, strict=True), *((box, "") for box in ignored)]:
        left, top, right, bottom = box
        colour = ORANGE if text else GREY
        corner = (left - 0.5, top - 0.5)  # pixels lie around whole numbers
        axes.add_patch(
            Rectangle(corner, right - left, bottom - top, fill=False, edgecolor=colour, lw=1.2)
        )
        axes.annotate(
            text,
            ((left + right) / 2, top),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            color=colour,
            fontsize=11,
            fontweight="bold",
        )
    axes.margins(0.02)
    return figure


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), dpi=_DPI, layout="constrained", facecolor="white")


def _axes(
    figure: Figure,
    title: str,
    *,
    place: tuple[int, int, int] = (1, 1, 1),
    grid: Literal["both", "y"] | None = "both",
) -> Axes:
    """Return axes in the one look that all figures have."""
    axes: Axes = figure.add_subplot(*place)
    axes.set_title(title, fontsize=12)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color="#DDDDDD", linewidth=0.8)
    else:
        axes.spines[:].set_visible(False)
    return axes


def _are_long(names: Sequence[str]) -> bool:
    return max(map(len, names)) > 3


def _turn_long_names(axes: Axes, names: Sequence[str]) -> None:
    """Make room for names along the horizontal axis."""
    if _are_long(names):
        axes.set_xticks(axes.get_xticks(), names, rotation=30, ha="right", rotation_mode="anchor")


def _show(axes: Axes, image: Array) -> None:
    axes.imshow(np.moveaxis(image, 0, -1).squeeze(), cmap="gray", vmin=0, vmax=255)
