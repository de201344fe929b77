"""From the network's maps to digits: local maxima, offsets, one mask a digit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from digitnet.pictures.loading import Floats, Grey
from digitnet.pictures.network import OFFSET_UNIT, UNIT_HEIGHT, Maps
from digitnet.pictures.settings import SETTINGS, Settings

Masks = npt.NDArray[np.int32]

LEAST_AREA = 4  # px of a view: a speck of fewer is neither a digit nor another mark


class Decoded(NamedTuple):
    """What the network has found in a view; the first axis of all but the last counts digits.

    Attributes:
        boxes: float64 (N, 4), left, top, right and bottom of each digit's ink in px of the view.
        features: float32 (N, 2), logits of its centre and of its ink: see `digit_score`.
        logits: float32 (N, 10), of the ten digits: means over the ink.
        masks: One float32 (h, w) in 0..1 a digit: its ink within its box, with soft edges.
        other: Boxes (M, 4) of ink that belongs to no digit.
    """

    boxes: npt.NDArray[np.float64]
    features: Floats
    logits: Floats
    masks: list[Grey]
    other: npt.NDArray[np.float64]


class Probabilities(NamedTuple):
    """The maps of one view as arrays, cut to the view's size (h, w); see `Maps`."""

    ink: Floats  # (h, w), in 0..1 like all that are no logits
    digit: Floats  # (h, w), of a digit's ink
    centre: Floats  # (h / 2, w / 2)
    offset: Floats  # (2, h / 2, w / 2), px
    height: Floats  # (h / 4, w / 4), px
    label: Floats  # (11, h / 4, w / 4), logits
    smaller: Floats  # (h / 8, w / 8)


_STRIDES = (1, 1, 2, 2, 4, 4, 8)  # of these maps


def probability_maps(maps: Maps) -> tuple[Tensor, ...]:
    """Return the maps of a batch (N, ...) in the order and in the units of `Probabilities`."""
    ink = maps.ink.sigmoid()
    return (
        ink,
        functional.interpolate(maps.digit, scale_factor=2, mode="bilinear").sigmoid() * ink,
        maps.centre.sigmoid(),
        maps.offset * OFFSET_UNIT,
        UNIT_HEIGHT * torch.exp2(maps.height.clamp(-4, 4)),
        maps.label,
        maps.smaller.sigmoid(),
    )


def probabilities(maps: Maps, places: Sequence[tuple[slice, slice]]) -> list[Probabilities]:
    """Return the maps of each view of a batch, cut to its rows and columns of the input."""
    scaled = [*zip(probability_maps(maps), _STRIDES, strict=True)]
    return [
        Probabilities(*(_cut(values[number], stride, place) for values, stride in scaled))
        for number, place in enumerate(places)
    ]


def _cut(values: Tensor, stride: int, place: tuple[slice, slice]) -> Floats:
    rows, columns = (slice(side.start // stride, -(-side.stop // stride)) for side in place)
    return values[..., rows, columns].squeeze(0).numpy()


def decode(found: Probabilities, settings: Settings = SETTINGS) -> Decoded:
    """Return the digits of a view, and boxes of ink that is no digit's."""
    from scipy import ndimage  # slow to import

    # masks: each pixel of a digit's ink goes to the centre nearest to where its offset points
    centres = _centres(found, settings)
    y, x = np.nonzero(found.digit > settings.ink)
    owner = _nearest_centre(found, (y, x), centres, settings)
    count = len(centres[0])
    areas = np.bincount(owner, minlength=count + 1)
    owner[areas[owner] < LEAST_AREA] = 0
    areas = areas[1:]
    masks = np.zeros(found.digit.shape, np.int32)
    masks[y, x] = owner
    # means over each mask

    def mean(values: Floats) -> npt.NDArray[np.float64]:
        return np.bincount(owner, values, count + 1)[1:] / np.maximum(areas, 1)

    logits = np.stack([mean(values) for values in found.label[:10, y // 4, x // 4]], axis=1)
    features = [_logit(found.centre[centres]), _logit(mean(found.digit[y, x]))]
    # digits: masks that are not empty
    kept = np.flatnonzero(areas >= LEAST_AREA).tolist()
    places = ndimage.find_objects(masks, count)
    edges = [
        (columns.start, rows.start, columns.stop, rows.stop)
        for rows, columns in (places[number] for number in kept)
    ]
    return Decoded(
        np.array(edges, float).reshape(-1, 4),
        np.stack(features, axis=1)[kept].astype(np.float32),
        logits[kept].astype(np.float32),
        [_mask(found.digit, masks, number + 1, places[number]) for number in kept],
        _other_boxes((found.ink > settings.ink) & (masks == 0)),
    )


def _centres(
    found: Probabilities, settings: Settings
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return rows and columns of the local maxima of the heat map, the strongest first."""
    heat = torch.from_numpy(found.centre)[None, None]
    size = settings.peak_cells
    highest = functional.max_pool2d(heat, size, stride=1, padding=size // 2)[0, 0].numpy()
    maxima = (found.centre == highest) & (found.centre > settings.centre)
    rows, columns = np.nonzero(maxima)
    strongest = np.argsort(-found.centre[maxima], kind="stable")[: settings.most_digits]
    return rows[strongest], columns[strongest]


def _nearest_centre(
    found: Probabilities,
    pixels: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    centres: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    settings: Settings,
) -> npt.NDArray[np.int64]:
    """Return the number of each pixel's centre, counted from 1, or 0 where none is in reach."""
    from scipy import ndimage

    (y, x), (rows, columns) = pixels, centres
    if not len(rows):
        return np.zeros(len(y), np.int64)
    empty = np.ones(found.centre.shape, bool)
    empty[rows, columns] = False
    number = np.zeros(found.centre.shape, np.int64)
    number[rows, columns] = np.arange(1, len(rows) + 1)
    near = ndimage.distance_transform_edt(empty, return_distances=False, return_indices=True)
    votes_y = y + 0.5 + found.offset[1, y // 2, x // 2]
    votes_x = x + 0.5 + found.offset[0, y // 2, x // 2]
    cell_y = (votes_y / 2).astype(int).clip(0, found.centre.shape[0] - 1)
    cell_x = (votes_x / 2).astype(int).clip(0, found.centre.shape[1] - 1)
    centre_y, centre_x = near[:, cell_y, cell_x]
    away = np.hypot(2 * centre_y + 1 - votes_y, 2 * centre_x + 1 - votes_x)
    height = found.height[y // 4, x // 4]
    return np.where(away < settings.reach * height, number[centre_y, centre_x], 0)


def _mask(digit: Floats, masks: Masks, number: int, place: tuple[slice, slice]) -> Grey:
    """Return a digit's ink with its soft edges, one pixel around, that are no other digit's."""
    from scipy import ndimage

    rows, columns = (slice(max(side.start - 1, 0), side.stop + 1) for side in place)
    part = masks[rows, columns]
    mine = part == number
    soft = ndimage.binary_dilation(mine) & (mine | (part == 0))
    return np.where(soft, digit[rows, columns], 0).astype(np.float32)


def _other_boxes(left_out: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the boxes of connected ink, but for specks."""
    from scipy import ndimage

    components, _ = ndimage.label(left_out, np.ones((3, 3)))
    areas = np.bincount(components.ravel())[1:]
    edges = [
        (columns.start, rows.start, columns.stop, rows.stop)
        for rows, columns in ndimage.find_objects(components)
    ]
    return np.array(edges, float).reshape(-1, 4)[areas >= LEAST_AREA]


def _logit(probability: npt.NDArray[np.floating[Any]]) -> Floats:
    p = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(p / (1 - p)), np.float32)
