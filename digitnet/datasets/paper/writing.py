"""Handwritten digits as marks 1 high: strokes, or images of ink."""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from digitnet.data.image_set import ImageSet
from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.geometry import Bytes
from digitnet.datasets.paper.handwriting import Handwriting
from digitnet.datasets.paper.ink import uneven
from digitnet.datasets.paper.marks import Mark, stroke_width
from digitnet.datasets.paper.restroked import restroked
from digitnet.datasets.synthetic import written

_THIN_PENS = ("black", "blue", "pencil", "hairline", "broken")  # thinner than most images' ink
_TRIES = 3  # strokes written for each digit, of which the most legible are kept
_MAX_RESTROKED = 40  # px; ink of higher images is kept as it is
_IMAGE_INK = 100  # of 255: ink when an image's height is measured

InkSource = ImageSet | Handwriting | None
"""Where digits' ink comes from; `None` writes the strokes of the synthetic digits."""


def write(
    count: int, capture: Capture, source: InkSource, rng: Generator, *, natural: bool = False
) -> list[Mark]:
    """Return random digits, each 1 high with its top left corner in the origin.

    Those of a `Handwriting` are of one writer, and with `natural` keep their relative heights,
    the median digit 1 high.
    """
    # images of digits
    if source is None:
        return _written(count, capture, rng)
    if isinstance(source, Handwriting):
        chosen = source.draw(count, rng).tolist()
        images = [source.images[index] for index in chosen]
    else:
        chosen = rng.integers(len(source), size=count).tolist()
        grey = source.images[chosen].float().mean(dim=1).round().to(torch.uint8)
        images = list(grey.numpy())
    # marks, 1 high or as high as they are beside each other
    marks = [
        _of_image(image, int(source.labels[index]), capture, rng)
        for image, index in zip(images, chosen, strict=True)
    ]
    if not natural or not isinstance(source, Handwriting):
        return marks
    heights = np.array([(image > _IMAGE_INK).any(axis=1).sum() for image in images])
    scales = (heights / np.median(heights)).tolist()
    return [mark.moved(scale, 0, 0) for mark, scale in zip(marks, scales, strict=True)]


def stroke_mark(
    points: Tensor, pen: Tensor, capture: Capture, rng: Generator, digit: int | None = None
) -> Mark:
    """Return strokes, points (P, 2) and pen (P - 1,), as a mark 1 high, its width included."""
    way = points.double().numpy()
    ink = uneven(pen.double().numpy(), capture.pen, rng)
    low, high = way.min(axis=0), way.max(axis=0)
    # flat strokes, a dash or a base, are not scaled to the height of a digit
    extent = max(high[1] - low[1], 0.5 * (high[0] - low[0]))
    way = (way - low) * ((1 - capture.thickness) / extent) + capture.thickness / 2
    return Mark(way, capture.thickness, ink, digit=digit)


def image_mark(image: Bytes, digit: int | None = None) -> Mark:
    """Return an image of ink, cropped to it, as a mark 1 high."""
    width = image.shape[1] / image.shape[0]
    corners = np.array([[0, 0], [width, 0], [width, 1], [0, 1]], dtype=float)
    return Mark(corners, stroke_width(image) / len(image), image=image, digit=digit)


def _written(count: int, capture: Capture, rng: Generator) -> list[Mark]:
    """Return digits from strokes: of each digit's tries the first without a fault, or the best."""
    labels = torch.from_numpy(rng.integers(10, size=count))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    tries = labels.repeat_interleave(_TRIES)
    points, pen = written(tries, generator)
    # most people cannot read a digit that is broad or lies flat
    extent = points.amax(dim=1) - points.amin(dim=1)
    broad = extent[:, 0] / extent[:, 1] - torch.where(tries == 1, 0.65, 1.15)
    centred = points - points.mean(dim=1, keepdim=True)
    variance = torch.linalg.eigvalsh(centred.mT @ centred)  # ascending
    flat = torch.where(tries == 1, 0.0, 0.26 - (variance[:, 0] / variance[:, 1]).sqrt())
    faults = torch.maximum(broad, flat).view(-1, _TRIES).clamp(min=0)
    chosen = faults.argmin(dim=1) + torch.arange(count) * _TRIES  # the first of equals
    return [
        stroke_mark(line, up, capture, rng, int(digit))
        for line, up, digit in zip(points[chosen], pen[chosen], labels, strict=True)
    ]


def _of_image(image: Bytes, digit: int, capture: Capture, rng: Generator) -> Mark:
    if len(image) > _MAX_RESTROKED:
        return image_mark(image, digit)
    own_width = capture.pen not in _THIN_PENS and capture.style.thickness is None
    thickness = None if own_width else capture.thickness
    return image_mark(restroked(image, thickness, capture.pen == "broken", rng), digit)
