"""A seed gives the same bytes beside other threads, and the caller's random state is left alone."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from digitnet import DigitClassifier, datasets
from digitnet.callbacks import LambdaCallback
from digitnet.pictures import reader
from digitnet.recipe import Augmentation, Recipe

DRAWS = Recipe(
    name="draws",
    network="report",  # with dropout
    epochs=2,
    batch_size=32,
    augmentation=Augmentation(shift=2, noise=0.1),
)


class Drawn(TensorDataset):
    """Pictures with noise from torch's random state."""

    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return (image + 9 * torch.rand(image.shape)).to(torch.uint8).clamp(0, 255), label


@pytest.fixture(scope="module")
def train():
    return datasets.synthetic(train=160, test=1)[0]


def _weights(train, seed=0):
    classifier = DigitClassifier(recipe=DRAWS, seed=seed)
    classifier.fit(train, verbose=0)
    return [*classifier.model.state_dict().values()]


def _construct(train):
    DigitClassifier("mlp")


def _load(train):
    DigitClassifier.pretrained()


def _read(train):
    loader = DataLoader(Drawn(train.images[:20], train.labels[:20]), shuffle=True, batch_size=5)
    DigitClassifier("mlp", seed=1).fit(loader, epochs=1, verbose=0)


def _predict(train):
    DigitClassifier.pretrained().predict(train.images[:20])


def _fit(train):
    DigitClassifier(recipe=DRAWS).fit(train[:64], epochs=1, verbose=0)


@contextmanager
def _meanwhile(act, train):
    """Have another thread act again and again."""
    done, acted, failed = threading.Event(), threading.Event(), []

    def work():
        try:
            while not done.is_set():
                act(train)
                acted.set()
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
        assert acted.wait(60)
    finally:
        done.set()
        thread.join()
    assert not failed


@pytest.mark.parametrize("act", [_construct, _load, _read, _predict, _fit])
def test_a_seed_gives_the_same_weights_whatever_another_thread_does(act, train):
    expected = _weights(train)
    before = torch.get_rng_state()
    with _meanwhile(act, train):
        found = _weights(train)
    assert all(map(torch.equal, found, expected))
    assert torch.equal(torch.get_rng_state(), before)


def test_two_fits_at_once_give_each_its_own_weights(train):
    expected = {seed: _weights(train, seed) for seed in (1, 2)}
    torch.manual_seed(0)
    before = torch.get_rng_state()
    found = {}

    def work(seed):
        found[seed] = _weights(train, seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, weights in expected.items():
        assert all(map(torch.equal, found[seed], weights))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_dataset_is_read_the_same_beside_a_training(train):
    def read():
        images = DataLoader(Drawn(train.images, train.labels), shuffle=True, batch_size=16)
        classifier = DigitClassifier("mlp", seed=1)
        classifier.fit(images, epochs=1, verbose=0)
        return [*classifier.model.state_dict().values()]

    expected = read()
    with _meanwhile(_fit, train):
        found = read()
    assert all(map(torch.equal, found, expected))


def test_the_first_picture_that_is_read_leaves_the_callers_random_state_alone(digits):
    reader._weights.cache_clear()
    before = torch.get_rng_state()
    DigitClassifier.pretrained().inspect(Image.fromarray(digits[1].images[0, 0].numpy()))
    assert torch.equal(torch.get_rng_state(), before)


def test_between_two_steps_the_random_state_is_the_callers(train):
    torch.manual_seed(0)
    before, seen = torch.get_rng_state(), []
    look = LambdaCallback(on_batch_end=lambda state: seen.append(torch.get_rng_state()))
    DigitClassifier(recipe=DRAWS, seed=0).fit(train, epochs=1, callbacks=[look], verbose=0)
    assert len(seen) == 5
    assert all(torch.equal(state, before) for state in seen)


def test_eight_threads_predict_what_one_does(fitted, digits):
    from concurrent.futures import ThreadPoolExecutor

    images = digits[1].images
    expected = torch.from_numpy(fitted.predict_proba(images))
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: fitted.predict_proba(images), range(32)):
            assert torch.equal(torch.from_numpy(found), expected)
