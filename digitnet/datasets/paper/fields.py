"""Random fields over a picture: grain, slow waves, and numbers from ranges."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]
ImageShape = tuple[int, int]  # rows and columns

_TILE, _WRAP = 512, 1200  # pixels; and so many more until the tile repeats once too often


@cache
def _tile() -> Floats:
    tile = np.random.default_rng(0).standard_normal((_TILE, _TILE), dtype=np.float32)
    return np.pad(tile, (0, _WRAP), mode="wrap")


def grain(shape: ImageShape, rng: Generator, size: float = 1.0) -> Floats:
    """Return independent numbers of deviation 1, from a random part of one tile of them.

    Drawing a new number for each pixel would take longer than all the rest of a picture.

    Args:
        shape: Rows and columns.
        rng: Draws the part.
        size: Pixels across a grain.
    """
    rows, columns = (max(2, round(side / size)) for side in shape)
    top, left = rng.integers(_TILE, size=2)
    part = _tile()[top : top + rows, left : left + columns]
    if part.shape != (rows, columns):  # larger than the tile with what was added to it
        part = _tile().take(np.arange(top, top + rows) % _TILE, axis=0)
        part = part.take(np.arange(left, left + columns) % _TILE, axis=1)
    return part if (rows, columns) == shape else enlarged(part, shape)


def waves(shape: ImageShape, rng: Generator, cells: float) -> Floats:
    """Return slow waves of deviation about 1, `cells` of them along the longer side."""
    pitch = max(shape) / cells
    rows, columns = (max(2, round(side / pitch) + 1) for side in shape)
    return enlarged(rng.standard_normal((rows, columns), dtype=np.float32), shape)


def enlarged(field: Floats, shape: ImageShape) -> Floats:
    """Return a field stretched smoothly to rows and columns."""
    image = Image.fromarray(field).resize(shape[::-1], Image.Resampling.BICUBIC)
    return np.asarray(image)


def between(rng: Generator, low: float, high: float) -> float:
    """Return a number in a range, each alike."""
    return low + (high - low) * float(rng.random())


def ratio(rng: Generator, low: float, high: float) -> float:
    """Return a number above 0 in a range, each factor alike."""
    return float(low * (high / low) ** rng.random())


def chance(rng: Generator, share: float) -> bool:
    """Return True in a share of cases."""
    return bool(rng.random() < share)


def ramp(value: Floats, width: float) -> Floats:
    """Return 0 below -width / 2, 1 above width / 2, and a smooth step between."""
    t = value / max(width, 1e-6)
    t += 0.5
    np.clip(t, 0, 1, out=t)
    step = 3 - 2 * t
    step *= t
    step *= t
    return step
