"""The reader's losses: against hand calculations, and smallest at the truth."""

from __future__ import annotations

import math

import objective
import pytest
import torch
from crops import IGNORED, MOST_DIGITS
from objective import Targets, digit_heights, reader_losses, reader_objective, varied

from digitnet.pictures.network import NO_DIGIT, OFFSET_UNIT, UNIT_HEIGHT, Maps, ReaderNetwork

SIZE = 64


def targets(*digits, size=SIZE):
    """A crop with rectangles (left, top, right, bottom, label) as digits."""
    ink, owners = torch.zeros(2, 1, 1, size, size, dtype=torch.uint8)
    table = torch.zeros(1, MOST_DIGITS, 5)
    for number, (left, top, right, bottom, label) in enumerate(digits):
        ink[..., top:bottom, left:right] = 255
        owners[..., top:bottom, left:right] = number + 1
        table[0, number] = torch.tensor(
            [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, label]
        )
    return Targets(ink, owners, table)


def maps(size=SIZE, **values):
    """Maps of one value each; of no value, 0."""
    shapes = {
        "ink": (1, 1), "digit": (1, 2), "centre": (1, 2), "offset": (2, 2), "height": (1, 4),
        "label": (11, 4), "smaller": (1, 8),
    }  # fmt: skip
    return Maps(
        **{
            name: torch.full((1, channels, size // s, size // s), float(values.get(name, 0)))
            for name, (channels, s) in shapes.items()
        }
    )


def perfect(truth, sure=12.0):
    """Maps that say the truth."""
    found, (_, _, size, _) = maps(), truth.ink.shape
    small = torch.zeros(size // 8, size // 8, dtype=torch.bool)
    found.ink.copy_(torch.where(truth.ink > 0, sure, -sure))
    owned = torch.nn.functional.max_pool2d(truth.owners.float(), 2) > 0
    found.digit.copy_(torch.where(owned, sure, -sure))
    found.centre.fill_(-sure)
    found.label[:, NO_DIGIT] = sure
    for x, y, width, height, label in truth.table[0][truth.table[0, :, 3] > 0].tolist():
        left, right = int(x - width / 2), int(x + width / 2)
        top, bottom = int(y - height / 2), int(y + height / 2)
        half, quarter = (
            (..., slice(top // s, -(-bottom // s)), slice(left // s, -(-right // s)))
            for s in (2, 4)
        )
        row, column = torch.meshgrid(
            torch.arange(size // 2) * 2 + 1, torch.arange(size // 2) * 2 + 1, indexing="ij"
        )
        offsets = torch.stack([x - column, y - row])[None] / OFFSET_UNIT
        found.offset[half] = offsets[half]
        found.height[quarter] = math.log2(max(height, 0.7 * width) / UNIT_HEIGHT)
        found.label[quarter] = 0
        found.label[:, int(label)][quarter] = sure
        found.centre[0, 0, int(y / 2), int(x / 2)] = sure
        if height < objective.SMALLER:
            small[top // 8 : -(-bottom // 8), left // 8 : -(-right // 8)] = True
    found.smaller.copy_(torch.where(small, sure, -sure))
    return found


DIGIT = (20, 8, 36, 48, 7)


def test_the_truth_has_hardly_a_loss():
    truth = targets(DIGIT, (44, 16, 56, 48, 3))
    losses, accuracy = reader_losses(perfect(truth), truth)
    assert float(accuracy) == 1
    for name, loss in losses.items():
        # the bump of a centre is wider than its cell, which no map of two values follows
        assert float(loss) < (0.4 if name == "centre" else 0.01), name


@pytest.mark.parametrize("name", list(Maps._fields))
def test_every_head_is_missed_where_it_is_wrong(name):
    truth = targets(DIGIT)
    right, wrong = perfect(truth), perfect(truth)
    getattr(wrong, name).neg_() if name != "label" else wrong.label.copy_(right.label.roll(1, 1))
    before, after = (reader_losses(found, truth)[0] for found in (right, wrong))
    assert float(after[name]) > float(before[name]) + 0.1
    for other in set(before) - {name}:
        assert float(after[other]) == pytest.approx(float(before[other]), abs=1e-5)


def test_losses_of_no_digits_are_finite():
    losses, accuracy = reader_losses(maps(), targets())
    assert all(loss.isfinite() for loss in losses.values())
    assert float(losses["offset"]) == float(losses["height"]) == float(accuracy) == 0


# ---- by hand


def test_ink_is_cross_entropy_and_half_of_dices_loss():
    truth = targets((0, 0, 32, 64, 1))  # half of the 4,096 pixels
    loss = float(reader_losses(maps(ink=0), truth)[0]["ink"])
    # p = 1/2: both 1,024; sizes 1,024 + 2,048
    assert loss == pytest.approx(math.log(2) + 0.5 * (1 - (2 * 1024 + 20) / (3072 + 20)), rel=1e-4)


def test_offsets_count_in_digit_heights_and_each_digit_as_much():
    tall, low = (0, 0, 8, 40, 1), (32, 0, 48, 32, 2)  # the second has twice the cells
    found = perfect(truth := targets(tall, low))
    found.offset[..., : 32 // 2] += 8 / OFFSET_UNIT  # both components of the first, 8 px
    # |8| + |8| = 16 of 40 px, for one of two digits
    assert float(reader_losses(found, truth)[0]["offset"]) == pytest.approx(0.2, abs=1e-5)


def test_heights_count_in_octaves():
    found = perfect(truth := targets(DIGIT))
    found.height.add_(0.5)
    assert float(reader_losses(found, truth)[0]["height"]) == pytest.approx(0.5, abs=1e-6)


def test_labels_are_cross_entropy_and_other_ink_counts_as_one_digit():
    truth = targets(DIGIT)
    truth.ink[..., 52:60, 8:56] = 255  # 24 cells of 4 px that no digit owns
    losses, _ = reader_losses(maps(label=0), truth)
    assert float(losses["label"]) == pytest.approx(math.log(11), rel=1e-5)
    found = perfect(targets(DIGIT))
    found.label[0, :, 13:15] = 0  # undecided about the other ink, sure of the digit
    assert float(reader_losses(found, truth)[0]["label"]) == pytest.approx(
        math.log(11) / 2, rel=1e-3
    )
    assert float(reader_losses(found, truth)[1]) == 1


def test_digits_too_small_to_read_ask_for_a_closer_view_and_for_nothing_else():
    truth = targets((24, 24, 32, 36, 5))  # 12 px
    losses, _ = reader_losses(maps(smaller=-9, centre=-9), truth)
    assert float(losses["smaller"]) > 0.5
    assert float(losses["offset"]) == float(losses["height"]) == 0
    assert float(losses["centre"]) < 0.01
    found = perfect(truth)
    assert float(reader_losses(found, truth)[0]["smaller"]) < 0.01


def test_a_digit_large_enough_asks_for_no_closer_view():
    losses, _ = reader_losses(maps(smaller=9), targets(DIGIT))
    assert float(losses["smaller"]) > 5


def test_ignored_pixels_say_nothing():
    truth = targets(DIGIT)
    truth.owners[..., 50:, :] = IGNORED
    truth.ink[..., 50:, :] = 255
    there = (..., slice(26, None), slice(None))  # stride 2
    right, wrong = perfect(truth), perfect(truth)
    wrong.ink[..., 50:, :] *= -1
    wrong.digit[there] *= -1
    wrong.centre[there] *= -1
    wrong.smaller[..., 7:, :] *= -1
    before, after = (reader_losses(found, truth)[0] for found in (right, wrong))
    for name in before:
        assert float(after[name]) == pytest.approx(float(before[name]), abs=1e-5), name


def test_the_height_of_a_wide_digit_is_07_of_its_width():
    table = torch.tensor([[[0, 0, 10, 30, 1], [0, 0, 100, 30, 1.0]]])
    assert digit_heights(table).tolist() == [[30, 70]]


# ---- the whole


def test_crops_are_varied_and_stay_images():
    torch.manual_seed(0)
    grey = torch.full((64, 1, 32, 32), 200, dtype=torch.uint8)
    made = varied(grey)
    assert made.shape == grey.shape
    assert made.dtype == torch.float32
    assert made.isfinite().all()
    means = made.mean(dim=(1, 2, 3))
    assert 0.15 < float((means < 0.4).float().mean()) < 0.7  # inverted or in a shadow
    assert made.std(dim=(1, 2, 3)).max() > 0.1


def test_a_network_learns_a_crop():
    torch.manual_seed(0)
    truth = targets(DIGIT)
    grey = 255 - truth.ink
    batch = Targets(*(field.repeat_interleave(4, 0) for field in truth))
    network = ReaderNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    losses = []
    for _ in range(25):
        loss, correct = reader_objective(network, grey.repeat_interleave(4, 0), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]
    assert 0 <= float(correct) <= 4
