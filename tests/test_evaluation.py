"""Figures on a labelled set."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as reference
from torch import nn

from digitnet import ImageSet
from digitnet.data.batches import Batches
from digitnet.evaluation import evaluate, inference


class Lookup(nn.Module):
    """Return the logits that each picture's first pixel points to."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, x):
        return self.logits[x[:, 0, 0, 0].int()]


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn(30, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def labels() -> torch.Tensor:
    return torch.randint(3, (30,), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def result(logits, labels):
    pictures = torch.arange(30, dtype=torch.uint8).view(30, 1, 1, 1)
    images = ImageSet(pictures, labels, ("a", "b", "c", "d"))
    return evaluate(Lookup(logits), Batches(images, 7, torch.device("cpu")))


def test_loss_and_accuracy_are_scikit_learns(result, logits, labels):
    probabilities = logits.softmax(dim=1).double().numpy()
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert result.loss == pytest.approx(
        reference.log_loss(labels, probabilities, labels=range(4)), abs=1e-6
    )
    assert result.accuracy == reference.accuracy_score(labels, logits.argmax(dim=1))


def test_it_unpacks_into_loss_and_accuracy(result):
    loss, accuracy = result
    assert (loss, accuracy) == (result.loss, result.accuracy)


def test_a_class_without_pictures_has_nan_and_a_count_of_0(result):
    assert np.isnan(result.per_class[3])
    assert result.class_counts[3] == 0
    recalls = reference.recall_score(
        result.labels, result.predictions, average=None, labels=[0, 1, 2]
    )
    assert result.per_class[:3] == pytest.approx(recalls)


def test_most_confused_counts_the_confusion_matrix_off_its_diagonal(result):
    wrong = result.confusion.copy()
    np.fill_diagonal(wrong, 0)
    found = result.most_confused(100)
    assert sum(item.count for item in found) == wrong.sum() == len(result.mistakes())
    assert all(item.count == wrong[item.label, item.prediction] for item in found)
    assert [item.count for item in found] == sorted((item.count for item in found), reverse=True)


def test_mistakes_begin_with_the_most_confident(result, logits, labels):
    mistakes = result.mistakes()
    confidences = [mistake.confidence for mistake in mistakes]
    assert confidences == sorted(confidences, reverse=True)
    for mistake in mistakes:
        assert mistake.label == labels[mistake.index] != mistake.prediction
        assert mistake.prediction == logits[mistake.index].argmax()
    assert result.mistakes(2) == mistakes[:2]


def test_the_calibration_error_is_of_confidences_and_what_was_right(result):
    gaps = result.confidences - (result.labels == result.predictions)
    parts = np.array_split(gaps[np.argsort(result.confidences, kind="stable")], 15)
    expected = sum(abs(part.sum()) for part in parts) / len(gaps)
    assert result.calibration_error == pytest.approx(expected, abs=1e-6)


def test_inference_restores_training_mode():
    model = nn.Dropout()
    with inference(model):
        assert not model.training
        assert torch.is_inference_mode_enabled()
    assert model.training
    model.eval()
    with inference(model):
        pass
    assert not model.training
