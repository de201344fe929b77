"""Handwritten-looking digits, made of strokes, without any file or network."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from digitnet.data.image_set import DIGITS, ImageSet
from digitnet.datasets.glyphs import GLYPHS
from digitnet.execution import float32_by_default, with_own_settings
from digitnet.randomness import PICTURES, derive_seed
from digitnet.recipe import check_count, check_seed

SIZE, BOX = 28, 20  # pixels: an image, and the box that holds the digit, as in MNIST
POINTS = 96  # along the strokes of a digit, less than a pixel apart
_DRAWN_AT_ONCE = 500  # images, so that their tensors stay in the CPU's caches


@with_own_settings
@float32_by_default()
def synthetic(
    train: int = 10_000, test: int = 2_000, *, seed: int = 0
) -> tuple[ImageSet, ImageSet]:
    """Return digits drawn by a program, in MNIST's manner.

    Each digit is one of several forms, bent, slanted, scaled and wobbled at random, drawn
    with a pen of random width, scaled into a box of 20x20 pixels, with its centre of mass
    in the middle of the image, as MNIST's were (LeCun et al., 1998).

    Args:
        train: Images of the training set, at least 1.
        test: Images of the test set, at least 1.
        seed: In 0..2**63 - 1; the same seed and count give the same images.

    Returns:
        Training and test set, images uint8 (N, 1, 28, 28).

    Raises:
        InvalidInputError: A count is not a whole number of at least 1, or the seed is out
            of range.
    """
    check_count("train", train)
    check_count("test", test)
    check_seed(seed)
    return _image_set("synthetic train", train, derive_seed(seed, PICTURES, 0)), _image_set(
        "synthetic test", test, derive_seed(seed, PICTURES, 1)
    )


def _image_set(name: str, count: int, seed: int) -> ImageSet:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (count,), generator=generator)
    images = torch.cat([draw(part, generator) for part in labels.split(_DRAWN_AT_ONCE)])
    return ImageSet(images, labels, DIGITS, name)


def draw(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Draw digits of labels, int64 (N,), as uint8 (N, 1, 28, 28), light on dark."""
    points, pen = written(labels, generator)
    width = _uniform(len(labels), 0.45, 0.95, generator)  # of the pen, px
    points = _boxed(points, pen, width)
    return _rendered(points, pen, width)


def written(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Write digits of labels, int64 (N,), as strokes without width.

    Returns points along the strokes of each, (N, P, 2), x to the right and y down, about 1 high;
    and the pen between them, 1 where it is down, else 0, (N, P - 1).
    """
    points, pen = _formed(labels, generator)
    return slanted(bent(points, generator), generator), pen


def _formed(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return a form of each digit: points (N, P, 2), and between them the pen, (N, P - 1)."""
    forms = _forms()
    chosen = torch.empty(len(labels), dtype=torch.int64)
    for digit in GLYPHS:
        places = (labels == digit).nonzero()[:, 0]
        if len(places):
            shares = forms.shares * (forms.digits == digit)
            chosen[places] = torch.multinomial(shares, len(places), True, generator=generator)
    controls = forms.controls[chosen]
    controls = controls + _CONTROL_NOISE * torch.randn(controls.shape, generator=generator)
    return forms.curves[chosen] @ controls, forms.pen[chosen]


def bent(points: Tensor, generator: torch.Generator) -> Tensor:
    """Bend the plane by a few slow waves, so that points that meet go on meeting."""
    count, waves = len(points), 4
    frequency = torch.randn(count, 2, waves, generator=generator) * 3.0
    phase = _uniform((count, 1, waves), 0, 2 * math.pi, generator)
    amplitude = torch.randn(count, waves, 2, generator=generator) * 0.035
    return points + torch.sin(points @ frequency + phase) @ amplitude


def slanted(points: Tensor, generator: torch.Generator) -> Tensor:
    """Rotate, shear and stretch, and make the upper or the lower half the larger one."""
    count = len(points)
    lowered = torch.randn(count, generator=generator) * 0.07
    angle = torch.randn(count, generator=generator) * 0.1
    shear = 0.2 + torch.randn(count, generator=generator) * 0.25  # most people slant rightwards
    stretch = torch.exp(0.1 + torch.randn(count, generator=generator) * 0.22)
    cos, sin = angle.cos(), angle.sin()
    x, y = points.unbind(-1)
    y = y + lowered[:, None] * torch.sin(math.pi * y)
    x = x * stretch[:, None] - shear[:, None] * y
    x, y = cos[:, None] * x - sin[:, None] * y, sin[:, None] * x + cos[:, None] * y
    return torch.stack([x, y], dim=-1)


def _boxed(points: Tensor, pen: Tensor, width: Tensor) -> Tensor:
    """Scale into the box, and put the centre of mass into the middle of the image."""
    low, high = points.amin(dim=1, keepdim=True), points.amax(dim=1, keepdim=True)
    extent = (high - low).amax(dim=2, keepdim=True)
    margin = 2 * _REACH * width[:, None, None]
    points = points * ((BOX - margin) / extent)
    mass = _lengths(points, pen)[..., None]
    centre = (points * mass).sum(dim=1, keepdim=True) / mass.sum(dim=1, keepdim=True)
    return points - centre + SIZE / 2


def _rendered(points: Tensor, pen: Tensor, width: Tensor) -> Tensor:
    """Draw a pen with a soft round tip along the points.

    A Gaussian tip is the product of one along x and one along y, so that the ink of all
    points on all pixels is one matrix product an image.
    """
    pixels = torch.arange(SIZE)
    falloff = -0.5 / width[:, None, None] ** 2
    x, y = points.unbind(-1)
    across = torch.exp(falloff * (x[..., None] - pixels) ** 2)
    down = torch.exp(falloff * (y[..., None] - pixels) ** 2)
    # an endless straight line then has the level `_SATURATION` in its middle
    dose = _SATURATION * _lengths(points, pen) / (math.sqrt(2 * math.pi) * width[:, None])
    image = (down * dose[..., None]).transpose(1, 2) @ across
    return (image.clamp(max=1) * 255).round().to(torch.uint8)[:, None]


_CONTROL_NOISE = 0.04  # of a digit's height; deviation of the pen from a form's points
_SATURATION = 3.0  # ink in the middle of a line; 1 is white
_REACH = math.sqrt(2 * math.log(2 * _SATURATION))  # pen widths from the middle to half white


def _lengths(points: Tensor, pen: Tensor) -> Tensor:
    """Return the length of line that each point stands for, (N, P)."""
    steps = pen * (points[:, 1:] - points[:, :-1]).norm(dim=-1)
    return (functional.pad(steps, (1, 0)) + functional.pad(steps, (0, 1))) / 2


def _uniform(
    shape: int | tuple[int, ...], low: float, high: float, generator: torch.Generator
) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


class _Forms(NamedTuple):
    """All forms of all digits.

    Attributes:
        controls: What the pen passes through, padded with zeros, (F, K, 2).
        curves: Weights of the controls in each point along the strokes, (F, P, K).
        pen: 1 where the pen is down between two points, else 0, (F, P - 1).
        digits: The digit of each form, (F,).
        shares: How common it is, (F,).
    """

    controls: Tensor
    curves: Tensor
    pen: Tensor
    digits: Tensor
    shares: Tensor


@cache
def _forms() -> _Forms:
    flat = [(digit, form) for digit, forms in GLYPHS.items() for form in forms]
    lines = [traced(form.strokes) for _, form in flat]
    most = max(len(controls) for controls, _, _ in lines)
    return _Forms(
        controls=torch.stack(
            [functional.pad(controls, (0, 0, 0, most - len(controls))) for controls, _, _ in lines]
        ),
        curves=torch.stack(
            [functional.pad(curves, (0, most - curves.shape[1])) for _, curves, _ in lines]
        ),
        pen=torch.stack([pen for _, _, pen in lines]),
        digits=torch.tensor([digit for digit, _ in flat]),
        shares=torch.tensor([form.share for _, form in flat]),
    )


def traced(strokes: tuple[str, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Return controls (K, 2), weights of points spread along the strokes (P, K), pen (P - 1,)."""
    controls = [_controls(stroke) for stroke in strokes]
    lengths = torch.stack([(c[1:] - c[:-1]).norm(dim=1).sum() for c in controls])
    counts = (lengths / lengths.sum() * POINTS).int()
    counts[lengths.argmax()] += POINTS - counts.sum()
    curves = [curve(len(c), int(count)) for c, count in zip(controls, counts, strict=True)]
    pen = torch.ones(POINTS)
    pen[counts.cumsum(0) - 1] = 0  # lifted after each stroke
    return torch.cat(controls), torch.block_diag(*curves), pen[:-1]


def _controls(stroke: str) -> Tensor:
    pairs = [[float(number) / 100 for number in pair.split(",")] for pair in stroke.split()]
    return torch.tensor(pairs)


def curve(controls: int, count: int) -> Tensor:
    """Return weights (count, controls) of points on the smooth line through control points.

    The line is the spline of Catmull and Rom (1974), which is linear in its controls.
    """
    unit = torch.eye(controls)
    padded = torch.cat([unit[:1], unit, unit[-1:]])
    position = torch.linspace(0, controls - 1, count)
    start = position.long().clamp(max=controls - 2)
    t = (position - start)[:, None]
    before, left, right, after = (padded[start + i] for i in range(4))
    return left + 0.5 * t * (
        right
        - before
        + t
        * (2 * before - 5 * left + 4 * right - after + t * (3 * (left - right) + after - before))
    )
