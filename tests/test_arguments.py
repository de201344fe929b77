"""Arguments of fit and of a classifier are checked before anything is trained."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn
from torch.utils.data import DataLoader

from digitnet import DigitClassifier, ImageClassifier
from digitnet.callbacks import Callback, LambdaCallback
from digitnet.errors import InvalidInputError


def normed():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.BatchNorm1d(10))


def test_with_batch_norm_one_picture_left_over_joins_the_batch_before(digits):
    sizes = []
    note = LambdaCallback(on_batch_end=lambda state: sizes.append(state.batch_size))
    options = {"epochs": 1, "callbacks": [note], "verbose": 0}
    for count in (128, 129, 130):
        DigitClassifier(normed(), seed=0).fit(digits[0][:count], **options)
    assert sizes == [64, 64, 64, 65, 64, 64, 2]
    sizes.clear()
    DigitClassifier("mlp", seed=0).fit(digits[0][:129], **options)
    assert sizes == [64, 64, 1]


@pytest.mark.parametrize(
    ("count", "batch_size", "message"),
    [
        (10, 1, "a batch of at least 2 .* batch norm; received 1. Take a greater batch_size"),
        (1, 64, "a training set of at least 2 .* batch norm; received 1. Add pictures"),
    ],
)
def test_batch_norm_of_single_pictures_is_refused(count, batch_size, message, digits):
    with pytest.raises(InvalidInputError, match=message):
        DigitClassifier(normed()).fit(digits[0][:count], batch_size=batch_size, verbose=0)


def test_numpys_numbers_are_numbers(digits):
    classifier = ImageClassifier(
        "mlp",
        classes=list("0123456789"),
        input_shape=(1, 28, 28),
        mean=np.array([0.1]),
        std=np.float32(0.3),
        seed=np.int64(3),
    )
    classifier.fit(
        digits[0][:40],
        epochs=np.int64(1),
        batch_size=np.int32(8),
        validation_split=np.float32(0.25),
        verbose=0,
    )
    assert classifier.seed == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "Expected epochs to be a whole number of at least 1; received 0"),
        ({"epochs": -3}, "Expected epochs to be a whole number of at least 1; received -3"),
        ({"batch_size": 0}, "Expected batch_size to be a whole number of at least 1; received 0"),
        ({"verbose": 3}, "Expected verbose to be 'auto', 0, 1 or 2; received 3"),
        ({"validation_split": 1.0}, r"Expected validation_split in \[0, 1\); received 1.0"),
        ({"callbacks": [Callback]}, r"Write callbacks=\[MyCallback\(\)\]"),
        ({"class_weight": [1.0]}, "Expected class_weight to hold 10 finite numbers"),
        ({"class_weight": {12: 1.0}}, r"for classes in 0\.\.9; received \[12\]"),
        ({"class_weight": [-1.0] * 10}, "Expected class_weight to hold 10 finite numbers"),
    ],
)
def test_arguments_out_of_range_are_refused_before_training(digits, options, message):
    classifier = DigitClassifier("mlp")
    with pytest.raises(InvalidInputError, match=message):
        classifier.fit(digits[0][:20], **{"verbose": 0} | options)
    assert len(classifier.history) == 0


def test_validation_from_two_places_and_split_of_a_loader_are_refused(digits):
    train, test = digits
    classifier = DigitClassifier("mlp")
    with pytest.raises(InvalidInputError, match="or validation_split; received both"):
        classifier.fit(train, validation_data=test, validation_split=0.1)
    with pytest.raises(InvalidInputError, match="received a DataLoader. Pass its dataset"):
        classifier.fit(DataLoader(train), validation_split=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": ["a"]}, "different names of at least 2"),
        ({"classes": "ab"}, "different names of at least 2"),
        ({"classes": ["a", "a"]}, "different names of at least 2"),
        ({"input_shape": (28, 28)}, r"\(channels, height, width\); received \(28, 28\)"),
        ({"mean": 0.5}, "Expected mean and std, or neither"),
        ({"mean": 0.5, "std": 0.0}, "Expected std to be above 0"),
        ({"mean": [0.1, 0.2], "std": 1}, "Expected mean to be a finite number, or 1"),
        ({"seed": -1}, "Expected seed to be a whole number"),
        ({"device": "cuda:99"}, "Expected device to be 'auto' or one of"),
        ({"device": "gpu"}, "Expected device to be 'auto' or one of"),
        ({"model": "reprot"}, "Expected an nn.Module or one of 'report', 'mlp'"),
        ({"model": "fast"}, "received 'fast'. Do you mean the recipe. Write recipe='fast'"),
        ({"model": nn.Flatten}, r"received <class .* Write Flatten\(\)"),
        ({"recipe": "reprot"}, "Expected a Recipe or one of 'report'"),
    ],
)
def test_a_classifier_is_checked_when_it_is_made(options, message):
    with pytest.raises(InvalidInputError, match=message):
        ImageClassifier(**{"classes": ["a", "b"], "input_shape": (1, 28, 28)} | options)
