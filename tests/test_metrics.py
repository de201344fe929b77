"""Figures against scikit-learn, NumPy and hand calculation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from digitnet.metrics import (
    RunningMetrics,
    channel_statistics,
    confusion_matrix,
    per_class_accuracy,
    precision_recall_f1,
)


def test_confusion_matrix_is_scikit_learns():
    labels, predictions = torch.randint(5, (200,)), torch.randint(5, (200,))
    ours = confusion_matrix(labels, predictions, 5)
    assert np.array_equal(ours, reference.confusion_matrix(labels, predictions, labels=range(5)))


def test_per_class_accuracy_is_nan_for_a_class_without_pictures():
    accuracy = per_class_accuracy(torch.tensor([[3, 1, 0], [0, 0, 0], [0, 0, 2]]))
    assert accuracy[0] == 0.75
    assert accuracy[1].isnan()
    assert accuracy[2] == 1


def test_precision_recall_and_f1_are_scikit_learns():
    labels, predictions = torch.randint(4, (200,)), torch.randint(1, 5, (200,))
    found = precision_recall_f1(confusion_matrix(labels, predictions, 6))
    expected = reference.precision_recall_fscore_support(
        labels, predictions, labels=range(6), zero_division=0
    )
    assert found.numpy() == pytest.approx(np.stack(expected[:3]))


def test_running_metrics_weight_a_smaller_last_batch_by_its_size():
    running = RunningMetrics(2, torch.device("cpu"))
    running.record(torch.tensor(1.0), torch.tensor(3), 3)
    assert running.read() == (1.0, 1.0)
    running.record(torch.tensor(5.0), torch.tensor(0), 1)
    assert running.read() == (2.0, 0.75)


def test_running_metrics_name_the_first_bad_step():
    running = RunningMetrics(3, torch.device("cpu"))
    for loss in (1.0, float("inf"), float("nan")):
        running.record(torch.tensor(loss), torch.tensor(1), 2)
    assert running.first_bad_step() == 1


def test_channel_statistics_are_numpys():
    images = torch.randint(256, (50, 3, 7, 5), dtype=torch.uint8)
    mean, std = channel_statistics(images)
    scaled = images.numpy() / 255
    assert mean.numpy() == pytest.approx(scaled.mean(axis=(0, 2, 3)), abs=1e-6)
    assert std.numpy() == pytest.approx(scaled.std(axis=(0, 2, 3)), abs=1e-6)


def test_a_channel_of_one_value_can_be_divided_by_its_deviation():
    _, std = channel_statistics(torch.zeros(2, 1, 4, 4, dtype=torch.uint8))
    assert std.item() == pytest.approx(1 / 255)
