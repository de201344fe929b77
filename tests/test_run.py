"""A fit is made beside the classifier, which takes it over when the first step is done."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from networks import tiny
from torch import nn

from digitnet import DigitClassifier, ImageClassifier
from digitnet.callbacks import Callback, Checkpoint, EarlyStopping, LambdaCallback
from digitnet.errors import CallbackError, InvalidInputError
from digitnet.recipe import REPORT


class Normed(nn.Module):
    """A network with batch norm that Ctrl-C can interrupt in a training step."""

    interrupted = False

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear, self.norm = nn.Linear(784, 10), nn.BatchNorm1d(10)

    def forward(self, x):
        logits = self.norm(self.linear(x.flatten(1)))
        if self.training and Normed.interrupted:
            raise KeyboardInterrupt
        return logits


class Refuse(Callback):
    def on_train_begin(self, state):
        raise OSError("no")


def _make(averaging, **options):
    recipe = replace(REPORT, averaging=averaging)
    shape = {"classes": list("0123456789"), "input_shape": (1, 28, 28)}
    return ImageClassifier(Normed(), recipe=recipe, **shape, **options)


def _all_of(classifier):
    tensors = classifier._trained.network.state_dict()
    state = classifier._trained.state
    losses = [log.loss for log in classifier.history]
    counts = state and (state.epoch, state.epochs, state.step, state.validates, state.resumed_from)
    return (
        {name: value.tolist() for name, value in tensors.items()},
        (classifier.seed, classifier.effective_recipe, losses, counts),
    )


def _bad_data(classifier, train, folder):
    classifier.fit(train.images, batch_size=7)


def _callback(classifier, train, folder):
    classifier.fit(train, batch_size=7, callbacks=[Refuse()], verbose=0)


def _other_checkpoint(classifier, train, folder):
    _make(0.5, seed=5).fit(train, epochs=1, callbacks=[Checkpoint(folder)], verbose=0)
    classifier.fit(train, batch_size=7, resume=folder, verbose=0)


def _ctrl_c(classifier, train, folder):
    Normed.interrupted = True
    try:
        classifier.fit(train, batch_size=7, verbose=0)
    finally:
        Normed.interrupted = False


@pytest.mark.parametrize("averaging", [None, 0.9])
@pytest.mark.parametrize("fail", [_bad_data, _callback, _other_checkpoint, _ctrl_c])
@pytest.mark.parametrize("fits", [0, 1])
def test_a_fit_that_fails_before_its_first_step_leaves_everything(
    digits, tmp_path, averaging, fail, fits
):
    train = digits[0][:60]
    failed, whole = (_make(averaging, seed=3) for _ in range(2))
    for each in (failed, whole):
        for _ in range(fits):
            each.fit(train, epochs=1, verbose=0)
            each._trained.network.temperature.fill_(1.5)
    before = _all_of(failed)
    with pytest.raises((InvalidInputError, CallbackError, KeyboardInterrupt)):
        fail(failed, train, tmp_path)
    assert _all_of(failed) == before
    for each in (failed, whole):
        each.fit(train, epochs=1, verbose=0)
    assert _all_of(failed) == _all_of(whole)


def test_a_seed_of_a_refused_checkpoint_is_not_taken(digits, tmp_path):
    classifier = _make(None)
    seed = classifier.seed
    with pytest.raises(InvalidInputError, match="effective_recipe"):
        _other_checkpoint(classifier, digits[0][:60], tmp_path)
    assert classifier.seed == seed != 5


def test_the_classifier_is_the_old_one_until_the_first_step_is_done(digits):
    classifier, seen = DigitClassifier("mlp"), []

    def look(state):
        seen.append((state.step, classifier.effective_recipe.batch_size, len(classifier.history)))

    hooks = LambdaCallback(on_train_begin=look, on_batch_end=look, on_epoch_end=look)
    classifier.fit(digits[0][:100], epochs=1, batch_size=50, callbacks=[hooks], verbose=0)
    assert seen == [(0, 64, 0), (1, 50, 0), (2, 50, 0), (2, 50, 1)]


def test_a_module_that_was_given_is_trained_in_place(digits):
    model = Normed()
    weight, before = model.linear.weight, model.linear.weight.clone()
    classifier = DigitClassifier(model)
    for _ in range(2):
        classifier.fit(digits[0][:60], epochs=1, verbose=0)
    assert classifier.model is model
    assert model.linear.weight is weight
    assert not torch.equal(weight, before)


def test_what_was_trained_before_a_callback_raised_stays(digits):
    class Broken(Callback):
        def on_batch_end(self, state):
            if state.step == 1:
                raise KeyError("oops")

    classifier = DigitClassifier("mlp", seed=0)
    first = next(classifier.model.parameters()).clone()
    with pytest.raises(CallbackError, match="oops"):
        classifier.fit(digits[0][:60], epochs=1, batch_size=20, callbacks=[Broken()], verbose=0)
    assert not torch.equal(next(classifier.model.parameters()), first)
    assert classifier.predict(digits[1].images[:3]).shape == (3,)


@pytest.mark.parametrize("averaging", [None, 0.9])
def test_a_layer_can_be_unfrozen_between_two_fits(digits, averaging):
    classifier = DigitClassifier(tiny(), recipe=replace(REPORT, averaging=averaging))
    weight = classifier.model[1].weight.requires_grad_(False)
    before = weight.clone()
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    assert torch.equal(weight, before)
    weight.requires_grad_(True)
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    assert not torch.equal(weight, before)


@pytest.mark.parametrize("averaging", [None, 0.9])
def test_a_layer_that_is_frozen_between_two_fits_stays(digits, averaging):
    classifier = DigitClassifier(tiny(), recipe=replace(REPORT, averaging=averaging))
    classifier.fit(digits[0], epochs=1, verbose=0)
    before = classifier.model[1].weight.requires_grad_(False).clone()
    classifier.fit(digits[0], epochs=1, verbose=0)
    assert torch.equal(classifier.model[1].weight, before)
    assert classifier.history[1].loss < classifier.history[0].loss  # the bias is trained


@pytest.mark.parametrize("averaging", [None, 0.999])
def test_weights_that_are_changed_between_two_fits_are_trained_on(digits, averaging):
    classifier = DigitClassifier(tiny(), recipe=replace(REPORT, averaging=averaging))
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    classifier.model[1].weight.data.fill_(5)
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    assert (classifier.model[1].weight - 5).abs().max() < 0.01  # an Adam step is of 0.001


def test_a_layer_that_is_replaced_between_two_fits_is_trained(digits):
    classifier = DigitClassifier(tiny())
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    classifier.model[1] = nn.Linear(784, 10)
    before = classifier.model[1].weight.clone()
    assert classifier.fit(digits[0][:40], epochs=1, verbose=0).epoch == [1, 2]
    assert not torch.equal(classifier.model[1].weight, before)


@pytest.mark.parametrize("error", [InvalidInputError, KeyboardInterrupt])
def test_a_fit_that_ends_before_its_first_step_changes_nothing(digits, error, tmp_path):
    class Refuse(Callback):
        def on_train_begin(self, state):
            raise error

    classifier = DigitClassifier("mlp")
    best = EarlyStopping(restore_best_weights=True)
    fit = {"epochs": 1, "validation_data": digits[1], "verbose": 0}
    classifier.fit(digits[0], callbacks=[best], **fit)
    classifier.calibrate(digits[1])
    classifier.save(tmp_path / "before")
    with pytest.raises((CallbackError, KeyboardInterrupt)):
        classifier.fit(digits[0], batch_size=5, callbacks=[Refuse()], **fit)
    classifier.save(tmp_path / "after")
    assert (tmp_path / "after").read_bytes() == (tmp_path / "before").read_bytes()
