"""An ONNX file reads as digitnet does."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from digitnet import DigitClassifier, ImageClassifier, datasets
from digitnet.errors import ArtifactError, InvalidInputError, NotFittedError
from digitnet.recipe import FAST

onnxruntime = pytest.importorskip("onnxruntime", reason='needs pip install ".[onnx]"')
pytest.importorskip("onnxscript", reason='needs pip install ".[onnx]"')


@pytest.fixture(scope="module")
def pictures():
    """A thousand digits, and five hundred to hold out."""
    return datasets.synthetic(train=1_000, test=500)


def read(path, images):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(None, {"images": images.numpy()})
    return session, probabilities


@pytest.mark.parametrize("network", ["report", "mlp", "slim", "deep"])
def test_its_probabilities_are_digitnets_temperature_included(pictures, tmp_path, network):
    train, test = pictures
    classifier = DigitClassifier(network, seed=0)
    classifier.fit(train[:300], epochs=1, verbose=0)
    assert classifier.calibrate(test) != 1
    classifier.export_onnx(tmp_path / "digits.onnx")
    session, probabilities = read(tmp_path / "digits.onnx", train.images)
    assert np.abs(probabilities - classifier.predict_proba(train)).max() < 1e-5
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["classes"]) == list(classifier.classes)
    assert json.loads(metadata["input_shape"]) == [1, 28, 28]
    assert metadata["torch"] == torch.__version__


@pytest.mark.parametrize("views", [{"mirror": True}, {"multi_crop": 1}])
def test_a_network_that_looks_at_several_views_does_so_there_too(views, pictures, tmp_path):
    train, test = pictures
    classifier = DigitClassifier(recipe=replace(FAST, **views), seed=0)
    classifier.fit(train[:300], verbose=0)
    classifier.export_onnx(tmp_path / "digits.onnx")
    _, probabilities = read(tmp_path / "digits.onnx", test.images)
    assert np.abs(probabilities - classifier.predict_proba(test)).max() < 1e-5
    if "mirror" in views:
        _, mirrored = read(tmp_path / "digits.onnx", test.images.flip(-1))
        assert np.abs(probabilities - mirrored).max() < 1e-5


def test_any_number_of_pictures_goes_in(pictures, tmp_path):
    classifier = DigitClassifier.pretrained()
    classifier.export_onnx(tmp_path / "digits.onnx")
    for count in (1, 3, 70):
        _, probabilities = read(tmp_path / "digits.onnx", pictures[0].images[:count])
        expected = classifier.predict_proba(pictures[0].images[:count])
        assert probabilities == pytest.approx(expected, abs=1e-5)


def test_votes_and_networks_and_pictures_of_ones_own(tmp_path):
    own = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(400, 2))
    images = torch.randint(256, (20, 3, 12, 12), dtype=torch.uint8)
    members = []
    for seed in (0, 1):
        member = ImageClassifier(
            "deep", classes=["a", "b"], input_shape=(3, 12, 12), seed=seed, mean=0.5, std=0.2
        )
        member.fit(images, [0, 1] * 10, epochs=1, verbose=0)
        members.append(member)
    alone = ImageClassifier(own, classes=["a", "b"], input_shape=(3, 12, 12), seed=0)
    alone.fit(images, [0, 1] * 10, epochs=1, verbose=0)
    for classifier in (ImageClassifier.ensemble(members), alone):
        classifier.export_onnx(tmp_path / "own.onnx")
        _, probabilities = read(tmp_path / "own.onnx", images)
        assert probabilities == pytest.approx(classifier.predict_proba(images), abs=1e-5)


def test_the_classifier_is_left_as_it_was(pictures, tmp_path):
    train = pictures[0][:200]
    classifier = DigitClassifier("slim", seed=0)
    classifier.fit(train, epochs=1, verbose=0)
    before = classifier.predict_proba(train)
    classifier.export_onnx(tmp_path / "digits.onnx")
    assert (classifier.predict_proba(train) == before).all()
    classifier.fit(train, epochs=1, verbose=0)  # and can go on


def test_int8_is_smaller_and_reads_nearly_the_same(pictures, tmp_path):
    train, test = pictures
    classifier = DigitClassifier.pretrained()
    classifier.export_onnx(tmp_path / "float32.onnx")
    classifier.export_onnx(tmp_path / "int8.onnx", quantize="int8", calibration=train.images[:200])
    sizes = [(tmp_path / f"{kind}.onnx").stat().st_size for kind in ("float32", "int8")]
    assert sizes[1] < 0.35 * sizes[0]
    session, probabilities = read(tmp_path / "int8.onnx", test.images)
    expected = classifier.predict_proba(test)
    assert (probabilities.argmax(1) == expected.argmax(1)).mean() > 0.97
    assert np.abs(probabilities - expected).mean() < 0.01
    assert (probabilities != expected).any()
    assert probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["classes"]) == list(classifier.classes)
    assert read(tmp_path / "int8.onnx", test.images[:1])[1][0] == pytest.approx(
        probabilities[0], abs=1e-5
    )


def test_views_of_a_vote_are_quantized_too(pictures, tmp_path):
    train, test = pictures
    members = []
    for seed in (0, 1):
        members.append(DigitClassifier(recipe=replace(FAST, multi_crop=1), seed=seed))
        members[-1].fit(train[:300], verbose=0)
    vote = DigitClassifier.ensemble(members)
    vote.export_onnx(tmp_path / "int8.onnx", quantize="int8", calibration=train[:100])
    _, probabilities = read(tmp_path / "int8.onnx", test.images)
    assert (probabilities.argmax(1) == vote.predict(test)).mean() > 0.97


DIAGONAL = np.tile(np.eye(28), (200, 1, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantize": "int4"}, "None or 'int8'; received 'int4'"),
        ({"quantize": ["int8"]}, "None or 'int8'"),
        ({"quantize": "int8"}, r"received none.*calibration=train\.images\[:1000\]"),
        ({"calibration": DIAGONAL}, 'Add quantize="int8"'),
        ({"quantize": "int8", "calibration": DIAGONAL[:99]}, "at least 100.*received 99"),
        ({"quantize": "int8", "calibration": np.zeros((200, 30, 30), int)}, "Expected pictures"),
    ],
)
def test_what_cannot_be_quantized_is_an_error(fitted, tmp_path, options, message):
    with pytest.raises(InvalidInputError, match=message):
        fitted.export_onnx(tmp_path / "digits.onnx", **options)
    assert not list(tmp_path.iterdir())


def test_what_onnx_runtime_cannot_quantize_is_an_error(pictures, fitted, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("no such layer.")

    monkeypatch.setattr("onnxruntime.quantization.quantize_static", refuse)
    with pytest.raises(InvalidInputError, match=r"no such layer\. Leave quantize out"):
        fitted.export_onnx(tmp_path / "int8.onnx", quantize="int8", calibration=pictures[0])
    assert not list(tmp_path.iterdir())


def test_without_onnx_runtime_int8_alone_is_an_error(pictures, fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("digitnet.export._RUNTIME", ("runtime_that_is_not_there",))
    with pytest.raises(
        InvalidInputError, match=r'no runtime_that.* pip install "digitnet\[onnx\]"'
    ):
        fitted.export_onnx(tmp_path / "int8.onnx", quantize="int8", calibration=pictures[0])
    assert not list(tmp_path.iterdir())


def test_without_the_extra_it_says_what_to_install(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("digitnet.export._ONNX_PACKAGES", ("onnx", "onnx_that_is_not_there"))
    with pytest.raises(InvalidInputError, match=r'no onnx_that.* pip install "digitnet\[onnx\]"'):
        fitted.export_onnx(tmp_path / "digits.onnx")
    assert not list(tmp_path.iterdir())


def test_a_layer_that_cannot_be_expressed_is_an_error(tmp_path):
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(784, 10)

        def forward(self, x):
            sys.getrefcount(x)
            return self.linear(torch.from_numpy(x.flatten(1).detach().numpy()))

    classifier = DigitClassifier(Own(), seed=0)
    images = torch.randint(100, (20, 28, 28), dtype=torch.uint8)
    classifier.fit(images, [0, 1] * 10, epochs=1, verbose=0)
    with pytest.raises(InvalidInputError, match="layers that torch.onnx can express"):
        classifier.export_onnx(tmp_path / "own.onnx")


def test_what_was_not_trained_and_what_cannot_be_written_are_errors(fitted, tmp_path):
    with pytest.raises(NotFittedError):
        DigitClassifier().export_onnx(tmp_path / "digits.onnx")
    with pytest.raises(ArtifactError, match="there is no folder"):
        fitted.export_onnx(tmp_path / "none" / "digits.onnx")


def test_the_reader_network_as_onnx_has_the_maps_that_the_reader_decodes(tmp_path):
    from digitnet.pictures.decoding import Probabilities, probabilities
    from digitnet.pictures.network import Maps
    from digitnet.pictures.reader import reader_network

    DigitClassifier.export_reader_onnx(tmp_path / "reader.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "reader.onnx")
    grey = torch.rand(1, 1, 128, 208, generator=torch.Generator().manual_seed(0))
    found = session.run(None, {"grey": grey.numpy()})
    with torch.inference_mode():
        maps = Maps(*reader_network()(grey))
    (expected,) = probabilities(maps, [(slice(0, 128), slice(0, 208))])
    assert [output.name for output in session.get_outputs()] == list(Probabilities._fields)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one[0].squeeze(), other.squeeze(), rtol=1e-3, atol=1e-3)
    settings = json.loads(session.get_modelmeta().custom_metadata_map["settings"])
    assert len(settings["score"]) == 3
    assert settings["stride"] == 16
