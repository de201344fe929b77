"""What a caller has set in torch changes nothing."""

from __future__ import annotations

import copy
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from digitnet import DigitClassifier, datasets
from digitnet.datasets import paper
from digitnet.errors import InvalidInputError
from digitnet.execution import float32_by_default
from digitnet.pictures import reader
from digitnet.recipe import Augmentation, Recipe

ALL = Recipe(  # whatever draws, casts or averages in a training
    name="all",
    network="slim",
    epochs=1,
    optimizer="muon",
    averaging=0.9,
    sharpness_radius=0.05,
    augmentation=Augmentation(rotation=9, elastic=0.5, blur=0.5, noise=0.1, erasing=0.2, crop=1),
    precision="bfloat16",
)


@contextmanager
def default_dtype(dtype):
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def default_device(device):
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


SETTINGS = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "meta": lambda: default_device("meta"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
}


def _trained(recipe):
    """Return the weights and the probabilities of a training on synthetic digits."""
    train, test = datasets.synthetic(train=130, test=20)
    classifier = DigitClassifier(recipe=recipe, seed=0)
    classifier.fit(train, validation_split=0.1, epochs=1, verbose=0)
    classifier.evaluate(test, verbose=0)
    reading = TensorDataset(test.images, test.labels)
    likely = classifier.predict_proba(DataLoader(reading, shuffle=True, batch_size=7))
    return [*classifier.model.state_dict().values()], likely


@pytest.fixture(scope="module")
def undisturbed():
    return {recipe: _trained(recipe) for recipe in ("report", ALL)}


@pytest.mark.parametrize("recipe", ["report", ALL], ids=["report", "all"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_training_ends_in_the_same_bytes_within_any_setting(setting, recipe, undisturbed):
    weights, probabilities = undisturbed[recipe]
    with SETTINGS[setting]():
        found, likely = _trained(recipe)
    assert all(map(torch.equal, found, weights))
    assert np.array_equal(likely, probabilities)


@pytest.mark.parametrize("setting", SETTINGS)
def test_pictures_are_drawn_and_read_the_same_within_any_setting(setting):
    (drawn,) = paper.numbers(1, seed=3)
    expected = DigitClassifier.pretrained().read(drawn.picture)
    reader._weights.cache_clear()  # they are read within the setting, and serve after it
    with SETTINGS[setting]():
        (again,) = paper.numbers(1, seed=3)
        classifier = DigitClassifier.pretrained()
        found = classifier.read(again.picture)
        first = classifier.inspect(again.picture)
    after = DigitClassifier.pretrained().read(drawn.picture)
    assert again.picture.tobytes() == drawn.picture.tobytes()
    for reading in (found, after):
        assert reading.text == expected.text
        assert [d.confidence for d in reading.digits] == [d.confidence for d in expected.digits]
    assert first.confidence in [digit.confidence for digit in expected.digits]


@pytest.mark.parametrize("setting", ["no_grad", "inference_mode"])
def test_a_classifier_made_without_gradients_can_be_trained_after(setting, digits):
    with SETTINGS[setting]():
        classifier = DigitClassifier.pretrained()
        vote = DigitClassifier.ensemble([classifier, classifier])
    for each in (classifier, vote):
        before = next(each.model.parameters()).clone()
        each.fit(digits[0][:64], epochs=1, verbose=0)
        assert not torch.equal(next(each.model.parameters()), before)


def test_the_settings_are_the_callers_again():
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            classifier = DigitClassifier("mlp", seed=0)
            classifier.fit(datasets.synthetic(train=70, test=1)[0], epochs=1, verbose=0)
            assert not torch.is_grad_enabled()
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_the_default_dtype_comes_back_when_the_last_of_several_is_done():
    torch.set_default_dtype(torch.float64)
    try:
        first, second = float32_by_default(), float32_by_default()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert torch.get_default_dtype() == torch.float32
        second.__exit__(None, None, None)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_network_with_weights_of_another_type_is_refused_with_a_remedy_that_works():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).double()
    with pytest.raises(InvalidInputError, match=r"float64: pass model\.float\(\)"):
        DigitClassifier(model)
    DigitClassifier(model.float())


def test_a_network_made_in_inference_mode_is_refused_with_a_remedy_that_works(digits):
    with torch.inference_mode():
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with pytest.raises(InvalidInputError, match=r"Pass copy\.deepcopy\(model\)"):
        DigitClassifier(model)
    DigitClassifier(copy.deepcopy(model)).fit(digits[0][:64], epochs=1, verbose=0)
