"""A training that is interrupted and resumed ends as the one that was not."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from digitnet import DigitClassifier
from digitnet.artifact import read_artifact
from digitnet.callbacks import Callback, Checkpoint, CSVLogger, EarlyStopping
from digitnet.checkpoint import listed
from digitnet.errors import ArtifactError, CallbackError, InvalidInputError
from digitnet.recipe import REPORT, Augmentation

ALL = Augmentation(rotation=10, shift=2, scale=0.1, shear=5)
RECIPES = {
    "report": REPORT,
    "mlp": replace(REPORT, network="mlp"),
    "one cycle, sgd": replace(
        REPORT, optimizer="sgd", learning_rate=0.01, schedule="one_cycle", epochs=3
    ),
    "averaged": replace(REPORT, averaging=0.99),
    "augmented": replace(REPORT, augmentation=ALL),
    "all": replace(
        REPORT,
        optimizer="adamw",
        weight_decay=0.01,
        schedule="one_cycle",
        epochs=3,
        averaging=0.9,
        augmentation=ALL,
        precision="bfloat16",
    ),
}


class Stop(Callback):
    """End the training at a step, as Ctrl-C does."""

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, state):
        if state.step == self.step:
            raise KeyboardInterrupt


def weights(classifier):
    return {name: value.clone() for name, value in classifier._network.state_dict().items()}


def figures(history):
    return [replace(log, epoch_seconds=0.0) for log in history]


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def interrupted(make, data, directory, *, step, epochs=3, **options):
    """Train to a step, stop there, and go on in a new classifier."""
    train, test = data
    arguments = {"epochs": epochs, "validation_data": test, "verbose": 0, "batch_size": 50}
    with pytest.raises(KeyboardInterrupt):
        make().fit(train, callbacks=[Checkpoint(directory, **options), Stop(step)], **arguments)
    resumed = make()
    history = resumed.fit(
        train, callbacks=[Checkpoint(directory, **options)], resume=directory, **arguments
    )
    return resumed, history


@pytest.fixture(scope="module")
def small(digits):
    return digits[0][:230], digits[1][:60]


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("step", [2, 5, 7, 12])
def test_resuming_gives_the_same_bytes_and_history(small, tmp_path, name, step):
    def make():
        return DigitClassifier(recipe=RECIPES[name], seed=7)

    whole = make()
    expected = whole.fit(small[0], epochs=3, batch_size=50, validation_data=small[1], verbose=0)
    resumed, history = interrupted(make, small, tmp_path, step=step, every=1)
    assert same(weights(resumed), weights(whole))
    assert figures(history) == figures(expected)


def test_a_network_with_batch_norm_of_ones_own_resumes(small, tmp_path):
    def make():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(2704, 10)
        )
        return DigitClassifier(model, recipe=replace(REPORT, averaging=0.9), seed=7)

    whole = make()
    whole.fit(small[0], epochs=3, batch_size=50, verbose=0)
    resumed, _ = interrupted(make, small, tmp_path, step=8, every=3)
    assert same(weights(resumed), weights(whole))


def test_a_checkpoint_an_epoch_is_enough_and_the_lost_steps_are_done_again(small, tmp_path):
    def make():
        return DigitClassifier("mlp", seed=7)

    whole = make()
    expected = whole.fit(small[0], epochs=3, batch_size=50, validation_data=small[1], verbose=0)
    resumed, history = interrupted(make, small, tmp_path, step=9)
    assert same(weights(resumed), weights(whole))
    assert figures(history) == figures(expected)


def test_without_a_seed_the_checkpoints_is_taken(small, tmp_path):
    seeds = []

    def make():
        classifier = DigitClassifier("mlp")
        seeds.append(classifier)
        return classifier

    interrupted(make, small, tmp_path, step=8)
    assert seeds[0].seed == seeds[1].seed


def test_more_epochs_can_follow_and_a_finished_training_stays(small, tmp_path):
    train, _ = small
    whole = DigitClassifier("mlp", seed=1)
    whole.fit(train, epochs=4, verbose=0)
    DigitClassifier("mlp", seed=1).fit(train, epochs=2, callbacks=[Checkpoint(tmp_path)], verbose=0)
    for _ in range(2):
        resumed = DigitClassifier("mlp", seed=1)
        history = resumed.fit(
            train, epochs=4, callbacks=[Checkpoint(tmp_path)], resume=tmp_path, verbose=0
        )
        assert history.epoch == [1, 2, 3, 4]
        assert same(weights(resumed), weights(whole))


def test_an_early_stop_survives_a_resume(small, tmp_path):
    train, test = small

    def callbacks():
        return [
            EarlyStopping("loss", patience=1, min_delta=10.0, restore_best_weights=True),
            Checkpoint(tmp_path),
            CSVLogger(tmp_path / "log.csv"),
        ]

    first = DigitClassifier("mlp", seed=1)
    with pytest.raises(KeyboardInterrupt):
        first.fit(train, epochs=9, batch_size=50, callbacks=[*callbacks(), Stop(7)], verbose=0)
    resumed = DigitClassifier("mlp", seed=1)
    history = resumed.fit(
        train, epochs=9, batch_size=50, callbacks=callbacks(), resume=tmp_path, verbose=0
    )
    assert history.epoch == [1, 2]  # the second was no better, so it stopped
    once = DigitClassifier("mlp", seed=1)
    once.fit(train, epochs=1, batch_size=50, verbose=0)
    assert same(weights(resumed), weights(once))  # the best epoch was the first
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3
    again = DigitClassifier("mlp", seed=1)
    assert again.fit(
        train, epochs=9, batch_size=50, callbacks=callbacks(), resume=tmp_path, verbose=0
    ).epoch == [1, 2]
    assert test is not None


def test_a_checkpoint_can_be_loaded_as_a_model(small, tmp_path):
    recipe = replace(REPORT, network="mlp", averaging=0.9)
    classifier = DigitClassifier(recipe=recipe, seed=1)
    classifier.fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    (path,) = listed(tmp_path)
    loaded = DigitClassifier.load(path)
    assert same(weights(loaded), weights(classifier))
    assert loaded.history == classifier.history


def test_an_empty_or_missing_folder_or_one_of_temporary_files_starts_afresh(small, tmp_path):
    (tmp_path / "with").mkdir()
    (tmp_path / "with" / ".checkpoint-000000001-ab.safetensors.1.tmp").write_bytes(b"cut off")
    for name in ("missing", "with"):
        with pytest.warns(UserWarning, match="There is no checkpoint in .* starts afresh"):
            history = DigitClassifier("mlp").fit(
                small[0], epochs=1, resume=tmp_path / name, verbose=0
            )
        assert history.epoch == [1]


def test_a_damaged_checkpoint_is_reported_and_passed_over(small, tmp_path):
    train, _ = small
    whole = DigitClassifier("mlp", seed=1)
    whole.fit(train, epochs=3, verbose=0)
    DigitClassifier("mlp", seed=1).fit(train, epochs=2, callbacks=[Checkpoint(tmp_path)], verbose=0)
    newest, older = listed(tmp_path)
    newest.write_bytes(newest.read_bytes()[:-7])
    resumed = DigitClassifier("mlp", seed=1)
    with pytest.warns(UserWarning, match="A checkpoint is passed over: .*cut off"):
        resumed.fit(train, epochs=3, resume=tmp_path, verbose=0)
    assert same(weights(resumed), weights(whole))
    older.write_bytes(b"")
    with (
        pytest.warns(UserWarning, match="passed over"),
        pytest.raises(ArtifactError, match="No checkpoint in .* is whole. Delete them to start"),
    ):
        DigitClassifier("mlp", seed=1).fit(train, epochs=3, resume=tmp_path, verbose=0)


def test_a_folder_with_checkpoints_and_no_resume_is_an_error_with_both_ways_out(small, tmp_path):
    DigitClassifier("mlp").fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    with pytest.raises(CallbackError, match=r"earlier run. Go on .*resume=.* or take another"):
        DigitClassifier("mlp").fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "report"}, "another network: 'mlp' there, 'report' here"),
        ({"recipe": replace(REPORT, learning_rate=0.1)}, "effective_recipe: learning_rate 0.001"),
        ({"seed": 2}, "another seed: 1 there, 2 here"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused_naming_the_difference(
    small, tmp_path, change, message
):
    made = {"model": "mlp", "seed": 1}
    DigitClassifier(**made).fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    with pytest.raises(InvalidInputError, match=message):
        DigitClassifier(**made | change).fit(small[0], epochs=2, resume=tmp_path, verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 32}, "effective_recipe: batch_size 64 there, 32 here"),
        ({"shuffle": False}, "another shuffle: True there, False here"),
        ({"class_weight": [2.0] * 10}, "another class_weight: None there"),
    ],
)
def test_other_arguments_of_fit_are_refused(small, tmp_path, options, message):
    classifier = DigitClassifier("mlp", seed=1)
    classifier.fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    other = DigitClassifier("mlp", seed=1)
    with pytest.raises(InvalidInputError, match=message):
        other.fit(small[0], epochs=2, resume=tmp_path, verbose=0, **options)
    with pytest.raises(InvalidInputError, match=r"another data: '\(230, 1, 28, 28\) torch.uint8"):
        other.fit(small[0][:229], epochs=2, resume=tmp_path, verbose=0)


def test_the_newest_and_the_best_are_kept(small, tmp_path):
    class Figures(Callback):
        """Let the second epoch look the best."""

        def on_epoch_end(self, state):
            log = replace(state.history[-1], val_loss=abs(state.epoch - 2.0))
            state.history = type(state.history)((*state.history.logs[:-1], log))

    checkpoint = Checkpoint(tmp_path / "all", keep=2)
    arguments = {"validation_data": small[1], "verbose": 0, "epochs": 6, "batch_size": 230}
    DigitClassifier("mlp").fit(small[0], callbacks=[Figures(), checkpoint], **arguments)
    steps = [
        read_artifact(path).metadata["checkpoint"]["step"] for path in listed(tmp_path / "all")
    ]
    assert steps == [6, 5, 2]
    only = Checkpoint(tmp_path / "best", save_best_only=True)
    DigitClassifier("mlp").fit(small[0], callbacks=[Figures(), only], **arguments)
    steps = [
        read_artifact(path).metadata["checkpoint"]["step"] for path in listed(tmp_path / "best")
    ]
    assert steps == [2, 1]


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


def test_watching_validation_without_any_is_an_error_before_training(small, tmp_path):
    for callback in (Checkpoint(tmp_path, save_best_only=True), EarlyStopping()):
        with pytest.raises(CallbackError, match="monitors 'val_loss'; received none"):
            DigitClassifier("mlp").fit(small[0], callbacks=[callback], verbose=0)


def test_testing_on_what_chose_the_best_epoch_draws_a_warning(small):
    train, test = small
    classifier = DigitClassifier("mlp")
    stopping = EarlyStopping(restore_best_weights=True)
    classifier.fit(train, epochs=2, validation_data=test, callbacks=[stopping], verbose=0)
    with pytest.warns(UserWarning, match="The best epoch was chosen on these pictures"):
        classifier.evaluate(test, verbose=0)
    classifier.evaluate(test[:50], verbose=0)
    classifier.fit(train, epochs=1, validation_data=test, verbose=0)
    classifier.evaluate(test, verbose=0)


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


def test_a_clock_that_jumps_back_changes_nothing(small, tmp_path, monkeypatch):
    clock = iter(range(10**6, 0, -1))
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))

    def make():
        return DigitClassifier("mlp", seed=7)

    resumed, history = interrupted(make, small, tmp_path, step=9)
    monkeypatch.undo()
    whole = make()
    expected = whole.fit(small[0], epochs=3, batch_size=50, validation_data=small[1], verbose=0)
    assert same(weights(resumed), weights(whole))
    assert figures(history) == figures(expected)


def test_a_log_that_another_program_has_open_goes_on(small, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("old")
    with path.open() as other:
        DigitClassifier("mlp").fit(small[0], epochs=2, callbacks=[CSVLogger(path)], verbose=0)
        assert other.read() == "old"  # what it had opened is as it was
    assert len(path.read_text().splitlines()) == 3


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


def test_eight_threads_predict_what_one_does(fitted, digits):
    from concurrent.futures import ThreadPoolExecutor

    images = digits[1].images
    expected = torch.from_numpy(fitted.predict_proba(images))
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: fitted.predict_proba(images), range(32)):
            assert torch.equal(torch.from_numpy(found), expected)
