"""Training crops: pixels, owners and tables are of the same view."""

from __future__ import annotations

import crops
import numpy as np
import pytest
from PIL import Image

from digitnet.datasets import paper


def truth(shape, *boxes, labels=None):
    """Dark rectangles on white, each a digit."""
    grey, ink, owners = (
        np.full(shape, 255, np.uint8), np.zeros(shape, np.uint8), np.zeros(shape, np.uint16),
    )  # fmt: skip
    for number, (left, top, right, bottom) in enumerate(boxes, start=1):
        grey[top:bottom, left:right], ink[top:bottom, left:right] = 0, 255
        owners[top:bottom, left:right] = number
    labels = np.arange(len(boxes)) if labels is None else np.array(labels)
    return crops.Truth(
        Image.fromarray(grey), ink, owners, np.array(boxes, float).reshape(-1, 4), labels
    )


def box_of(mask):
    rows, columns = np.nonzero(mask)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@pytest.mark.parametrize("height", [10, 30, 100, 400])
def test_table_owners_ink_and_grey_of_a_view_are_of_one_place(height):
    left, top = 150, 60
    one = truth((500, 600), (left, top, left + height // 2, top + height), labels=[7])
    for crop in crops.views(one, 6, 0, 0, np.random.default_rng(0)):
        assert crop.grey.shape == crop.ink.shape == crop.owners.shape == (128, 128)
        assert set(np.unique(crop.owners)) == {0, 1}
        x, y, width, found_height, label = crop.table[0]
        assert label == 7
        assert not crop.table[1:].any()
        if (
            min(x - width / 2, y - found_height / 2) > 1
            and max(x + width / 2, y + found_height / 2) < 127
        ):
            expected = [x - width / 2, y - found_height / 2, x + width / 2, y + found_height / 2]
            for mask in (crop.owners == 1, crop.ink > 127, crop.grey < 128):
                assert box_of(mask) == pytest.approx(expected, abs=2)


def test_digits_of_close_views_can_be_read_and_those_of_far_views_are_smaller():
    one = truth((800, 800), (300, 300, 360, 420))
    rng = np.random.default_rng(1)
    heights = [crop.table[0, 3] for crop in crops.views(one, 80, 80, 0, rng)]
    least, median, most = crops.READ_HEIGHT
    close, far = (np.array([h for h in part if h]) for part in (heights[:80], heights[80:]))
    assert close.min() >= least - 0.5
    assert close.max() <= most + 0.5
    assert np.median(close) == pytest.approx(median, rel=0.15)
    assert far.min() >= crops.FAR_HEIGHT[0] - 0.5
    assert far.max() <= crops.FAR_HEIGHT[1] + 0.5


def test_a_small_picture_is_enlarged_by_three_at_most_and_padded_with_its_edge():
    one = truth((12, 12), (3, 3, 7, 9))
    (crop,) = crops.views(one, 1, 0, 0, np.random.default_rng(0))
    assert crop.table[0, 3] == pytest.approx(18)  # of 6 px
    assert (crop.grey == 255).mean() > 0.95
    assert np.count_nonzero(crop.owners) == pytest.approx(18 * 12, abs=40)


def test_thin_ink_keeps_its_owner_in_a_far_view():
    one = truth((1000, 1000), (500, 400, 503, 600))
    for crop in crops.views(one, 0, 10, 0, np.random.default_rng(2)):
        rows = (crop.owners == 1).any(axis=1).sum()
        assert rows >= crop.table[0, 3] - 1.5


def test_of_more_digits_than_the_table_holds_the_others_are_ignored():
    boxes = [(20 * (n % 10) + 4, 24 * (n // 10) + 4, 20 * (n % 10) + 14, 24 * (n // 10) + 22)
             for n in range(100)]  # fmt: skip
    many = truth((250, 210), *boxes, labels=[n % 10 for n in range(100)])
    rng = np.random.default_rng(0)
    full = next(c for c in crops.views(many, 0, 50, 0, rng) if (c.owners == crops.IGNORED).any())
    assert (full.table[:, 3] > 0).all()
    assert len(np.unique(full.owners[(full.owners > 0) & (full.owners < crops.IGNORED)])) == 64


def test_unknown_pixels_are_ignored():
    one = truth((100, 100), (40, 40, 55, 70))
    one.owners[:, :30] = one.unknown
    found = [crop.owners for crop in crops.views(one, 20, 0, 0, np.random.default_rng(0))]
    assert any((owners == crops.IGNORED).any() for owners in found)
    assert set(np.unique(np.stack(found))) <= {0, 1, crops.IGNORED}


def test_the_truth_of_a_picture_on_paper_is_its_own():
    made = paper.numbers(1, seed=3, digits=3, lines=2)[0]
    found = crops.truth_of(made)
    assert found.grey.mode == "L"
    assert found.boxes.tolist() == [list(box) for box in made.boxes]
    assert "".join(map(str, found.labels)) == made.text.replace("\n", "")
    blank = crops.truth_of(paper.blanks(1)[0])
    assert blank.boxes.shape == (0, 4)
    views = list(crops.views(blank, 2, 1, 0, np.random.default_rng(0)))
    assert not any(crop.table.any() for crop in views)


def test_the_same_random_numbers_give_the_same_views():
    one = truth((300, 300), (100, 100, 140, 180), (200, 50, 240, 110))
    a, b = ([*crops.views(one, 3, 2, 0, np.random.default_rng(5))] for _ in range(2))
    for left, right in zip(a, b, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(left, right, strict=True))
