"""Fixtures that several tests share: data sets, a trained classifier, a stand-in of the reader."""

from __future__ import annotations

import os

# Workers share the cores; threads that wait for one would spin
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from digitnet import DigitClassifier, ImageSet, datasets
from digitnet.errors import DatasetUnavailableError
from digitnet.pictures import Box, Found


@pytest.fixture(scope="session")
def digits() -> tuple[ImageSet, ImageSet]:
    return datasets.synthetic(train=1500, test=400, seed=1)


@pytest.fixture(scope="session")
def small(digits: tuple[ImageSet, ImageSet]) -> tuple[ImageSet, ImageSet]:
    """Five batches of 50 to learn from, the last of which is smaller, and 60 pictures to test."""
    return digits[0][:230], digits[1][:60]


@pytest.fixture(scope="session")
def fitted(digits: tuple[ImageSet, ImageSet]) -> DigitClassifier:
    """A classifier after two epochs; do not train it further."""
    train, test = digits
    classifier = DigitClassifier(seed=3)
    classifier.fit(train, epochs=2, validation_data=test, verbose=0)
    return classifier


@pytest.fixture(scope="session")
def real() -> tuple[ImageSet, ImageSet]:
    """MNIST itself, where its files are at hand."""
    try:
        return datasets.mnist(download=False)
    except DatasetUnavailableError:
        pytest.skip("real MNIST is not at hand: set DIGITNET_DATA to run this test")


@pytest.fixture
def finding(monkeypatch):
    """Have pictures hold given digits and other marks."""

    def give(*digits, other=()):
        def find(pictures, classify):
            return [Found(list(digits), [Box(*box) for box in other], []) for _ in pictures]

        monkeypatch.setattr("digitnet.digits.find_digits", find)

    return give
