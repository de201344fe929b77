"""Small pictures of ink, enlarged, and restroked with a pen of another width if wanted."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from digitnet.datasets.paper.fields import Floats, between, ramp
from digitnet.errors import InvalidInputError

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_MIDDLE = 100  # pixels of the longer side on which ink is thinned
_MIN_LEVEL = 60  # of 255: what is darker is the ground, or an edge's soft end
_LARGE = 320  # pixels of the longer side at the end, and a little more


def restroked(image: Bytes, thickness: float | None, gaps: bool, rng: Generator) -> Bytes:
    """Return a picture of ink enlarged and cropped to the ink.

    Args:
        image: Light ink on dark, (H, W).
        thickness: The pen's width as a share of the ink's height; `None` keeps the ink's
            own, and so does ink of which a line would not tell the form, as of a loop run full.
        gaps: Whether to break a line of another width in some places.
        rng: Draws the gaps, and where ink is cut off from its soft edges.

    Raises:
        InvalidInputError: There is no ink.
    """
    rows, columns = (np.flatnonzero((image > _MIN_LEVEL).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise InvalidInputError(
            "Expected pictures of light ink on dark; received one without a pixel above "
            f"{_MIN_LEVEL}."
        )
    cropped = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cut = between(rng, 0.4, 0.52)
    level = _smooth(np.pad(cropped, 4), _MIDDLE / max(cropped.shape))
    times = _LARGE / _MIDDLE
    line = None if thickness is None else thinned(level > 0.52)
    if thickness is None or line is None or _lost(level > 0.52, line):
        return _cropped(ramp(_resized(level, times) - cut, 0.12))
    width = thickness * _MIDDLE * cropped.shape[0] / max(cropped.shape)
    return _cropped(_drawn(_broken(line, rng) if gaps else line, width, times))


def thinned(ink: Mask) -> Mask:
    """Return the middle lines of ink, one pixel wide (Zhang and Suen, 1984)."""
    ink = np.pad(ink, 1)
    while True:
        before = np.count_nonzero(ink)
        for odd in (0, 1):
            bits = sum(
                np.roll(ink, shift, axis=(0, 1)).astype(np.uint8) << bit
                for bit, shift in enumerate(_AROUND)
            )
            ink = ink & ~_removable()[odd][bits]
        if np.count_nonzero(ink) == before:
            return ink[1:-1, 1:-1]


# what brings the neighbours above, above on the right, and so on clockwise, to a pixel
_AROUND = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))


@cache
def _removable() -> tuple[Mask, Mask]:
    """Return for both half steps which of the 256 neighbourhoods let a pixel go."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    count = bits.sum(axis=1)
    rises = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    thin = (count >= 2) & (count <= 6) & (rises == 1)
    up, right, down, left = bits[:, ::2].T
    return (
        thin & (up * right * down == 0) & (right * down * left == 0),
        thin & (up * right * left == 0) & (up * down * left == 0),
    )


def _smooth(image: Bytes, times: float) -> Floats:
    """Enlarge, and level the stairs of the small picture's pixels."""
    size = (round(image.shape[1] * times), round(image.shape[0] * times))
    large = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
    soft = large.filter(ImageFilter.GaussianBlur(0.5 * times))
    return np.asarray(soft, dtype=np.float32) / 255


def _resized(level: Floats, times: float) -> Floats:
    size = (round(level.shape[1] * times), round(level.shape[0] * times))
    return np.asarray(Image.fromarray(level).resize(size, Image.Resampling.BICUBIC))


def _lost(ink: Mask, line: Mask) -> bool:
    """Return whether a part of the ink is much broader than the rest, as where a loop ran full."""
    from scipy import ndimage  # slow to import

    if not line.any():
        return True
    widths = ndimage.distance_transform_edt(ink)[line]
    return bool(np.quantile(widths, 0.98) > 1.7 * np.median(widths))


def _drawn(line: Mask, width: float, times: float) -> Floats:
    """Go over a line one pixel wide with a pen of a width in its pixels."""
    width = max(width, 2.4)  # less would show the pixels
    deviation = width / math.sqrt(8 * math.log(2))  # a Gaussian is half as high at width / 2
    weighted = Image.fromarray((170 * _lengths(line)).astype(np.uint8))
    soft = np.asarray(weighted.filter(ImageFilter.GaussianBlur(deviation)), dtype=np.float32)
    profile = soft * (deviation * math.sqrt(2 * math.pi) / 170)
    return ramp(_resized(profile, times) - 0.5, 0.25)


def _lengths(line: Mask) -> Floats:
    """Return the length of line that each of its pixels stands for, at most 1.5."""
    near = [np.roll(line, shift, axis=(0, 1)) for shift in _AROUND]
    straight, slanted = sum(way.astype(int) for way in near[::2]), sum(near[1::2])
    # a slanted neighbour counts where no straight one leads there
    length = (straight + math.sqrt(2) * np.maximum(slanted - (straight > 1), 0)) / 2
    return np.asarray(line * np.clip(length, 1, 1.5), dtype=np.float32)


def _broken(line: Mask, rng: Generator) -> Mask:
    """Wipe a line away in some places."""
    rows, columns = np.nonzero(line)
    kept = line.copy()
    for _ in range(rng.integers(1, 4)):
        index, reach = rng.integers(max(len(rows), 1)), between(rng, 0.03, 0.05) * _MIDDLE
        if len(rows):
            away = np.hypot(rows - rows[index], columns - columns[index]) < reach
            kept[rows[away], columns[away]] = False
    return kept if kept.any() else line


def _cropped(large: Floats) -> Bytes:
    rows, columns = (np.flatnonzero((large > 0.2).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((8, 8), dtype=np.uint8)
    part = large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray((part * 255).astype(np.uint8))
