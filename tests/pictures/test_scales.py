"""Scales: overviews, closer views, and which view of a digit counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitnet.pictures.scales import View, best_views, closer, overview_scales, seen
from digitnet.pictures.settings import SETTINGS


def view(height=250, width=250, scale=0.25, left=0.0, top=0.0):
    return View(np.zeros((height, width), np.float32), left, top, (scale, scale))


# ---- overviews


@pytest.mark.parametrize(
    ("shape", "scales"),
    [
        ((512, 512), [1 / 2, 1 / 4, 1 / 8, 1 / 16]),  # 256, 128, 64 and 32 px
        ((100, 100), [1, 1 / 2, 1 / 4]),  # no more pixels than there are
        ((28, 28), [64 / 28, 32 / 28]),  # enlarged to 64 px
        ((8, 8), [8, 4]),  # to 64 px, too
        ((20, 3000), [1]),  # as low as a digit
        ((64, 1024), [1, 1 / 2]),  # 65,536 px
    ],
)
def test_overviews_halve_from_an_area_of_256x256_down_to_the_height_of_one_digit(shape, scales):
    assert list(overview_scales(shape)) == pytest.approx(scales)


@pytest.mark.parametrize("shape", [(30, 30), (300, 200), (900, 1200), (1024, 1024), (60, 4000)])
def test_a_digit_as_high_as_its_picture_or_half_of_that_is_readable_in_a_view(shape):
    for height in (min(shape), min(shape) / 2):
        heights = [height * scale for scale in overview_scales(shape)]
        assert any(SETTINGS.least_height <= h <= SETTINGS.most_height for h in heights)


# ---- closer views


def small_digits(*cells, shape=(32, 32)):
    probabilities = np.zeros(shape, np.float32)
    for row, column in cells:
        probabilities[row, column] = 0.9
    return probabilities


def test_without_small_digits_there_is_no_closer_view():
    faint = np.full((32, 32), SETTINGS.smaller - 0.01, np.float32)
    assert closer(faint, view(), (1000, 1000)) is None


def test_a_closer_view_is_twice_as_fine_and_holds_all_small_digits_with_a_margin():
    # cells of 8 px: rows 4 to 5 and columns 8 to 11 are 64..96 x 32..48 px of the view;
    # with 16 px around them 48..112 x 16..64, at a scale of 1/4
    found = closer(small_digits((4, 8), (5, 11)), view(), (1000, 1000))
    assert found is not None
    scale, region = found
    assert scale == 0.5
    assert region == pytest.approx((192, 64, 448, 256))


def test_a_closer_view_of_a_crop_is_in_pixels_of_the_picture_and_ends_at_its_edges():
    crop = view(64, 64, scale=0.5, left=700, top=900)
    found = closer(small_digits((0, 0), (7, 7), shape=(8, 8)), crop, (1000, 800))
    # 0..64 px with 16 around at a scale of 1/2: 700 - 32 .. 700 + 160, and 900 - 32 .. 900 + 160
    assert found == (1.0, pytest.approx((668, 868, 800, 1000)))


@pytest.mark.parametrize(
    ("shape", "scale", "expected"),
    [
        ((1000, 1000), 0.6, 1.024),  # 1,024 px a side are most
        ((1000, 1000), 1.024, None),
        ((100, 100), 1.0, 2.0),  # twice is most
        ((100, 100), 2.0, None),
    ],
)
def test_closer_views_end_at_the_finest_scale(shape, scale, expected):
    found = closer(small_digits((1, 1)), view(scale=scale), shape)
    assert (found and found[0]) == pytest.approx(expected)


# ---- which view counts


def choose(*digits, settings=SETTINGS):
    """Digits as (x, y of the centre, size, height in the view, score)."""
    x, y, size, heights, scores = np.array(digits, float).reshape(-1, 5).T
    boxes = np.stack([x - size / 2, y - size / 2, x + size / 2, y + size / 2], axis=1)
    return best_views(boxes, heights, scores.astype(np.float32), settings)


def test_of_two_views_of_a_digit_the_one_nearer_to_the_best_height_counts():
    assert choose((50, 50, 40, 15, 0.9), (51, 50, 40, 30, 0.8)) == [1]  # 0.9 - 0.3 < 0.8
    assert choose((50, 50, 40, 15, 0.9), (51, 50, 40, 30, 0.5)) == [0]
    assert choose((50, 50, 40, 30, 0.8), (51, 50, 40, 30, 0.9)) == [1]


def test_neighbours_are_two_digits_from_a_distance_of_03_of_their_size_on():
    assert choose((50, 50, 40, 30, 0.9), (63, 50, 40, 30, 0.8)) == [0, 1]
    assert choose((50, 50, 40, 30, 0.9), (61, 50, 40, 30, 0.8)) == [0]


def test_a_small_digit_beside_a_large_one_is_one_of_its_own():
    assert sorted(choose((50, 50, 100, 30, 0.9), (105, 50, 20, 30, 0.8))) == [0, 1]


def test_what_is_smaller_and_within_a_digit_is_a_part_of_it():
    whole = (50, 50, 100, 30, 0.9)
    assert choose(whole, (80, 50, 40, 30, 0.95)) == [0]  # all of it is within
    assert choose(whole, (97, 50, 40, 30, 0.95)) == [1, 0]  # 23 of 40 px are
    assert choose(whole, (75, 50, 80, 30, 0.95)) == [1, 0]  # too large for a part
    unsure = (50, 50, 100, 30, 0.2)  # perhaps no digit
    assert choose(unsure, (80, 50, 40, 30, 0.95)) == [1, 0]


@pytest.mark.parametrize("height", [14, 59])
def test_a_digit_of_a_height_that_cannot_be_read_counts_in_another_view_alone(height):
    assert choose((50, 50, 40, height, 1.0)) == []
    assert choose((50, 50, 40, height, 1.0), (50, 50, 40, 30, 0.1)) == [1]


def test_of_too_many_digits_those_of_the_highest_score_count():
    settings = replace(SETTINGS, most_digits=2)
    digits = [(100 * n, 0, 40, 30, score) for n, score in enumerate((0.5, 0.9, 0.7))]
    assert choose(*digits, settings=settings) == [1, 2]


def test_no_digits_are_no_choice():
    assert choose() == []


# ---- views


def test_a_view_shows_its_region_and_its_boxes_lead_back_to_the_picture():
    grey = np.ones((120, 200), np.float32)
    grey[30:40, 20:50] = 0
    shown = seen(grey, 2.0, (10.5, 20.2, 80.1, 60.9))
    assert shown.grey.shape == (82, 142)  # rows 20 to 60 and columns 10 to 80
    rows, columns = np.nonzero(shown.grey < 0.5)
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)
    assert box.tolist() == [20, 20, 80, 40]
    assert shown.to_picture(box).tolist() == [20, 30, 50, 40]


def test_a_view_knows_its_exact_scale_where_its_size_is_rounded():
    shown = seen(np.zeros((10, 33), np.float32), 0.25)
    assert shown.grey.shape == (2, 8)
    assert shown.scale == (8 / 33, 2 / 10)
    assert shown.to_picture(np.array([0, 0, 8, 2.0])) == pytest.approx((0, 0, 33, 10))


def test_boxes_of_a_view_are_shifted_and_scaled_back():
    skewed = View(np.zeros((8, 8), np.float32), 10, 20, (2.0, 4.0))
    boxes = np.array([[0, 0, 8, 8], [2, 4, 4, 8.0]])
    assert skewed.to_picture(boxes).tolist() == [[10, 20, 14, 22], [11, 21, 12, 22]]


def test_a_region_of_less_than_a_pixel_is_still_a_view():
    assert seen(np.zeros((10, 10), np.float32), 0.1, (3.0, 3.0, 4.0, 4.0)).grey.shape == (1, 1)
