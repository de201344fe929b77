"""Decoding: maps made by hand, whose digits are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from digitnet.pictures.decoding import Probabilities, decode, probabilities
from digitnet.pictures.network import Maps
from digitnet.pictures.settings import SETTINGS

INK = 0.95  # probability of ink within a drawn digit


def blank(height=64, width=64):
    """Maps of a view without ink."""
    half, quarter, eighth = ((-(-height // s), -(-width // s)) for s in (2, 4, 8))
    return Probabilities(
        np.zeros((height, width), np.float32),
        np.zeros((height, width), np.float32),
        np.zeros(half, np.float32),
        np.zeros((2, *half), np.float32),
        np.full(quarter, 32, np.float32),
        np.zeros((11, *quarter), np.float32),
        np.zeros(eighth, np.float32),
    )


def draw(maps, box, label, *, centre=0.9, height=None, at=None):
    """Draw a rectangle as a digit of a label whose offsets point to its middle."""
    left, top, right, bottom = box
    maps.ink[top:bottom, left:right] = maps.digit[top:bottom, left:right] = INK
    x, y = at or ((left + right) / 2, (top + bottom) / 2)
    maps.centre[int(y / 2), int(x / 2)] = centre
    rows, columns = slice(top // 2, -(-bottom // 2)), slice(left // 2, -(-right // 2))
    row, column = np.mgrid[rows, columns]
    maps.offset[0, rows, columns] = x - (2 * column + 1)
    maps.offset[1, rows, columns] = y - (2 * row + 1)
    quarters = np.s_[top // 4 : -(-bottom // 4), left // 4 : -(-right // 4)]
    maps.height[quarters] = bottom - top if height is None else height
    maps.label[(slice(None), *quarters)] = 0
    maps.label[(label, *quarters)] = 5
    return maps


def test_a_digit_has_its_box_label_and_features():
    found = decode(draw(blank(), (20, 16, 36, 48), 7))
    assert found.boxes.tolist() == [[20, 16, 36, 48]]
    assert found.logits.argmax(axis=1).tolist() == [7]
    # log odds of the centre (0.9) and of its ink (0.95)
    expected = [math.log(0.9 / 0.1), math.log(0.95 / 0.05)]
    assert found.features[0] == pytest.approx(expected, abs=1e-5)
    assert len(found.other) == 0


def test_touching_digits_are_told_apart_by_their_offsets():
    maps = draw(blank(), (12, 16, 24, 48), 3, centre=0.8)
    found = decode(draw(maps, (24, 16, 40, 48), 8, centre=0.9))  # one connected component
    assert found.boxes.tolist() == [[24, 16, 40, 48], [12, 16, 24, 48]]  # the higher score first
    assert found.logits.argmax(axis=1).tolist() == [8, 3]
    assert [mask.shape for mask in found.masks] == [(34, 18), (34, 14)]  # a pixel around
    for mask in found.masks:
        assert np.count_nonzero(mask) == 32 * (mask.shape[1] - 2)
        assert mask[mask > 0] == pytest.approx(INK)


def test_digits_within_one_another_have_a_mask_each():
    maps = draw(blank(), (8, 8, 56, 56), 0, at=(32, 20))
    found = decode(draw(maps, (24, 28, 40, 52), 1))
    assert sorted(found.boxes.tolist()) == [[8, 8, 56, 56], [24, 28, 40, 52]]
    outer = found.masks[found.boxes.tolist().index([8, 8, 56, 56])]
    assert not outer[30:42, 20:30].any()  # there is the inner one


def test_ink_far_from_any_centre_belongs_to_no_digit():
    maps = draw(blank(), (4, 16, 20, 48), 2)  # 24 px are within reach of its centre (12, 32)
    maps.ink[30:34, 24:30] = maps.digit[30:34, 24:30] = INK  # up to 18 px away
    maps.offset[:, 15:17, 10:] = 0  # it points to itself
    maps.ink[30:34, 44:60] = maps.digit[30:34, 44:60] = INK  # 32 px and more
    found = decode(maps)
    assert found.boxes.tolist() == [[4, 16, 30, 48]]
    assert found.other.tolist() == [[44, 30, 60, 34]]


def test_reach_is_a_share_of_the_digits_height():
    for height, reached in ((32, True), (20, False)):
        maps = draw(blank(), (4, 16, 20, 48), 2, height=height)
        maps.ink[30:34, 30:34] = maps.digit[30:34, 30:34] = INK  # 18 to 22 px from (12, 32)
        maps.height[7:9, 7:9] = height
        assert (decode(maps).boxes[0, 2] == 34) == reached


def test_ink_that_is_not_a_digits_is_another_mark():
    maps = draw(blank(), (4, 16, 20, 48), 2)
    maps.ink[20:30, 30:33] = INK
    maps.ink[30:40, 33] = INK  # it touches at a corner: one mark
    found = decode(maps)
    assert found.boxes.tolist() == [[4, 16, 20, 48]]
    assert found.other.tolist() == [[30, 20, 34, 40]]


def test_specks_of_fewer_than_four_pixels_are_no_marks():
    maps = blank()
    maps.ink[10, 10:13] = INK
    maps.ink[40, 10:14] = INK
    assert decode(maps).other.tolist() == [[10, 40, 14, 41]]


def test_a_mask_has_soft_edges_of_one_pixel():
    maps = draw(blank(), (20, 16, 36, 48), 7)
    maps.digit[15, 20:36] = maps.digit[48, 20:36] = 0.3
    maps.digit[16:48, 19] = 0.2
    maps.digit[14, 20:36] = 0.4  # two pixels away
    (mask,) = decode(maps).masks
    assert mask.shape == (34, 18)
    assert mask.dtype == np.float32
    assert mask[0, 1:-1] == pytest.approx(0.3)
    assert mask[-1, 1:-1] == pytest.approx(0.3)
    assert mask[1:-1, 0] == pytest.approx(0.2)
    assert not mask[1:-1, -1].any()
    assert mask[1:-1, 1:-1] == pytest.approx(INK)


def test_soft_edges_end_where_another_digit_begins_and_at_the_edge_of_the_view():
    maps = draw(blank(32, 32), (0, 0, 16, 32), 4)
    maps = draw(maps, (16, 0, 32, 32), 5)
    left, right = sorted(decode(maps).masks, key=lambda mask: float(mask[:, 0].sum()))[::-1]
    assert left.shape == right.shape == (32, 17)
    assert not left[:, -1].any()
    assert not right[:, 0].any()


def test_without_a_centre_there_is_no_digit_and_all_ink_is_another_mark():
    maps = draw(blank(), (20, 16, 36, 48), 7, centre=SETTINGS.centre - 0.01)
    found = decode(maps)
    assert (found.boxes.shape, found.logits.shape, found.features.shape) == (
        (0, 4), (0, 10), (0, 2),
    )  # fmt: skip
    assert found.masks == []
    assert found.other.tolist() == [[20, 16, 36, 48]]


def test_without_ink_there_is_no_digit_and_no_other_mark():
    maps = blank()
    maps.centre[10, 10] = 0.9
    found = decode(maps)
    assert len(found.boxes) == len(found.other) == 0
    assert found.other.shape == (0, 4)


def test_a_centre_is_the_largest_of_its_neighbours():
    maps = draw(blank(), (20, 16, 36, 48), 7)
    maps.centre[15:18, 13:16] = 0.6
    maps.centre[16, 14] = 0.9
    maps.centre[20, 14] = 0.7  # a second maximum, to which no offset points
    found = decode(maps)
    assert found.boxes.tolist() == [[20, 16, 36, 48]]


@pytest.mark.parametrize(("width", "digits"), [(3, 0), (4, 1)])
def test_ink_of_fewer_than_four_pixels_is_no_digit(width, digits):
    maps = draw(blank(), (20, 30, 20 + width, 31), 1, height=32, at=(22, 31))
    assert len(decode(maps).boxes) == digits


def test_of_more_maxima_than_wanted_the_strongest_count():
    maps = draw(blank(40, 200), (8, 4, 24, 36), 1, centre=0.5)
    maps = draw(maps, (92, 4, 108, 36), 2, centre=0.9)
    maps = draw(maps, (160, 4, 176, 36), 3, centre=0.7)
    assert decode(maps).logits.argmax(axis=1).tolist() == [2, 3, 1]
    found = decode(maps, replace(SETTINGS, most_digits=2))
    assert found.logits.argmax(axis=1).tolist() == [2, 3]
    assert found.other.tolist() == [[8, 4, 24, 36]]  # too far from the others' centres


def test_labels_are_means_over_the_ink():
    maps = draw(blank(), (20, 16, 36, 48), 7)
    maps.label[3, 4:12, 5:7] = 2  # half of it
    (logits,) = decode(maps).logits
    assert logits[3] == pytest.approx(1)
    assert logits[7] == pytest.approx(5)


# ---- from the network's maps


def test_maps_become_probabilities_and_pixels():
    maps = Maps(
        ink=torch.full((1, 1, 16, 16), math.log(3)),  # 0.75
        digit=torch.zeros(1, 1, 8, 8),  # 0.5 of the ink
        centre=torch.full((1, 1, 8, 8), -math.log(9)),  # 0.1
        offset=torch.full((1, 2, 8, 8), 0.5),  # of 16 px
        height=torch.full((1, 1, 4, 4), -1.0),  # half of 32 px
        label=torch.full((1, 11, 4, 4), 3.0),
        smaller=torch.zeros(1, 1, 2, 2),
    )
    (found,) = probabilities(maps, [np.s_[0:16, 0:16]])
    for name, value in {
        "ink": 0.75, "digit": 0.375, "centre": 0.1, "offset": 8, "height": 16, "label": 3,
        "smaller": 0.5,
    }.items():  # fmt: skip
        assert getattr(found, name) == pytest.approx(value), name


def test_maps_of_a_batch_are_cut_to_the_size_of_each_view():
    sizes = {"ink": 1, "digit": 2, "centre": 2, "offset": 2, "height": 4, "label": 4, "smaller": 8}
    channels = {"offset": 2, "label": 11}
    maps = Maps(
        **{
            name: torch.stack(
                [torch.full((channels.get(name, 1), 32 // s, 48 // s), v) for v in (-1.0, 1.0)]
            )
            for name, s in sizes.items()
        }
    )
    first, second = probabilities(maps, [np.s_[0:21, 0:37], np.s_[0:32, 0:48]])
    assert first.ink.shape == first.digit.shape == (21, 37)
    assert first.centre.shape == (11, 19)
    assert first.offset.shape == (2, 11, 19)
    assert first.height.shape == (6, 10)
    assert first.label.shape == (11, 6, 10)
    assert first.smaller.shape == (3, 5)
    assert second.ink.shape == (32, 48)
    assert (first.ink < 0.5).all()
    assert (second.ink > 0.5).all()


def test_a_view_in_the_middle_of_its_padding_is_cut_out_at_every_stride():
    maps = Maps(*(torch.full((1, c, 64 // s, 64 // s), -9.0) for c, s in
                  ((1, 1), (1, 2), (1, 2), (2, 2), (1, 4), (11, 4), (1, 8))))  # fmt: skip
    for stride, values in ((1, maps.ink), (2, maps.centre), (4, maps.height), (8, maps.smaller)):
        values[0, 0, 24 // stride, 16 // stride] = 3  # where the view begins
    (found,) = probabilities(maps, [np.s_[24:45, 16:53]])
    for values in (found.ink, found.centre, found.height, found.smaller):
        assert np.unravel_index(values.argmax(), values.shape) == (0, 0)
    assert found.ink.shape == (21, 37)
    assert found.smaller.shape == (3, 5)


def test_heights_beyond_any_picture_stay_numbers():
    maps = Maps(*(torch.full((1, c, 16 // s, 16 // s), 1e9) for c, s in
                  ((1, 1), (1, 2), (1, 2), (2, 2), (1, 4), (11, 4), (1, 8))))  # fmt: skip
    (found,) = probabilities(maps, [np.s_[0:16, 0:16]])
    assert found.height.max() == 512  # 32 px and four octaves
