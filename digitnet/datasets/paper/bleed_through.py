"""Bleed-through: print and writing on the back of a page, mirrored and soft."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from digitnet.datasets.paper.fields import Floats, ImageShape, between, ratio
from digitnet.datasets.paper.fonts import font

_PAGE_LETTERS = "etaoinshrdlucmfwypvbgk     "


def printed(shape: ImageShape, unit: float, rng: Generator) -> Floats:
    """Return lines of print, 1 where they are darkest, (H, W)."""
    height, width = shape
    size = int(np.clip(unit * ratio(rng, 0.15, 0.8), 7, max(8, height / 4)))
    face = font(size, rng)
    image = Image.new("L", (width, height))
    pen = ImageDraw.Draw(image)
    top = -between(rng, 0, size)
    while top < height:
        letters = rng.integers(len(_PAGE_LETTERS), size=min(240, int(2.4 * width / size) + 4))
        pen.text((-size, top), "".join(_PAGE_LETTERS[i] for i in letters), 255, face)
        top += 1.4 * size
    return _mirrored(image, size, rng)


def scrawled(shape: ImageShape, unit: float, rng: Generator) -> Floats:
    """Return lines of joined writing, 1 where they are darkest, (H, W)."""
    height, width = shape
    size = float(np.clip(unit * ratio(rng, 0.2, 0.9), 7, max(8, height / 3)))
    image = Image.new("L", (width, height))
    pen = ImageDraw.Draw(image)
    top = between(rng, 0, size)
    while top < height:
        count = min(2000, int(5 * width / size) + 4)
        x = np.cumsum(rng.random(count) * 0.5 - 0.04) * size * 0.6
        y = top + size * 0.4 * np.abs(rng.standard_normal(count)) * (np.arange(count) % 2 * 2 - 1)
        broad = max(1, round(0.09 * size))
        for start in range(0, count - 12, 14):
            word = slice(start, start + int(rng.integers(6, 13)))
            pen.line(list(zip(x[word], y[word], strict=True)), 255, broad, "curve")
        top += 1.9 * size
    return _mirrored(image, size, rng)


def _mirrored(image: Image.Image, size: float, rng: Generator) -> Floats:
    turned = ImageOps.mirror(image)
    soft = turned.filter(ImageFilter.GaussianBlur(max(0.6, size * between(rng, 0.03, 0.09))))
    return np.asarray(soft, dtype=np.float32) / 255
