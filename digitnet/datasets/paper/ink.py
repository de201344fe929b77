"""Pens: widths, contrasts and colours, and how unevenly their ink covers paper."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitnet.datasets.paper.geometry import Floats
from digitnet.datasets.paper.sampling import chance, choice, noise, smooth_noise, uniform

_Colour = tuple[float, float, float]


class Pen(NamedTuple):
    """Ranges that a pen's settings are drawn from.

    Attributes:
        thickness: Its width, as a share of a digit's height.
        contrast: Difference of grey between solid ink and paper.
        darkest: Red, green and blue.
        lightest: Red, green and blue.
    """

    thickness: tuple[float, float]
    contrast: tuple[float, float]
    darkest: _Colour = (0.0, 0.0, 0.0)
    lightest: _Colour = (0.1, 0.1, 0.1)


PEN_RANGES = {
    "black": Pen((0.022, 0.055), (0.45, 0.95), (0.04, 0.04, 0.06), (0.16, 0.15, 0.17)),
    "blue": Pen((0.022, 0.055), (0.4, 0.8), (0.05, 0.08, 0.35), (0.16, 0.25, 0.62)),
    "pencil": Pen((0.025, 0.06), (0.2, 0.55), (0.2, 0.2, 0.21), (0.36, 0.36, 0.38)),
    "felt": Pen((0.06, 0.13), (0.55, 0.95)),  # its colours are below
    "chalk": Pen((0.045, 0.1), (0.45, 0.8), (0.82, 0.82, 0.78), (0.98, 0.98, 0.96)),
    "brush": Pen((0.09, 0.15), (0.6, 1.0)),
    "hairline": Pen((0.005, 0.02), (0.5, 1.0)),
    "broken": Pen((0.035, 0.08), (0.5, 1.0)),
}
_FELT = ((0.05, 0.05, 0.06), (0.05, 0.08, 0.35), (0.55, 0.06, 0.08), (0.03, 0.3, 0.12))  # RGB


def colour(pen: str, dark: bool, rng: Generator) -> Floats:
    """Return red, green and blue of a pen's ink in [0, 1], on a dark ground or a light one."""
    if pen == "felt":
        base = np.array(choice(rng, _FELT) if chance(rng, 0.5) else _FELT[0])
        return np.asarray(base + uniform(rng, 0, 0.06), dtype=np.float32)
    darkest, lightest = np.array(PEN_RANGES[pen].darkest), np.array(PEN_RANGES[pen].lightest)
    mixed = darkest + (lightest - darkest) * rng.random()
    inverted = dark and pen in ("brush", "hairline", "broken")
    return np.asarray(1 - mixed if inverted else mixed, dtype=np.float32)


def uneven(ink: NDArray[np.float64], pen: str, rng: Generator) -> NDArray[np.float64]:
    """Return the ink between points of strokes, after the pen pressed unevenly or skipped."""
    count = len(ink)
    level = ink.copy()
    if pen == "broken":
        start, gap = 0, max(1, round(0.02 * count))
        while start < count:
            start += max(1, int(count * uniform(rng, 0.08, 0.2)))
            level[start : start + gap + int(rng.integers(2))] = 0
    if pen in ("black", "blue", "pencil", "chalk"):
        knots = np.clip(0.95 - 0.12 * np.abs(rng.standard_normal(12)), 0.55, 1)
        level *= np.interp(np.arange(count), np.linspace(0, count, 12), knots)
    if pen in ("black", "blue") and chance(rng, 0.25):
        for start in rng.integers(count, size=rng.integers(1, 4)):
            level[start : start + 1 + int(rng.integers(2))] *= uniform(rng, 0, 0.4)
    return level


def textured(ink: Floats, pen: str, unit: float, rng: Generator) -> Floats:
    """Return the coverage of ink after the paper's grain, both (H, W) in [0, 1].

    The grain is in proportion to `unit`, the height of a digit in pixels.
    """
    if pen in ("pencil", "chalk"):
        coarse = min(1.0, max(0.3, unit / 80))  # on few pixels the grain is averaged out
        tooth = noise(ink.shape, rng, max(1.0, unit / 90))
        depth = uniform(rng, 0.15, 0.4) if pen == "pencil" else uniform(rng, 0.2, 0.5)
        depth *= coarse
        return np.asarray(ink * np.clip(1 - depth + depth * 1.2 * tooth + 0.1, 0.1, 1))
    if pen in ("black", "blue"):
        return np.asarray(ink * (0.94 + 0.06 * np.tanh(noise(ink.shape, rng, max(1, unit / 120)))))
    if pen == "felt":
        return np.asarray(ink * np.clip(0.95 + 0.05 * smooth_noise(ink.shape, rng, 14), 0.75, 1))
    return ink
