"""Features are what a layer computes, and taking them leaves no trace."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from digitnet import DigitClassifier
from digitnet.callbacks import LambdaCallback
from digitnet.errors import InvalidInputError, NotFittedError


class Odd(nn.Module):
    """A network whose layers run in another order than they are registered in, one twice."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(20, 10)
        self.first = nn.Linear(784, 20)
        self.twice = nn.Linear(20, 20)
        self.pair = Pair()
        self.idle = nn.ReLU()

    def forward(self, x):
        x = self.first(x.flatten(1)).relu_()  # in place
        x, _ = self.pair(self.twice(self.twice(x)))
        return self.last(x)


class Pair(nn.Module):
    def forward(self, x):
        return x, x.sum()


@pytest.fixture(scope="module")
def odd(digits):
    torch.manual_seed(0)
    classifier = DigitClassifier(Odd(), seed=0)
    classifier.fit(digits[0][:200], epochs=1, verbose=0)
    return classifier


def normalised(classifier, images):
    return (
        images.float() / 255 - classifier._trained.network.mean
    ) / classifier._trained.network.std


def test_by_default_the_last_linear_layer_makes_logits_of_them(fitted, digits):
    images = digits[1].images[:50]
    features = fitted.features(images)
    assert features.shape == (50, 128)
    assert features.dtype == np.float32
    with torch.no_grad():
        logits = fitted.model.output(torch.from_numpy(features))
    assert logits.softmax(1).numpy() == pytest.approx(fitted.predict_proba(images), abs=1e-5)


def test_the_last_linear_layer_is_the_one_that_runs_last(odd, digits):
    images = digits[1].images[:9]
    with torch.no_grad():
        logits = odd.model.last(torch.from_numpy(odd.features(images)))
    assert logits.softmax(1).numpy() == pytest.approx(odd.predict_proba(images), abs=1e-5)


def test_a_named_layer_gives_its_output_before_the_next_works_in_place(odd, digits):
    images = digits[1].images[:9]
    x, model = normalised(odd, images).flatten(1), odd.model
    with torch.no_grad():
        first = model.first(x)
        twice = model.twice(model.twice(first.relu()))
    assert (first < 0).any()
    assert odd.features(images, "first") == pytest.approx(first.numpy(), abs=1e-4)
    assert odd.features(images, "twice") == pytest.approx(twice.numpy(), abs=1e-4)


def test_maps_are_flattened(fitted, digits):
    images = digits[1].images[:9]
    with torch.no_grad():
        maps = copy.deepcopy(fitted.model).eval().block1(normalised(fitted, images))
    features = fitted.features(images, layer="block1")
    assert features == pytest.approx(maps.flatten(1).numpy(), abs=1e-5)


@pytest.mark.parametrize("layer", [None, "block2", ""])
def test_they_are_the_same_whatever_the_batch_size(layer, fitted, digits):
    images = digits[1].images[:30]
    expected = fitted.features(images, layer)
    for size in (1, 7, 30):
        found = fitted.features(images, layer, batch_size=size)
        assert found == pytest.approx(expected, abs=1e-4)


def test_they_are_of_the_picture_as_it_is(digits):
    images = digits[1].images[:9]
    classifier = DigitClassifier(seed=0)
    classifier.fit(digits[0][:64], epochs=1, verbose=0)
    expected = classifier.features(images)
    classifier._trained.network.mirror, classifier._trained.network.multi_crop = True, 1
    assert np.array_equal(classifier.features(images), expected)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("hidden2", r"received 'hidden2'\. Pass layer= one of 'last', 'first', 'twice', 'pair', "),
        (3, "received 3"),
        ("idle", "received NoneType from 'idle' for 1"),
        ("pair", "received tuple from 'pair' for 1"),
    ],
)
def test_another_layer_is_refused_with_those_there_are(layer, message, odd, digits):
    with pytest.raises(InvalidInputError, match=message):
        odd.features(digits[1].images[:3], layer)


def test_where_no_linear_layer_is_the_last_one_a_name_is_asked_for(fitted, digits):
    images = digits[1].images[:3]
    vote = DigitClassifier.ensemble([fitted, fitted])
    with pytest.raises(InvalidInputError, match=r"ensemble; received none\. Pass layer= one of"):
        vote.features(images)
    found = vote.features(images, "members.0.dropout")
    assert found == pytest.approx(fitted.features(images), abs=1e-5)
    flat = DigitClassifier(nn.Sequential(nn.Conv2d(1, 10, 28), nn.Flatten()), seed=0)
    flat.fit(digits[0][:20], epochs=1, verbose=0)
    with pytest.raises(InvalidInputError, match=r"without a linear layer; received none.*'0', '1'"):
        flat.features(images)
    assert flat.features(images, "1").shape == (3, 10)


def test_without_a_fit_there_are_none(digits):
    with pytest.raises(NotFittedError):
        DigitClassifier("mlp").features(digits[1].images[:3])


def test_of_a_photo_they_are_of_the_pixels_that_are_shown(fitted, digits):
    grey = np.full((120, 140), 230, np.uint8)
    grey[30:86, 40:96] -= np.kron(digits[1].images[3, 0].numpy(), np.ones((2, 2), np.uint8)) // 2
    photos = [Image.fromarray(grey)] * 2
    pixels = np.stack([seen.pixels for seen in fitted.inspect(photos)])
    assert np.array_equal(fitted.features(photos), fitted.features(pixels))


def test_hooks_and_modes_stay_as_they_were(fitted, digits):
    seen = []
    handle = fitted.model.output.register_forward_hook(
        lambda *_: seen.append(fitted.model.training)
    )
    modes = [module.training for module in fitted.model.modules()]
    weights = copy.deepcopy(fitted.model.state_dict())
    try:
        fitted.features(digits[1].images[:3])
        hooks = [len(module._forward_hooks) for module in fitted.model.modules()]
    finally:
        handle.remove()
    assert seen
    assert sum(hooks) == 1
    assert [module.training for module in fitted.model.modules()] == modes
    assert all(
        torch.equal(weights[name], value) for name, value in fitted.model.state_dict().items()
    )


def test_threads_take_them_of_different_layers_at_once(fitted, digits):
    images = digits[1].images[:40]
    layers = [None, "block1", "hidden", None]
    expected = [fitted.features(images, layer) for layer in layers]
    found = [[] for _ in layers]

    def work(number):
        for _ in range(2):
            found[number].append(fitted.features(images, layers[number], batch_size=8))
            fitted.predict(images)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(layers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, results in enumerate(found):
        assert len(results) == 2
        assert all(result == pytest.approx(expected[number], abs=1e-4) for result in results)


def test_a_training_goes_on_after_they_are_taken_within_it(digits):
    train, shapes = digits[0][:130], []
    plain, watched = DigitClassifier(seed=0), DigitClassifier(seed=0)
    take = LambdaCallback(
        on_batch_end=lambda state: shapes.append(watched.features(train.images[:5]).shape)
    )
    expected = plain.fit(train, epochs=1, verbose=0)
    found = watched.fit(train, epochs=1, callbacks=[take], verbose=0)
    assert found[0].loss == expected[0].loss
    assert shapes == 3 * [(5, 128)]
