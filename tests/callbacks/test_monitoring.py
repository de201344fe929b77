"""Callbacks that watch a figure, log it, or draw it."""

from __future__ import annotations

import builtins
import warnings
from dataclasses import replace

import pytest
from given_losses import Losses

from digitnet import DigitClassifier
from digitnet.callbacks import (
    Checkpoint,
    EarlyStopping,
    LambdaCallback,
    PlotConfusionMatrix,
    TensorBoardLogger,
)
from digitnet.callbacks.monitor import Monitor, improved
from digitnet.errors import CallbackError, InvalidInputError
from digitnet.history import EpochLog


def epochs(digits, stopping, losses):
    classifier = DigitClassifier("mlp", seed=0)
    history = classifier.fit(
        digits[0][:50], epochs=len(losses), callbacks=[Losses(*losses), stopping], verbose=0
    )
    return len(history)


@pytest.mark.parametrize(
    ("options", "losses", "expected"),
    [
        ({"patience": 0}, [3, 2, 2, 1], 3),
        ({"patience": 1}, [3, 2, 2, 1], 3),
        ({"patience": 2}, [3, 2, 2, 1, 5, 5, 0], 6),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.7, 1], 2),
        ({"patience": 1, "mode": "max"}, [1, 2, 3, 3], 4),
        ({"patience": 5}, [1, 1, 1], 3),
    ],
)
def test_early_stopping_counts_epochs_without_a_better_one(digits, options, losses, expected):
    stopping = EarlyStopping("loss", **options)
    assert epochs(digits, stopping, losses) == expected
    assert epochs(digits, stopping, losses) == expected  # and once more with the same object


def test_early_stopping_gives_the_best_weights_back(digits):
    seen = []
    classifier = DigitClassifier("mlp", seed=0)

    def note(state):
        seen.append(classifier.model.output.weight.detach().clone())

    stopping = EarlyStopping("loss", patience=2, restore_best_weights=True)
    classifier.fit(
        digits[0][:50],
        epochs=4,
        callbacks=[Losses(3, 1, 2, 2), LambdaCallback(on_epoch_end=note), stopping],
        verbose=0,
    )
    assert (classifier.model.output.weight == seen[1]).all()
    assert not (seen[3] == seen[1]).all()


@pytest.mark.parametrize("first", [True, False])
def test_the_best_weights_come_back_also_where_another_callback_stops(digits, first):
    seen = []
    classifier = DigitClassifier("mlp", seed=0)

    def note(state):
        seen.append(classifier.model.output.weight.detach().clone())
        if state.epoch == 2:
            state.stop("enough")

    best = EarlyStopping("loss", patience=5, restore_best_weights=True)
    others = [LambdaCallback(on_epoch_end=note)]
    callbacks = [Losses(1, 2, 3), *([best, *others] if first else [*others, best])]
    classifier.fit(digits[0][:50], epochs=3, callbacks=callbacks, verbose=0)
    assert len(seen) == 2
    assert (classifier.model.output.weight == seen[0]).all()
    assert not (seen[1] == seen[0]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitor": "val_acc"}, "Expected monitor to be one of"),
        ({"mode": "mx"}, "Expected mode to be 'auto', 'min' or 'max'"),
        ({"min_delta": -1.0}, "Expected min_delta of at least 0"),
        ({"patience": -1}, "Expected patience to be a whole number of at least 0"),
        ({"patience": True}, "Expected patience to be a whole number of at least 0"),
    ],
)
def test_misspelt_arguments_raise_at_once(options, message):
    with pytest.raises(InvalidInputError, match=message):
        EarlyStopping(**options)


def test_better_is_lower_for_losses_and_higher_for_accuracies():
    log = EpochLog(epoch=1, loss=0.5, accuracy=0.8, learning_rate=1.0, epoch_seconds=1.0)
    for name, better, worse in (("loss", 0.4, 0.6), ("accuracy", 0.9, 0.7)):
        monitor = Monitor(name)
        assert monitor.update(log)
        assert not monitor.update(replace(log, **{name: worse}))
        assert monitor.update(replace(log, **{name: better}))
        assert monitor.best == better
    assert not Monitor("val_loss").update(log)
    assert not improved(float("nan"), None, min_delta=0, mode="min")
    assert not improved(1.0, 1.0, min_delta=0, mode="max")


def test_a_lambda_callback_calls_its_functions(digits):
    calls = []
    callback = LambdaCallback(
        on_train_begin=lambda state: calls.append("begin"),
        on_batch_end=lambda state: calls.append(state.step),
        on_train_end=lambda state: calls.append("end"),
    )
    DigitClassifier("mlp").fit(digits[0][:100], epochs=1, callbacks=[callback], verbose=0)
    assert calls == ["begin", 1, 2, "end"]


def test_tensor_board_gets_the_figures(digits, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of TensorBoard's own
        event_accumulator = pytest.importorskip(
            "tensorboard.backend.event_processing.event_accumulator",
            reason="needs the extra digitnet[tensorboard]",
        )
        classifier = DigitClassifier("mlp", seed=0)
        classifier.fit(digits[0][:50], epochs=2, callbacks=[TensorBoardLogger(tmp_path)], verbose=0)
        events = event_accumulator.EventAccumulator(str(tmp_path))
        events.Reload()
    found = [(event.step, event.value) for event in events.Scalars("loss")]
    assert found == [(log.epoch, pytest.approx(log.loss)) for log in classifier.history]


def test_without_tensor_board_the_error_says_how_to_get_it(digits, tmp_path, monkeypatch):
    real = builtins.__import__

    def missing(name, *arguments, **options):
        if name.startswith("torch.utils.tensorboard"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(CallbackError, match=r'pip install "digitnet\[tensorboard\]"'):
        DigitClassifier("mlp").fit(
            digits[0][:50], epochs=1, callbacks=[TensorBoardLogger(tmp_path)], verbose=0
        )


def test_the_confusion_matrix_is_drawn_after_each_epoch(digits, tmp_path):
    path = tmp_path / "confusion.svg"
    classifier = DigitClassifier("mlp", seed=0)
    classifier.fit(
        digits[0][:50],
        epochs=1,
        validation_data=digits[1],
        callbacks=[PlotConfusionMatrix(path)],
        verbose=0,
    )
    assert "<svg" in path.read_text()
    with pytest.raises(CallbackError, match="Expected validation data for PlotConfusionMatrix"):
        classifier.fit(digits[0][:50], callbacks=[PlotConfusionMatrix(path)], verbose=0)


def test_a_figure_of_another_format_is_refused_at_once():
    with pytest.raises(InvalidInputError, match=r"ends in \.png, \.svg, \.pdf; received 'a\.doc'"):
        PlotConfusionMatrix("a.doc")


def test_what_another_figure_remembered_is_not_taken_over(small, tmp_path):
    def fit(monitor, epochs):
        stopping = EarlyStopping(monitor, patience=9)
        DigitClassifier("mlp", seed=1).fit(
            small[0],
            epochs=epochs,
            callbacks=[stopping, Checkpoint(tmp_path)],
            validation_data=small[1],
            resume=tmp_path,
            verbose=0,
        )
        return stopping.state_dict()

    with pytest.warns(UserWarning, match="begins without"):
        fit("loss", 1)
    with pytest.warns(UserWarning, match=r"watched loss \(min\), and now it is accuracy \(max\)"):
        remembered = fit("accuracy", 2)
    assert remembered["waited"] == 0
    assert remembered["best"] <= 1  # an accuracy, and no loss


def test_watching_validation_without_any_is_an_error_before_training(small, tmp_path):
    for callback in (Checkpoint(tmp_path, save_best_only=True), EarlyStopping()):
        with pytest.raises(CallbackError, match="monitors 'val_loss'; received none"):
            DigitClassifier("mlp").fit(small[0], callbacks=[callback], verbose=0)


def test_testing_on_what_chose_the_best_epoch_draws_a_warning(small, tmp_path):
    train, test = small
    classifier = DigitClassifier("mlp")
    stopping = EarlyStopping(restore_best_weights=True)
    classifier.fit(train, epochs=2, validation_data=test, callbacks=[stopping], verbose=0)
    classifier.save(tmp_path / "model")
    for chosen in (classifier, DigitClassifier.load(tmp_path / "model")):
        with pytest.warns(UserWarning, match="The best epoch was chosen on these pictures"):
            chosen.evaluate(test, verbose=0)
    classifier.evaluate(test[:50], verbose=0)
    classifier.fit(train, epochs=1, validation_data=test, verbose=0)
    classifier.evaluate(test, verbose=0)
