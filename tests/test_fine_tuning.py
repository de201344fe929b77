"""Fine-tuning: one hand is learnt, the others are kept."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from digitnet import DigitClassifier, datasets
from digitnet.callbacks import LambdaCallback
from digitnet.errors import InvalidInputError, NotFittedError
from digitnet.fine_tuning import LEAST, OTHERS, interpolated, with_rehearsal
from digitnet.recipe import FAST, FINE_TUNING


@pytest.fixture(scope="module")
def trained(digits):
    """A small network with batch norm; fine-tune copies of it."""
    classifier = DigitClassifier(recipe=replace(FAST, precision="float32", epochs=3), seed=0)
    classifier.fit(digits[0], verbose=0)
    classifier.calibrate(digits[1])
    return classifier


@pytest.fixture(scope="module")
def turned(digits):
    """Digits of a hand that writes them lying on their sides."""
    return replace(digits[1], images=digits[1].images.mT.contiguous())


def weights(classifier):
    return {name: value.clone() for name, value in classifier.model.state_dict().items()}


def same(classifier, before):
    now = classifier.model.state_dict()
    return all(torch.equal(now[name], value) for name, value in before.items())


def test_a_hand_is_learnt_and_rehearsal_keeps_the_others(trained, turned, digits):
    own, rest, others = turned[:200], turned[200:], digits[1][:200]
    recipe = replace(FINE_TUNING, epochs=5, learning_rate=5e-3)
    rehearsed, forgetful = copy.deepcopy(trained), copy.deepcopy(trained)
    history = rehearsed.fine_tune(own, rehearsal=digits[0], recipe=recipe, verbose=0)
    forgetful.fine_tune(own, rehearsal=own, recipe=recipe, verbose=0)
    assert len(history) == len(trained.history) + 5
    assert rehearsed.score(rest) > trained.score(rest) + 0.1
    assert rehearsed.score(others) > trained.score(others) - 0.05
    assert forgetful.score(others) < rehearsed.score(others) - 0.05


def test_the_weights_are_the_mean_of_before_and_after(trained, digits):
    classifier, before, learnt = copy.deepcopy(trained), weights(trained), {}

    def remember(state):
        learnt.update(
            {name: value.clone() for name, value in state.model.body.state_dict().items()}
        )

    classifier.fine_tune(
        digits[1], epochs=1, callbacks=[LambdaCallback(on_train_end=remember)], verbose=0
    )
    now = classifier.model.state_dict()
    for name, _ in classifier.model.named_parameters():
        assert torch.allclose(now[name], (before[name] + learnt[name]) / 2, atol=1e-6)
        assert not torch.equal(before[name], learnt[name])


def test_statistics_and_temperature_and_recipe_stay(trained, digits):
    classifier = copy.deepcopy(trained)
    temperature, before = classifier._trained.network.temperature.clone(), weights(classifier)
    modes = [module.training for module in classifier.model.modules()]
    classifier.fine_tune(digits[1], epochs=1, verbose=0)
    now = classifier.model.state_dict()
    statistics = [name for name in now if "running" in name]
    assert statistics
    assert all(torch.equal(now[name], before[name]) for name in statistics)
    assert not same(classifier, before)
    assert torch.equal(classifier._trained.network.temperature, temperature)
    assert temperature != 1
    assert [module.training for module in classifier.model.modules()] == modes
    assert classifier.recipe == trained.recipe
    assert classifier.effective_recipe == replace(FINE_TUNING, epochs=1)


def test_few_digits_are_repeated_beside_four_times_as_many_of_others(digits):
    own, others = digits[1][:30], digits[0][:100]
    both = with_rehearsal(own, others, seed=0)
    assert len(both) == LEAST + OTHERS * LEAST
    assert torch.equal(both.images[:90], own.images.repeat(3, 1, 1, 1))
    drawn = [image.numpy().tobytes() for image in both.images[LEAST:]]
    assert set(drawn) == {image.numpy().tobytes() for image in others.images}
    many = with_rehearsal(digits[1], others, seed=0)
    assert len(many) == 400 + OTHERS * 400
    assert torch.equal(many.labels[:400], digits[1].labels)


def test_without_others_digits_that_a_program_draws_are_rehearsed(trained, digits):
    one, another, third = (copy.deepcopy(trained) for _ in range(3))
    drawn, _ = datasets.synthetic(OTHERS * LEAST, 1, seed=trained.seed)
    one.fine_tune(digits[1][:50], epochs=1, verbose=0)
    another.fine_tune(digits[1][:50], rehearsal=(drawn.images, drawn.labels), epochs=1, verbose=0)
    third.fine_tune(digits[1][:50], rehearsal=digits[0], epochs=1, verbose=0)
    assert same(one, weights(another))
    assert not same(one, weights(third))


def test_it_goes_on_after_a_training_in_the_same_process(digits):
    classifier = DigitClassifier("slim", recipe=replace(FAST, averaging=0.9), seed=0)
    classifier.fit(digits[0], epochs=1, verbose=0)
    epochs = []
    count = LambdaCallback(on_epoch_end=lambda state: epochs.append(state.epoch))
    classifier.fine_tune(
        digits[1][:50], epochs=1, validation_data=digits[1][50:100], callbacks=[count], verbose=0
    )
    assert epochs == [2]
    assert classifier.history[1].val_accuracy is not None


def test_statistics_are_frozen_in_evaluation_mode_too(trained):
    network = copy.deepcopy(trained._trained.network)
    network.body.eval()
    with interpolated(network):
        kinds = {isinstance(m, nn.BatchNorm2d): m.training for m in network.body.modules()}
        assert kinds == {True: False, False: True}
    assert not any(module.training for module in network.body.modules())


PIXELS = np.zeros((30, 28, 28), np.uint8)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (PIXELS, None, {}, "labels with the pictures; received none. Pass y"),
        ([], [1, 2], {}, "at least one picture"),
        (PIXELS, [1, 2], {}, "label for each of the 30 pictures; received 2 labels"),
        (PIXELS, [3] * 30, {}, "at least 2 classes .*received 30 of class '3' alone. Add pictures"),
        (PIXELS, [10, 1] * 15, {}, r"labels in 0\.\.9; received 10"),
        (PIXELS, ["3", "4"] * 15, {}, r"received '3'. Convert names: \[clf.classes.index"),
        (PIXELS, [3, 4] * 15, {"epochs": 0}, "epochs to be a whole number of at least 1"),
        (PIXELS, [3, 4] * 15, {"rehearsal": PIXELS}, "labels with the pictures"),
        (PIXELS, [3, 4] * 15, {"recipe": "gentle"}, "a Recipe or one of"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*nearly of one level")
def test_what_does_not_fit_is_refused_and_changes_nothing(trained, x, y, options, message):
    classifier = copy.deepcopy(trained)
    before, temperature = weights(classifier), classifier._trained.network.temperature.clone()
    with pytest.raises(InvalidInputError, match=message):
        classifier.fine_tune(x, y, verbose=0, **options)
    assert same(classifier, before)
    assert torch.equal(classifier._trained.network.temperature, temperature)
    assert len(classifier.history) == len(trained.history)


def test_an_untrained_classifier_has_nothing_to_keep(digits):
    with pytest.raises(NotFittedError, match=r"Call fit first, or .*pretrained\(\)"):
        DigitClassifier().fine_tune(digits[1])
