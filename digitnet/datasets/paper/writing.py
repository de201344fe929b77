"""Digits as marks, one high: written as strokes, or taken from given pictures."""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from digitnet.data.image_set import ImageSet
from digitnet.datasets.paper.ink import enlarged_picture, skipped
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.shot import Shot
from digitnet.datasets.synthetic import written


def write(count: int, shot: Shot, source: ImageSet | None, rng: Generator) -> list[Mark]:
    """Return digits drawn at random, each 1 high with its top left corner in the origin."""
    if source is not None:
        chosen = rng.integers(len(source), size=count)
        return [_taken(source, int(index), rng) for index in chosen]
    labels = torch.from_numpy(rng.integers(10, size=count))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    points, pen = written(labels, generator)
    return [
        stroked(line, up, shot, rng, int(digit))
        for line, up, digit in zip(points, pen, labels, strict=True)
    ]


def stroked(
    points: Tensor, pen: Tensor, shot: Shot, rng: Generator, digit: int | None = None
) -> Mark:
    """Return strokes (P, 2) as a mark 1 high, pen included."""
    way = points.double().numpy()
    ink = skipped(pen.double().numpy(), shot.pen, rng)
    low, high = way.min(axis=0), way.max(axis=0)
    # what lies flat, a dash or a base, is not to be blown up to the height of a digit
    extent = max(high[1] - low[1], 0.5 * (high[0] - low[0]))
    way = (way - low) * ((1 - shot.thickness) / extent) + shot.thickness / 2
    return Mark(way, shot.thickness, ink, digit=digit)


def pictured(image: NDArray[np.uint8], digit: int | None = None) -> Mark:
    """Return a picture of ink, cropped to it, as a mark 1 high."""
    width = image.shape[1] / image.shape[0]
    corners = np.array([[0, 0], [width, 0], [width, 1], [0, 1]], dtype=float)
    return Mark(corners, _measured(image), image=image, digit=digit)


def _taken(source: ImageSet, index: int, rng: Generator) -> Mark:
    image = source.images[index].float().mean(dim=0).round().to(torch.uint8).numpy()
    return pictured(enlarged_picture(image, rng), int(source.labels[index]))


def _measured(image: NDArray[np.uint8]) -> float:
    """Return the width of a picture's strokes, as a share of its height.

    A line's area is its length times its width, and its outline twice its length.
    """
    ink = image > 127
    outline = np.count_nonzero(ink[1:] != ink[:-1]) + np.count_nonzero(ink[:, 1:] != ink[:, :-1])
    # on a grid, an outline in all directions is 4 / pi times too long
    return float(2 * ink.sum() / max(outline * np.pi / 4, 1) / len(ink))
