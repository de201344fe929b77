"""Figures can be drawn from plain arrays, without a display and without global state."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import _pylab_helpers

from digitnet import plots

CLASSES = tuple("0123456789")
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 1, 28, 28), dtype=np.uint8)
LABELS = np.arange(40) % 10


def curves():
    history = {"loss": [0.5, 0.2], "val_loss": [0.4, 0.3], "accuracy": [0.8, 0.9]}
    return plots.learning_curves([1, 2], history)


FIGURES = {
    "learning_curves": curves,
    "confusion_matrix": lambda: plots.confusion_matrix(np.eye(10, dtype=int) * 9, CLASSES),
    "per_class_accuracy": lambda: plots.per_class_accuracy(np.linspace(0.9, 1, 10), CLASSES),
    "class_distribution": lambda: plots.class_distribution(
        {"training": np.arange(10) + 50, "test": np.arange(10)}, CLASSES
    ),
    "sample_grid": lambda: plots.sample_grid(IMAGES, LABELS, CLASSES),
    "mistakes_gallery": lambda: plots.mistakes_gallery(
        IMAGES[:7], [1] * 7, [2] * 7, [0.9] * 7, CLASSES
    ),
    "colour pictures": lambda: plots.sample_grid(IMAGES.repeat(3, axis=1), LABELS, CLASSES),
    "compared_curves": lambda: plots.compared_curves(
        range(1, 4), {"a": np.array([[0.8, 0.9, 0.95], [0.7, 0.9, 0.96]])}, title="t", xlabel="x"
    ),
    "curves of one seed": lambda: plots.compared_curves(
        range(40), {str(n): np.ones((1, 40)) for n in range(8)}, title="t", xlabel="x", log=True
    ),
    "no mistakes": lambda: plots.mistakes_gallery(IMAGES[:0], [], [], [], CLASSES),
    "a class without pictures": lambda: plots.per_class_accuracy(
        np.array([0.9, np.nan]), CLASSES[:2]
    ),
    "no pictures at all": lambda: plots.per_class_accuracy(np.full(2, np.nan), CLASSES[:2]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_and_no_global_state_is_touched(name):
    settings, kept = dict(mpl.rcParams), dict(_pylab_helpers.Gcf.figs)
    png = io.BytesIO()
    FIGURES[name]().savefig(png, format="png")
    assert len(png.getvalue()) > 3000
    assert dict(mpl.rcParams) == settings
    assert dict(_pylab_helpers.Gcf.figs) == kept  # pyplot's own figures


def test_learning_curves_show_what_they_were_given():
    left, right = curves().axes
    assert [line.get_label() for line in left.lines] == ["training", "validation"]
    assert list(left.lines[1].get_ydata()) == [0.4, 0.3]
    assert [line.get_label() for line in right.lines] == ["training"]


def test_the_confusion_matrix_shows_every_count():
    counts = np.arange(100).reshape(10, 10)
    (axes,) = plots.confusion_matrix(counts, CLASSES).axes
    assert [text.get_text() for text in axes.texts][1:] == [str(i) for i in range(1, 100)]


def test_a_gallery_names_label_prediction_and_confidence():
    figure = plots.mistakes_gallery(IMAGES[:1], [4], [9], [0.875], CLASSES)
    assert figure.axes[0].get_title() == "is 4, read as 9\nat 87.5%"


def test_the_band_around_a_curve_is_a_standard_deviation_of_the_seeds():
    values = np.array([[0.8, 0.9], [0.6, 0.9]])
    (axes,) = plots.compared_curves([0, 1], {"a": values}, title="t", xlabel="x").axes
    (line,), (band,) = axes.lines, axes.collections
    assert line.get_ydata().tolist() == pytest.approx([0.7, 0.9])
    spread = values[:, 0].std(ddof=1)
    heights = band.get_paths()[0].vertices[:, 1]
    assert [heights.min(), heights.max()] == pytest.approx([0.7 - spread, 0.9])


@pytest.mark.parametrize("draw", ["confusion_matrix", "per_class_accuracy", "class_distribution"])
def test_long_names_do_not_overlap(draw):
    names = [f"automobile {number}" for number in range(10)]
    given = {
        "confusion_matrix": np.eye(10, dtype=int),
        "per_class_accuracy": np.ones(10),
        "class_distribution": {"training": np.arange(10)},
    }
    figure = getattr(plots, draw)(given[draw], names)
    figure.canvas.draw()
    labels = figure.axes[0].get_xticklabels()
    assert [label.get_text() for label in labels] == names
    assert {label.get_rotation() for label in labels} == {30.0}
    short = getattr(plots, draw)(given[draw], CLASSES)
    assert {label.get_rotation() for label in short.axes[0].get_xticklabels()} == {0.0}
