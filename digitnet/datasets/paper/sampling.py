"""Random numbers, and random fields over an image."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.random import Generator
from PIL import Image

from digitnet.datasets.paper.geometry import Bytes, Floats, ImageShape

T = TypeVar("T")

_TILE, _MARGIN = 512, 1200  # px; of the noise, and of its repetition beyond the tile


def uniform(rng: Generator, low: float, high: float) -> float:
    """Return a number from a uniform distribution."""
    return low + (high - low) * float(rng.random())


def log_uniform(rng: Generator, low: float, high: float) -> float:
    """Return a number above 0 whose logarithm is uniform."""
    return float(low * (high / low) ** rng.random())


def half_normal(rng: Generator, deviation: float, most: float) -> float:
    """Return the absolute value of a normally distributed number, limited to `most`."""
    return min(abs(float(rng.normal(0, deviation))), most)


def chance(rng: Generator, probability: float) -> bool:
    """Return True with a probability."""
    return bool(rng.random() < probability)


def choice(rng: Generator, options: Sequence[T]) -> T:
    """Return one of some options, each as likely."""
    return options[int(rng.integers(len(options)))]


@cache
def _noise_tile() -> Floats:
    tile = np.random.default_rng(0).standard_normal((_TILE, _TILE), dtype=np.float32)
    return np.pad(tile, (0, _MARGIN), mode="wrap")


def noise(shape: ImageShape, rng: Generator, size: float = 1.0) -> Floats:
    """Return white noise of deviation 1 with grains of `size` px, cut out of a periodic tile.

    Drawing a number for each pixel would take longer than all the rest of a picture.
    """
    rows, columns = (max(2, round(side / size)) for side in shape)
    top, left = rng.integers(_TILE, size=2)
    part = _noise_tile()[top : top + rows, left : left + columns]
    if part.shape != (rows, columns):  # larger than the tile with its margin
        part = _noise_tile().take(np.arange(top, top + rows) % _TILE, axis=0)
        part = part.take(np.arange(left, left + columns) % _TILE, axis=1)
    return part if part.shape == shape else enlarge(part, shape)


def smooth_noise(shape: ImageShape, rng: Generator, cells: float) -> Floats:
    """Return slow waves of deviation about 1, `cells` of them along the longer side."""
    pitch = max(shape) / cells
    rows, columns = (max(2, round(side / pitch) + 1) for side in shape)
    return enlarge(rng.standard_normal((rows, columns), dtype=np.float32), shape)


def enlarge(image: Floats | Bytes, shape: ImageShape) -> Floats:
    """Return an image resized to a shape by bicubic interpolation (Keys, 1981)."""
    return np.asarray(Image.fromarray(image).resize(shape[::-1], Image.Resampling.BICUBIC))


def smoothstep(value: Floats, width: float) -> Floats:
    """Return 0 below -width / 2, 1 above width / 2, and a smooth step between."""
    t = value / max(width, 1e-6)
    t += 0.5
    np.clip(t, 0, 1, out=t)
    return np.asarray((3 - 2 * t) * t * t)
