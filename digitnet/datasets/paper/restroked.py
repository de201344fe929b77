"""Small images of ink, enlarged, and restroked with a pen of another width if wanted."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from digitnet.datasets.paper.geometry import Bytes, Floats, ImageShape, Mask, box_of
from digitnet.datasets.paper.sampling import enlarge, smoothstep, uniform
from digitnet.errors import InvalidInputError

_MIN_LEVEL = 60  # of 255; darker pixels are ground, or the soft end of an edge
_SKELETON_SIZE = 100  # px of the longer side, at which ink becomes lines
_LARGE_SIZE = 320  # px of the longer side of the result, about
_FOREGROUND = 0.52  # of 1; brighter pixels of the enlarged image are ink
_MIN_WIDTH = 2.4  # px; a narrower line would show the skeleton's pixels
_FILLED = 1.7  # widest to median stroke; from there a loop has probably run full


def restroked(image: Bytes, thickness: float | None, gaps: bool, rng: Generator) -> Bytes:
    """Return an image of ink enlarged and cropped to the ink.

    Args:
        image: Light ink on dark, (H, W).
        thickness: The pen's width as a share of the ink's height; `None` keeps the ink's
            own, and so does ink whose skeleton has lost its form, as where a loop ran full.
        gaps: Whether to break a line of another width in some places.
        rng: Draws the gaps, and where ink is cut off from its soft edges.

    Raises:
        InvalidInputError: There is no ink.
    """
    box = box_of(image > _MIN_LEVEL)
    if box is None:
        raise InvalidInputError(
            "Expected pictures of light ink on dark; received one without a pixel above "
            f"{_MIN_LEVEL}."
        )
    cropped = np.asarray(Image.fromarray(image).crop(box))
    cut = uniform(rng, 0.4, 0.52)
    # enlarge, and smooth the stairs of the small image's pixels
    scale, times = _SKELETON_SIZE / max(cropped.shape), _LARGE_SIZE / _SKELETON_SIZE
    padded = np.pad(cropped, 4)
    large = Image.fromarray(enlarge(padded, _scaled(padded, scale)))
    soft = large.filter(ImageFilter.GaussianBlur(0.5 * scale))
    level = np.asarray(soft, dtype=np.float32) / 255
    # draw the skeleton with a pen of another width
    line = None if thickness is None else skeleton(level > _FOREGROUND)
    if thickness is None or line is None or _form_lost(level > _FOREGROUND, line):
        return _cropped(smoothstep(enlarge(level, _scaled(level, times)) - cut, 0.12))
    width = thickness * _SKELETON_SIZE * cropped.shape[0] / max(cropped.shape)
    return _cropped(_drawn(_broken(line, rng) if gaps else line, width, times))


def skeleton(ink: Mask) -> Mask:
    """Return the skeleton of ink, lines one pixel wide (Zhang and Suen, 1984)."""
    ink = np.pad(ink, 1)
    while True:
        before = np.count_nonzero(ink)
        for removable in _removable():
            bits = sum(near.astype(np.uint8) << bit for bit, near in enumerate(_neighbours(ink)))
            ink = ink & ~removable[bits]
        if np.count_nonzero(ink) == before:
            return ink[1:-1, 1:-1]


def _neighbours(ink: Mask) -> list[Mask]:
    """Return the masks of the neighbours above, above on the right, and so on clockwise."""
    shifts = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
    return [np.roll(ink, shift, axis=(0, 1)) for shift in shifts]


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


def _scaled(image: Floats | Bytes, scale: float) -> ImageShape:
    return round(image.shape[0] * scale), round(image.shape[1] * scale)


def _form_lost(ink: Mask, line: Mask) -> bool:
    """Return whether a part of the ink is much broader than the rest, or no line is left."""
    from scipy import ndimage  # slow to import

    if not line.any():
        return True
    widths = ndimage.distance_transform_edt(ink)[line]
    return bool(np.quantile(widths, 0.98) > _FILLED * np.median(widths))


def _drawn(line: Mask, width: float, times: float) -> Floats:
    """Draw over a skeleton with a pen of a width in its pixels, enlarged so many times."""
    width = max(width, _MIN_WIDTH)
    # the length of line that each pixel stands for
    near = _neighbours(line)
    straight, slanted = sum(way.astype(int) for way in near[::2]), sum(near[1::2])
    # a slanted neighbour counts where no straight one leads there
    length = (straight + math.sqrt(2) * np.maximum(slanted - (straight > 1), 0)) / 2
    weights = np.asarray(line * np.clip(length, 1, 1.5), dtype=np.float32)
    # a Gaussian is half as high at width / 2
    deviation = width / math.sqrt(8 * math.log(2))
    blurred = Image.fromarray((170 * weights).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(deviation)
    )
    profile = np.asarray(blurred, dtype=np.float32) * (deviation * math.sqrt(2 * math.pi) / 170)
    return smoothstep(enlarge(profile, _scaled(profile, times)) - 0.5, 0.25)


def _broken(line: Mask, rng: Generator) -> Mask:
    """Return a line with gaps."""
    rows, columns = np.nonzero(line)
    kept = line.copy()
    for _ in range(rng.integers(1, 4)):
        index, radius = rng.integers(len(rows)), uniform(rng, 0.03, 0.05) * _SKELETON_SIZE
        gap = np.hypot(rows - rows[index], columns - columns[index]) < radius
        kept[rows[gap], columns[gap]] = False
    return kept if kept.any() else line


def _cropped(ink: Floats) -> Bytes:
    box = box_of(ink > 0.2)
    if box is None:
        return np.zeros((8, 8), dtype=np.uint8)
    return np.asarray(Image.fromarray((ink * 255).astype(np.uint8)).crop(box))
