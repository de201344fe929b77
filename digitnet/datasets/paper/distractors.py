"""Distractors: letters, signs and scribbles of a digit's size, and a neighbour at the border."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.random import Generator

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fonts import font, typeset
from digitnet.datasets.paper.geometry import Box, ImageShape
from digitnet.datasets.paper.letters import LETTERS
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.sampling import chance, choice, uniform
from digitnet.datasets.paper.signs import SIGNS
from digitnet.datasets.paper.writing import image_mark, stroke_mark
from digitnet.datasets.synthetic import bent, curve, slanted, traced

# letters and signs that nobody takes for a digit
_PRINTED = "AEFHKMNPRTUVWXYadefhkmnprtuwxy&@#%?"
_WRITTEN = {
    **{name: LETTERS[name][0] for name in "AEFHKMNPRTWX"},
    "e": ("4,52 50,48 46,12 24,0 4,24 2,66 22,98 52,86",),  # lowercase as high as a digit
    "h": LETTERS["h"][0],
    "m": ("0,20 2,100", "2,44 20,20 36,40 36,100", "36,44 56,20 74,42 74,100"),
    "w": ("0,30 10,96 30,60 46,96 66,28",),
}
_FIGURES = (
    ("0,60 22,100", "22,100 70,0"),  # tick
    ("0,96 34,0", "34,0 62,98", "62,98 0,34", "0,34 70,34", "70,34 0,96"),  # star
    ("0,50 100,50", "74,24 100,50", "100,50 74,76"),  # arrow
    SIGNS["+"].strokes,
    SIGNS["="].strokes,
    ("0,40 0,100", "0,100 80,100", "80,100 80,40", "80,40 40,0", "40,0 0,40"),  # house
    ("50,28 28,0 0,24 50,100", "50,28 74,0 100,24 50,100"),  # heart
)
_LETTER_SIZE = 300  # px of a printed letter before it is placed


def letter(capture: Capture, rng: Generator) -> Mark:
    """Return a letter or a sign, 1 high: printed, or written by hand."""
    if chance(rng, 0.5):
        text = choice(rng, _PRINTED)
        return image_mark(typeset(text, font(_LETTER_SIZE, rng))[0])
    return _written(choice(rng, list(_WRITTEN.values())), capture, rng)


def telephone_signs(capture: Capture, rng: Generator) -> list[Mark]:
    """Return a plus and two brackets, beside digits that are 1 high."""
    heights = (uniform(rng, 0.35, 0.6), *[uniform(rng, 0.9, 1.35)] * 2)
    signs = []
    for name, height in zip("+()", heights, strict=True):
        own_size = replace(capture, thickness=capture.thickness / height)
        signs.append(_written(SIGNS[name].strokes, own_size, rng).moved(height, 0, 0))
    return signs


def scribble(capture: Capture, rng: Generator) -> Mark:
    """Return a scribble or a figure, 1 high."""
    # a figure, or a curve of many turns
    kind = rng.integers(4)
    if kind == 0:
        return _written(choice(rng, _FIGURES), capture, rng)
    turns = int(rng.integers(5, 12))
    steps = np.arange(12 * turns) / 12
    if kind == 1:  # to and fro, as when something is crossed out
        x, y = np.cos(2 * np.pi * steps) * uniform(rng, 0.4, 0.9), steps / turns
    elif kind == 2:  # a ball of wool
        angle = 2 * np.pi * steps
        x = np.cos(angle) * (0.5 + 0.1 * np.sin(steps * 1.7))
        y = np.sin(angle + 0.3 * steps) * 0.5
    else:  # anywhere
        way = curve(turns + 3, len(steps)).double().numpy()
        x, y = (way @ rng.random((turns + 3, 2))).T
    # a hand that shakes
    shake = 0.03 * rng.standard_normal((2, turns)) @ curve(turns, len(steps)).double().numpy().T
    points = torch.from_numpy(np.stack([x, y], axis=1) + shake.T)
    return stroke_mark(points, torch.ones(len(points) - 1), capture, rng)


def neighbour(mark: Mark, written: Box, shape: ImageShape, rng: Generator) -> list[Mark]:
    """Return a digit beyond the frame of which a part comes into view, if there is room.

    The digit is 1 high; `written` is the bounding box of what is written, in pixels.
    """
    left, top, right, bottom = written
    height = (bottom - top) * uniform(rng, 0.8, 1.2)
    rooms = (left, shape[1] - right, top, shape[0] - bottom)
    side = int(np.argmax(rooms)) if chance(rng, 0.5) else int(rng.integers(2))
    width = height * (mark.box[2] - mark.box[0])
    shown = uniform(rng, 0.1, 0.4) * (width if side < 2 else height)
    if rooms[side] < shown + 0.15 * height:
        return []
    x = left + uniform(rng, -0.5, 0.5) * height
    y = top + uniform(rng, -0.2, 0.2) * height
    places = [(shown - width, y), (shape[1] - shown, y), (x, shown - height), (x, shape[0] - shown)]
    return [replace(mark.moved(height, *places[side]), digit=None)]


def _written(strokes: tuple[str, ...], capture: Capture, rng: Generator) -> Mark:
    controls, curves, pen = traced(strokes)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    controls = controls + 0.03 * torch.randn(controls.shape, generator=generator)
    points = slanted(bent((curves @ controls)[None], generator), generator)[0]
    return stroke_mark(points, pen, capture, rng)
