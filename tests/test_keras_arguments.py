"""Keras's arguments work as in Keras, or are refused with what to do instead."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

import digitnet.digits as digits_module
from digitnet import DigitClassifier, callbacks, keras_arguments
from digitnet.callbacks import Callback, Checkpoint, EarlyStopping, LambdaCallback
from digitnet.datasets import paper
from digitnet.errors import InvalidInputError
from digitnet.pictures import find_digits

CLEAR = paper.Style(papers=("canvas",), pens=("brush",), size=200, height=0.6, clutter=0)


@pytest.fixture(scope="module")
def classifier(digits):
    made = DigitClassifier("mlp", seed=0)
    made.fit(digits[0][:200], epochs=1, verbose=0)
    return made


REFUSED = [
    *(("fit", name) for name in keras_arguments.FIT),
    *(("evaluate", name) for name in keras_arguments.EVALUATE),
    *(("predict", name) for name in keras_arguments.PREDICT),
    *(("predict_proba", name) for name in keras_arguments.PREDICT),
    *(("save", name) for name in keras_arguments.SAVE),
    *(("load", name) for name in keras_arguments.LOAD),
    *(("EarlyStopping", name) for name in keras_arguments.EARLY_STOPPING),
    *(("Checkpoint", name) for name in keras_arguments.CHECKPOINT),
    *(("CSVLogger", name) for name in keras_arguments.CSV_LOGGER),
    *(("LearningRateScheduler", name) for name in keras_arguments.LEARNING_RATE_SCHEDULER),
    *(("ReduceLROnPlateau", name) for name in keras_arguments.REDUCE_LR_ON_PLATEAU),
    *(("TensorBoardLogger", name) for name in keras_arguments.TENSOR_BOARD),
    *(("LambdaCallback", name) for name in keras_arguments.LAMBDA_CALLBACK),
]


@pytest.mark.parametrize(("name", "argument"), REFUSED)
def test_what_has_no_meaning_here_is_refused_with_what_to_do_instead(classifier, name, argument):
    function = getattr(classifier, name, None) or getattr(callbacks, name)
    with pytest.raises(InvalidInputError) as caught:
        function(**{argument: 1})
    message = str(caught.value)
    assert message.startswith(f"Expected {name} without {argument}, which is Keras's; received")
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda clf, x: clf.fit(x, x, 32, 10), r"fit\(x, y\) and all else by name; received 4"),
        (lambda clf, x: clf.evaluate(x, x, 32), r"evaluate\(x, y\) and all else by name; rec.* 3"),
        (lambda clf, x: clf.predict(x, 32), r"predict\(x\) and all else by name; received 2"),
        (lambda *_: EarlyStopping("loss", 0.0, 3), r"EarlyStopping\(monitor\) and all else"),
        (lambda *_: LambdaCallback(print), r"LambdaCallback\(\) and all else by name; received 1"),
    ],
)
def test_options_without_their_names_are_refused(classifier, digits, call, message):
    with pytest.raises(InvalidInputError, match=f"Expected {message}"):
        call(classifier, digits[0])


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_predictions_take_a_batch_size_and_show_a_bar_where_asked(classifier, digits, monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    images, terminal = digits[1].images[:30], Terminal()
    expected = classifier.predict_proba(images)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert np.array_equal(classifier.predict(images, verbose=0), expected.argmax(axis=1))
    assert not terminal.getvalue()
    sizes = []
    watched = replace(classifier._trained, network=Watched(classifier._trained.network, sizes))
    monkeypatch.setattr(classifier, "_trained", watched)
    found = classifier.predict_proba(images, batch_size=7, verbose=1)
    assert np.allclose(found, expected, atol=1e-6)
    assert sizes == [7, 7, 7, 7, 2]
    assert "Predicting" in terminal.getvalue()
    for options in ({"batch_size": 0}, {"verbose": 3}):
        with pytest.raises(InvalidInputError):
            classifier.predict(images, **options)


class Watched(nn.Module):
    """A network whose batches are counted."""

    def __init__(self, network, sizes):
        super().__init__()
        self.network, self.sizes = network, sizes

    def forward(self, x):
        self.sizes.append(len(x))
        return self.network(x)


def test_real_pictures_take_a_batch_size_too(classifier, monkeypatch):
    pictures = [drawn.picture for drawn in paper.digits(5, seed=700, style=CLEAR)]
    sizes, find = [], find_digits
    monkeypatch.setattr(
        digits_module,
        "find_digits",
        lambda greys, classify: sizes.append(len(greys)) or find(greys, classify),
    )
    assert len(classifier.predict(pictures, batch_size=2, verbose=0)) == 5
    assert sizes == [2, 2, 1]


def test_an_evaluation_can_be_a_dictionary(classifier, digits):
    result = classifier.evaluate(digits[1], verbose=0)
    found = classifier.evaluate(digits[1], verbose=0, return_dict=True)
    assert found == {"loss": result.loss, "accuracy": result.accuracy}


def test_balanced_classes_weigh_as_in_scikit_learn(digits):
    train = digits[0][:300]
    train = train[(train.labels == 3) | (train.labels == 5) | (train.labels == 8)][:50]
    labels = train.labels.numpy()
    three = compute_class_weight("balanced", classes=np.array([3, 5, 8]), y=labels)
    weights = dict(zip([3, 5, 8], three.tolist(), strict=True))
    losses = [
        DigitClassifier("mlp", seed=0)
        .fit(train, epochs=2, batch_size=8, class_weight=given, verbose=0)
        .history["loss"]
        for given in ("balanced", weights, None)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert losses[0] != pytest.approx(losses[2], rel=1e-6)
    with pytest.raises(InvalidInputError, match="or to be 'balanced'; received 'even'"):
        DigitClassifier("mlp").fit(train, class_weight="even", verbose=0)


KEEP_ALL = "names its files itself: Checkpoint.'checkpoints'.* with keep=10 the newest ten"


@pytest.mark.parametrize(
    "name", ["w.{epoch:02d}.safetensors", "w.{epoch}", "best.keras", "a/model.weights.h5", "m.pt"]
)
def test_a_checkpoint_takes_a_folder_and_no_files_name(name, tmp_path):
    with pytest.raises(InvalidInputError, match=KEEP_ALL):
        Checkpoint(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["run", "run.1", "lr=0.01", "2026-11-30 v2.5"])
def test_other_names_of_folders_are_taken(name):
    assert Checkpoint(name).directory.name == name


@pytest.mark.parametrize(
    "function", [lambda epoch, logs: None, lambda epoch, logs=None: None, lambda: None, "print"]
)
def test_a_function_in_kerass_form_is_refused(function):
    for hook in ("on_epoch_end", "on_batch_end"):
        with pytest.raises(InvalidInputError, match=rf"{hook} to take .state.; .*state.history"):
            LambdaCallback(**{hook: function})


def test_a_function_of_the_state_is_taken():
    state = SimpleNamespace(step=3)
    for function in (lambda state: state.step, lambda any_name, more=1: any_name.step, vars):
        assert LambdaCallback(on_batch_end=function).on_batch_end(state) in (3, {"step": 3})


def test_a_hook_in_kerass_form_is_an_error_when_the_class_is_defined():
    with pytest.raises(InvalidInputError, match=r"Mine.on_epoch_end to take \(self, state\)"):

        class Mine(Callback):
            def on_epoch_end(self, epoch, logs=None):
                pass

    with pytest.raises(InvalidInputError, match="Mine.on_train_begin to take"):

        class Mine(Callback):
            def on_train_begin(self, logs=None):
                pass


# Loss of each epoch, options, and the epoch after which Keras 3's EarlyStopping ends, by hand
STOPS = [
    ([3, 2, 1, 1, 1, 1], {"patience": 2}, 5),
    ([3, 2, 1, 1, 1, 1], {"patience": 2, "baseline": 1.5}, 5),
    ([3, 3, 3, 1, 1, 1], {"patience": 2, "baseline": 2.0}, 2),
    ([5, 4, 3, 3, 1, 1], {"patience": 2, "baseline": 2.0}, 4),  # never while it gets better
    ([5, 4, 3, 1, 1, 1], {"patience": 2, "baseline": 2.0}, 6),
    ([1, 2, 3, 3, 3, 3], {"patience": 1, "start_from_epoch": 3}, 5),
    ([1, 2, 3, 2, 3, 3], {"patience": 2, "start_from_epoch": 2}, 6),
    ([1, 1, 1, 1, 1, 1], {"patience": 1, "start_from_epoch": 9}, 6),
]


def stopped_after(stopping, losses, *, again_from=None):
    """Return the epoch after which it stops; go on with another one after some epoch."""
    state = SimpleNamespace(stop_reason=None, epochs=len(losses), validates=False, history=[])
    state.stop = lambda reason: setattr(state, "stop_reason", reason)
    stopping.on_train_begin(state)
    for epoch, loss in enumerate(losses, start=1):
        state.epoch = epoch
        state.history.append(SimpleNamespace(loss=loss))
        stopping.on_epoch_end(state)
        if state.stop_reason is not None:
            break
        if epoch == again_from:
            remembered = stopping.state_dict()
            stopping.on_train_begin(state)
            stopping.load_state_dict(remembered)
    return epoch, state.stop_reason


@pytest.mark.parametrize(("losses", "options", "expected"), STOPS)
@pytest.mark.parametrize("again_from", [None, 1, 2])
def test_early_stopping_ends_where_kerass_does(losses, options, expected, again_from):
    stopping = EarlyStopping("loss", **options)
    assert stopped_after(stopping, losses, again_from=again_from)[0] == expected


def test_what_stopped_below_the_baseline_names_it():
    stopping = EarlyStopping("loss", patience=2, baseline=0.5)
    assert stopped_after(stopping, [1, 1, 1])[1] == "loss was not better than 0.5 for 2 epochs"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": "0.9"}, "Expected baseline to be a finite number or None; received '0.9'"),
        ({"baseline": float("nan")}, "Expected baseline to be a finite number or None"),
        ({"start_from_epoch": -1}, "Expected start_from_epoch to be a whole number of at least 0"),
    ],
)
def test_a_baseline_or_start_that_is_none_is_refused(options, message):
    with pytest.raises(InvalidInputError, match=message):
        EarlyStopping("loss", **options)
