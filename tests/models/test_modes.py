"""Predictions do not depend on modules' modes, and each module keeps its own."""

from __future__ import annotations

import threading
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn

from digitnet import DigitClassifier
from digitnet.callbacks import LambdaCallback
from digitnet.errors import NotFittedError
from digitnet.models.modes import exclusive, inference
from digitnet.recipe import Recipe

AVERAGED = Recipe(name="averaged", network="slim", epochs=1, averaging=0.9)


def _modes(classifier):
    return [module.training for module in classifier.model.modules()]


def _normed():
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)),
        nn.Dropout(),
        nn.Flatten(),
        nn.Linear(4 * 26 * 26, 10),
    )


@pytest.fixture
def classifier(digits):
    made = DigitClassifier("slim", seed=0)
    made.fit(digits[0][:128], epochs=1, verbose=0)
    return made


def test_predictions_do_not_depend_on_the_modes_of_modules(classifier, digits):
    images = digits[1].images[:5]
    before = {name: value.clone() for name, value in classifier.model.state_dict().items()}
    classifier.model.eval()
    expected = classifier.predict_proba(images)
    for change in (classifier.model.train, classifier.model.block2[1].train):
        classifier.model.eval()
        change()
        modes = _modes(classifier)
        assert np.array_equal(classifier.predict_proba(images), expected)
        assert np.array_equal(classifier.predict_proba(images[:1]).argmax(), expected[0].argmax())
        classifier.evaluate(digits[1][:20], verbose=0)
        classifier.summary()
        assert _modes(classifier) == modes
    after = classifier.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


@pytest.mark.parametrize("when", ["before it is given", "after"])
@pytest.mark.parametrize("recipe", ["report", AVERAGED], ids=["plain", "averaged"])
def test_a_module_in_evaluation_mode_stays_in_it(when, recipe, digits):
    model = _normed()
    if when == "after":
        DigitClassifier(model, recipe=recipe)
    norm = model[0][1].requires_grad_(False).eval()
    before = norm.running_mean.clone()
    classifier = DigitClassifier(model, recipe=recipe, seed=0)
    modes = _modes(classifier)
    for _ in range(2):
        classifier.fit(digits[0][:64], epochs=1, verbose=0, validation_data=digits[1][:20])
    assert torch.equal(norm.running_mean, before)
    assert _modes(classifier) == modes


@pytest.mark.parametrize("recipe", ["fast", AVERAGED], ids=["plain", "averaged"])
def test_a_module_can_be_frozen_between_two_fits(recipe, digits):
    classifier = DigitClassifier("slim", recipe=recipe, seed=0)
    classifier.fit(digits[0][:64], epochs=1, verbose=0)
    norm, other = classifier.model.block2[1].eval(), classifier.model.block3[2]
    before, others = norm.running_mean.clone(), other.running_mean.clone()
    classifier.fit(digits[0][:64], epochs=1, verbose=0)
    assert torch.equal(norm.running_mean, before)
    assert not torch.equal(other.running_mean, others)


def test_a_network_that_is_in_evaluation_mode_as_a_whole_is_trained_as_ever(digits):
    found = []
    for evaluates in (False, True):
        classifier = DigitClassifier("slim", seed=0)
        classifier.model.train(not evaluates)
        classifier.fit(digits[0][:128], epochs=1, verbose=0)
        assert classifier.model.training is not evaluates
        found.append([*classifier.model.state_dict().values()])
    assert all(map(torch.equal, *found))


def test_predictions_within_a_training_change_nothing(digits):
    def trained(callbacks):
        classifier.fit(digits[0][:192], epochs=2, batch_size=64, callbacks=callbacks, verbose=0)
        return [value.clone() for value in classifier.model.state_dict().values()]

    classifier = DigitClassifier("report", seed=0)
    alone = trained([])
    classifier = DigitClassifier("report", seed=0)
    look = LambdaCallback(on_batch_end=lambda state: classifier.predict(digits[1].images[:3]))
    assert all(map(torch.equal, trained([look]), alone))


def test_predictions_side_by_side_give_the_modes_back_after_the_last():
    model = nn.Sequential(nn.Dropout())
    first, second = inference(model), inference(model)
    first.__enter__()
    second.__enter__()
    second.__exit__(None, None, None)
    assert not model[0].training
    first.__exit__(None, None, None)
    assert model[0].training


def test_a_prediction_waits_for_another_threads_step():
    model, order = nn.Sequential(nn.Dropout()), []

    def predict():
        with inference(model):
            order.append("prediction")

    thread = threading.Thread(target=predict)
    with exclusive(model):
        thread.start()
        thread.join(0.2)
        assert model[0].training
        order.append("step")
    thread.join()
    assert order == ["step", "prediction"]


def test_predictions_of_another_thread_do_not_disturb_a_training(digits):
    def trained():
        classifier.fit(digits[0][:256], epochs=2, batch_size=32, verbose=0)
        return [value.clone() for value in classifier.model.state_dict().values()]

    classifier = DigitClassifier("report", seed=0)
    alone = trained()
    classifier = DigitClassifier("report", seed=0)
    done, failed = threading.Event(), []

    def predict():
        while not done.is_set():
            try:
                with suppress(NotFittedError):  # before the first step
                    classifier.predict(digits[1].images[:40])
            except Exception as error:
                failed.append(error)

    thread = threading.Thread(target=predict)
    thread.start()
    try:
        found = trained()
    finally:
        done.set()
        thread.join()
    assert not failed
    assert all(map(torch.equal, found, alone))
