"""Digits as marks, one high: written as strokes, or taken from given pictures."""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from digitnet.data.image_set import ImageSet
from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.handwriting import Handwriting, Image
from digitnet.datasets.paper.ink import skipped
from digitnet.datasets.paper.marks import Mark, width_from_outline
from digitnet.datasets.paper.restroked import restroked
from digitnet.datasets.synthetic import written

_RESTROKED = ("black", "blue", "pencil", "hairline", "broken")  # thinner than most pictures' ink
_TRIES = 3
_RESTROKED_HEIGHT = 40  # pixels of an image's height up to which its ink is restroked

InkSource = ImageSet | Handwriting | None
"""Where digits' ink comes from; `None` writes the strokes of the synthetic digits."""


def write(
    count: int, capture: Capture, source: InkSource, rng: Generator, *, natural: bool = False
) -> list[Mark]:
    """Return digits drawn at random, each 1 high with its top left corner in the origin.

    Those of a `Handwriting` are of one writer, and with `natural` as high as they are beside each
    other, the median digit 1.
    """
    if isinstance(source, Handwriting):
        chosen = source.draw(count, rng)
        marks = [
            _taken(source.images[index], int(source.labels[index]), capture, rng)
            for index in chosen
        ]
        heights = np.array([_ink_height(source.images[index]) for index in chosen])
        scales = heights / np.median(heights) if natural else np.ones(count)
        return [mark.moved(scale, 0, 0) for mark, scale in zip(marks, scales.tolist(), strict=True)]
    if source is not None:
        chosen = rng.integers(len(source), size=count)
        return [
            _taken(_grey(source, index), int(source.labels[index]), capture, rng)
            for index in chosen.tolist()
        ]
    labels = torch.from_numpy(rng.integers(10, size=count))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    tries = labels.repeat_interleave(_TRIES)
    points, pen = _legible(*written(tries, generator), tries)
    return [
        stroked(line, up, capture, rng, int(digit))
        for line, up, digit in zip(points, pen, labels, strict=True)
    ]


def _legible(points: Tensor, pen: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return of each digit's tries the first that most people read, or else the best."""
    extent = points.amax(dim=1) - points.amin(dim=1)
    broad = extent[:, 0] / extent[:, 1] - torch.where(labels == 1, 0.65, 1.15)
    centred = points - points.mean(dim=1, keepdim=True)
    along = torch.linalg.eigvalsh(centred.mT @ centred)  # ascending
    flat = torch.where(labels == 1, 0.0, 0.26 - (along[:, 0] / along[:, 1]).sqrt())
    bad = torch.maximum(broad, flat).view(-1, _TRIES).clamp(min=0)
    chosen = bad.argmin(dim=1) + torch.arange(len(bad)) * _TRIES  # of equals, the first
    return points[chosen], pen[chosen]


def stroked(
    points: Tensor, pen: Tensor, capture: Capture, rng: Generator, digit: int | None = None
) -> Mark:
    """Return strokes (P, 2) as a mark 1 high, pen included."""
    way = points.double().numpy()
    ink = skipped(pen.double().numpy(), capture.pen, rng)
    low, high = way.min(axis=0), way.max(axis=0)
    # what lies flat, a dash or a base, is not to be blown up to the height of a digit
    extent = max(high[1] - low[1], 0.5 * (high[0] - low[0]))
    way = (way - low) * ((1 - capture.thickness) / extent) + capture.thickness / 2
    return Mark(way, capture.thickness, ink, digit=digit)


def pictured(image: NDArray[np.uint8], digit: int | None = None) -> Mark:
    """Return a picture of ink, cropped to it, as a mark 1 high."""
    width = image.shape[1] / image.shape[0]
    corners = np.array([[0, 0], [width, 0], [width, 1], [0, 1]], dtype=float)
    return Mark(corners, width_from_outline(image) / len(image), image=image, digit=digit)


def _ink_height(image: Image) -> int:
    return int((image > 100).any(axis=1).sum())


def _grey(source: ImageSet, index: int) -> Image:
    return source.images[index].float().mean(dim=0).round().to(torch.uint8).numpy()


def _taken(image: Image, digit: int, capture: Capture, rng: Generator) -> Mark:
    if len(image) > _RESTROKED_HEIGHT:
        return pictured(image, digit)
    own = capture.pen not in _RESTROKED and "thickness" in capture.free
    ink = restroked(image, None if own else capture.thickness, capture.pen == "broken", rng)
    return pictured(ink, digit)
