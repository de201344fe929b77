"""What holds for digits alone."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
import torch
from found_digits import PAGE, found_digit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from digitnet import DigitClassifier, ImageClassifier
from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.pictures import Box, Found


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


@pytest.mark.slow
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
@given(seed=st.integers(0, 2**32 - 1), top=st.integers(32, 255))
def test_every_form_of_a_picture_gives_the_same_probabilities(fitted, seed, top):
    image = np.random.default_rng(seed).integers(0, top + 1, (1, 28, 28), dtype=np.uint8)
    image[:, [0, -1]] = image[:, :, [0, -1]] = 0
    image[0, 14, 14] = top
    expected = fitted.predict_proba(image)
    for form in _forms(image):
        assert np.array_equal(fitted.predict_proba(form), expected)


def test_numbers_of_a_line_are_separated_and_know_their_boxes(fitted, finding):
    finding(*(found_digit(n, x) for n, x in ((7, 230), (1, 20), (2, 50), (8, 200))))
    reading = fitted.read(PAGE)
    assert reading.text == "12 87"
    assert reading.lines == ("12 87",)
    assert [number.text for number in reading.numbers] == ["12", "87"]
    assert [tuple(number.box) for number in reading.numbers] == [
        (20, 50, 74, 90),
        (200, 50, 254, 90),
    ]
    assert [digit.digit for digit in reading.digits] == [1, 2, 8, 7]
    assert reading.digits == tuple(d for number in reading.numbers for d in number.digits)
    assert repr(reading.numbers[0]) == "Number('12', box=(20.0, 50.0, 74.0, 90.0))"
    assert reading.warnings == ()


def test_lines_are_joined_by_line_breaks_from_top_to_bottom(fitted, finding):
    finding(
        *(
            found_digit(n, x, y)
            for n, x, y in ((3, 20, 110), (4, 50, 112), (1, 20, 40), (2, 50, 40))
        )
    )
    assert fitted.read(PAGE).text == "12\n34"


def test_boxes_are_in_pixels_of_the_source(fitted, finding):
    finding(found_digit(1, 20), other=[(100, 50, 110, 60)])
    reading = fitted.read(Image.new("L", (4096, 2048), 255))  # read at half to a third of the size
    assert reading.scale > 2
    assert reading.digits[0].box == pytest.approx(
        [20 * reading.scale, 50 * reading.scale, 44 * reading.scale, 90 * reading.scale]
    )
    assert reading.ignored == (Box(100, 50, 110, 60).scaled(reading.scale),)


def test_a_mark_that_is_perhaps_no_digit_is_not_read_but_inspected(fitted, finding):
    finding(found_digit(4, 20, score=0.24), found_digit(5, 60, score=0.26))
    assert fitted.read(PAGE).text == "5"
    finding(found_digit(4, 20, score=0.24))
    assert fitted.read(PAGE).text == ""
    found = fitted.inspect(PAGE)
    assert found.digit == 4
    assert "this may be no digit" in found.warnings


def test_inspect_and_predict_are_of_the_most_prominent_digit(fitted, finding):
    finding(found_digit(4, 20, 20), found_digit(3, 190, 80, sure=0.9))
    found = fitted.inspect(PAGE)
    assert (found.digit, found.confidence) == (3, pytest.approx(0.9))
    assert tuple(found.box) == (190, 80, 214, 120)
    assert (found.pixels == 3).all()
    assert fitted.predict(PAGE).tolist() == [3]
    assert fitted.predict_proba(PAGE)[0] == pytest.approx(found.probabilities, abs=1e-6)
    assert fitted.inspect(PAGE, reject_below=0.95).digit is None
    assert fitted.inspect(PAGE, reject_below=0.95).confidence == pytest.approx(0.9)


def test_a_picture_without_a_digit_has_no_prediction(fitted, finding):
    finding()
    found = fitted.inspect(PAGE)
    assert (found.digit, found.confidence, found.box) == (None, 0, None)
    assert found.warnings == ("nothing written found",)
    with pytest.raises(InvalidInputError, match="nothing written was found in"):
        fitted.predict(PAGE)


def test_digits_of_pictures_calibrate_an_export(fitted, finding, tmp_path, monkeypatch):
    written = {}
    monkeypatch.setattr(
        "digitnet.trained_model.write_onnx", lambda *_, **rest: written.update(rest)
    )
    finding(found_digit(4, 20, 20), found_digit(3, 190, 80))
    fitted.export_onnx(tmp_path / "int8.onnx", quantize="int8", calibration=[PAGE] * 5)
    assert written["calibration"].shape == (5, 1, 28, 28)
    assert (written["calibration"] == 3).all()
    finding()
    with pytest.raises(InvalidInputError, match="nothing written was found in picture 0"):
        fitted.export_onnx(tmp_path / "int8.onnx", quantize="int8", calibration=[PAGE] * 5)


PHOTO = np.full((200, 400), 255, np.uint8)
SMALL = np.zeros((28, 28), np.uint8)


def encoded():
    file = io.BytesIO()
    PAGE.save(file, "png")
    return file


@pytest.mark.parametrize(
    "source",
    [
        PHOTO,
        np.stack([PHOTO] * 3, axis=2),
        np.stack([PHOTO] * 4, axis=2),
        np.zeros((28, 29), np.uint8),
        np.zeros((28, 28, 3), np.uint8),
        encoded(),
        encoded().getvalue(),
    ],
)
def test_uploads_and_frames_of_any_size_are_pictures(fitted, finding, source):
    finding(found_digit(3, 20))
    assert fitted.predict(source).tolist() == [3]
    assert fitted.predict([source, PAGE]).tolist() == [3, 3]
    assert fitted.inspect(source).digit == 3
    assert fitted.read(source).text == "3"


@pytest.mark.parametrize(
    "form", [lambda x: x[:, 0], lambda x: x, lambda x: x.reshape(-1, 784), lambda x: list(x[:, 0])]
)
def test_arrays_of_the_networks_size_are_data(fitted, digits, finding, form):
    finding(found_digit(3, 20))
    images = digits[1].images[:5].numpy()
    expected = fitted.predict_proba(torch.from_numpy(images))
    assert np.array_equal(fitted.predict_proba(form(images)), expected)
    with pytest.raises(InvalidInputError, match=r"received \(28, 28\). Add a batch axis"):
        fitted.predict(SMALL)


def test_an_array_of_the_networks_size_is_a_picture_for_inspect_and_read(fitted, finding):
    finding(found_digit(3, 2))
    assert fitted.inspect(SMALL).digit == 3
    assert fitted.read(SMALL).text == "3"


@pytest.fixture
def blanks(monkeypatch):
    """Have a stand-in find a 3 in light pictures, and nothing in dark ones."""

    def find(pictures, classify):
        return [
            Found([found_digit(3, 20)] if grey.mean() > 0.5 else [], [], []) for grey in pictures
        ]

    monkeypatch.setattr("digitnet.digits.find_digits", find)
    monkeypatch.setattr("digitnet.digits._AT_ONCE", 4)


def test_a_blank_picture_among_many_is_named_and_loses_nothing(fitted, blanks):
    pictures = [PHOTO] * 10
    pictures[6] = 255 - PHOTO
    with pytest.raises(InvalidInputError, match="picture 6 of the list. inspect") as caught:
        fitted.predict(pictures)
    assert len(str(caught.value)) < 200
    found = fitted.inspect(pictures)
    assert [one.digit for one in found] == [3] * 6 + [None] + [3] * 3
    assert found[6].warnings == ("nothing written found",)
    assert fitted.inspect(tuple(pictures[:2]), reject_below=0.99)[1].digit is None
    assert fitted.inspect([]) == []


def test_a_picture_among_many_that_cannot_be_read_is_named(fitted, blanks):
    for call in (fitted.predict, fitted.inspect):
        with pytest.raises(InvalidInputError, match=r"Picture 5 of the list: .*no 'gone\.png'"):
            call([PHOTO] * 5 + ["gone.png"])
        with pytest.raises(InvalidInputError, match="Picture 1 of the list: .*cv2.imread"):
            call([PHOTO, None])
