"""Figures on a labelled set."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn import metrics as reference
from torch import nn

from digitnet import ImageSet
from digitnet.classification_report import Scores
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


def test_the_report_is_scikit_learns(result):
    _compare_reports(result)


def test_the_report_has_0_for_classes_without_pictures_or_predictions(result):
    labels, predictions = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 3])  # none of the last
    names = ("zero", "one", "two", "a name that is longer than the headings", "last")
    odd = replace(result, accuracy=0.6, classes=names, labels=labels, predictions=predictions)
    report = _compare_reports(odd)
    assert [row.precision for row in report.per_class[2:]] == [0, 0, 0]
    assert [row.recall for row in report.per_class[2:]] == [0, 0, 0]
    assert report.per_class[1] == Scores("one", 2 / 3, 1.0, 0.8, 2)


def _compare_reports(evaluation):
    given = {
        "labels": range(len(evaluation.classes)),
        "target_names": evaluation.classes,
        "zero_division": 0,
    }
    pair, report = (evaluation.labels, evaluation.predictions), evaluation.report()
    assert str(report) == reference.classification_report(*pair, digits=4, **given)
    expected = reference.classification_report(*pair, output_dict=True, **given)
    found = json.loads(json.dumps(report.to_dict()))
    assert found.keys() == expected.keys()
    for name in expected:
        assert found[name] == pytest.approx(expected[name])
    return report


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
