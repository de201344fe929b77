"""Handwritten punctuation, currency and mathematical signs beside digits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.geometry import Points
from digitnet.datasets.paper.ink import uneven
from digitnet.datasets.paper.letters import Strokes
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.sampling import log_uniform
from digitnet.datasets.synthetic import bent, traced


class Sign(NamedTuple):
    """A handwritten sign beside a digit that spans y from 0 to 100.

    Attributes:
        strokes: Control points of each stroke.
        anchor: The y that stays in place when the size varies.
        size: Range of the scale.
        shift: Standard deviation of the vertical position, in hundredths.
    """

    strokes: Strokes
    anchor: float = 50
    size: tuple[float, float] = (0.85, 1.2)
    shift: float = 3


_SMALL_SCALES = (0.7, 1.6)

SIGNS: Mapping[str, Sign] = {
    "/": Sign(("0,114 46,-14",)),
    ".": Sign(("0,96 4,98",), 98, (0.5, 2.0)),
    ",": Sign(("6,89 8,98 0,115",), 98, _SMALL_SCALES),
    ":": Sign(("1,48 4,50", "0,94 3,97"), 98, (0.8, 1.15)),
    "'": Sign(("6,-8 0,22",), 0, _SMALL_SCALES, 4),
    "-": Sign(("0,55 30,54",), 55, _SMALL_SCALES, 6),
    "_": Sign(("0,108 70,107",), 108, _SMALL_SCALES),
    "+": Sign(("0,50 90,50", "45,5 45,95"), 52, (0.45, 0.8)),
    "minus": Sign(("0,53 50,52",), 53, (0.8, 1.3)),
    "=": Sign(("0,30 90,30", "0,64 90,62"), 50, (0.45, 0.8)),
    "times": Sign(("0,34 46,84", "46,34 0,84"), 70, (0.7, 1.2)),
    "division": Sign(("0,54 60,53", "28,28 31,32", "28,75 31,79"), 54),
    "%": Sign(("16,4 2,14 4,38 18,44 28,28 16,4", "72,0 6,100", "64,54 50,66 54,96 76,80 64,54")),
    "#": Sign(("28,4 14,98", "58,2 44,96", "4,36 74,32", "0,68 68,64")),
    "$": Sign(("50,18 30,6 6,18 14,44 42,56 50,78 28,94 0,84", "30,-12 24,114")),
    "€": Sign(("66,14 44,0 20,16 12,52 22,88 46,100 66,86", "0,42 48,40", "0,60 44,58")),
    "£": Sign(("54,16 38,0 22,12 24,54 18,86 0,96 18,92 38,99 58,90", "4,54 42,52")),
    "Fr": Sign(("4,0 0,100", "4,0 52,2", "2,48 42,46", "62,46 64,100", "64,66 76,48 92,46")),
    "*": Sign(("18,0 18,44", "0,10 36,34", "36,10 0,34"), 22, (0.6, 1.2), 8),
    "(": Sign(("26,0 8,20 0,50 8,80 26,100",), 50, (0.9, 1.35)),
    ")": Sign(("0,0 18,20 26,50 18,80 0,100",), 50, (0.9, 1.35)),
    "[": Sign(("24,-8 0,-7", "0,-7 0,108", "0,108 24,107")),
    "]": Sign(("0,-8 24,-7", "24,-7 24,108", "24,108 0,107")),
    "|": Sign(("0,-14 2,114",)),
    "°": Sign(("12,-4 1,6 6,20 18,18 22,4 12,-4 6,-1",), 0, (0.7, 1.3)),
    ">": Sign(("0,26 54,54", "54,54 0,84"), 55, (0.7, 1.15)),
    "<": Sign(("54,26 0,54", "0,54 54,84"), 55, (0.7, 1.15)),
}


def sign(name: str, capture: Capture, rng: Generator) -> list[Mark]:
    """Return a sign of `SIGNS` beside digits that span y from -1 to 0, its left edge at x = 0."""
    template = SIGNS[name]
    points, ink = formed(template.strokes, capture, rng)
    anchor = template.anchor / 100 - 1
    points = sheared(points - (0, anchor), rng.normal(0.08, 0.12), rng.normal(0, 0.06))
    points = points * log_uniform(rng, *template.size)
    points += (0, anchor + rng.normal(0, template.shift / 100))
    return from_left([Mark(points, capture.thickness, ink)])


def formed(
    strokes: Strokes, capture: Capture, rng: Generator
) -> tuple[Points, NDArray[np.float64]]:
    """Return points of a template with random errors, baseline at y = 0, and ink between them."""
    controls, curves, pen = _traced(strokes)
    extent = (controls.amax(dim=0) - controls.amin(dim=0)).max()
    # one error a place, so that strokes that meet go on meeting
    _, places = np.unique(controls.numpy(), axis=0, return_inverse=True)
    errors = 0.03 * rng.standard_normal((len(controls), 2))[places.reshape(-1)]
    controls = controls / extent + torch.from_numpy(errors).float()
    # bent by waves, but not moved off its place
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    points = (curves @ controls)[None]
    bend = bent(points, generator) - points
    bend -= bend.mean(dim=1, keepdim=True)
    points = (points + 0.7 * bend)[0] * extent
    return points.double().numpy() - (0, 1), uneven(pen.double().numpy(), capture.pen, rng)


def sheared(points: Points, shear: float, angle: float) -> Points:
    """Return points slanted to the right, then rotated, about the origin."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(
        points @ np.array([[1, 0], [-shear, 1]]) @ np.array([[cos, sin], [-sin, cos]])
    )


def from_left(marks: list[Mark]) -> list[Mark]:
    """Return marks with their left edge at x = 0."""
    left = min(mark.box[0] for mark in marks)
    return [mark.moved(1, -left, 0) for mark in marks]


_traced = cache(traced)
