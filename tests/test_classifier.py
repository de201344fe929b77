"""The classifier's verbs."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from networks import tiny
from torch import nn

from digitnet import DigitClassifier, ImageClassifier
from digitnet.callbacks import Checkpoint
from digitnet.errors import ArtifactError, InvalidInputError, NotFittedError
from digitnet.recipe import REPORT


def test_it_learns_digits(fitted, digits):
    loss, accuracy = fitted.evaluate(digits[1], verbose=0)
    assert accuracy > 0.85
    assert loss == pytest.approx(fitted.history[-1].val_loss)
    assert fitted.score(digits[1]) == accuracy


def test_predictions_are_the_likeliest_classes(fitted, digits):
    images = digits[1].images
    labels, probabilities = fitted.predict(images), fitted.predict_proba(images)
    assert labels.dtype == np.int64
    assert labels.shape == (400,)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (400, 10)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(400), abs=1e-5)
    assert np.array_equal(probabilities.argmax(axis=1), labels)
    assert (
        fitted.evaluate(digits[1], verbose=0).accuracy
        == (labels == digits[1].labels.numpy()).mean()
    )


def test_one_picture_is_read_as_among_many(fitted, digits):
    images = digits[1].images[:300]
    together = fitted.predict_proba(images)
    alone = np.concatenate([fitted.predict_proba(image[None]) for image in images[:20]])
    assert alone == pytest.approx(together[:20], abs=1e-5)


def test_colour_pictures_of_another_size_work_too(tmp_path):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (90, 3, 20, 24), dtype=torch.uint8, generator=generator)
    labels = torch.arange(90) % 3
    images[labels == 0, 0] //= 4
    images[labels == 1, 1] //= 4
    classifier = ImageClassifier(classes=("a", "b", "c"), input_shape=(3, 20, 24), seed=0)
    classifier.fit(images, labels, epochs=4, batch_size=8, verbose=0)
    assert classifier.score(images, labels) > 0.9
    assert np.array_equal(
        classifier.predict(images.permute(0, 2, 3, 1)), classifier.predict(images)
    )
    classifier.save(tmp_path / "colours")
    loaded = ImageClassifier.load(tmp_path / "colours")
    assert loaded.classes == ("a", "b", "c")
    assert np.array_equal(loaded.predict_proba(images), classifier.predict_proba(images))


def test_a_network_of_ones_own_is_trained_and_saved(digits, tmp_path):
    classifier = DigitClassifier(tiny())
    classifier.fit(digits[0], epochs=1, verbose=0)
    classifier.save(tmp_path / "own")
    expected = r"a network of your own, Sequential\. Pass one: load\(path, model=Sequential"
    with pytest.raises(ArtifactError, match=expected):
        DigitClassifier.load(tmp_path / "own")
    loaded = DigitClassifier.load(tmp_path / "own", model=tiny())
    images = digits[1].images
    assert np.array_equal(loaded.predict_proba(images), classifier.predict_proba(images))
    unbiased = nn.Sequential(nn.Flatten(), nn.Linear(784, 10, bias=False))
    expected = r"Expected other weights: missing none, unknown \['body.1.bias'\]. Is it the same"
    with pytest.raises(ArtifactError, match=expected):
        DigitClassifier.load(tmp_path / "own", model=unbiased)


class Viewing(nn.Module):
    """The network of many tutorials: it flattens with `view`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.linear = nn.Linear(4 * 13 * 13, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.conv(x).relu(), 2)
        return self.linear(x.view(-1, 4 * 13 * 13))


def test_a_network_that_uses_view_can_be_trained(digits):
    classifier = DigitClassifier(Viewing())
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    classifier.summary()
    assert classifier.predict(digits[1].images).shape == (400,)


def test_calibrating_changes_confidences_alone_and_is_saved(fitted, digits, tmp_path):
    classifier, test = copy.deepcopy(fitted), digits[1]
    before, images = classifier.evaluate(test, verbose=0), test.images[:50]
    temperature = classifier.calibrate(test)
    assert temperature != 1
    after = classifier.evaluate(test, verbose=0)
    assert np.array_equal(after.predictions, before.predictions)
    assert after.loss < before.loss
    assert classifier.calibrate(test) == pytest.approx(temperature)  # not on top of the first
    classifier.save(tmp_path / "model.safetensors")
    loaded = DigitClassifier.load(tmp_path / "model.safetensors")
    assert np.array_equal(loaded.predict_proba(images), classifier.predict_proba(images))


@pytest.mark.parametrize("averaging", [None, 0.9])
def test_training_on_forgets_the_temperature_unless_it_is_refused(digits, averaging, tmp_path):
    train, test = digits[0][:300], digits[1]
    recipe = replace(REPORT, averaging=averaging)
    classifier, same, other = (DigitClassifier(recipe=recipe, seed=0) for _ in range(3))
    for each in (classifier, same):
        each.fit(train, epochs=1, verbose=0)
    classifier.calibrate(test)
    calibrated = classifier.predict_proba(test)
    other.fit(train[:64], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    with pytest.raises(InvalidInputError, match="another data"):
        classifier.fit(train, epochs=2, resume=tmp_path)
    assert np.array_equal(classifier.predict_proba(test), calibrated)
    for each in (classifier, same):
        each.fit(train, epochs=1, verbose=0)
    assert np.array_equal(classifier.predict_proba(test), same.predict_proba(test))


@pytest.mark.parametrize("verb", ["predict", "predict_proba", "evaluate", "calibrate", "save"])
def test_verbs_before_fit_say_so(verb, digits, tmp_path):
    with pytest.raises(NotFittedError, match="has not been trained. Call fit first, or load"):
        getattr(DigitClassifier(), verb)(tmp_path / "f" if verb == "save" else digits[1])


def test_a_network_that_ends_in_a_softmax_is_warned_of():
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    DigitClassifier(network)  # no warning
    with pytest.warns(UserWarning, match=r"like probabilities \(from '2' \(Softmax.* softmax out"):
        DigitClassifier(network.append(nn.Softmax(dim=1)))


def test_without_a_seed_one_is_drawn_and_kept():
    first, second = DigitClassifier("mlp"), DigitClassifier("mlp")
    assert first.seed != second.seed
    again = DigitClassifier("mlp", seed=first.seed)
    assert all(map(torch.equal, first.model.parameters(), again.model.parameters()))


def test_summary_prints_the_reports_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    DigitClassifier().summary()
    lines = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    text = "\n".join(" ".join(line) for line in lines)
    for row in (
        "1 Conv2d 3x3 (1->32, padding 1) + ReLU + MaxPool 2x2 32 x 14 x 14 320",
        "2 Conv2d 3x3 (32->64, padding 1) + ReLU + MaxPool 2x2 64 x 7 x 7 18,496",
        "3 Flatten 3,136 0",
        "4 Linear + ReLU 128 401,536",
        "5 Dropout (p = 0.5) 128 0",
        "6 Linear (output) 10 1,290",
        "total 421,642",
    ):
        assert row in text


def test_validation_data_of_four_parts_are_refused(digits):
    train, test = digits
    parts = (test.images, test.labels, torch.ones(len(test)), None)
    with pytest.raises(InvalidInputError, match=r"received 4 items. Pass .x, y. or .x, y, sample"):
        DigitClassifier("mlp").fit(train[:50], epochs=1, validation_data=parts, verbose=0)
