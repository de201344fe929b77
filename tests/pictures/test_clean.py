"""On paper of a single grey, ink is what differs from it; all else is left to the network."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from digitnet import DigitClassifier, datasets
from digitnet.pictures.clean import are_of_form, clean_ink, straight_lines


def drawing(*, paper=255, ink=0, width=10, size=120, line=((60, 15), (60, 105))):
    picture = Image.new("L", (size, size), paper)
    ImageDraw.Draw(picture).line([*line], fill=ink, width=width)
    return picture


def grey(picture):
    return np.asarray(picture, dtype=np.float32) / 255


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (128, 40), (255, 200)])
def test_what_is_drawn_is_the_ink_dark_or_light_strong_or_faint(paper, ink):
    found = clean_ink(grey(drawing(paper=paper, ink=ink)))
    expected = grey(drawing(paper=0, ink=255))
    assert found == pytest.approx(expected, abs=0.01)


def test_a_blank_canvas_has_no_ink():
    assert not clean_ink(np.full((50, 60), 0.7, np.float32)).any()


@pytest.mark.parametrize("size", [8, 16, 32])
def test_edges_of_an_enlarged_picture_are_soft_and_are_no_stains(size):
    small = drawing(paper=0, ink=255, width=22, line=((60, 0), (60, 120))).resize((size, size))
    large = small.resize((112, 112), Image.Resampling.BICUBIC)
    found = clean_ink(grey(large), enlarged=112 / size)
    assert found == pytest.approx(grey(large) / grey(large).max(), abs=0.01)


def test_a_digit_may_fill_the_picture_up_to_its_border():
    picture = drawing(width=30, line=((10, 15), (110, 15)))
    ImageDraw.Draw(picture).line([(100, 15), (60, 119)], fill=0, width=30)
    tight = picture.crop((8, 2, 114, 118))
    assert clean_ink(grey(tight)) == pytest.approx(1 - grey(tight), abs=0.01)


def with_lines(picture):
    for y in range(10, 120, 20):
        ImageDraw.Draw(picture).line([(0, y), (120, y)], fill=200)
    return picture


def on_a_second_sheet():
    picture = Image.new("L", (120, 120), 255)
    picture.paste(drawing(paper=150, size=80, line=((40, 10), (40, 70))), (20, 20))
    return picture


def with_a_shadow(picture):
    return Image.fromarray((np.asarray(picture) * np.linspace(1, 0.6, 120)).astype(np.uint8))


def with_a_stain(picture):
    ImageDraw.Draw(picture).ellipse([80, 70, 110, 100], fill=225)
    return picture


def with_noise(picture):
    noise = np.random.default_rng(0).normal(0, 6, (120, 120))
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(with_lines(drawing()), id="ruled"),
        pytest.param(on_a_second_sheet(), id="second sheet"),
        pytest.param(with_a_shadow(drawing()), id="shadow"),
        pytest.param(with_a_stain(drawing()), id="stain"),
        pytest.param(with_noise(drawing()), id="noise"),
        pytest.param(drawing(ink=240), id="hardly there"),
    ],
)
def test_a_picture_of_more_than_ink_and_paper_is_left_to_the_network(picture):
    assert clean_ink(grey(picture)) is None


@pytest.mark.parametrize("width", [2, 4, 10, 16])
@pytest.mark.parametrize("tilt", [0, 2, 8])
def test_a_straight_line_on_a_canvas_is_a_1_and_no_ruled_line(width, tilt):
    classifier = DigitClassifier.pretrained()
    picture = drawing(width=width, line=((60 + tilt, 15), (60 - tilt, 105)))
    assert classifier.inspect(picture, reject_below=0.9).digit == 1
    assert classifier.read(picture).text == "1"


def of_form(ink, found):
    lines = straight_lines(ink)
    assert lines is not None
    return are_of_form(lines, ink, found)


@pytest.mark.parametrize("digits", [1, 2])
def test_upright_lines_alone_are_1s_whatever_the_network_has_of_them(digits):
    ink = np.zeros((100, 160), np.float32)
    for place in range(digits):
        ink[20:80, 40 + 50 * place : 43 + 50 * place] = 1
    assert not of_form(ink, found=np.zeros_like(ink))


def ring_between_walls():
    ring = Image.new("L", (160, 100))
    ImageDraw.Draw(ring).ellipse([60, 20, 100, 80], outline=255, width=6)
    digit = grey(ring)
    ink = digit.copy()
    for wall in (20, 130):
        ink[:, wall : wall + 3] = 1
    return digit, ink


def test_lines_are_of_a_form_if_the_network_leaves_them_out_and_something_else_in():
    digit, ink = ring_between_walls()
    assert of_form(ink, found=digit)
    assert not of_form(ink, found=ink)


def test_a_level_line_that_the_network_leaves_out_is_none_of_a_digit():
    ink = np.zeros((100, 160), np.float32)
    ink[70:74] = 1
    assert of_form(ink, found=np.zeros_like(ink))


@pytest.mark.parametrize(("width", "straight"), [(3, True), (40, False)])
def test_thick_strokes_are_no_straight_lines(width, straight):
    lines = straight_lines(grey(drawing(paper=0, ink=255, width=width)))
    assert (lines is not None) is straight


def test_a_line_of_one_pixel_is_thin_however_much_it_is_enlarged():
    small = np.zeros((28, 28), np.float32)
    small[20] = 1
    large = small.repeat(18, axis=0).repeat(18, axis=1)
    assert straight_lines(large, enlarged=18) is not None


def on_a_form(digits):
    """Return digits of a clean drawing, in boxes of the same grey."""
    picture = Image.new("L", (90 * len(digits) + 30, 130), 255)
    pen = ImageDraw.Draw(picture)
    for place, digit in enumerate(digits):
        left = 15 + 90 * place
        pen.rectangle((left, 10, left + 90, 120), outline=0, width=2)
        drawn = ImageOps.invert(Image.fromarray(digit).resize((84, 84)))
        picture.paste(drawn.point(lambda grey: 255 * (grey > 128)), (left + 3, 25))
    return picture


def test_digits_in_boxes_as_dark_as_they_are_on_clean_paper_are_read():
    classifier = DigitClassifier.pretrained()
    digits, _ = datasets.synthetic(60, 1)
    images, labels = digits.images[:, 0].numpy(), digits.labels.numpy()
    right = []
    for start in range(0, 60, 5):
        picture = on_a_form(images[start : start + 5])
        assert clean_ink(grey(picture)) is not None
        text = "".join(map(str, labels[start : start + 5]))
        right.append(classifier.read(picture).text == text)
    assert np.mean(right) >= 0.7
