"""What the reader network minimises: one loss for each of its heads."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from crops import IGNORED, READ_HEIGHT
from torch import Tensor, nn
from torch.nn import functional

from digitnet.pictures.network import NO_DIGIT, OFFSET_UNIT, UNIT_HEIGHT, Maps

# Weights of the losses: each head is of about the same size in the sum while it learns
WEIGHTS = {
    "ink": 1.0,
    "digit": 0.8,
    "centre": 0.6,
    "offset": 1.5,
    "height": 0.3,
    "label": 1.0,
    "smaller": 0.5,
}
LEAST, _, MOST = READ_HEIGHT  # px of digits that the network has to read
UNCLEAR = (11.0, 80.0)  # px: between these and LEAST or MOST a centre may be found or not
SMALLER, LARGE_ENOUGH = 19.0, 24.0  # px: below, digits are "smaller"; between, either will do
INKED = 0.3  # of a cell, in 0..1: it has ink
SIGMA = 0.06  # standard deviation of a centre's bump, of the digit's height
SHADOWS, INVERTED = 0.4, 0.35  # shares of the crops


class Targets(NamedTuple):
    """The truth of a batch: uint8 (B, 1, H, W) twice, and float32 (B, K, 5); see `crops.Crop`."""

    ink: Tensor
    owners: Tensor
    table: Tensor


class _Digits(NamedTuple):
    """Cells that digits own, at one stride: (M,) each.

    Attributes:
        batch: Crop.
        row: Cell.
        column: Cell.
        digit: float32 (M, 5), row of the table.
        weight: So that each digit's cells sum to 1.
    """

    batch: Tensor
    row: Tensor
    column: Tensor
    digit: Tensor
    weight: Tensor


def reader_objective(model: nn.Module, grey: Tensor, truth: Targets) -> tuple[Tensor, Tensor]:
    """Return the loss () of a batch of crops, and how many have their digits' classes right ().

    Args:
        model: A `ReaderNetwork`.
        grey: uint8 (B, 1, H, W).
        truth: Of the same crops.
    """
    maps = Maps(*(values.float() for values in model(varied(grey))))
    with torch.autocast("cpu", enabled=False):
        losses, accuracy = reader_losses(maps, truth)
    return sum(WEIGHTS[name] * loss for name, loss in losses.items()), accuracy * len(grey)


def reader_losses(maps: Maps, truth: Targets) -> tuple[dict[str, Tensor], Tensor]:
    """Return the loss of each head, and the share of digits whose class is right."""
    ink, known = truth.ink.float() / 255, truth.owners != IGNORED
    half, quarter = (functional.max_pool2d(truth.owners.float(), s).long() for s in (2, 4))
    inked_half, inked_quarter = (functional.max_pool2d(ink, stride) > INKED for stride in (2, 4))
    heights = digit_heights(truth.table)
    read = (heights >= LEAST) & (heights <= MOST)
    x, y = truth.table[..., 0], truth.table[..., 1]
    inside = (x > 0) & (y > 0) & (x < ink.shape[3]) & (y < ink.shape[2])
    at_half = _owned(half, truth.table, read)
    at_quarter = _owned(quarter, truth.table, read & inside)
    label, accuracy = _label_loss(maps.label, at_quarter, quarter, inked_quarter)
    return {
        "ink": _ink_loss(maps.ink, ink, known),
        "digit": _digit_loss(maps.digit, half, inked_half),
        "centre": _centre_loss(maps.centre, truth.table, read & inside, half == IGNORED),
        "offset": _offset_loss(maps.offset, at_half),
        "height": _height_loss(maps.height, at_quarter),
        "label": label,
        "smaller": _smaller_loss(maps.smaller, truth, heights),
    }, accuracy


def digit_heights(table: Tensor) -> Tensor:
    """Return the heights (B, K) of digits in px: those of wide ones are 0.7 of the width."""
    return torch.maximum(table[..., 3], 0.7 * table[..., 2])


def varied(grey: Tensor) -> Tensor:
    """Return float32 crops (B, 1, H, W) in about 0..1, inverted, shaded and noisy at random."""
    x = grey.float() / 255
    each = (len(x), 1, 1, 1)
    x = torch.where(torch.rand(each) < INVERTED, 1 - x, x)
    x = x.clamp(1e-3, 1) ** torch.exp(0.25 * torch.randn(each))
    # a shadow with a straight edge, hard or soft
    size = x.shape[-1]
    angle, depth = 2 * math.pi * torch.rand(each), 0.1 + 0.6 * torch.rand(each)
    depth = depth * (torch.rand(each) < SHADOWS)
    softness = torch.exp(math.log(0.5) + math.log(80) * torch.rand(each))  # 0.5 to 40 px
    place = torch.arange(size) - size / 2
    beyond = place * angle.cos() + place[:, None] * angle.sin() - size * (torch.rand(each) - 0.5)
    x = x * (1 - depth * torch.sigmoid(beyond / softness))
    x = x + 0.02 * torch.rand(each) * torch.randn_like(x)
    return x.contiguous(memory_format=torch.channels_last)


def _owned(owners: Tensor, table: Tensor, wanted: Tensor) -> _Digits:
    batch, _, row, column = torch.nonzero((owners > 0) & (owners != IGNORED), as_tuple=True)
    number = owners[batch, 0, row, column] - 1
    kept = wanted[batch, number]
    batch, row, column, number = batch[kept], row[kept], column[kept], number[kept]
    digit = batch * table.shape[1] + number
    weight = 1.0 / torch.bincount(digit, minlength=wanted.numel())[digit]
    return _Digits(batch, row, column, table[batch, number], weight)


def _mean(losses: Tensor, weights: Tensor) -> Tensor:
    return (losses * weights).sum() / weights.sum().clamp(min=1)


def _ink_loss(logits: Tensor, ink: Tensor, known: Tensor) -> Tensor:
    """Return cross-entropy of pixels, and half of Dice's loss (Milletari et al., 2016)."""
    entropy = functional.binary_cross_entropy_with_logits(logits, ink, reduction="none")
    found, ink = logits.sigmoid() * known, ink * known
    both, sizes = (found * ink).sum((1, 2, 3)), (found**2 + ink**2).sum((1, 2, 3))
    return _mean(entropy, known) + 0.5 * (1 - (2 * both + 20) / (sizes + 20)).mean()


def _digit_loss(logits: Tensor, owners: Tensor, inked: Tensor) -> Tensor:
    wrong = functional.binary_cross_entropy_with_logits(
        logits, (owners > 0).float(), reduction="none"
    )
    return _mean(wrong, (inked & (owners != IGNORED)).float())


def _centre_loss(logits: Tensor, table: Tensor, read: Tensor, unknown: Tensor) -> Tensor:
    """Return CornerNet's focal loss (arXiv 1808.01244) for bumps at the centres of digits."""
    heights = digit_heights(table)
    unclear = ~read & (heights > UNCLEAR[0]) & (heights < UNCLEAR[1])
    heat, ignored = (_heat(table, wanted, logits.shape[-1]) for wanted in (read, unclear))
    known = ~unknown & ((ignored < 0.1) | (heat > ignored))
    p = logits.sigmoid().clamp(1e-4, 1 - 1e-4)
    loss = torch.where(heat == 1, (1 - p) ** 2 * p.log(), (1 - heat) ** 4 * p**2 * (1 - p).log())
    return -(loss * known).sum() / read.sum().clamp(min=1)


def _heat(table: Tensor, wanted: Tensor, size: int) -> Tensor:
    """Return bumps (B, 1, size, size) at the centres of some digits; that cell itself is 1."""
    at = (torch.arange(size) + 0.5) * 2
    x, y = table[..., 0], table[..., 1]
    height = digit_heights(table)
    wanted = wanted & (height > 0)
    sigma = (SIGMA * height).clamp(1.3, 5)
    across, down = (
        torch.exp(-((at - place[..., None]) ** 2) / (2 * sigma[..., None] ** 2)) for place in (x, y)
    )
    heat = torch.zeros(len(table), size, size)
    for digit in range(int((height > 0).sum(1).max())):
        bump = down[:, digit, :, None] * across[:, digit, None, :]
        heat = torch.maximum(heat, bump * wanted[:, digit, None, None])
    batch, digit = torch.nonzero(wanted, as_tuple=True)
    rows, columns = ((place[batch, digit] / 2).long().clamp(0, size - 1) for place in (y, x))
    inside = (x[batch, digit] >= 0) & (x[batch, digit] < 2 * size)
    inside &= (y[batch, digit] >= 0) & (y[batch, digit] < 2 * size)
    heat[batch[inside], rows[inside], columns[inside]] = 1
    return heat[:, None]


def _offset_loss(offset: Tensor, cells: _Digits) -> Tensor:
    place = torch.stack([cells.column, cells.row], 1) * 2 + 1
    found = offset[cells.batch, :, cells.row, cells.column] * OFFSET_UNIT
    wrong = (found - (cells.digit[:, :2] - place)).abs().sum(1)
    return _mean(wrong / digit_heights(cells.digit).clamp(min=4), cells.weight)


def _height_loss(height: Tensor, cells: _Digits) -> Tensor:
    target = torch.log2(digit_heights(cells.digit) / UNIT_HEIGHT)
    wrong = (height[cells.batch, 0, cells.row, cells.column] - target).abs()
    return _mean(wrong, cells.weight)


def _label_loss(
    logits: Tensor, cells: _Digits, owners: Tensor, inked: Tensor
) -> tuple[Tensor, Tensor]:
    """Return cross-entropy: each digit counts 1, and so does the other ink of each crop."""
    found = logits[cells.batch, :, cells.row, cells.column]
    labels = cells.digit[:, 4].long()
    digits = functional.cross_entropy(found, labels, reduction="none")
    right = (found.argmax(1) == labels).float()
    foreign = inked[:, 0] & (owners[:, 0] == 0)
    counts = foreign.sum((1, 2), keepdim=True)
    none = functional.cross_entropy(
        logits, torch.full_like(owners[:, 0], NO_DIGIT), reduction="none"
    )
    share = foreign / counts.clamp(min=20)
    loss = (digits * cells.weight).sum() + (none * share).sum()
    total = cells.weight.sum() + share.sum()
    return loss / total.clamp(min=1), _mean(right, cells.weight)


def _smaller_loss(logits: Tensor, truth: Targets, heights: Tensor) -> Tensor:
    owners, rows = truth.owners[:, 0].long(), torch.arange(len(heights))[:, None, None]
    ends = heights.new_zeros(len(heights), 1)
    by_owner = torch.cat([ends, heights, heights.new_zeros(len(heights), IGNORED)], 1)
    height = by_owner[rows, owners]  # of the digit of each pixel, (B, H, W)
    small = functional.max_pool2d(((height > 0) & (height < SMALLER)).float()[:, None], 8)
    either = functional.max_pool2d(
        (((height >= SMALLER) & (height < LARGE_ENOUGH)) | (owners == IGNORED)).float()[:, None], 8
    )
    wrong = functional.binary_cross_entropy_with_logits(logits, small, reduction="none")
    return _mean(wrong * torch.where(small > 0, 4.0, 1.0), (small + (1 - either) > 0).float())
