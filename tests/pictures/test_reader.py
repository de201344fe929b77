"""The reader's pipeline, with a stand-in for the network that knows what is on the pictures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from digitnet.artifact import read_artifact, write_artifact
from digitnet.pictures import reader
from digitnet.pictures.loading import MAX_AREA
from digitnet.pictures.network import (
    NO_DIGIT,
    OFFSET_UNIT,
    STRIDE,
    UNIT_HEIGHT,
    Maps,
    ReaderNetwork,
)
from digitnet.pictures.reader import Box, Digit, digit_score, find_digits, most_prominent
from digitnet.pictures.settings import SETTINGS

WEIGHTS, BIAS = np.array([0.5, 0.3], np.float32), 0.5


class KnowingNetwork:
    """Dark upright rectangles are digits, and other dark rectangles are none.

    A digit's label is ten times its width by its height. Those lower than 19 px are too small to
    read.

    Attributes:
        shapes: Of the batches seen, (N, 1, H, W).
        small_everywhere: Whether there seem to be small digits all over each picture.
    """

    def __init__(self):
        self.shapes, self.small_everywhere = [], False

    def __call__(self, grey):
        self.shapes.append(tuple(grey.shape))
        assert grey.shape[2] % STRIDE == grey.shape[3] % STRIDE == 0
        maps = [self.look(image[0].numpy()) for image in grey]
        if self.small_everywhere:
            for found in maps:
                found.smaller.fill_(9)
        return Maps(*(torch.stack(fields) for fields in zip(*maps, strict=True)))

    def look(self, image):
        height, width = image.shape
        maps = Maps(
            *(
                torch.full((channels, height // stride, width // stride), value)
                for channels, stride, value in (
                    (1, 1, -9.0), (1, 2, -9.0), (1, 2, -9.0), (2, 2, 0.0), (1, 4, 0.0),
                    (11, 4, 0.0), (1, 8, -9.0),
                )
            )
        )  # fmt: skip
        maps.ink[0][torch.from_numpy(image < 0.5)] = 9
        labels, _ = ndimage.label(image < 0.5)
        for rows, columns in ndimage.find_objects(labels):
            self.describe(maps, rows, columns)
        return maps

    @staticmethod
    def describe(maps, rows, columns):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        is_digit = height > 1.2 * width
        half, quarter, eighth = (
            (slice(None), *(slice(side.start // s, -(-side.stop // s)) for side in (rows, columns)))
            for s in (2, 4, 8)
        )
        maps.label[quarter] = 0
        maps.label[:, quarter[1], quarter[2]][
            round(10 * width / height) if is_digit else NO_DIGIT
        ] = 6
        if not is_digit:
            return
        maps.digit[half] = 9
        maps.height[quarter] = float(np.log2(height / UNIT_HEIGHT))
        if height < 19:
            maps.smaller[eighth] = 9
        x, y = (columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2
        maps.centre[0, int(y / 2), int(x / 2)] = 3
        row, column = np.mgrid[half[1:]]
        maps.offset[half] = torch.from_numpy(
            np.stack([x - (2 * column + 1), y - (2 * row + 1)]) / OFFSET_UNIT
        ).float()


@pytest.fixture
def network(monkeypatch):
    made = KnowingNetwork()
    monkeypatch.setattr(reader, "_weights", lambda: (made, (WEIGHTS, BIAS)))
    return made


def page(shape, *boxes):
    grey = np.ones(shape, np.float32)
    for left, top, right, bottom in boxes:
        grey[top:bottom, left:right] = 0
    return grey


def undecided(pixels):
    """A classifier to which all digits are as likely."""
    return np.full((len(pixels), 10), 0.1, np.float32)


def labels(found):
    return [int(digit.probabilities.argmax()) for digit in found.digits]


def by_place(found):
    return sorted(found.digits, key=lambda digit: digit.box)


# ---- coarse to fine


@pytest.mark.parametrize(
    ("shape", "height"),
    [((60, 60), 16), ((64, 64), 60), ((300, 200), 40), ((300, 300), 250), ((900, 1000), 20),
     ((1000, 1000), 24), ((1000, 1000), 120), ((1000, 1000), 900), ((40, 900), 30)],
)  # fmt: skip
def test_a_digit_of_any_height_is_found_once_where_it_is(network, shape, height):
    width = round(0.4 * height)
    left, top = (shape[1] - width) // 3, (shape[0] - height) // 2
    (found,) = find_digits([page(shape, (left, top, left + width, top + height))], undecided)
    assert labels(found) == [4]
    scale = max(view.scale[0] for view, _ in found.views)
    tolerance = 1 + max(1 / scale, height / 15)
    assert found.digits[0].box == pytest.approx(
        (left, top, left + width, top + height), abs=tolerance
    )
    assert found.other == []


def test_closer_views_are_taken_until_digits_are_large_enough(network):
    (found,) = find_digits([page((1000, 1000), (700, 300, 710, 324))], undecided)
    scales = [view.scale[0] for view, _ in found.views]
    overviews, closer = scales[:4], scales[4:]
    assert overviews == pytest.approx([0.256, 0.128, 0.064, 0.032], rel=0.02)
    assert closer == pytest.approx([0.512, 1.024], rel=0.03)  # 24 px: 6, 12, 25
    last = found.views[-1][0]
    assert last.left < 700 < 710 < last.left + last.grey.shape[1]
    assert max(last.grey.shape) < 300  # of 1,024: no more than the digit and what is around it


def test_a_large_digit_needs_no_closer_view(network):
    (found,) = find_digits([page((1000, 1000), (400, 400, 480, 600))], undecided)
    assert len(found.views) == 4


def test_of_all_views_the_one_nearest_to_the_best_height_counts(network):
    # 120 px: in views of 102, 51, 26 and 13 px
    (found,) = find_digits([page((300, 300), (100, 90, 148, 210))], undecided)
    assert [view.grey.shape[0] for view, _ in found.views] == [256, 128, 64, 32]
    assert found.digits[0].mask.shape[0] == pytest.approx(120 * 64 / 300 + 2, abs=1)


def test_small_and_large_digits_of_one_picture_are_all_found(network):
    large, small = (100, 200, 300, 800), (600, 300, 608, 320)
    (found,) = find_digits([page((1000, 1000), large, small)], undecided)
    assert [digit.box.height for digit in by_place(found)] == pytest.approx([600, 20], rel=0.15)
    assert sorted(labels(found)) == [3, 4]


# ---- other marks


def test_each_other_mark_is_listed_once_though_several_views_show_it(network):
    digit, mark = (50, 100, 90, 200), (150, 140, 230, 160)
    (found,) = find_digits([page((300, 300), digit, mark)], undecided)
    assert len(found.digits) == 1
    assert len(found.other) == 1
    assert found.other[0] == pytest.approx(mark, abs=8)


def test_a_digit_that_is_no_longer_readable_in_a_view_is_no_other_mark(network):
    (found,) = find_digits([page((1000, 1000), (400, 100, 700, 900))], undecided)
    assert len(found.digits) == 1
    assert found.other == []


# ---- batches


def test_pictures_are_read_together_as_each_alone(network):
    pictures = [
        page((100, 100), (20, 30, 40, 80)),
        page((100, 100), (50, 10, 70, 60), (10, 10, 30, 50)),
        page((100, 101)),
        page((333, 97), (20, 100, 60, 200), (10, 250, 90, 260)),
        page((700, 900), (100, 100, 108, 120), (400, 100, 600, 600)),
    ]
    together = find_digits(pictures, undecided)
    assert [len(found.digits) for found in together] == [1, 2, 0, 1, 2]
    for picture, found in zip(pictures, together, strict=True):
        (alone,) = find_digits([picture], undecided)
        assert [digit.box for digit in found.digits] == [digit.box for digit in alone.digits]
        assert found.other == alone.other
        for one, other in zip(found.digits, alone.digits, strict=True):
            assert np.array_equal(one.pixels, other.pixels)
            assert np.allclose(one.probabilities, other.probabilities, atol=1e-6)


def test_views_of_one_size_are_seen_together(network):
    find_digits([page((100, 100), (20, 30, 40, 80)) for _ in range(20)], undecided)
    # views of 100 and 50 px, padded to 128 px: 16 of them are 512 x 512 px
    assert {shape[2:] for shape in network.shapes} == {(128, 128)}
    assert all(shape[0] == 16 for shape in network.shapes[:-1])


def test_the_digits_of_all_pictures_are_classified_at_once(network):
    calls = []

    def classify(pixels):
        calls.append(pixels.shape)
        assert pixels.dtype == np.uint8
        return undecided(pixels)

    find_digits([page((100, 100), (20, 30, 40, 80), (50, 30, 70, 80))] * 3, classify)
    assert calls == [(6, 28, 28)]


def test_without_a_digit_the_classifier_is_not_asked(network):
    found = find_digits([page((100, 100)), page((30, 2000))], lambda pixels: 1 / 0)
    assert [one.digits for one in found] == [[], []]


def test_no_pictures_are_no_work(network):
    assert find_digits([], undecided) == []
    assert network.shapes == []


# ---- bounded work


@pytest.mark.parametrize(
    "shape", [(1024, 1024), (40, 6000), (6000, 40), (100, 100), (1, 1), (5, 20_000)]
)
def test_a_picture_full_of_small_digits_takes_a_bounded_number_of_views(network, shape):
    network.small_everywhere = True
    (found,) = find_digits([np.ones(shape, np.float32)], undecided)
    assert len(found.views) <= 10
    assert sum(count for count, *_ in network.shapes) == len(found.views)
    # views of 1,024, 512, 256, ... px a side are 4/3 of the finest; strips are padded
    assert sum(np.prod(shape) for shape in network.shapes) <= 4 * MAX_AREA


def test_noise_is_read_with_at_most_as_many_digits_as_are_wanted(monkeypatch):
    generator = torch.Generator().manual_seed(0)

    def guess(grey):
        count, _, height, width = grey.shape
        return Maps(
            *(
                size * torch.randn(count, channels, height // s, width // s, generator=generator)
                for channels, s, size in (
                    (1, 1, 3), (1, 2, 3), (1, 2, 3), (2, 2, 0.1), (1, 4, 0.1), (11, 4, 3),
                    (1, 8, 3),
                )
            )
        )  # fmt: skip

    monkeypatch.setattr(reader, "_weights", lambda: (guess, (WEIGHTS, BIAS)))
    for most in (20, 40):
        settings = replace(SETTINGS, most_digits=most)
        (found,) = find_digits([np.ones((700, 700), np.float32)], undecided, settings)
        assert len(found.digits) == most
        assert len(found.views) <= 10


def test_large_views_go_through_the_network_one_by_one(network):
    network.small_everywhere = True
    find_digits([np.ones((600, 600), np.float32)] * 3, undecided)
    assert all(
        count == 1 or count * height * width <= 512**2 for count, _, height, width in network.shapes
    )


# ---- what is said of a digit


def test_the_score_is_a_logistic_regression_by_hand(network):
    # 0.5 x 3 + 0.3 x 0 + 0.5 = 2
    score = digit_score(np.array([[3, 0], [-1, 0]], np.float32))
    assert score == pytest.approx([1 / (1 + np.exp(-2)), 0.5])


def test_probabilities_are_the_geometric_mean_of_both_networks_less_the_doubt(network, monkeypatch):
    own = np.zeros(10)
    own[4] = 6  # the reader's logits
    alone = np.full(10, 0.05)
    alone[7] = 0.55  # the classifier's probabilities
    product = np.sqrt(np.exp(own) / np.exp(own).sum() * alone)
    fused = product / product.sum()
    monkeypatch.setattr(reader, "digit_score", lambda features: np.full(len(features), 0.8, "f4"))
    ((digit,), _, _) = find_digits(
        [page((100, 100), (40, 30, 60, 80))], lambda pixels: alone[None].astype(np.float32)
    )[0]
    assert digit.probabilities == pytest.approx(0.8 * fused + 0.2 / 10, abs=1e-5)
    assert digit.score == pytest.approx(0.8)


@pytest.mark.parametrize(("ink", "ground"), [(0.1, 0.9), (0.35, 0.5)])
def test_contrast_is_the_difference_of_grey_between_ink_and_paper(network, ink, ground):
    grey = ink + (ground - ink) * page((60, 60), (20, 10, 36, 50))
    ((digit,), _, _) = find_digits([grey], undecided)[0]
    assert 0.7 * (ground - ink) < digit.contrast < ground - ink  # the edge is soft


def test_pixels_are_the_mask_in_mnists_format(network):
    ((digit,), _, _) = find_digits([page((60, 60), (20, 10, 36, 50))], undecided)[0]
    rows, columns = (np.flatnonzero((digit.pixels > 127).any(axis=axis)) for axis in (1, 0))
    assert len(rows) == 20  # MNIST's box
    assert len(columns) == pytest.approx(6, abs=2)  # 16 of 40 px, made thinner
    assert digit.mask[1:-1, 1:-1].mean() > 0.9


def test_a_box_knows_its_height_its_longer_side_and_its_place_at_another_scale():
    box = Box(10, 20, 40, 30)
    assert (box.height, box.size) == (10, 30)
    assert box.scaled(2) == Box(20, 40, 80, 60)


# ---- the most prominent digit


def digit(left, top, right, bottom, score=0.9):
    return Digit(Box(left, top, right, bottom), score, 0.5, None, None, None, 0)


def test_the_most_prominent_digit_is_large_sure_and_near_the_middle():
    middle, aside = digit(40, 40, 50, 60), digit(0, 40, 10, 60)
    assert most_prominent([aside, middle], (100, 100)) is middle
    assert most_prominent([middle, digit(0, 0, 40, 80)], (100, 100)).box.size == 80
    assert most_prominent([middle, digit(40, 40, 50, 60, 0.95)], (100, 100)).score == 0.95
    # at the edge, half a picture away, a quarter of the prominence is lost; the score is squared
    aside = digit(-5, 45, 5, 55, 1.0)
    assert most_prominent([digit(45, 45, 55, 55, 0.86), aside], (100, 100)) is aside
    assert most_prominent([digit(45, 45, 55, 55, 0.87), aside], (100, 100)) is not aside


def test_of_no_digits_none_is_prominent():
    assert most_prominent([], (100, 100)) is None


# ---- the file of weights


def test_the_weights_in_the_package_are_those_of_the_network():
    artifact = read_artifact(reader.READER_FILE)
    expected = ReaderNetwork().state_dict()
    assert {k: v.shape for k, v in artifact.tensors.items()} == {
        k: v.shape for k, v in expected.items()
    }
    assert reader.READER_FILE.stat().st_size < 1_500_000


def test_the_weights_of_the_score_come_with_those_of_the_network(tmp_path, monkeypatch):
    torch.manual_seed(0)
    tensors = {name: value.half() for name, value in ReaderNetwork().state_dict().items()}
    write_artifact(tmp_path / "made.safetensors", tensors, {"score": [1.0, 2.0, -3.0]})
    monkeypatch.setattr(reader, "READER_FILE", tmp_path / "made.safetensors")
    reader._weights.cache_clear()
    try:
        network, (weights, bias) = reader._weights()
        assert not network.training
        assert json.dumps([*weights.tolist(), bias]) == "[1.0, 2.0, -3.0]"
    finally:
        reader._weights.cache_clear()
