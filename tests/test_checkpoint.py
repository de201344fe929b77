"""A checkpoint is gone on from, or refused with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from interruption import StopAfterWriting, same, steps, weights
from torch import nn

from digitnet import DigitClassifier, ImageClassifier
from digitnet.artifact import read_artifact, write_artifact
from digitnet.callbacks import Checkpoint
from digitnet.checkpoint import listed, newest
from digitnet.data.batches import Batches
from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.model_file import ModelInfo
from digitnet.models.network import Network
from digitnet.optimizer import build_optimizer
from digitnet.recipe import REPORT
from digitnet.state import TrainState
from digitnet.trainer import Trainer


@pytest.mark.parametrize("change", [{"schedule": "step"}, {"warmup": 0.5}])
def test_what_depends_on_the_end_resumes_to_its_own_alone(small, tmp_path, change):
    recipe = replace(REPORT, network="mlp", **change)
    keep = Checkpoint(tmp_path)
    DigitClassifier(recipe=recipe, seed=1).fit(small[0], epochs=1, callbacks=[keep], verbose=0)
    with pytest.raises(InvalidInputError, match="another epochs: 1 there, 2 here"):
        DigitClassifier(recipe=recipe, seed=1).fit(small[0], epochs=2, resume=tmp_path, verbose=0)


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


def test_a_checkpoint_can_be_loaded_as_a_model(small, tmp_path):
    recipe = replace(REPORT, network="mlp", averaging=0.9)
    classifier = DigitClassifier(recipe=recipe, seed=1)
    classifier.fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    (path,) = listed(tmp_path)
    loaded = DigitClassifier.load(path)
    assert same(weights(loaded), weights(classifier))
    assert loaded.history == classifier.history


@pytest.mark.parametrize("mean", [None, 0.5])
def test_a_file_says_which_normalisation_was_given(small, tmp_path, mean):
    made = {"classes": list("0123456789"), "input_shape": (1, 28, 28), "mean": mean, "std": mean}
    classifier = ImageClassifier("mlp", **made)
    classifier.fit(small[0], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    classifier.save(tmp_path / "model")
    for path in (*listed(tmp_path), tmp_path / "model"):
        info = ModelInfo.from_metadata(read_artifact(path).metadata)
        assert info.normalization == (None if mean is None else ((0.5,), (0.5,)))
        assert info.mean != (0.0,)


def test_a_training_of_no_classifier_goes_on_from_its_checkpoint(small, tmp_path):
    cpu = torch.device("cpu")
    recipe = replace(REPORT, network="another", epochs=2)

    def train(epochs):
        torch.manual_seed(0)
        body = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        model = Network(body, mean=(0.1,), std=(0.3,))
        state = TrainState(model, build_optimizer(recipe, model), seed=1)
        keep = Checkpoint(tmp_path, monitor="loss")
        trainer = Trainer(state, replace(recipe, epochs=epochs), device=cpu, callbacks=[keep])
        trainer.fit(Batches(small[0], 64, cpu), resume=newest(tmp_path))
        return state

    train(1)
    assert read_artifact(listed(tmp_path)[0]).metadata["network"] == "another"
    resumed = train(2)
    assert (resumed.resumed_at, resumed.step, len(resumed.history)) == (4, 8, 2)


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
