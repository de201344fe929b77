"""What a pen leaves on paper: skips, grain and colour."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitnet.datasets.paper.fields import Floats, between, chance, grain, waves

_INK_COLOURS = {  # red, green and blue, darkest and lightest
    "black": ((0.04, 0.04, 0.06), (0.16, 0.15, 0.17)),
    "blue": ((0.05, 0.08, 0.35), (0.16, 0.25, 0.62)),
    "pencil": ((0.2, 0.2, 0.21), (0.36, 0.36, 0.38)),
    "chalk": ((0.82, 0.82, 0.78), (0.98, 0.98, 0.96)),
    "screen": ((0.0, 0.0, 0.0), (0.1, 0.1, 0.1)),
}
_FELT = ((0.05, 0.05, 0.06), (0.05, 0.08, 0.35), (0.55, 0.06, 0.08), (0.03, 0.3, 0.12))


def colour(pen: str, dark: bool, rng: Generator) -> Floats:
    """Return red, green and blue of a pen's ink, each in [0, 1]."""
    if pen == "felt":
        base = np.array(_FELT[rng.integers(len(_FELT)) if chance(rng, 0.5) else 0])
        return np.asarray(base + between(rng, 0, 0.06), dtype=np.float32)
    low, high = (np.array(end) for end in _INK_COLOURS.get(pen, _INK_COLOURS["screen"]))
    mixed = low + (high - low) * rng.random()
    if pen not in _INK_COLOURS and dark:  # light on a dark canvas
        mixed = 1 - mixed
    return np.asarray(mixed, dtype=np.float32)


def skipped(pen: NDArray[np.float64], kind: str, rng: Generator) -> NDArray[np.float64]:
    """Return the ink between points, after the pen pressed unevenly or skipped."""
    count = len(pen)
    level = pen.copy()
    if kind == "broken":
        start, gap = 0, max(1, round(0.02 * count))
        while start < count:
            start += max(1, int(count * between(rng, 0.08, 0.2)))
            level[start : start + gap + int(rng.integers(2))] = 0
        return level
    if kind in ("black", "blue", "pencil", "chalk"):
        knots = np.clip(0.95 - 0.12 * np.abs(rng.standard_normal(12)), 0.55, 1)
        level *= np.interp(np.arange(count), np.linspace(0, count, 12), knots)
    if kind in ("black", "blue") and chance(rng, 0.25):
        for start in rng.integers(count, size=rng.integers(1, 4)):
            level[start : start + 1 + int(rng.integers(2))] *= between(rng, 0, 0.4)
    return level


def textured(ink: Floats, kind: str, unit: float, rng: Generator) -> Floats:
    """Return how much the ink covers, in [0, 1].

    Args:
        ink: What the tip has gone over, in [0, 1], (H, W).
        kind: The pen.
        unit: Pixels of a digit's height, to which the paper's grain is in proportion.
        rng: Draws the grain.
    """
    if kind in ("pencil", "chalk"):
        coarse = min(1.0, max(0.3, unit / 80))  # on few pixels the grain is averaged out
        tooth = grain(ink.shape, rng, max(1.0, unit / 90))
        depth = between(rng, 0.15, 0.4) if kind == "pencil" else between(rng, 0.2, 0.5)
        depth *= coarse
        return np.asarray(ink * np.clip(1 - depth + depth * 1.2 * tooth + 0.1, 0.1, 1))
    if kind in ("black", "blue"):
        return np.asarray(ink * (0.94 + 0.06 * np.tanh(grain(ink.shape, rng, max(1, unit / 120)))))
    if kind == "felt":
        streaks = waves(ink.shape, rng, 14)
        return np.asarray(ink * np.clip(0.95 + 0.05 * streaks, 0.75, 1))
    return ink
