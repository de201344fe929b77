"""A classifier that is saved, loaded or copied is the same; a file of something else is refused."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import safetensors.torch
import torch

from digitnet import DigitClassifier
from digitnet.artifact import read_artifact, write_artifact
from digitnet.callbacks import Callback
from digitnet.errors import ArtifactError
from digitnet.recipe import REPORT

RECIPE = asdict(REPORT)


@pytest.mark.slow  # it starts a process
def test_a_saved_classifier_gives_bit_equal_probabilities_in_a_process_without_torchvision(
    fitted, digits, tmp_path
):
    fitted.save(tmp_path / "model")
    np.save(tmp_path / "images.npy", digits[1].images.numpy())
    np.save(tmp_path / "expected.npy", fitted.predict_proba(digits[1].images))
    script = """
import sys
from dataclasses import replace
import numpy as np
for name in ("torchvision", "matplotlib", "rich", "tqdm"):
    sys.modules[name] = None  # importing it fails
from digitnet import DigitClassifier
clf = DigitClassifier.load("model")
assert np.array_equal(clf.predict_proba(np.load("images.npy")), np.load("expected.npy"))
print(clf.history.epoch, clf.seed, clf.recipe.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[1, 2] 3 report\n", done.stderr


def test_a_loaded_classifier_keeps_the_recipe_that_was_given(digits, tmp_path):
    classifier = DigitClassifier("mlp")
    classifier.fit(digits[0][:40], epochs=1, batch_size=8, verbose=0)
    classifier.save(tmp_path / "model")
    loaded = DigitClassifier.load(tmp_path / "model")
    assert loaded.recipe == classifier.recipe
    assert (loaded.effective_recipe.epochs, loaded.effective_recipe.batch_size) == (1, 8)


def test_a_callback_can_save_the_classifier(digits, tmp_path):
    classifier = DigitClassifier("mlp")

    class Save(Callback):
        def on_epoch_end(self, state):
            classifier.save(tmp_path / f"{state.epoch}")

    classifier.fit(digits[0][:40], epochs=2, callbacks=[Save()], verbose=0)
    for epoch in (1, 2):
        assert len(DigitClassifier.load(tmp_path / f"{epoch}").history) == epoch


def torch_saved(classifier):
    file = io.BytesIO()
    torch.save(classifier, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize(
    "copied",
    [
        lambda classifier: pickle.loads(pickle.dumps(classifier, 2)),
        lambda classifier: pickle.loads(pickle.dumps(classifier)),
        torch_saved,
        copy.deepcopy,
    ],
    ids=["pickle 2", "pickle", "torch.save", "deepcopy"],
)
@pytest.mark.parametrize("averaging", [None, 0.9])
def test_a_copy_predicts_the_same_and_goes_on_in_the_same_way(copied, averaging, digits):
    train, recipe = digits[0][:100], replace(REPORT, network="mlp", averaging=averaging)
    classifier = DigitClassifier(recipe=recipe, seed=0)
    classifier.fit(train, epochs=1, verbose=0)
    other = copied(classifier)
    assert np.array_equal(other.predict_proba(train), classifier.predict_proba(train))
    for each in (other, classifier):
        each.fit(train, epochs=1, verbose=0)
    assert other.history.history["loss"] == classifier.history.history["loss"]
    assert np.array_equal(other.predict_proba(train), classifier.predict_proba(train))


def test_a_loaded_classifier_goes_on_training(fitted, digits, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = DigitClassifier.load(tmp_path / "model")
    assert loaded.history == fitted.history
    history = loaded.fit(digits[0][:100], epochs=1, verbose=0)
    assert history.epoch == [1, 2, 3]


def test_the_file_tells_how_the_network_was_made(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    metadata = read_artifact(tmp_path / "model").metadata
    assert metadata["network"] == "report"
    assert metadata["classes"] == list("0123456789")
    assert metadata["recipe"]["epochs"] == 10
    assert metadata["effective_recipe"]["epochs"] == 2
    assert metadata["history"][1]["val_accuracy"] == fitted.history[1].val_accuracy
    assert metadata["versions"]["torch"] == torch.__version__
    weights = safetensors.torch.load_file(tmp_path / "model")
    assert sum(w.numel() for name, w in weights.items() if name.startswith("body")) == 421_642


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "unknown"}, "a network 'unknown' that this digitnet does not know"),
        ({"network": "mlp"}, "Expected other weights: missing"),
        (
            {"recipe": {"name": "x"}},
            "digitnet model. Expected recipe.network to be str; rec.* noth",
        ),
        ({"recipe": True}, "Expected the metadata of a digitnet model. Expected recipe to be"),
        ({"recipe": RECIPE | {"later": 1}}, "Expected no recipe.later; received 1.* newer one"),
        ({"recipe": RECIPE | {"epochs": 0}}, "In recipe: Expected epochs to be .* received 0"),
        ({"history": [[]]}, r"digitnet model. Expected history\[0\] to be .*EpochLog; received"),
        ({"seed": -1}, "digitnet model. Expected seed to be a whole number .* received -1"),
        ({"seed": None}, "digitnet model. Expected seed to be int; received None"),
        ({"history": 5}, "digitnet model. Expected history to be tuple.*; received 5"),
        ({"input_shape": [1, 28]}, "digitnet model. Expected input_shape to be tuple.*; received"),
        ({"mean": [0.1, 0.2]}, "digitnet model. Expected mean of 1 channels; received 2"),
        ({"recipe": RECIPE | {"multi_crop": 28}}, r"Expected multi_crop below the pictures' 28"),
        ({"classes": ["a", "b"]}, r"Expected a model of the digits 0 to 9 .* ImageClassifier.load"),
    ],
)
def test_a_file_with_other_metadata_is_refused(fitted, tmp_path, change, message):
    fitted.save(tmp_path / "model")
    tensors, metadata = read_artifact(tmp_path / "model")
    write_artifact(tmp_path / "model", tensors, metadata | change)
    with pytest.raises(ArtifactError, match=message):
        DigitClassifier.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("body.output.bias", torch.zeros(11), r"'body.output.bias' of shape \(10,\).* \(11,\)"),
        ("body.output.bias", torch.zeros(10).double(), "torch.float32; received .* torch.float64"),
        ("extra", torch.zeros(1), r"missing none, unknown \['extra'\]"),
    ],
)
def test_a_file_with_other_tensors_is_refused(fitted, tmp_path, name, tensor, message):
    fitted.save(tmp_path / "model")
    tensors, metadata = read_artifact(tmp_path / "model")
    write_artifact(tmp_path / "model", tensors | {name: tensor}, metadata)
    with pytest.raises(ArtifactError, match=message):
        DigitClassifier.load(tmp_path / "model")
