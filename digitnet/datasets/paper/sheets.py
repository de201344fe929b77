"""What is written on: paper of many kinds, a board, the ground of a drawing program."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.bleed_through import printed, scrawled
from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import (
    Floats,
    ImageShape,
    between,
    chance,
    enlarged,
    grain,
    ramp,
    ratio,
    waves,
)
from digitnet.datasets.paper.layout import Box
from digitnet.datasets.paper.marks import Matrix


def sheet(capture: Capture, shape: ImageShape, back: Floats, ink: Box, rng: Generator) -> Floats:
    """Return the colours of a page without its ink, in [0, 1], (H, W, 3).

    Args:
        capture: Its paper, and the contrast that nothing on the paper may reach.
        shape: Rows and columns of the picture.
        back: From the picture's pixels to the page, on which a digit is 1 high.
        ink: Left, top, right and bottom of the digits in the picture.
        rng: Draws the rest.
    """
    colours = np.empty((*shape, 3), dtype=np.float32)
    colours[:] = _ground(capture, rng)
    if capture.paper == "canvas":
        return colours
    colours *= 1 + between(rng, 0.002, 0.012) * grain(shape, rng, between(rng, 1, 3))[..., None]
    faint = 0.5 * capture.contrast  # what is on the paper stays well below the ink
    if capture.paper in ("lined", "squared"):
        _rule(colours, capture.paper, back, faint, rng)
    elif capture.paper == "stained":
        _stain(colours, faint, rng)
    elif capture.paper in ("crumpled", "board"):
        depth = between(rng, 0.1, 0.3) if capture.paper == "crumpled" else 0.06
        colours *= _folds(shape, depth, rng)[..., None]
    elif capture.paper in ("print behind", "writing behind"):
        behind = printed if capture.paper == "print behind" else scrawled
        through = behind(shape, 1 / _unit(back, ink), rng)
        colours -= (through * between(rng, 0.15, 0.6) * faint)[..., None]
    elif capture.paper in ("pasted", "edge"):
        _surround(colours, capture.paper, ink, rng)
    if capture.paper == "board":
        colours += 0.04 * np.clip(waves(shape, rng, 4), 0, 2)[..., None]  # wiped chalk
    return colours


def _unit(back: Matrix, ink: Box) -> float:
    """Return the page's units to a pixel where the ink is."""
    from digitnet.datasets.paper.marks import scale_at

    left, top, right, bottom = ink
    return scale_at(back, np.array([[left, top], [right, bottom]]))


def _ground(capture: Capture, rng: Generator) -> Floats:
    """Return the colour of the ground."""
    level = between(rng, 0.86, 0.99)
    if capture.paper == "board":
        tint = [(0.8, 1.1, 0.9), (1, 1, 1), (0.9, 0.95, 1.05)][rng.integers(3)]
        return np.array(tint, dtype=np.float32) * np.float32(between(rng, 0.1, 0.26))
    if capture.paper == "canvas":
        level = between(rng, 0.9, 1) if chance(rng, 0.3) else 1.0
        return np.full(3, 1 - level if capture.dark else level, dtype=np.float32)
    if capture.paper in ("grey", "pasted"):
        level = between(rng, 0.5, 0.82)
    warm = between(rng, 0.08, 0.3) if capture.paper == "yellowed" else between(rng, -0.01, 0.05)
    return np.array([level, level * (1 - 0.35 * warm), level * (1 - warm)], dtype=np.float32)


def _rule(colours: Floats, paper: str, back: Matrix, faint: float, rng: Generator) -> None:
    """Draw lines, or squares, in the page's perspective."""
    height, width = colours.shape[:2]
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    rows = back.astype(np.float32)
    depth = rows[2, 0] * x + rows[2, 1] * y + rows[2, 2]
    pixel = float(np.hypot(*rows[1, :2])) / float(np.median(depth))  # page units
    spacing = max(ratio(rng, 0.35, 2.5), 6 * pixel)
    broad = max(spacing * between(rng, 0.015, 0.04), 0.8 * pixel)
    tone = np.array([(0.9, 0.5, 0.1), (0.6, 0.6, 0.6), (0.4, 0.5, 0.9)][rng.integers(3)])
    tone = (tone * min(between(rng, 0.12, 0.5), faint)).astype(np.float32)
    for axis in (1, 0) if paper == "squared" else (1,):
        place = (rows[axis, 0] * x + rows[axis, 1] * y + rows[axis, 2]) / depth
        place = place / spacing + between(rng, 0, 1)
        away = np.abs(place - np.rint(place)) * spacing
        line = np.clip((broad / 2 - away) / pixel + 0.5, 0, min(1.0, broad / pixel))
        colours -= line[..., None] * tone
    if paper == "lined" and chance(rng, 0.3):  # the margin
        place = (rows[0, 0] * x + rows[0, 1] * y + rows[0, 2]) / depth + between(rng, 0.7, 3)
        line = np.clip((broad / 2 - np.abs(place)) / pixel + 0.5, 0, 1)
        colours -= line[..., None] * np.array([0.1, 0.6, 0.5], dtype=np.float32) * faint


def _stain(colours: Floats, faint: float, rng: Generator) -> None:
    """Spill coffee: blots and rings, darkest at their rims."""
    height, width = colours.shape[:2]
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    longer = max(height, width)
    for _ in range(rng.integers(1, 4)):
        radius = ratio(rng, 0.08, 0.5) * longer
        away = np.hypot(x - between(rng, 0, width), y - between(rng, 0, height))
        away += 0.08 * radius * waves((height, width), rng, 6)
        inside = ramp(radius - away, 0.06 * radius)
        rim = np.exp(-(((away - radius) / (0.05 * radius)) ** 2))
        brown = (inside * between(rng, 0, 0.3) + rim * between(rng, 0.1, 0.4)) * faint
        colours -= brown[..., None] * np.array([0.5, 0.8, 1.2], dtype=np.float32)


def _folds(shape: ImageShape, depth: float, rng: Generator) -> Floats:
    """Return the light on crumpled paper: planes that meet in sharp folds."""
    scale = min(1.0, 320 / max(shape))
    rows, columns = (max(8, round(side * scale)) for side in shape)
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)
    lit = np.zeros((rows, columns), dtype=np.float32)
    bend = 0.03 * waves((rows, columns), rng, 7)
    for _ in range(rng.integers(8, 20)):
        angle = between(rng, 0, math.pi)
        cos, sin = math.cos(angle), math.sin(angle)
        away = x * cos + y * sin - between(rng, -1, 1) + bend
        along = (y * cos - x * sin - between(rng, -1, 1)) / between(rng, 0.25, 1)
        fades = np.exp(-(along**2) - np.abs(away) * between(rng, 2, 8))
        lit += np.tanh(away / 0.015) * fades * between(rng, -0.6, 0.6)
        lit += np.exp(-((away / 0.012) ** 2) - along**2) * between(rng, -0.3, 0.3)
    lit += 0.25 * waves((rows, columns), rng, 8)
    return np.asarray(np.clip(1 + depth * (enlarged(lit, shape) - 0.5), 0.45, 1.1))


def _surround(colours: Floats, paper: str, ink: Box, rng: Generator) -> None:
    """Put the sheet on white, or let a desk be seen beside it, where the ink leaves room."""
    height, width = colours.shape[:2]
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    left, top, right, bottom = ink
    spare = max(2.0, 0.06 * (bottom - top))
    lean = math.tan(math.radians(between(rng, -6, 6))) if paper == "edge" else 0.0
    along, down = x + lean * (y - (top + bottom) / 2), y - lean * (x - (left + right) / 2)
    rooms = (left - spare, top - spare, width - right - spare, height - bottom - spare)
    places = (along, down, width - along, height - down)
    sides = [paper == "pasted" or chance(rng, 0.4) for _ in range(4)]
    sides[rng.integers(4)] = True
    inside: Floats = np.ones((height, width), dtype=np.float32)
    for room, place, wanted in zip(rooms, places, sides, strict=True):
        lean_room = room - abs(lean) * max(bottom - top, right - left) / 2
        if wanted and lean_room > 2:
            inside = inside * ramp(place - lean_room * between(rng, 0.1, 0.95), 2.0)
    if paper == "pasted":
        outside = np.ones((1, 1, 3), dtype=np.float32)
    else:
        wood = np.array([1, between(rng, 0.6, 1), between(rng, 0.4, 1)], dtype=np.float32)
        streaks = 1 + 0.08 * waves((height, 1), rng, 30) * np.ones((1, width), dtype=np.float32)
        outside = between(rng, 0.08, 0.5) * streaks[..., None] * wood
    colours[:] = inside[..., None] * colours + (1 - inside[..., None]) * outside
