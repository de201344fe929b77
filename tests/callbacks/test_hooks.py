"""Hooks are called in the order of the loop, and what fails in one is named."""

from __future__ import annotations

import pytest
import torch
from networks import tiny
from torch.nn.utils import parameters_to_vector

from digitnet import DigitClassifier
from digitnet.callbacks import Callback, Checkpoint
from digitnet.errors import CallbackError


class Recorder(Callback):
    """Note every call."""

    def __init__(self, calls, name=""):
        self.calls, self.name = calls, name

    def _note(self, hook):
        self.calls.append(f"{self.name}{hook}")

    def on_train_begin(self, state):
        self._note("train_begin")

    def on_epoch_begin(self, state):
        self._note(f"epoch_begin {state.epoch + 1}/{state.epochs}")

    def on_batch_end(self, state):
        self._note(f"batch {state.step} of {state.batch_size}")

    def on_epoch_end(self, state):
        validated = state.validation is not None and len(state.validation.labels)
        self._note(f"epoch_end {state.history[-1].epoch} {validated}")

    def on_train_end(self, state):
        self._note("train_end")


def test_hooks_come_in_the_order_of_the_loop(digits):
    calls = []
    DigitClassifier(tiny()).fit(
        digits[0][:100],
        epochs=2,
        validation_data=digits[1][:20],
        callbacks=[Recorder(calls)],
        verbose=0,
    )
    epoch = ["batch {} of 64", "batch {} of 36"]
    assert calls == [
        "train_begin",
        "epoch_begin 1/2",
        epoch[0].format(1),
        epoch[1].format(2),
        "epoch_end 1 20",
        "epoch_begin 2/2",
        epoch[0].format(3),
        epoch[1].format(4),
        "epoch_end 2 20",
        "train_end",
    ]


def test_callbacks_run_in_list_order_at_the_end_too(digits):
    calls = []
    callbacks = [Recorder(calls, "a "), Recorder(calls, "b ")]
    DigitClassifier(tiny()).fit(digits[0][:10], epochs=1, callbacks=callbacks, verbose=0)
    assert calls[:2] == ["a train_begin", "b train_begin"]
    assert calls[-2:] == ["a train_end", "b train_end"]


def test_a_callback_can_stop_the_training(digits):
    class Stop(Callback):
        def on_epoch_end(self, state):
            state.stop("enough")

    classifier = DigitClassifier(tiny())
    assert len(classifier.fit(digits[0][:50], epochs=5, callbacks=[Stop()], verbose=0)) == 1
    assert len(classifier.fit(digits[0][:50], epochs=2, verbose=0)) == 3


def test_a_failing_callback_is_named_with_its_hook_and_all_are_ended(digits):
    class Broken(Callback):
        def on_epoch_end(self, state):
            raise KeyError("oops")

    class BrokenAtTheEnd(Callback):
        def on_train_end(self, state):
            raise OSError("closing failed")

    calls = []
    classifier = DigitClassifier(tiny())
    broken = [BrokenAtTheEnd(), Broken(), Recorder(calls)]
    with (
        pytest.warns(UserWarning, match="BrokenAtTheEnd.on_train_end raised OSError: closing"),
        pytest.raises(CallbackError, match="Broken.on_epoch_end raised KeyError: 'oops'") as caught,
    ):
        classifier.fit(digits[0][:50], epochs=1, callbacks=broken, verbose=0)
    assert isinstance(caught.value.__cause__, KeyError)
    assert calls[-1] == "train_end"
    with pytest.raises(CallbackError, match="BrokenAtTheEnd.on_train_end raised OSError"):
        classifier.fit(digits[0][:50], epochs=1, callbacks=broken[::2], verbose=0)


def test_a_callback_that_cannot_tell_what_it_remembers_is_named(digits, tmp_path):
    class Broken(Callback):
        def state_dict(self):
            raise KeyError("oops")

    with pytest.raises(CallbackError, match="Broken.state_dict raised KeyError: 'oops'"):
        DigitClassifier(tiny()).fit(
            digits[0][:50], epochs=1, callbacks=[Broken(), Checkpoint(tmp_path)], verbose=0
        )


def test_a_callback_that_did_not_begin_does_not_end(digits):
    class Broken(Callback):
        def on_train_begin(self, state):
            raise OSError("no")

    calls = []
    with pytest.raises(CallbackError, match="Broken.on_train_begin raised OSError: no"):
        DigitClassifier(tiny()).fit(
            digits[0][:50], callbacks=[Recorder(calls, "a "), Broken(), Recorder(calls, "b ")]
        )
    assert calls == ["a train_begin", "a train_end"]


def test_a_hook_set_on_an_instance_is_called(digits):
    calls = []
    callback = Callback()
    callback.on_epoch_end = lambda state: calls.append(state.epoch)
    DigitClassifier(tiny()).fit(digits[0][:50], epochs=2, callbacks=[callback], verbose=0)
    assert calls == [1, 2]


def test_ctrl_c_keeps_weights_and_history_and_goes_on_to_the_caller(digits):
    class Interrupt(Callback):
        def on_batch_end(self, state):
            if state.step == 3:
                raise KeyboardInterrupt

    train, calls = digits[0][:128], []
    classifier = DigitClassifier(tiny(), seed=0)
    before = parameters_to_vector(classifier.model.parameters())
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(train, epochs=5, callbacks=[Interrupt(), Recorder(calls)], verbose=0)
    assert calls[-1] == "train_end"
    assert classifier.history.epoch == [1]
    assert not torch.equal(parameters_to_vector(classifier.model.parameters()), before)
    assert classifier.model.training  # as it was
    assert classifier.predict(train.images[:3]).shape == (3,)
    assert classifier.fit(train, epochs=1, verbose=0).epoch == [1, 2]
