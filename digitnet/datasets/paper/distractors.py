"""Distractors: letters, signs, scribbles, a part of a neighbour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image, ImageDraw

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import ImageShape, between, chance
from digitnet.datasets.paper.fonts import font
from digitnet.datasets.paper.layout import Box
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.signs import LETTERS, SIGNS
from digitnet.datasets.paper.writing import pictured, stroked
from digitnet.datasets.synthetic import bent, curve, slanted, traced

# Letters and signs that nobody takes for a digit
_PRINTED = "AEFHKMNPRTUVWXYadefhkmnprtuwxy&@#%?"
_WRITTEN = {
    **{name: LETTERS[name][0] for name in "AEFHKMNPRTWX"},
    "e": ("4,52 50,48 46,12 24,0 4,24 2,66 22,98 52,86",),  # lowercase as high as a digit
    "h": LETTERS["h"][0],
    "m": ("0,20 2,100", "2,44 20,20 36,40 36,100", "36,44 56,20 74,42 74,100"),
    "w": ("0,30 10,96 30,60 46,96 66,28",),
    "tick": SIGNS["tick"].strokes,
    "star": ("0,96 34,0", "34,0 62,98", "62,98 0,34", "0,34 70,34", "70,34 0,96"),
    "arrow": SIGNS["arrow"].strokes,
    "plus": SIGNS["+"].strokes,
    "equals": SIGNS["="].strokes,
    "house": ("0,40 0,100", "0,100 80,100", "80,100 80,40", "80,40 40,0", "40,0 0,40"),
    "heart": ("50,28 28,0 0,24 50,100", "50,28 74,0 100,24 50,100"),
    "(": SIGNS["("].strokes,
    ")": SIGNS[")"].strokes,
}
_FIGURES = ("tick", "star", "arrow", "plus", "equals", "house", "heart")
_OF_TELEPHONES = ("plus", "(", ")")


def letter(capture: Capture, rng: Generator) -> Mark:
    """Return a letter or a sign, one high: printed, or written by hand."""
    if chance(rng, 0.5):
        return _printed(_PRINTED[rng.integers(len(_PRINTED))], rng)
    names = [name for name in _WRITTEN if name not in (*_FIGURES, *_OF_TELEPHONES)]
    return _written(names[rng.integers(len(names))], capture, rng)


def telephone_signs(capture: Capture, rng: Generator) -> list[Mark]:
    """Return a plus and two brackets, beside digits that are 1 high."""
    heights = (between(rng, 0.35, 0.6), *[between(rng, 0.9, 1.35)] * 2)
    return [
        _written(name, replace(capture, thickness=capture.thickness / height), rng).moved(
            height, 0, 0
        )
        for name, height in zip(_OF_TELEPHONES, heights, strict=True)
    ]


def scribble(capture: Capture, rng: Generator) -> Mark:
    """Return a scribble or a figure, one high."""
    kind = rng.integers(4)
    if kind == 0:
        return _written(_FIGURES[rng.integers(len(_FIGURES))], capture, rng)
    turns = int(rng.integers(5, 12))
    steps = np.arange(12 * turns) / 12
    if kind == 1:  # to and fro, as when something is crossed out
        x, y = np.cos(2 * np.pi * steps) * between(rng, 0.4, 0.9), steps / turns
    elif kind == 2:  # a ball of wool
        round_and_round = 2 * np.pi * steps
        x = np.cos(round_and_round) * (0.5 + 0.1 * np.sin(steps * 1.7))
        y = np.sin(round_and_round + 0.3 * steps) * 0.5
    else:  # anywhere
        way = curve(turns + 3, len(steps)).double().numpy()
        x, y = (way @ rng.random((turns + 3, 2))).T
    shake = 0.03 * rng.standard_normal((2, turns)) @ curve(turns, len(steps)).double().numpy().T
    points = torch.from_numpy(np.stack([x, y], axis=1) + shake.T)
    return stroked(points, torch.ones(len(points) - 1), capture, rng)


def neighbour(mark: Mark, around: Box, shape: ImageShape, rng: Generator) -> list[Mark]:
    """Return a digit beyond the frame of which a part comes into view, if there is room.

    Args:
        mark: The digit, one high.
        around: What is written in the picture, in pixels.
        shape: Rows and columns of the picture.
        rng: Draws the side and the part.
    """
    left, top, right, bottom = around
    height = (bottom - top) * between(rng, 0.8, 1.2)
    rooms = (left, shape[1] - right, top, shape[0] - bottom)
    side = int(np.argmax(rooms)) if chance(rng, 0.5) else int(rng.integers(2))
    width = height * (mark.box[2] - mark.box[0])
    shown = between(rng, 0.1, 0.4) * (width if side < 2 else height)
    if rooms[side] < shown + 0.15 * height:
        return []
    x = left + between(rng, -0.5, 0.5) * height
    y = top + between(rng, -0.2, 0.2) * height
    places = [(shown - width, y), (shape[1] - shown, y), (x, shown - height), (x, shape[0] - shown)]
    x, y = places[side]
    return [Mark(**{**vars(mark.moved(height, x, y)), "digit": None})]


def _printed(sign: str, rng: Generator) -> Mark:
    face = font(300, rng)
    left, top, right, bottom = face.getbbox(sign)
    image = Image.new("L", (int(right - left), int(bottom - top)))
    ImageDraw.Draw(image).text((-left, -top), sign, 255, face)
    return pictured(np.asarray(image))


def _written(name: str, capture: Capture, rng: Generator) -> Mark:
    controls, curves, pen = traced(_WRITTEN[name])
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    controls = controls + 0.03 * torch.randn(controls.shape, generator=generator)
    points = slanted(bent((curves @ controls)[None], generator), generator)[0]
    return stroked(points, pen, capture, rng)
