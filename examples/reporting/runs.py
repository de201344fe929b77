"""A training of the MNIST report with one seed, and its evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from digitnet import DigitClassifier, Evaluation, History, ImageSet


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        seed: Its seed.
        classifier: The trained classifier.
        history: Its epochs, validated on the test set.
        test: The evaluation on the test set after the last epoch.
        train_accuracy: Accuracy on the training set after the last epoch, without dropout.
    """

    seed: int
    classifier: DigitClassifier
    history: History
    test: Evaluation
    train_accuracy: float

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them."""
        return {
            "seed": self.seed,
            "history": self.history.to_rows(),
            "test_loss": self.test.loss,
            "test_accuracy": self.test.accuracy,
            "train_accuracy_without_dropout": self.train_accuracy,
            "per_class": self.test.per_class.tolist(),
            "confusion": self.test.confusion.tolist(),
        }


def train_once(train: ImageSet, test: ImageSet, *, seed: int, epochs: int | None) -> Run:
    """Train the report's network by the report's recipe.

    The test set is looked at after each epoch because the original printed that; nothing
    is chosen by it, and the last epoch is what is reported.
    """
    classifier = DigitClassifier(recipe="report", seed=seed)
    history = classifier.fit(train, epochs=epochs, validation_data=test)
    return Run(
        seed=seed,
        classifier=classifier,
        history=history,
        test=classifier.evaluate(test),
        train_accuracy=classifier.score(train),
    )
