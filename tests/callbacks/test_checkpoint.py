"""Which checkpoints are written and kept."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from interruption import same, steps, weights

from digitnet import DigitClassifier
from digitnet.artifact import read_artifact
from digitnet.callbacks import Callback, Checkpoint
from digitnet.checkpoint import listed
from digitnet.errors import CallbackError, InvalidInputError, TrainingDivergedError


def test_one_checkpoint_serves_two_classifiers_and_keeps_both_apart(small, tmp_path):
    checkpoint = Checkpoint(tmp_path, monitor="loss", save_best_only=True)
    DigitClassifier("mlp", seed=1).fit(small[0], epochs=1, callbacks=[checkpoint], verbose=0)
    with pytest.raises(CallbackError, match="holds checkpoints of an earlier run"):
        DigitClassifier("mlp", seed=2).fit(small[0], epochs=1, callbacks=[checkpoint], verbose=0)
    shutil.rmtree(tmp_path)
    second = DigitClassifier("mlp", seed=2)
    second.fit(small[0], epochs=1, callbacks=[checkpoint], verbose=0)
    second.fit(small[0], epochs=1, callbacks=[checkpoint], verbose=0)  # its own files
    assert steps(tmp_path) == [8, 4]


def test_two_checkpoints_in_one_fit_can_be_resumed(small, tmp_path):
    def fit(epochs):
        classifier = DigitClassifier("mlp", seed=1)
        classifier.fit(
            small[0],
            epochs=epochs,
            validation_data=small[1],
            callbacks=[
                Checkpoint(tmp_path / "last", keep=1),
                Checkpoint(tmp_path / "best", save_best_only=True),
            ],
            resume=tmp_path / "last",
            verbose=0,
        )
        return classifier

    with pytest.warns(UserWarning, match="begins without"):
        fit(2)
    assert len(fit(3).history) == 3


def test_weights_that_are_not_finite_are_never_checkpointed(small, tmp_path):
    class Poison(Callback):
        def on_batch_end(self, state):
            if state.step == 6:
                with torch.no_grad():
                    next(state.model.parameters()).fill_(float("nan"))

    classifier = DigitClassifier("mlp", seed=1)
    with pytest.raises(TrainingDivergedError, match="diverged at step 2 of 4 of epoch 2"):
        classifier.fit(
            small[0], epochs=3, callbacks=[Poison(), Checkpoint(tmp_path, every=1)], verbose=0
        )
    for path in listed(tmp_path):
        assert all(value.isfinite().all() for value in read_artifact(path).tensors.values())
    assert steps(tmp_path)[0] == 5


def test_a_folder_with_checkpoints_and_no_resume_is_an_error_with_both_ways_out(small, tmp_path):
    DigitClassifier("mlp").fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    with pytest.raises(CallbackError, match=r"earlier run. Go on .*resume=.* or take another"):
        DigitClassifier("mlp").fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)


def test_the_newest_and_the_best_are_kept(small, tmp_path):
    class Figures(Callback):
        """Let the second epoch look the best."""

        def on_epoch_end(self, state):
            log = replace(state.history[-1], val_loss=abs(state.epoch - 2.0))
            state.history = type(state.history)((*state.history.logs[:-1], log))

    checkpoint = Checkpoint(tmp_path / "all", keep=2)
    arguments = {"validation_data": small[1], "verbose": 0, "epochs": 6, "batch_size": 230}
    DigitClassifier("mlp").fit(small[0], callbacks=[Figures(), checkpoint], **arguments)
    assert steps(tmp_path / "all") == [6, 5, 2]
    only = Checkpoint(tmp_path / "best", save_best_only=True)
    DigitClassifier("mlp").fit(small[0], callbacks=[Figures(), only], **arguments)
    assert steps(tmp_path / "best") == [2, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitor": "val_los"}, "Expected monitor to be one of 'loss', 'val_loss'"),
        ({"mode": "mx"}, "Expected mode to be 'auto', 'min' or 'max'; received 'mx'"),
        ({"every": 0}, "Expected every to be a whole number of at least 1"),
        ({"keep": 0}, "Expected keep to be a whole number of at least 1"),
    ],
)
def test_misspelt_arguments_raise_at_once(options, message):
    with pytest.raises(InvalidInputError, match=message):
        Checkpoint("folder", **options)


def test_a_folder_that_vanishes_is_a_clear_error_and_the_weights_stay(small, tmp_path):
    folder = tmp_path / "run"

    class Vanish(Callback):
        def on_epoch_begin(self, state):
            if state.epoch == 1:
                shutil.rmtree(folder)

    classifier = DigitClassifier("mlp", seed=1)
    with pytest.raises(CallbackError, match="there is no folder .* Make it first"):
        classifier.fit(small[0], epochs=3, callbacks=[Vanish(), Checkpoint(folder)], verbose=0)
    assert classifier.history.epoch == [1, 2]
    assert classifier.fit(small[0], epochs=1, verbose=0).epoch == [1, 2, 3]


def test_two_runs_in_one_folder_at_once_keep_their_own_files(small, tmp_path):
    other = DigitClassifier("mlp", seed=2)

    class Beside(Callback):
        def on_batch_end(self, state):
            if state.step == 1:
                other.fit(small[0], epochs=3, callbacks=[Checkpoint(tmp_path, keep=1)], verbose=0)

    first = DigitClassifier("mlp", seed=1)
    first.fit(small[0], epochs=2, callbacks=[Checkpoint(tmp_path, keep=1), Beside()], verbose=0)
    found = {DigitClassifier.load(path).seed: path for path in listed(tmp_path)}
    assert same(weights(DigitClassifier.load(found[1])), weights(first))
    assert same(weights(DigitClassifier.load(found[2])), weights(other))
