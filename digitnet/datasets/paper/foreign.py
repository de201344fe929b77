"""Marks that are no digits: letters, signs, scribbles, a part of a neighbour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image, ImageDraw

from digitnet.datasets.paper.fields import Shape, between, chance
from digitnet.datasets.paper.fonts import font
from digitnet.datasets.paper.layout import Box
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.shot import Shot
from digitnet.datasets.paper.writing import pictured, stroked
from digitnet.datasets.synthetic import bent, curve, slanted, traced

# Letters and signs that nobody takes for a digit
_PRINTED = "AEFHKMNPRTUVWXYadefhkmnprtuwxy&@#%?"
_WRITTEN = {
    "A": ("0,100 30,0", "30,0 62,100", "12,62 50,60"),
    "E": ("4,0 0,100", "4,0 50,2", "2,48 42,46", "0,100 52,98"),
    "F": ("4,0 0,100", "4,0 52,2", "2,48 42,46"),
    "H": ("0,0 2,100", "56,0 54,100", "2,50 54,48"),
    "K": ("0,0 2,100", "54,0 4,54", "4,54 58,100"),
    "M": ("0,100 6,0", "6,0 36,70", "36,70 66,0", "66,0 74,100"),
    "N": ("0,100 2,0", "2,0 54,100", "54,100 56,0"),
    "P": ("0,0 2,100", "0,4 40,0 52,24 36,50 2,54"),
    "R": ("0,0 2,100", "0,4 40,0 50,24 36,48 2,52", "24,52 54,100"),
    "T": ("0,2 64,0", "32,2 30,100"),
    "W": ("0,0 18,100", "18,100 36,30", "36,30 54,100", "54,100 74,0"),
    "X": ("0,0 56,100", "56,0 0,100"),
    "e": ("4,52 50,48 46,12 24,0 4,24 2,66 22,98 52,86",),
    "h": ("0,0 2,100", "2,62 22,42 42,52 44,100"),
    "m": ("0,20 2,100", "2,44 20,20 36,40 36,100", "36,44 56,20 74,42 74,100"),
    "w": ("0,30 10,96 30,60 46,96 66,28",),
    "tick": ("0,60 22,100", "22,100 70,0"),
    "star": ("0,96 34,0", "34,0 62,98", "62,98 0,34", "0,34 70,34", "70,34 0,96"),
    "arrow": ("0,50 100,50", "74,24 100,50", "100,50 74,76"),
    "plus": ("0,50 90,50", "45,5 45,95"),
    "equals": ("0,30 90,30", "0,64 90,62"),
    "house": ("0,40 0,100", "0,100 80,100", "80,100 80,40", "80,40 40,0", "40,0 0,40"),
    "heart": ("50,28 28,0 0,24 50,100", "50,28 74,0 100,24 50,100"),
    "(": ("26,0 8,20 0,50 8,80 26,100",),
    ")": ("0,0 18,20 26,50 18,80 0,100",),
}
_SIGNS = ("tick", "star", "arrow", "plus", "equals", "house", "heart")
_OF_TELEPHONES = ("plus", "(", ")")


def letter(shot: Shot, rng: Generator) -> Mark:
    """Return a letter or a sign, one high: printed, or written by hand."""
    if chance(rng, 0.5):
        return _printed(_PRINTED[rng.integers(len(_PRINTED))], rng)
    names = [name for name in _WRITTEN if name not in (*_SIGNS, *_OF_TELEPHONES)]
    return _written(names[rng.integers(len(names))], shot, rng)


def telephone_signs(shot: Shot, rng: Generator) -> list[Mark]:
    """Return a plus and two brackets, beside digits that are 1 high."""
    heights = (between(rng, 0.35, 0.6), *[between(rng, 0.9, 1.35)] * 2)
    return [
        _written(name, replace(shot, thickness=shot.thickness / height), rng).moved(height, 0, 0)
        for name, height in zip(_OF_TELEPHONES, heights, strict=True)
    ]


def scribble(shot: Shot, rng: Generator) -> Mark:
    """Return a scribble or a figure, one high."""
    kind = rng.integers(4)
    if kind == 0:
        return _written(_SIGNS[rng.integers(len(_SIGNS))], shot, rng)
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
    return stroked(points, torch.ones(len(points) - 1), shot, rng)


def neighbour(mark: Mark, around: Box, shape: Shape, rng: Generator) -> list[Mark]:
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


def _written(name: str, shot: Shot, rng: Generator) -> Mark:
    controls, curves, pen = traced(_WRITTEN[name])
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    controls = controls + 0.03 * torch.randn(controls.shape, generator=generator)
    points = slanted(bent((curves @ controls)[None], generator), generator)[0]
    return stroked(points, pen, shot, rng)
