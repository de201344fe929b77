"""How well a network reads a set of labelled pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from digitnet import metrics, notebook
from digitnet.calibration import calibration_error
from digitnet.classification_report import ClassificationReport, Scores
from digitnet.data.batches import Batches
from digitnet.data.image_set import Shape
from digitnet.engines import Logits
from digitnet.measures import Measures
from digitnet.models.features import LayerFeatures
from digitnet.models.modes import inference
from digitnet.models.network import Network
from digitnet.processes import current


@dataclass(frozen=True)
class Confusion:
    """How often one class was taken for another."""

    label: int
    prediction: int
    count: int


@dataclass(frozen=True)
class Mistake:
    """A picture that was read wrong: its index in the set, and with what confidence."""

    index: int
    label: int
    prediction: int
    confidence: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Figures on a labelled set. `loss, accuracy = evaluation` works, as in Keras.

    Attributes:
        loss: Mean loss, weighted where `sample_weight` was given; cross-entropy in nats.
        accuracy: Share of pictures read right, in [0, 1].
        classes: The classes' names.
        labels: int64 (N,), what was right.
        predictions: int64 (N,), what was read.
        confidences: float32 (N,), probability of the class that was read.
        metrics: The classifier's `metrics`, by their names.
        weights: float32 (N,), the `sample_weight` that was given; `None` without.
    """

    loss: float
    accuracy: float
    classes: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    predictions: npt.NDArray[np.int64]
    confidences: npt.NDArray[np.float32]
    metrics: Mapping[str, float] = field(default_factory=dict)
    weights: npt.NDArray[np.float32] | None = None

    @classmethod
    def of(
        cls,
        logits: Tensor,
        labels: Tensor,
        classes: tuple[str, ...],
        measures: Measures,
        weights: Tensor | None,
    ) -> Evaluation:
        """Return the figures of logits (N, C), labels (N,) and weights (N,), all on the CPU."""
        probabilities = logits.softmax(dim=1)
        confidences, predictions = probabilities.max(dim=1)
        return cls(
            loss=measures.mean_loss(logits, labels, weights),
            accuracy=float((labels == predictions).double().mean()),
            classes=classes,
            labels=labels.numpy(),
            predictions=predictions.numpy(),
            confidences=confidences.numpy(),
            metrics={
                metric.name: metric(probabilities.numpy(), labels.numpy())
                for metric in measures.metrics
            },
            weights=None if weights is None else weights.numpy(),
        )

    def __iter__(self) -> Iterator[float]:
        yield self.loss
        yield self.accuracy

    def __repr__(self) -> str:
        figures = {"loss": self.loss, "accuracy": self.accuracy, **self.metrics}
        shown = ", ".join(f"{name}={value:.4f}" for name, value in figures.items())
        return f"Evaluation({shown}, {len(self.labels):,} pictures)"

    def _repr_html_(self) -> str:
        from digitnet.plots import confusion_matrix  # slow to import

        figure = confusion_matrix(self.confusion, self.classes)
        return notebook.lines(repr(self)) + notebook.picture(figure)

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """Counts by label (row) and prediction (column), int64 (C, C)."""
        return self._confusion().numpy()

    @property
    def per_class(self) -> npt.NDArray[np.float64]:
        """Accuracy of each class, float64 (C,); NaN for a class without pictures."""
        return metrics.per_class_accuracy(self._confusion()).numpy()

    @property
    def calibration_error(self) -> float:
        """Expected calibration error in 15 bins of equal mass, in [0, 1]."""
        correct = torch.from_numpy(self.labels == self.predictions)
        return calibration_error(torch.from_numpy(self.confidences), correct)

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """Pictures of each class, int64 (C,)."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def report(self) -> ClassificationReport:
        """Return precision, recall and F1 of each class, and their means; `print` shows a table."""
        confusion, count = self._confusion(), len(self.labels)
        scores, support = metrics.precision_recall_f1(confusion), confusion.sum(dim=1)

        def row(name: str, figures: Tensor, pictures: int) -> Scores:
            precision, recall, f1 = figures.tolist()
            return Scores(name, precision, recall, f1, pictures)

        return ClassificationReport(
            per_class=tuple(map(row, self.classes, scores.T, support.tolist())),
            accuracy=self.accuracy,
            macro_average=row("macro avg", scores.mean(dim=1), count),
            weighted_average=row("weighted avg", scores @ support.double() / count, count),
        )

    def most_confused(self, limit: int = 5) -> list[Confusion]:
        """Return the commonest confusions, the commonest first."""
        wrong = self.confusion
        np.fill_diagonal(wrong, 0)
        commonest = np.argsort(-wrong, axis=None, kind="stable")[:limit]
        rows, columns = np.unravel_index(commonest, wrong.shape)
        return [
            Confusion(int(label), int(prediction), int(wrong[label, prediction]))
            for label, prediction in zip(rows, columns, strict=True)
            if wrong[label, prediction]
        ]

    def mistakes(self, limit: int | None = None) -> list[Mistake]:
        """Return the pictures that were read wrong, the most confident mistake first."""
        wrong = np.flatnonzero(self.labels != self.predictions)
        worst = wrong[np.argsort(-self.confidences[wrong], kind="stable")][:limit]
        return [
            Mistake(
                int(i), int(self.labels[i]), int(self.predictions[i]), float(self.confidences[i])
            )
            for i in worst
        ]

    def _confusion(self) -> Tensor:
        labels, predictions = torch.from_numpy(self.labels), torch.from_numpy(self.predictions)
        return metrics.confusion_matrix(labels, predictions, len(self.classes))


def evaluate(
    model: nn.Module,
    batches: Batches,
    measures: Measures = Measures(),  # noqa: B008 - immutable
    *,
    compute: Logits | None = None,
    track: Callable[[Iterable[Tensor]], Iterable[Tensor]] = iter,
) -> Evaluation:
    """Evaluate a network, in evaluation mode.

    Args:
        model: Maps pictures to logits (N, C).
        batches: Labelled pictures; several processes share them.
        measures: The loss, and what to measure beside it.
        compute: As for `predict_logits`.
        track: Wraps the batches of pictures, to show how far it is.
    """
    logits = predict_logits(
        model,
        lambda part: track(batches.unlabelled(part)),
        n_images=batches.n_images,
        classes=len(batches.classes),
        compute=compute,
    )
    weights = None if batches.weights is None else batches.weights.cpu()
    return Evaluation.of(logits, batches.labels.cpu(), batches.classes, measures, weights)


def predict_logits(
    model: nn.Module,
    batches: Callable[[slice], Iterable[Tensor]],
    *,
    n_images: int,
    classes: int,
    compute: Logits | None = None,
) -> Tensor:
    """Return the logits of all images, float32 (N, C) on the CPU, in every process.

    Args:
        model: Maps images to logits (N, C).
        batches: Returns the images of a part of the set, (B, C, H, W) on the model's device.
        n_images: How many images there are in all.
        classes: How many classes there are.
        compute: The engine that computes the model's logits; `None` calls the model, in float32.
    """
    return _computed(model, compute or model, batches, n_images, classes)


def predict_features(
    network: Network,
    batches: Callable[[slice], Iterable[Tensor]],
    *,
    n_images: int,
    shape: Shape,
    layer: str | None,
) -> Tensor:
    """Return the features of all images, float32 (N, D) on the CPU, in every process.

    Args:
        network: The network that has the layer.
        batches: As for `predict_logits`.
        n_images: How many there are in all.
        shape: Channels, height and width of one.
        layer: As for `LayerFeatures`.

    Raises:
        InvalidInputError: There is no such layer, or it does not give a tensor (N, ...).
    """
    blank = torch.zeros(1, *shape, dtype=torch.uint8, device=network.mean.device)
    with inference(network):
        features = LayerFeatures(network, layer)
        width = features(blank).shape[1]
    return _computed(network, features, batches, n_images, width)


def _computed(
    model: nn.Module,
    compute: Callable[[Tensor], Tensor],
    batches: Callable[[slice], Iterable[Tensor]],
    n_images: int,
    width: int,
) -> Tensor:
    """Return what is computed from all images, float32 (N, width); a row is an image's."""
    processes = current()
    part = processes.share(n_images)
    # One tensor made beforehand: small results, kept one by one between the large
    # activations, would split the heap and make it grow with each batch.
    rows = torch.zeros(n_images, width, dtype=torch.float32)
    done = part.start
    with inference(model):
        for x in batches(part):
            rows[done : done + len(x)] = compute(x)
            done += len(x)
    processes.all_reduce(rows)  # each row is 0 in all processes but one
    return rows
