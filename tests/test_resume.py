"""A training that is interrupted and resumed ends as the one that was not."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
import torch
from interruption import Stop, StopAfterWriting, figures, same, weights
from torch import nn

from digitnet import DigitClassifier
from digitnet.callbacks import Callback, Checkpoint, CSVLogger, EarlyStopping, LambdaCallback
from digitnet.checkpoint import listed
from digitnet.errors import InvalidInputError
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


INTERRUPTED = [  # at an epoch's second, last and next step, and in the last epoch
    *((name, 7) for name in RECIPES),
    *(("all", step) for step in (2, 5, 12)),
]


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
def whole(request, small):
    """A classifier that was trained without interruption."""
    train, test = small
    classifier = DigitClassifier(recipe=RECIPES[request.param], seed=7)
    classifier.fit(train, epochs=3, batch_size=50, validation_data=test, verbose=0)
    return classifier


@pytest.mark.parametrize(("whole", "step"), INTERRUPTED, indirect=["whole"])
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
