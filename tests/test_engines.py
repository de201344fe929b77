"""Predictions by another engine or precision."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

from digitnet import DigitClassifier, ImageClassifier, datasets, engines, export
from digitnet.datasets import paper
from digitnet.devices import has_native_bfloat16
from digitnet.errors import InvalidInputError

HAS_ONNX = all(find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))
needs_onnx = pytest.mark.skipif(not HAS_ONNX, reason='needs pip install ".[onnx]"')
needs_bfloat16 = pytest.mark.skipif(
    not has_native_bfloat16(torch.device("cpu")), reason="this CPU has no bfloat16"
)
TRAIN, TEST = datasets.synthetic(train=300, test=200)


@pytest.fixture
def classifier():
    return trained("mlp")


def trained(model):
    classifier = DigitClassifier(model, device="cpu", seed=0)
    classifier.fit(TRAIN, epochs=1, verbose=0)
    return classifier


def check(classifier, images=TEST.images):
    """Check that ONNX Runtime answers as torch does."""
    expected = classifier.predict_proba(images)
    assert np.abs(classifier.predict_proba(images, engine="onnxruntime") - expected).max() < 1e-5
    return expected


@needs_onnx
def test_onnx_runtime_answers_as_torch_does_temperature_included(classifier):
    before = check(classifier)
    classifier.calibrate(TEST)
    assert (check(classifier) != before).any()
    plain, other = (classifier.evaluate(TEST, engine=name) for name in ("torch", "onnxruntime"))
    assert other.loss == pytest.approx(plain.loss, abs=1e-5)
    assert (classifier.predict(TEST, engine="onnxruntime") == other.predictions).all()


@needs_onnx
def test_networks_of_ones_own_and_votes_do_so_too(classifier):
    own = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(400, 2))
    images = torch.randint(256, (20, 3, 12, 12), dtype=torch.uint8)
    alone = ImageClassifier(own, classes=["a", "b"], input_shape=(3, 12, 12), device="cpu", seed=0)
    alone.fit(images, [0, 1] * 10, epochs=1, verbose=0)
    check(alone, images)
    check(DigitClassifier.ensemble([classifier, trained("slim")]))


@needs_onnx
def test_real_pictures_are_predicted_by_it(classifier, monkeypatch):
    made = [each.picture for each in paper.digits(2, seed=1)]
    expected = check(classifier, made)
    monkeypatch.setattr(classifier.model, "forward", None)  # torch would call it
    found = classifier.predict_proba(made, engine="onnxruntime")
    assert np.abs(found - expected).max() < 1e-5


@needs_onnx
def test_the_export_is_kept_while_the_weights_are_the_same(classifier, monkeypatch):
    exports = []

    def counted(*args):
        exports.append(args)
        return export.logits_onnx(*args)

    monkeypatch.setattr(engines, "logits_onnx", counted)
    check(classifier)
    check(classifier, TEST.images[:1])
    assert len(exports) == 1


def fit(classifier):
    classifier.fit(TRAIN, epochs=1, verbose=0)


def fine_tune(classifier):
    classifier.fine_tune(TRAIN[:100], rehearsal=TRAIN, epochs=1, verbose=0)


def load_weights(classifier):
    torch.manual_seed(0)
    weights = classifier.model.state_dict()
    classifier.model.load_state_dict({name: x + x / 2 for name, x in weights.items()})


def change_past_autograd(classifier):
    for weights in classifier.model.parameters():
        weights.data.mul_(1.5)


def train_another(classifier):
    classifier.set_params(seed=1)
    fit(classifier)


@needs_onnx
@pytest.mark.parametrize(
    "change", [fit, fine_tune, load_weights, change_past_autograd, train_another]
)
def test_changed_weights_are_those_that_answer(classifier, change):
    before = check(classifier)
    change(classifier)
    assert np.abs(check(classifier) - before).max() > 1e-3


@needs_onnx
def test_copies_pickles_and_files_have_their_own(classifier, tmp_path):
    expected = check(classifier)
    classifier.save(tmp_path / "digits.safetensors")
    twins = (
        copy.deepcopy(classifier),
        pickle.loads(pickle.dumps(classifier)),
        DigitClassifier.load(tmp_path / "digits.safetensors", device="cpu"),
    )
    fit(classifier)
    check(classifier)
    for twin in twins:
        assert (check(twin) == expected).all()


@needs_onnx
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_computes_too(classifier):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)  # ONNX Runtime's are missing in the child
    try:
        expected = check(classifier)
        context = multiprocessing.get_context("fork")
        queue = context.SimpleQueue()
        child = context.Process(target=lambda: queue.put(check(classifier)))
        child.start()
        child.join(60)
        hangs = child.is_alive()
        child.kill()
        assert not hangs, "the child hangs"
        assert np.abs(queue.get() - expected).max() < 1e-5
        check(classifier)
    finally:
        torch.set_num_threads(threads)


@needs_bfloat16
def test_bfloat16_answers_nearly_the_same_in_float32(classifier):
    plain = classifier.predict_proba(TEST)
    rounded = classifier.predict_proba(TEST, precision="bfloat16")
    assert rounded.dtype == np.float32
    assert 0 < np.abs(rounded - plain).max() < 0.05
    evaluation = classifier.evaluate(TEST, precision="bfloat16")
    assert (evaluation.predictions == rounded.argmax(axis=1)).all()
    assert (classifier.predict(TEST, precision="bfloat16") == evaluation.predictions).all()
    assert (classifier.predict_proba(TEST) == plain).all()


@needs_bfloat16
def test_bfloat16_has_the_weights_of_now_within_an_autocast(classifier):
    with torch.autocast("cpu", torch.bfloat16):
        before = classifier.predict_proba(TEST, precision="bfloat16")
        change_past_autograd(classifier)
        after = classifier.predict_proba(TEST, precision="bfloat16")
    assert (after != before).any()
    assert (after == classifier.predict_proba(TEST, precision="bfloat16")).all()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"engine": "onnx"}, "Expected engine to be one of 'torch', 'onnxruntime'"),
        ({"precision": "float16"}, "Expected precision to be one of 'float32', 'bfloat16'"),
        ({"engine": "onnxruntime", "precision": "bfloat16"}, "Leave one of them out"),
    ],
)
def test_what_there_is_not_is_named(classifier, asked, message):
    for verb in (classifier.predict, classifier.predict_proba, classifier.evaluate):
        with pytest.raises(InvalidInputError, match=message):
            verb(TEST, **asked)


def test_without_the_extra_the_error_says_how_to_install_it(classifier, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    with pytest.raises(InvalidInputError, match=r'pip install "digitnet\[onnx\]"'):
        classifier.predict(TEST, engine="onnxruntime")


def test_without_bfloat16_in_hardware_the_error_says_so(classifier, monkeypatch):
    monkeypatch.setattr(engines, "has_native_bfloat16", lambda device: False)
    with pytest.raises(InvalidInputError, match="Leave precision out"):
        classifier.predict(TEST, precision="bfloat16")


class Branching(nn.Module):
    """A network whose path depends on the values, which ONNX cannot express."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, x):
        logits = self.linear(x.flatten(1))
        return logits if logits.sum().item() > 0 else -logits


@needs_onnx
def test_a_network_that_onnx_cannot_express_is_named(classifier):
    with pytest.raises(InvalidInputError, match=r"layers that torch\.onnx can express"):
        trained(Branching()).predict(TEST, engine="onnxruntime")
