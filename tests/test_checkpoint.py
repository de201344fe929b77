"""A training that is interrupted and resumed ends as the one that was not."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest
import torch
from torch import nn

from digitnet import DigitClassifier, ImageClassifier
from digitnet.artifact import read_artifact, write_artifact
from digitnet.callbacks import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ReduceLROnPlateau,
)
from digitnet.checkpoint import listed
from digitnet.errors import (
    ArtifactError,
    CallbackError,
    InvalidInputError,
    TrainingDivergedError,
)
from digitnet.recipe import REPORT, Augmentation

ALL = Augmentation(rotation=10, shift=2, scale=0.1, shear=5)
RECIPES = {
    "report": REPORT,
    "mlp": replace(REPORT, network="mlp"),
    "one cycle, sgd": replace(
        REPORT, optimizer="sgd", learning_rate=0.01, schedule="one_cycle", epochs=3
    ),
    "cosine, warm-up": replace(REPORT, network="mlp", schedule="cosine", warmup=0.2, epochs=3),
    "steps": replace(REPORT, network="mlp", schedule="step", epochs=3),
    "averaged": replace(REPORT, averaging=0.99),
    "augmented": replace(REPORT, augmentation=ALL),
    "muon, mirrored": replace(
        REPORT,
        optimizer="muon",
        augmentation=Augmentation(flip=0.5, crop=2),
        mirror=True,
        precision="bfloat16",
    ),
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
    return {name: value.clone() for name, value in classifier._trained.network.state_dict().items()}


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


@pytest.fixture(scope="module", params=RECIPES)
def whole(request, small):
    """A classifier that was trained without interruption."""
    train, test = small
    classifier = DigitClassifier(recipe=RECIPES[request.param], seed=7)
    classifier.fit(train, epochs=3, batch_size=50, validation_data=test, verbose=0)
    return classifier


@pytest.mark.parametrize("step", [2, 5, 7, 12])
def test_resuming_gives_the_same_bytes_and_history(small, whole, tmp_path, step):
    def make():
        return DigitClassifier(recipe=whole.recipe, seed=7)

    resumed, history = interrupted(make, small, tmp_path, step=step, every=1)
    assert same(weights(resumed), weights(whole))
    assert figures(history) == figures(whole.history)


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


@pytest.mark.parametrize("change", [{"schedule": "step"}, {"warmup": 0.5}])
def test_what_depends_on_the_end_resumes_to_its_own_alone(small, tmp_path, change):
    recipe = replace(REPORT, network="mlp", **change)
    keep = Checkpoint(tmp_path)
    DigitClassifier(recipe=recipe, seed=1).fit(small[0], epochs=1, callbacks=[keep], verbose=0)
    with pytest.raises(InvalidInputError, match="another epochs: 1 there, 2 here"):
        DigitClassifier(recipe=recipe, seed=1).fit(small[0], epochs=2, resume=tmp_path, verbose=0)


def test_a_checkpoint_an_epoch_is_enough_and_the_lost_steps_are_done_again(small, tmp_path):
    def make():
        return DigitClassifier("mlp", seed=7)

    whole = make()
    expected = whole.fit(small[0], epochs=3, batch_size=50, validation_data=small[1], verbose=0)
    resumed, history = interrupted(make, small, tmp_path, step=9)
    assert same(weights(resumed), weights(whole))
    assert figures(history) == figures(expected)


def test_a_checkpoint_from_before_a_setting_was_known_is_gone_on_from(small, tmp_path):
    def make():
        return DigitClassifier("mlp", seed=7)

    make().fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    (path,) = listed(tmp_path)
    tensors, metadata = read_artifact(path)
    for recipe in (metadata["recipe"], metadata["effective_recipe"]):
        del recipe["sharpness_radius"]
    write_artifact(path, tensors, metadata)
    assert make().fit(small[0], epochs=2, resume=tmp_path, verbose=0).epoch == [1, 2]


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
    train, _ = small

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
    with pytest.warns(UserWarning, match="had ended after epoch 2: loss was not better"):
        history = again.fit(
            train, epochs=9, batch_size=50, callbacks=callbacks(), resume=tmp_path, verbose=0
        )
    assert history.epoch == [1, 2]


class StopAfterWriting(Checkpoint):
    """End the training right after the checkpoint of a step, as a kill there would."""

    def __init__(self, directory, *, step, **options):
        super().__init__(directory, **options)
        self.step = step

    def _write(self, step, checkpoint):
        super()._write(step, checkpoint)
        if step == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize("step", [4, 5, 10])
def test_a_kill_between_the_last_step_and_the_end_of_an_epoch_loses_nothing(small, tmp_path, step):
    recipe = replace(REPORT, network="mlp", schedule="one_cycle", epochs=3, averaging=0.9)

    def make():
        return DigitClassifier(recipe=recipe, seed=7)

    whole = make()
    expected = whole.fit(small[0], batch_size=50, verbose=0)
    with pytest.raises(KeyboardInterrupt):
        make().fit(
            small[0],
            batch_size=50,
            callbacks=[StopAfterWriting(tmp_path, step=step, every=1)],
            verbose=0,
        )
    resumed = make()
    history = resumed.fit(
        small[0],
        batch_size=50,
        callbacks=[Checkpoint(tmp_path, every=1)],
        resume=tmp_path,
        verbose=0,
    )
    assert same(weights(resumed), weights(whole))
    assert figures(history) == figures(expected)


@pytest.mark.parametrize("step", [3, 4, 7])
def test_a_picture_that_joined_the_last_batch_is_not_learnt_twice(digits, tmp_path, step):
    train = digits[0][:201]  # with batch norm, the batches are 50, 50, 50, 51

    def make():
        torch.manual_seed(0)
        body = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.BatchNorm1d(10))
        return DigitClassifier(body, seed=7)

    whole, resumed = make(), make()
    expected = whole.fit(train, epochs=2, batch_size=50, verbose=0)
    stop = StopAfterWriting(tmp_path, step=step, every=1)
    with pytest.raises(KeyboardInterrupt):
        make().fit(train, epochs=2, batch_size=50, callbacks=[stop], verbose=0)
    history = resumed.fit(train, epochs=2, batch_size=50, resume=tmp_path, verbose=0)
    assert whole._trained.state.step == resumed._trained.state.step == 8
    assert same(weights(resumed), weights(whole))
    assert figures(history) == figures(expected)


def test_a_stop_within_an_epoch_survives_a_resume(small, tmp_path):
    def make(*callbacks, **options):
        classifier = DigitClassifier("mlp", seed=7)

        class StopInside(Callback):
            def on_batch_end(self, state):
                if state.step == 2:
                    state.stop("enough")

        history = classifier.fit(
            small[0],
            epochs=3,
            batch_size=50,
            callbacks=[StopInside(), *callbacks],
            verbose=0,
            **options,
        )
        return classifier, history

    whole, expected = make()
    with pytest.raises(KeyboardInterrupt):
        make(StopAfterWriting(tmp_path, step=3, every=1))
    resumed, history = make(Checkpoint(tmp_path, every=1), resume=tmp_path)
    assert history.epoch == expected.epoch == [1]
    assert same(weights(resumed), weights(whole))


def test_a_second_fit_with_a_schedule_resumes_to_its_total(small, tmp_path):
    recipe = replace(REPORT, network="mlp", schedule="one_cycle", epochs=2)

    def make():
        classifier = DigitClassifier(recipe=recipe, seed=7)
        classifier.fit(small[0], batch_size=50, verbose=0)
        return classifier

    whole = make()
    whole.fit(small[0], batch_size=50, verbose=0)
    with pytest.raises(KeyboardInterrupt):
        make().fit(
            small[0],
            batch_size=50,
            callbacks=[StopAfterWriting(tmp_path, step=13, every=1)],
            verbose=0,
        )
    for epochs in (2, 5):
        with pytest.raises(InvalidInputError, match="another epochs: 4 there"):
            DigitClassifier(recipe=recipe, seed=7).fit(
                small[0], epochs=epochs, batch_size=50, resume=tmp_path, verbose=0
            )
    resumed = DigitClassifier(recipe=recipe, seed=7)
    history = resumed.fit(small[0], epochs=4, batch_size=50, resume=tmp_path, verbose=0)
    assert history.epoch == [1, 2, 3, 4]
    assert same(weights(resumed), weights(whole))


def test_fewer_epochs_than_the_checkpoints_are_refused(small, tmp_path):
    DigitClassifier("mlp", seed=1).fit(
        small[0], epochs=3, callbacks=[Checkpoint(tmp_path)], verbose=0
    )
    with pytest.raises(InvalidInputError, match="Expected epochs of at least 3, .* received 2"):
        DigitClassifier("mlp", seed=1).fit(small[0], epochs=2, resume=tmp_path, verbose=0)


def test_a_damaged_newest_checkpoint_does_not_cost_the_whole_ones(small, tmp_path):
    def make():
        return DigitClassifier("mlp", seed=1)

    make().fit(small[0], epochs=3, callbacks=[Checkpoint(tmp_path, keep=3)], verbose=0)
    listed(tmp_path)[0].write_bytes(b"junk")
    with pytest.warns(UserWarning, match="passed over"), pytest.raises(KeyboardInterrupt):
        make().fit(
            small[0],
            epochs=3,
            callbacks=[StopAfterWriting(tmp_path, keep=1, every=1, step=9)],
            resume=tmp_path,
            verbose=0,
        )
    assert steps(tmp_path) == [9]
    whole, resumed = make(), make()
    whole.fit(small[0], epochs=3, verbose=0)
    resumed.fit(small[0], epochs=3, resume=tmp_path, verbose=0)
    assert same(weights(resumed), weights(whole))


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


def test_a_refused_resume_leaves_the_classifier_as_it_was(small, tmp_path):
    def own(width):
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.Linear(width, 10))

    DigitClassifier(own(8)).fit(
        small[0], epochs=1, callbacks=[Checkpoint(tmp_path / "a")], verbose=0
    )
    classifier = DigitClassifier(own(9))
    classifier.fit(small[0], epochs=1, verbose=0)
    before = classifier.seed, classifier.effective_recipe, weights(classifier)
    with pytest.raises(ArtifactError, match="Expected 'body.1.weight' of shape"):
        classifier.fit(small[0], epochs=2, resume=tmp_path / "a", verbose=0)
    with pytest.raises(InvalidInputError, match="batch_size"):
        classifier.fit(small[0], batch_size=11, resume=tmp_path / "a", verbose=0)
    assert (classifier.seed, classifier.effective_recipe) == before[:2]
    assert same(weights(classifier), before[2])
    assert classifier.predict(small[1].images).shape == (60,)


def test_another_normalisation_is_refused(small, tmp_path):
    made = {"classes": list("0123456789"), "input_shape": (1, 28, 28), "seed": 1}
    ImageClassifier("mlp", mean=0, std=1, **made).fit(
        small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0
    )
    with pytest.raises(InvalidInputError, match="another normalization"):
        ImageClassifier("mlp", mean=0.5, std=0.5, **made).fit(
            small[0], epochs=2, resume=tmp_path, verbose=0
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epoch": "1"}, "checkpoint.epoch to be int; received '1'"),
        ({"epoch": 0}, "checkpoint.epoch to be .* at least 1; received 0"),
        ({"first_epoch": "a"}, "checkpoint.first_epoch to be int; received 'a'"),
        ({"first_epoch": 2}, "epoch to be a whole number of at least 2; received 1"),
        ({"step": -1}, "step to be a whole number of at least 0; received -1"),
        ({"epoch_step": 10**9}, "checkpoint.epoch_step to be 0 or 4, .* received 1000000000"),
        ({"callbacks": []}, r"checkpoint.callbacks to be dict.* received \[\]"),
        ({"callbacks": {"Checkpoint": [1]}}, "checkpoint.callbacks.Checkpoint to be dict"),
        ({"run": "a/../../../evil"}, "run to be 8 hex digits; received 'a/../../../evil'"),
        ({"learning_rate": None}, "checkpoint.learning_rate to be float; received None"),
        ({"later": 1}, "or one of a newer digitnet. Expected no checkpoint.later; received 1"),
    ],
)
def test_forged_metadata_with_a_digest_that_fits_are_refused(small, tmp_path, change, message):
    classifier = DigitClassifier("mlp", seed=1)
    classifier.fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    (path,) = listed(tmp_path)
    tensors, metadata = read_artifact(path)
    write_artifact(path, tensors, metadata | {"checkpoint": metadata["checkpoint"] | change})
    with (
        pytest.warns(UserWarning, match=f"passed over: .*It is no checkpoint.*{message}"),
        pytest.raises(ArtifactError, match="No checkpoint in"),
    ):
        DigitClassifier("mlp", seed=1).fit(small[0], epochs=2, resume=tmp_path, verbose=0)


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
        with pytest.warns(UserWarning, match="There is no checkpoint in .* begins without"):
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


def steps(folder):
    """The steps of a folder's checkpoints, the newest first."""
    return [read_artifact(path).metadata["checkpoint"]["step"] for path in listed(folder)]


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


def test_a_clock_that_jumps_back_changes_nothing(small, tmp_path):
    def fit(*callbacks, **options):
        classifier = DigitClassifier("mlp", seed=7)
        classifier.fit(small[0], epochs=3, batch_size=50, callbacks=callbacks, verbose=0, **options)

    with pytest.raises(KeyboardInterrupt):
        fit(Checkpoint(tmp_path), Stop(13))
    for age, path in enumerate(listed(tmp_path)):
        os.utime(path, (age, age))  # the newest looks the oldest
    begun = []
    watch = LambdaCallback(on_epoch_begin=lambda state: begun.append(state.step))
    fit(watch, resume=tmp_path)
    assert begun == [10]


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
