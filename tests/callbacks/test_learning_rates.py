"""Callbacks that set the learning rate."""

from __future__ import annotations

import pytest
from given_losses import Losses
from interruption import Stop, figures, same, weights

from digitnet import DigitClassifier
from digitnet.callbacks import Callback, Checkpoint, LearningRateScheduler, ReduceLROnPlateau
from digitnet.errors import CallbackError, InvalidInputError


def rates(digits, callback, losses, *, fits=1):
    """Return the rate of each epoch; the recipe's is 0.001."""
    classifier = DigitClassifier("mlp", seed=0)
    for _ in range(fits):
        callbacks = [Losses(*losses), callback]
        classifier.fit(digits[0][:20], epochs=len(losses) // fits, callbacks=callbacks, verbose=0)
    return [pytest.approx(rate) for rate in classifier.history.history["learning_rate"]]


@pytest.mark.parametrize(
    ("options", "losses", "expected"),
    [
        ({"patience": 1}, [3, 3, 3, 3], [1, 1, 0.1, 0.01]),
        ({"patience": 2}, [3, 3, 3, 3, 3, 3], [1, 1, 1, 0.1, 0.1, 0.01]),
        ({"patience": 2}, [3, 3, 2, 2, 2, 2], [1, 1, 1, 1, 1, 0.1]),
        ({"patience": 1, "factor": 0.5}, [3, 3, 3], [1, 1, 0.5]),
        ({"patience": 1, "cooldown": 3}, [3, 3, 3, 3, 3, 3], [1, 1, 0.1, 0.1, 0.1, 0.01]),
        ({"patience": 1, "min_lr": 5e-4}, [3, 3, 3, 3], [1, 1, 0.5, 0.5]),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.7, 2.4, 2.2], [1, 1, 0.1, 0.1]),
        ({"patience": 1, "mode": "max"}, [3, 4, 5, 5, 5], [1, 1, 1, 1, 0.1]),
        ({"patience": 10}, [3] * 11, [1] * 11),
    ],
)
def test_a_plateau_lowers_the_rate_as_in_keras(digits, options, losses, expected):
    callback = ReduceLROnPlateau("loss", **options)
    assert rates(digits, callback, losses) == [0.001 * rate for rate in expected]
    assert rates(digits, callback, losses) == [0.001 * rate for rate in expected]  # once more


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitor": "val_acc"}, "Expected monitor to be one of"),
        ({"factor": 1.0}, "Expected factor to be below 1; received 1.0"),
        ({"factor": 0}, "Expected factor to be a finite number above 0; received 0"),
        ({"patience": -1}, "Expected patience to be a whole number of at least 0"),
        ({"cooldown": 1.5}, "Expected cooldown to be a whole number of at least 0"),
        ({"min_lr": -1.0}, "Expected min_lr to be a finite number of at least 0"),
        ({"min_delta": float("nan")}, "Expected min_delta of at least 0"),
        ({"mode": "mx"}, "Expected mode to be 'auto', 'min' or 'max'"),
        ({"verbose": 1}, r"history.history\['learning_rate'\] has the rate of each epoch"),
    ],
)
def test_arguments_out_of_range_raise_at_once(options, message):
    with pytest.raises(InvalidInputError, match=message):
        ReduceLROnPlateau(**options)


def test_a_function_of_the_epoch_gives_the_rate(digits):
    scheduler = LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))
    assert rates(digits, scheduler, [3, 3, 3]) == [0.01, 0.01 / 2, 0.01 / 3]


@pytest.mark.parametrize("fits", [1, 2])
def test_a_function_of_epoch_and_rate_goes_on_in_a_second_fit(digits, fits):
    scheduler = LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    assert rates(digits, scheduler, [3, 3, 3, 3], fits=fits) == [
        0.001,
        0.0005,
        0.00025,
        0.000125,
    ]


@pytest.mark.parametrize("schedule", [0.1, lambda: 0.1, lambda epoch, rate, more: rate])
def test_what_is_no_function_of_the_epoch_is_refused(schedule):
    with pytest.raises(InvalidInputError, match=r"function of \(epoch\) or \(epoch, learning_rate"):
        LearningRateScheduler(schedule)


@pytest.mark.parametrize("rate", [float("nan"), -1.0, None])
def test_a_function_that_returns_no_rate_is_an_error(digits, rate):
    with pytest.raises(CallbackError, match=r"LearningRateScheduler.on_epoch_begin .* received"):
        rates(digits, LearningRateScheduler(lambda epoch: rate), [3])


@pytest.mark.parametrize(
    "callback", [ReduceLROnPlateau("loss"), LearningRateScheduler(lambda epoch: 0.1)]
)
def test_beside_a_schedule_they_are_errors_before_anything_is_trained(digits, callback):
    classifier = DigitClassifier("mlp", recipe="fast", seed=0)
    name = type(callback).__name__
    with pytest.raises(CallbackError, match=rf"{name}.on_train_begin .* recipe.with_constant_rate"):
        classifier.fit(digits[0][:20], callbacks=[callback], verbose=0)


def test_a_plateau_of_validation_needs_validation_data(digits):
    with pytest.raises(CallbackError, match="as ReduceLROnPlateau monitors 'val_loss'"):
        rates(digits, ReduceLROnPlateau(), [3])


class Shrink(Callback):
    """Set the learning rate at each step, past the verb."""

    def on_batch_end(self, state):
        state.optimizer.param_groups[0]["lr"] *= 0.9


SETTERS = {
    "a plateau": lambda: [ReduceLROnPlateau("loss", patience=1, min_delta=9, cooldown=1)],
    "a function": lambda: [LearningRateScheduler(lambda epoch, rate: 0.5 * rate)],
    "each step": lambda: [Shrink()],
    "all": lambda: [Shrink(), LearningRateScheduler(lambda epoch, rate: 2 * rate)],
}


def trained_by(setters, train, *callbacks, **options):
    classifier = DigitClassifier("mlp", seed=7)
    callbacks = [*setters(), *callbacks]
    classifier.fit(train, epochs=5, batch_size=90, callbacks=callbacks, verbose=0, **options)
    return classifier


@pytest.fixture(scope="module", params=SETTERS)
def setters_and_whole(request, small):
    """Callbacks that set the learning rate, and what they train without interruption."""
    setters = SETTERS[request.param]
    return setters, trained_by(setters, small[0])


@pytest.mark.parametrize("step", [2, 4, 9, 12])
def test_a_learning_rate_that_callbacks_set_survives_a_resume(
    small, setters_and_whole, tmp_path, step
):
    setters, whole = setters_and_whole
    with pytest.raises(KeyboardInterrupt):
        trained_by(setters, small[0], Checkpoint(tmp_path, every=1), Stop(step))
    resumed = trained_by(setters, small[0], resume=tmp_path)
    assert same(weights(resumed), weights(whole))
    assert figures(resumed.history) == figures(whole.history)
    assert len({log.learning_rate for log in whole.history}) > 2
