"""What holds for digits alone."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitnet import DigitClassifier, ImageClassifier
from digitnet.errors import ArtifactError


def test_dark_on_light_draws_a_warning(fitted, digits):
    images = digits[1].images[:5].numpy()
    with pytest.warns(UserWarning, match=r"5 of 5 pictures .*border.*255 - images") as caught:
        fitted.predict(255 - images)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.predict(images)


def test_a_file_of_other_classes_is_refused(digits, tmp_path):
    letters = ImageClassifier("mlp", classes=list("abcdefghij"), input_shape=(1, 28, 28))
    letters.fit(digits[0].images[:50], digits[0].labels[:50], epochs=1, verbose=0)
    letters.save(tmp_path / "letters")
    with pytest.raises(
        ArtifactError, match=r"Expected a model of the digits .*ImageClassifier\.load"
    ):
        DigitClassifier.load(tmp_path / "letters")


def test_real_digits_are_learnt(real):
    train, test = real
    classifier = DigitClassifier(seed=0)
    classifier.fit(train[:6000], epochs=2, verbose=0)
    assert classifier.score(test[:2000]) > 0.93


def _forms(image):
    """The same picture in every form that is accepted."""
    yield image
    for integer in (np.int8, np.int16, np.uint16, np.int32, np.int64, ">i4"):
        if image.max() <= np.iinfo(integer).max:
            yield image.astype(integer)
    for number in (np.float16, np.float32, np.float64):
        yield (image / 255).astype(number)
    yield image[:, None]
    yield image[..., None]
    yield image.reshape(1, 784)
    yield image.tolist()
    yield np.asfortranarray(image)
    yield image[:, ::-1][:, ::-1]


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1), top=st.integers(2, 255))
def test_every_form_of_a_picture_gives_the_same_probabilities(fitted, seed, top):
    image = np.random.default_rng(seed).integers(0, top + 1, (1, 28, 28), dtype=np.uint8)
    image[:, [0, -1]] = image[:, :, [0, -1]] = 0
    image[0, 14, 14] = top
    expected = fitted.predict_proba(image)
    for form in _forms(image):
        assert np.array_equal(fitted.predict_proba(form), expected)
