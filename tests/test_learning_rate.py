"""The learning rate that a step takes is the one that was asked for, or it is an error."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from digitnet import DigitClassifier
from digitnet.callbacks import Callback, CSVLogger, LambdaCallback
from digitnet.errors import CallbackError, InvalidInputError, TrainingDivergedError
from digitnet.recipe import REPORT

CONSTANT = replace(REPORT, network="mlp", optimizer="sgd", learning_rate=0.01)


@pytest.fixture
def train(digits):
    return digits[0][:100]


def weights(classifier):
    return torch.cat([weight.detach().flatten() for weight in classifier.model.parameters()])


def fitted(train, recipe=CONSTANT, *, epochs=1, hook=None, **options):
    """Train with two steps an epoch."""
    classifier = DigitClassifier(recipe=recipe, seed=0)
    callbacks = [] if hook is None else [LambdaCallback(on_epoch_begin=hook)]
    classifier.fit(train, epochs=epochs, callbacks=callbacks, verbose=0, **options)
    return classifier


def directly(state, rate):
    for group in state.optimizer.param_groups:
        group["lr"] = rate


def by_verb(state, rate):
    state.set_learning_rate(rate)


@pytest.mark.parametrize("put", [directly, by_verb])
def test_a_rate_that_a_callback_sets_is_the_one_of_the_steps(train, put):
    lower = fitted(train, replace(CONSTANT, learning_rate=0.001))
    lowered = fitted(train, hook=lambda state: put(state, 0.001))
    assert torch.equal(weights(lowered), weights(lower))
    assert lowered.history[0].learning_rate == 0.001


def test_it_holds_for_the_epochs_after_it_and_for_a_second_fit(train):
    def lower_once(state):
        if not state.step:
            state.set_learning_rate(0.001)

    classifier = fitted(train, epochs=2, hook=lower_once)
    classifier.fit(train, epochs=1, verbose=0)
    assert classifier.history.history["learning_rate"] == [0.001] * 3
    classifier.recipe = replace(CONSTANT, learning_rate=0.005)  # another one is followed
    classifier.fit(train, epochs=1, verbose=0)
    assert classifier.history[-1].learning_rate == 0.005


def test_after_a_schedule_a_constant_rate_is_the_recipes(train):
    classifier = fitted(train)
    for schedule, expected in (("linear", 0.005), ("constant", 0.01)):
        classifier.recipe = replace(CONSTANT, schedule=schedule)
        classifier.fit(train, epochs=1, verbose=0)
        assert classifier.history[-1].learning_rate == expected


def test_the_history_and_the_csv_file_have_the_rate_of_the_last_step(train, tmp_path):
    class Halve(Callback):
        def on_batch_end(self, state):
            state.set_learning_rate(state.learning_rate / 2)

    path = tmp_path / "log.csv"
    classifier = DigitClassifier(recipe=CONSTANT, seed=0)
    classifier.fit(train, epochs=2, callbacks=[Halve(), CSVLogger(path)], verbose=0)
    expected = [0.01 / 2, 0.01 / 8]  # the fourth step is the last
    assert classifier.history.history["learning_rate"] == expected
    header, *rows = (line.split(",") for line in path.read_text().splitlines())
    assert [float(row[header.index("learning_rate")]) for row in rows] == expected


SCHEDULED = [{"schedule": "cosine"}, {"schedule": "step", "milestones": (0.3,)}, {"warmup": 0.5}]


@pytest.mark.parametrize("change", SCHEDULED)
def test_beside_a_schedule_it_is_an_error_whose_remedy_works(train, change):
    recipe = replace(CONSTANT, **change)
    expected = r"Expected a recipe of a constant .* recipe\.with_constant_rate\(\)"
    for put, error in ((by_verb, CallbackError), (directly, InvalidInputError)):

        def lower(state, put=put):
            put(state, 0.001)

        with pytest.raises(error, match=expected):
            fitted(train, recipe, hook=lower)
        remedied = recipe.with_constant_rate()
        assert fitted(train, remedied, hook=lower).history[0].learning_rate == 0.001


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -0.1, "fast", None, True])
def test_what_is_no_rate_is_an_error_at_once(train, rate):
    expected = "Expected learning_rate to be a finite number of at least 0; received"
    with pytest.raises(CallbackError, match=expected) as caught:
        fitted(train, hook=lambda state: state.set_learning_rate(rate))
    assert isinstance(caught.value.__cause__, InvalidInputError)
    if isinstance(rate, float):
        with pytest.raises(InvalidInputError, match=expected):
            fitted(train, hook=lambda state: directly(state, rate))


def test_a_rate_of_zero_changes_nothing(train):
    classifier = fitted(train, hook=lambda state: state.set_learning_rate(0))
    assert torch.equal(weights(classifier), weights(DigitClassifier(recipe=CONSTANT, seed=0)))


def test_a_fit_that_ends_before_its_first_step_leaves_the_rate_as_it_was(train):
    class Fail(Callback):
        def on_epoch_begin(self, state):
            state.set_learning_rate(0.5)
            raise KeyboardInterrupt

    classifier = fitted(train, hook=lambda state: state.set_learning_rate(0.001))
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(train, epochs=1, callbacks=[Fail()], verbose=0)
    classifier.fit(train, epochs=1, verbose=0)
    assert classifier.history.history["learning_rate"] == [0.001, 0.001]


def test_a_divergence_takes_back_what_was_set_within_the_epoch(train):
    class Ruin(Callback):
        def on_batch_end(self, state):
            state.set_learning_rate(1e30)

    classifier = fitted(train)
    with pytest.raises(TrainingDivergedError):
        classifier.fit(train, epochs=1, batch_size=10, callbacks=[Ruin()], verbose=0)
    classifier.fit(train, epochs=1, verbose=0)
    assert classifier.history[-1].learning_rate == 0.01
