"""What the reports on MNIST and on CIFAR-10 both show of an evaluation on the test set."""

from __future__ import annotations

from matplotlib.figure import Figure

from digitnet import Evaluation, plots
from reporting.options import Data

GALLERY = 24  # mistakes in the figure: four rows of six
CONFUSIONS = 10  # rows of the table


def confusion_rows(result: Evaluation) -> list[list[str]]:
    """Return the commonest confusions: label, prediction and count."""
    return [
        [result.classes[item.label], result.classes[item.prediction], str(item.count)]
        for item in result.most_confused(CONFUSIONS)
    ]


def figures(data: Data, result: Evaluation) -> dict[str, Figure]:
    """Return the figures of the data and of the evaluation, by file name without ending."""
    classes = data.test.classes
    worst = result.mistakes(GALLERY)
    return {
        "samples": plots.sample_grid(data.train.images.numpy(), data.train.labels.numpy(), classes),
        "confusion_matrix": plots.confusion_matrix(result.confusion, classes),
        "per_class_accuracy": plots.per_class_accuracy(result.per_class, classes),
        "mistakes": plots.mistakes_gallery(
            data.test.images[[mistake.index for mistake in worst]].numpy(),
            [mistake.label for mistake in worst],
            [mistake.prediction for mistake in worst],
            [mistake.confidence for mistake in worst],
            classes,
        ),
    }
