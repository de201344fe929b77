"""At which scales, and in which crops, the reader network sees a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitnet.pictures.loading import MAX_AREA, Floats, Grey, resize
from digitnet.pictures.network import UNIT_HEIGHT
from digitnet.pictures.settings import SETTINGS, Settings

Region = tuple[float, float, float, float]
"""Left, top, right and bottom of a crop, in px of the picture."""


class View(NamedTuple):
    """A crop of a picture at a scale.

    Attributes:
        grey: float32 (h, w) in 0..1.
        left: Of the crop in the picture, px.
        top: Likewise.
        scale: Pixels of the view for one of the picture: across and down.
    """

    grey: Grey
    left: float
    top: float
    scale: tuple[float, float]

    def to_picture(self, boxes: Floats) -> npt.NDArray[np.float64]:
        """Return boxes (..., 4) of the view in px of the picture."""
        corner = np.array([self.left, self.top] * 2, np.float64)
        return np.asarray(boxes / np.array(self.scale * 2) + corner, np.float64)


def overview_scales(shape: tuple[int, int], settings: Settings = SETTINGS) -> Iterator[float]:
    """Yield the scales at which all of a picture is seen, the finest first.

    Each is half of the one before, so that a digit of any height is 22 to 44 px high in one.
    """
    rows, columns = shape
    scale = min(1.0, math.sqrt(settings.overview_area / (rows * columns)))
    scale = max(scale, 2 * UNIT_HEIGHT / max(rows, columns))
    scale = min(scale, _most(shape, settings))
    yield scale
    while rows * scale > 1.5 * UNIT_HEIGHT:  # a digit may be as high as the picture
        scale /= 2
        yield scale


def closer(
    smaller: npt.NDArray[np.float32],
    view: View,
    shape: tuple[int, int],
    settings: Settings = SETTINGS,
) -> tuple[float, Region] | None:
    """Return the scale and the region of a closer view, where there are digits too small to read.

    `smaller` is the network's map of them in `view`, probabilities (h, w) at stride 8; `shape` is
    that of the picture.
    """
    rows, columns = np.nonzero(smaller > settings.smaller)
    scale = 2 * max(view.scale)
    finest = min(settings.most_enlarged, _most(shape, settings))
    if not len(rows) or scale > 1.5 * finest:
        return None
    margin = UNIT_HEIGHT / 2  # a digit's height in the closer view: its context
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) * 8.0
    box += np.array([-margin, -margin, margin, margin])
    left, top, right, bottom = view.to_picture(box)
    region = (max(left, 0.0), max(top, 0.0), min(right, shape[1]), min(bottom, shape[0]))
    return min(scale, finest), region


def _most(shape: tuple[int, int], settings: Settings) -> float:
    """Return the scale at which a view, with the padding of a strip, has `MAX_AREA` px."""
    return min(math.sqrt(MAX_AREA / math.prod(shape)), MAX_AREA / settings.least_side / max(shape))


def best_views(
    boxes: Floats,
    heights: Floats,
    scores: npt.NDArray[np.float32],
    settings: Settings = SETTINGS,
) -> list[int]:
    """Return which digits count, of all that were found in all views, each once.

    Non-maximum suppression over scales: of those with the same centre that one counts whose score
    is highest, less what its height in the view is away from the best. `boxes` (N, 4) are in px of
    the picture, `heights` (N,) in px of the view.
    """
    sizes = np.max(boxes[:, 2:] - boxes[:, :2], axis=1, initial=0)
    ranks = scores - settings.octave_cost * np.abs(np.log2(heights / UNIT_HEIGHT))
    readable = (heights >= settings.least_height) & (heights <= settings.most_height)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    kept: list[int] = []
    for number in np.argsort(-ranks, kind="stable").tolist():
        away = np.hypot(*(centres[kept] - centres[number]).T)
        near = away < settings.same * np.minimum(sizes[kept], sizes[number])
        if readable[number] and not near.any():
            kept.append(number)
    # a closer view also finds parts of digits
    whole = [number for number in kept if scores[number] >= settings.digit]
    return [
        number
        for number in kept
        if not (
            (sizes[whole] * settings.part > sizes[number])
            & (_shared(boxes[whole], boxes[number]) > settings.part)
        ).any()
    ][: settings.most_digits]


def _shared(boxes: Floats, box: Floats) -> Floats:
    """Return the share of a box that lies in each of others (N, 4)."""
    across = np.minimum(boxes[:, 2], box[2]) - np.maximum(boxes[:, 0], box[0])
    down = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    return np.asarray(across.clip(0) * down.clip(0) / np.prod(box[2:] - box[:2]))


def seen(grey: Grey, scale: float, region: Region | None = None) -> View:
    """Return a view of a picture, or of a region of it."""
    rows, columns = grey.shape
    left, top, right, bottom = region or (0, 0, columns, rows)
    left, top = math.floor(left), math.floor(top)
    crop = grey[top : math.ceil(bottom), left : math.ceil(right)]
    size = (max(1, round(crop.shape[0] * scale)), max(1, round(crop.shape[1] * scale)))
    exact = (size[1] / crop.shape[1], size[0] / crop.shape[0])
    return View(resize(crop, size), left, top, exact)
