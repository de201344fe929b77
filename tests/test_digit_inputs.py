"""Real pictures for `fit`, `evaluate`, `score` and `calibrate`."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from digitnet import DigitClassifier, ImageClassifier
from digitnet.errors import DatasetUnavailableError, InvalidInputError
from digitnet.pictures import Box, Digit, Found

BLANK = 255


@pytest.fixture
def finding(monkeypatch, digits):
    """Have a stand-in find the n-th test digit in a picture of grey level n, none in a white one.

    The n-th is read as n % 10, whatever the classifier says.
    """
    pixels = digits[1].images[:, 0].numpy()

    def found(level):
        sure = np.full(10, 0.01, np.float32)
        sure[level % 10] = 0.91
        return Digit(Box(0, 0, 20, 20), 0.99, 0.8, None, pixels[level], sure, 0)

    def find(pictures, classify):
        levels = [round(255 * float(grey.mean())) for grey in pictures]
        return [Found([found(n)] if n != BLANK else [], [], []) for n in levels]

    monkeypatch.setattr("digitnet.digits.find_digits", find)
    return pixels


@pytest.fixture
def unread(monkeypatch):
    """Have the reader fail."""

    def find(pictures, classify):
        raise AssertionError("pictures were read")

    monkeypatch.setattr("digitnet.digits.find_digits", find)


def picture(level):
    return Image.new("L", (40, 30), level)


def encoded(level):
    file = io.BytesIO()
    picture(level).save(file, "png")
    return file


PICTURES = [picture(level) for level in range(60)]


def kept(folder, labels):
    """Keep the pictures in one sub-folder a label; return the files in the folder's order."""
    for level, label in enumerate(labels):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        picture(level).save(folder / str(label) / f"{level:03}.png")
    return sorted(folder.rglob("*.png"))


def weights(classifier):
    return torch.cat([value.flatten() for value in classifier.model.state_dict().values()])


def test_fit_learns_the_digits_of_pictures_and_validates_on_others(finding, digits):
    labels = digits[1].labels[:60].tolist()
    of_pictures, of_pixels = (DigitClassifier("mlp", seed=0) for _ in range(2))
    others = (PICTURES[40:], labels[40:])
    of_pictures.fit(PICTURES[:40], labels[:40], epochs=2, validation_data=others, verbose=0)
    others = (finding[40:60], labels[40:])
    of_pixels.fit(finding[:40], labels[:40], epochs=2, validation_data=others, verbose=0)
    assert torch.equal(weights(of_pictures), weights(of_pixels))
    assert of_pictures.history[1].val_loss == of_pixels.history[1].val_loss


def test_evaluate_and_score_are_those_of_what_predict_answers(fitted, finding, digits):
    labels = digits[1].labels[:60].numpy()
    result = fitted.evaluate(PICTURES, labels, verbose=0)
    assert result.predictions.tolist() == fitted.predict(PICTURES).tolist()
    assert result.accuracy == (np.arange(60) % 10 == labels).mean()
    assert fitted.score(PICTURES, labels) == result.accuracy
    right = np.where(np.arange(60) % 10 == labels, 0.91, 0.01)
    assert result.loss == pytest.approx(-np.log(right).mean(), rel=1e-5)


def test_calibrate_takes_pictures(finding, digits):
    classifier = DigitClassifier("mlp", seed=0)
    classifier.fit(digits[0], epochs=1, verbose=0)
    labels = digits[1].labels[:60]
    expected = classifier.calibrate(finding[:60], labels)
    assert classifier.calibrate(PICTURES, labels) == pytest.approx(expected, rel=1e-5)


def test_every_kind_of_picture_is_taken(fitted, finding, tmp_path):
    picture(3).save(tmp_path / "photo.png")
    array = np.full((30, 40), 3, np.uint8)
    for kind in (
        *(tmp_path / "photo.png", str(tmp_path / "photo.png"), encoded(3), encoded(3).getvalue()),
        *(picture(3), array, np.stack([array] * 3, axis=2)),
    ):
        assert fitted.score([kind, picture(4)], [3, 4]) == 1
        assert fitted.score(kind, [3]) == 1


def test_a_folder_of_pictures_of_any_size_has_classes_by_its_names(fitted, finding, tmp_path):
    labels = [level % 10 for level in range(60)]
    files = kept(tmp_path / "photos", labels)
    picture(60).resize((90, 80)).save(files[0].parent / "060.png")
    assert fitted.score(tmp_path / "photos") == 1
    of_folder, of_pixels = (DigitClassifier("mlp", seed=0) for _ in range(2))
    of_folder.fit(tmp_path / "photos", epochs=1, validation_data=tmp_path / "photos", verbose=0)
    levels = sorted(range(61), key=lambda level: level % 10)
    of_pixels.fit(finding[levels], [level % 10 for level in levels], epochs=1, verbose=0)
    assert torch.equal(weights(of_folder), weights(of_pixels))


def test_a_folder_of_some_classes_is_enough(fitted, finding, tmp_path):
    kept(tmp_path, [level if level in (1, 7) else 7 for level in range(8)])
    assert fitted.evaluate(tmp_path, verbose=0).class_counts[[1, 7]].tolist() == [1, 7]


def test_a_folder_of_images_of_28_pixels_stays_data(fitted, unread, digits, tmp_path):
    for index, (image, label) in enumerate(digits[1]):
        (tmp_path / str(label)).mkdir(exist_ok=True)
        Image.fromarray(image[0].numpy()).save(tmp_path / str(label) / f"{index}.png")
    assert fitted.score(tmp_path) == fitted.score(digits[1])
    picture(3).save(tmp_path / "3" / "photo.png")
    with pytest.raises(AssertionError, match="pictures were read"):  # not all are data
        fitted.score(tmp_path)


def test_names_of_a_folder_that_are_no_digits_are_refused(fitted, unread, tmp_path):
    kept(tmp_path, [*range(10), "seven"])
    message = r"sub-folders named after the classes .*received \['seven'\]. Rename them"
    with pytest.raises(InvalidInputError, match=message):
        fitted.fit(tmp_path)
    with pytest.raises(DatasetUnavailableError, match="is no folder"):
        fitted.fit(tmp_path / "gone")


def test_pictures_without_a_digit_are_left_out_with_their_labels(fitted, finding, tmp_path):
    picture(BLANK).save(tmp_path / "blank.png")
    pictures = [picture(1), picture(BLANK), picture(2), str(tmp_path / "blank.png"), picture(3)]
    message = r"found in 2 of 5 pictures: picture 1, '.*blank\.png'\. They are left out"
    with pytest.warns(UserWarning, match=message) as caught:
        result = fitted.evaluate(pictures, [1, 5, 2, 6, 3], verbose=0)
    assert caught[0].filename == __file__
    assert result.labels.tolist() == result.predictions.tolist() == [1, 2, 3]
    with pytest.warns(UserWarning, match=r"in 9 of 10 .*picture 5, and 4 more\. They"):
        fitted.score([picture(1)] + [picture(BLANK)] * 9, [1] * 10)


@pytest.mark.parametrize("verb", ["fit", "evaluate", "score", "calibrate"])
def test_pictures_that_are_all_without_a_digit_are_an_error(fitted, finding, verb):
    with pytest.raises(InvalidInputError, match="nothing written was found in 2 of 2 pictures"):
        getattr(fitted, verb)([picture(BLANK)] * 2, [1, 2])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "labels with the pictures; received none. Pass y"),
        ([1] * 59, "label for each of the 60 pictures; received 59"),
        ([1] * 59 + [10], r"labels in 0\.\.9; received 10"),
        (["3"] * 60, r"received '3'. Convert names: \[clf.classes.index"),
    ],
)
@pytest.mark.parametrize("verb", ["fit", "evaluate", "score", "calibrate"])
def test_labels_that_do_not_fit_are_refused_before_pictures_are_read(
    fitted, unread, verb, labels, message
):
    with pytest.raises(InvalidInputError, match=message):
        getattr(fitted, verb)(PICTURES, labels)


def test_labels_without_pictures_are_refused(fitted):
    with pytest.raises(InvalidInputError, match="at least one picture"):
        fitted.fit([], [1, 2])


def test_a_classifier_of_other_images_takes_no_pictures(digits):
    classifier = ImageClassifier("mlp", classes=list("0123456789"), input_shape=(1, 28, 28))
    with pytest.raises(InvalidInputError, match="Expected pictures as numbers"):
        classifier.fit(PICTURES, [0] * 60)


def test_weights_of_pictures_without_a_digit_are_left_out(fitted, finding, digits):
    pictures, labels = [picture(1), picture(BLANK), picture(2), picture(3)], [1, 5, 3, 3]
    with pytest.warns(UserWarning, match="in 1 of 4 pictures: picture 1"):
        assert fitted.score(pictures, labels, sample_weight=[1, 9, 2, 1]) == 0.5
    with pytest.warns(UserWarning, match="left out"):
        result = fitted.evaluate(pictures, labels, sample_weight=[1, 9, 2, 1], verbose=0)
    assert result.weights.tolist() == [1, 2, 1]
    assert fitted.evaluate(pictures[2:], labels[2:], verbose=0).weights is None
