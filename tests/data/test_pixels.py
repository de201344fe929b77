"""Pictures that are valid and look wrong draw a warning, before training and before predicting."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from digitnet import DigitClassifier, ImageClassifier, ImageSet

ODD = {
    "divided twice": lambda images: images.float() / 255 / 255,
    "levels 0..15": lambda images: images // 16,
    "levels 0..16, as integers": lambda images: (images.int() + 8) // 16,
    "ink of 1": lambda images: (images > 127).int(),
    "low contrast": lambda images: 100 + images // 16,
    "low contrast, floats": lambda images: 0.2 + images / 255 / 10,
}


@pytest.mark.parametrize("case", ODD)
def test_faint_pictures_draw_a_warning_and_the_remedy_works(fitted, digits, case):
    images, labels = digits[1].images[:100], digits[1].labels[:100]
    odd = ODD[case](images)
    with pytest.warns(UserWarning, match="100 of 100 pictures are nearly of one level") as caught:
        fitted.predict(odd)
    told = next(str(one.message) for one in caught if "nearly" in str(one.message))
    remedy = re.search(r"Stretch them to 0\.\.1: (.*)\.$", told).group(1)
    for form in (odd, odd.numpy(), odd.tolist()):
        stretched = eval(remedy, {"numpy": np, "images": form})
        score = fitted.score(stretched, labels)  # warnings are errors
        assert score == pytest.approx(fitted.score(images, labels), abs=0.05)


@pytest.mark.parametrize("level", [0, 30])
def test_blank_pictures_are_counted_and_the_first_is_named(fitted, digits, level):
    images = digits[1].images[:8].clone()
    images[5:7] = level
    with pytest.warns(
        UserWarning, match=r"2 of 8 .*index 5; .*levels 0\.\.255.*Leave out"
    ) as caught:
        fitted.predict(images)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=f"1 of 1 .*index 0; .*levels {level}..{level} of"):
        fitted.predict_proba(np.full((1, 28, 28), level))


def test_faint_pictures_draw_a_warning_wherever_labelled_pictures_go(digits):
    good, faint = digits[0][:40], ImageSet(digits[0].images[:40] // 16, *_labels(digits))
    pairs = TensorDataset(faint.images, faint.labels)
    clf = DigitClassifier("mlp", seed=0)
    for call in (
        lambda: clf.fit(faint, epochs=1, verbose=0),
        lambda: clf.fit(pairs, epochs=1, verbose=0),
        lambda: clf.fit(good, epochs=1, validation_data=faint, verbose=0),
        lambda: clf.evaluate(faint),
        lambda: clf.calibrate(faint),
    ):
        with pytest.warns(UserWarning, match="40 of 40 pictures are nearly of one level"):
            call()


def _labels(digits):
    return digits[0].labels[:40], digits[0].classes


def test_every_classifier_warns_of_them():
    pictures = torch.randint(256, (6, 3, 8, 8), dtype=torch.uint8)
    clf = ImageClassifier("mlp", classes=["a", "b"], input_shape=(3, 8, 8), seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.fit(pictures, [0, 1] * 3, epochs=1, verbose=0)
    pictures[4] = 7
    with pytest.warns(UserWarning, match="1 of 6 pictures are nearly of one level, .*index 4"):
        clf.predict(pictures)
