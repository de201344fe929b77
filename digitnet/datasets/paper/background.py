"""Backgrounds: paper of many kinds, a board, the ground of a drawing program."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fonts import font
from digitnet.datasets.paper.geometry import Box, Floats, ImageShape, Matrix, local_scale
from digitnet.datasets.paper.sampling import (
    chance,
    choice,
    enlarge,
    log_uniform,
    noise,
    smooth_noise,
    smoothstep,
    uniform,
)

_PRINTED_LETTERS = "etaoinshrdlucmfwypvbgk     "  # of printed bleed-through
_RULES = ((0.9, 0.5, 0.1), (0.6, 0.6, 0.6), (0.4, 0.5, 0.9))  # absorbed red, green and blue
_BOARDS = ((0.8, 1.1, 0.9), (1, 1, 1), (0.9, 0.95, 1.05))  # red, green and blue, relative
_FOLD_SIZE = 320  # px of the longer side, at which folds are computed


def background(
    capture: Capture, shape: ImageShape, to_page: Matrix, ink: Box, rng: Generator
) -> Floats:
    """Return the colours of a page without its ink, in [0, 1], (H, W, 3).

    `to_page` leads from pixels to the page, on which a digit is 1 high; `ink` is the bounding box
    of the digits in pixels.
    """
    # the ground, with its grain
    paper = capture.paper
    colours = np.empty((*shape, 3), dtype=np.float32)
    colours[:] = _ground(capture, rng)
    if paper == "canvas":
        return colours
    colours *= 1 + uniform(rng, 0.002, 0.012) * noise(shape, rng, uniform(rng, 1, 3))[..., None]
    # what is on the paper, well below the contrast of ink
    faint = 0.5 * capture.contrast
    if paper in ("lined", "squared"):
        _rule(colours, paper, to_page, faint, rng)
    elif paper == "stained":
        _stain(colours, faint, rng)
    elif paper in ("crumpled", "board"):
        depth = uniform(rng, 0.1, 0.3) if paper == "crumpled" else 0.06
        colours *= _folds(shape, depth, rng)[..., None]
    elif paper in ("print behind", "writing behind"):
        left, top, right, bottom = ink
        height = 1 / local_scale(to_page, np.array([[left, top], [right, bottom]]))
        through = _bleed_through(shape, height, paper == "print behind", rng)
        colours -= (through * uniform(rng, 0.15, 0.6) * faint)[..., None]
    elif paper in ("pasted", "edge"):
        _surround(colours, paper, ink, rng)
    if paper == "board":
        colours += 0.04 * np.clip(smooth_noise(shape, rng, 4), 0, 2)[..., None]  # wiped chalk
    return colours


def _ground(capture: Capture, rng: Generator) -> Floats:
    """Return the colour of the ground."""
    level = uniform(rng, 0.86, 0.99)
    if capture.paper == "board":
        tint = np.array(choice(rng, _BOARDS), dtype=np.float32)
        return tint * np.float32(uniform(rng, 0.1, 0.26))
    if capture.paper == "canvas":
        level = uniform(rng, 0.9, 1) if chance(rng, 0.3) else 1.0
        return np.full(3, 1 - level if capture.dark else level, dtype=np.float32)
    if capture.paper in ("grey", "pasted"):
        level = uniform(rng, 0.5, 0.82)
    warm = uniform(rng, 0.08, 0.3) if capture.paper == "yellowed" else uniform(rng, -0.01, 0.05)
    return np.array([level, level * (1 - 0.35 * warm), level * (1 - warm)], dtype=np.float32)


def _pixels(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return x (W,) and y (H, 1) of pixels."""
    height, width = shape[:2]
    return np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]


def _rule(colours: Floats, paper: str, to_page: Matrix, faint: float, rng: Generator) -> None:
    """Draw lines, or squares, in the page's perspective."""
    # pixels and lengths on the page
    x, y = _pixels(colours.shape)
    rows = to_page.astype(np.float32)
    depth = rows[2, 0] * x + rows[2, 1] * y + rows[2, 2]
    pixel = float(np.hypot(*rows[1, :2])) / float(np.median(depth))
    spacing = max(log_uniform(rng, 0.35, 2.5), 6 * pixel)
    width = max(spacing * uniform(rng, 0.015, 0.04), 0.8 * pixel)
    # rules
    tone = np.array(choice(rng, _RULES))
    tone = (tone * min(uniform(rng, 0.12, 0.5), faint)).astype(np.float32)
    for axis in (1, 0) if paper == "squared" else (1,):
        place = (rows[axis, 0] * x + rows[axis, 1] * y + rows[axis, 2]) / depth
        place = place / spacing + uniform(rng, 0, 1)
        away = np.abs(place - np.rint(place)) * spacing
        line = np.clip((width / 2 - away) / pixel + 0.5, 0, min(1.0, width / pixel))
        colours -= line[..., None] * tone
    # margin
    if paper == "lined" and chance(rng, 0.3):
        place = (rows[0, 0] * x + rows[0, 1] * y + rows[0, 2]) / depth + uniform(rng, 0.7, 3)
        line = np.clip((width / 2 - np.abs(place)) / pixel + 0.5, 0, 1)
        colours -= line[..., None] * np.array([0.1, 0.6, 0.5], dtype=np.float32) * faint


def _stain(colours: Floats, faint: float, rng: Generator) -> None:
    """Spill coffee: blots and rings, darkest at their rims."""
    height, width = colours.shape[:2]
    x, y = _pixels(colours.shape)
    for _ in range(rng.integers(1, 4)):
        radius = log_uniform(rng, 0.08, 0.5) * max(height, width)
        away = np.hypot(x - uniform(rng, 0, width), y - uniform(rng, 0, height))
        away += 0.08 * radius * smooth_noise((height, width), rng, 6)
        inside = smoothstep(radius - away, 0.06 * radius)
        rim = np.exp(-(((away - radius) / (0.05 * radius)) ** 2))
        brown = (inside * uniform(rng, 0, 0.3) + rim * uniform(rng, 0.1, 0.4)) * faint
        colours -= brown[..., None] * np.array([0.5, 0.8, 1.2], dtype=np.float32)


def _folds(shape: ImageShape, depth: float, rng: Generator) -> Floats:
    """Return the light on crumpled paper: planes that meet in sharp folds."""
    scale = min(1.0, _FOLD_SIZE / max(shape))
    rows, columns = (max(8, round(side * scale)) for side in shape)
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)
    lit = np.zeros((rows, columns), dtype=np.float32)
    bend = 0.03 * smooth_noise((rows, columns), rng, 7)
    for _ in range(rng.integers(8, 20)):
        # distances from the fold, and from its middle along it
        angle = uniform(rng, 0, math.pi)
        cos, sin = math.cos(angle), math.sin(angle)
        away = x * cos + y * sin - uniform(rng, -1, 1) + bend
        along = (y * cos - x * sin - uniform(rng, -1, 1)) / uniform(rng, 0.25, 1)
        # a plane on either side, and a bright or dark edge
        fades = np.exp(-(along**2) - np.abs(away) * uniform(rng, 2, 8))
        lit += np.tanh(away / 0.015) * fades * uniform(rng, -0.6, 0.6)
        lit += np.exp(-((away / 0.012) ** 2) - along**2) * uniform(rng, -0.3, 0.3)
    lit += 0.25 * smooth_noise((rows, columns), rng, 8)
    return np.asarray(np.clip(1 + depth * (enlarge(lit, shape) - 0.5), 0.45, 1.1))


def _surround(colours: Floats, paper: str, ink: Box, rng: Generator) -> None:
    """Put the sheet on white, or let a desk be seen beside it, where the ink leaves room."""
    # distances of pixels from the frame's sides, leaning as the sheet does
    height, width = colours.shape[:2]
    x, y = _pixels(colours.shape)
    left, top, right, bottom = ink
    lean = math.tan(math.radians(uniform(rng, -6, 6))) if paper == "edge" else 0.0
    across, down = x + lean * (y - (top + bottom) / 2), y - lean * (x - (left + right) / 2)
    places = (across, down, width - across, height - down)
    # the sheet ends at some sides, between the frame and the ink
    spare = max(2.0, 0.06 * (bottom - top))
    rooms = (left - spare, top - spare, width - right - spare, height - bottom - spare)
    sides = [paper == "pasted" or chance(rng, 0.4) for _ in range(4)]
    sides[rng.integers(4)] = True
    inside: Floats = np.ones((height, width), dtype=np.float32)
    for room, place, wanted in zip(rooms, places, sides, strict=True):
        lean_room = room - abs(lean) * max(bottom - top, right - left) / 2
        if wanted and lean_room > 2:
            inside = inside * smoothstep(place - lean_room * uniform(rng, 0.1, 0.95), 2.0)
    # white, or wood
    outside = np.ones((1, 1, 3), dtype=np.float32)
    if paper == "edge":
        wood = np.array([1, uniform(rng, 0.6, 1), uniform(rng, 0.4, 1)], dtype=np.float32)
        streaks = 1 + 0.08 * smooth_noise((height, 1), rng, 30) * np.ones(width, dtype=np.float32)
        outside = uniform(rng, 0.08, 0.5) * streaks[..., None] * wood
    colours[:] = inside[..., None] * colours + (1 - inside[..., None]) * outside


def _bleed_through(shape: ImageShape, unit: float, printed: bool, rng: Generator) -> Floats:
    """Return lines of print or of joined writing, mirrored and blurred, in [0, 1], (H, W).

    Letters are in proportion to `unit`, the height of a digit in pixels.
    """
    # lines from top to bottom
    height, width = shape
    image = Image.new("L", (width, height))
    pen = ImageDraw.Draw(image)
    if printed:
        size: float = int(np.clip(unit * log_uniform(rng, 0.15, 0.8), 7, max(8, height / 4)))
        face = font(int(size), rng)
        top = -uniform(rng, 0, size)
        while top < height:
            letters = rng.integers(
                len(_PRINTED_LETTERS), size=min(240, int(2.4 * width / size) + 4)
            )
            pen.text((-size, top), "".join(_PRINTED_LETTERS[i] for i in letters), 255, face)
            top += 1.4 * size
    else:
        size = float(np.clip(unit * log_uniform(rng, 0.2, 0.9), 7, max(8, height / 3)))
        top = uniform(rng, 0, size)
        while top < height:
            _scrawl(pen, top, size, width, rng)
            top += 1.9 * size
    # the back of the page, through paper
    blur = ImageFilter.GaussianBlur(max(0.6, size * uniform(rng, 0.03, 0.09)))
    return np.asarray(ImageOps.mirror(image).filter(blur), dtype=np.float32) / 255


def _scrawl(pen: ImageDraw.ImageDraw, top: float, size: float, width: int, rng: Generator) -> None:
    """Draw a line of joined writing."""
    count = min(2000, int(5 * width / size) + 4)
    x = np.cumsum(rng.random(count) * 0.5 - 0.04) * size * 0.6
    y = top + size * 0.4 * np.abs(rng.standard_normal(count)) * (np.arange(count) % 2 * 2 - 1)
    for start in range(0, count - 12, 14):
        word = slice(start, start + int(rng.integers(6, 13)))
        points = list(zip(x[word], y[word], strict=True))
        pen.line(points, 255, max(1, round(0.09 * size)), "curve")
