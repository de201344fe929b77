"""The settings of one picture: paper, pen, camera and light, drawn at random within a style."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from numpy.random import Generator

from digitnet.datasets.paper.ink import PEN_RANGES
from digitnet.datasets.paper.sampling import chance, choice, half_normal, log_uniform, uniform
from digitnet.datasets.paper.style import Style

_SCREENS = (28, 28, 56, 100, 128, 200, 256, 280, 280, 300, 400, 400, 500, 560, 600)  # px
_ASPECTS = (1.0, 1.0, 4 / 3, 3 / 4, 3 / 4, 9 / 16, 2 / 3, 16 / 9)  # width / height


@dataclass(frozen=True)
class Capture:
    """The settings of one picture; see `Traits` for those that are not explained here.

    Attributes:
        style: What the settings were drawn from.
        size: Pixels of the longer side, before the page is fitted into the frame.
        aspect: Width / height.
        height: The wanted height of a digit, as a share of the picture's.
    """

    style: Style
    paper: str
    pen: str
    camera: str
    size: int
    aspect: float
    dark: bool
    height: float
    thickness: float
    contrast: float
    rotation: float
    tilt: float
    shadow: float
    unevenness: float
    blur: float
    noise: float
    quality: int | None
    clutter: bool
    form: str | None = None


def draw_capture(style: Style, rng: Generator) -> Capture:
    """Draw the settings of a picture."""
    # paper, pen and camera
    pairs = style.pairs()
    paper = choice(rng, list(pairs))
    pen = choice(rng, pairs[paper])
    scanned = paper not in ("canvas", "board", "edge", "crumpled") and chance(rng, 0.2)
    camera = "screen" if paper == "canvas" else "scan" if scanned else "photo"
    defaults = _defaults(paper, pen, camera, rng)

    def drawn(setting: str) -> float:
        # both always, so that fixing one setting leaves the others as they were
        value, share = defaults[setting](), float(rng.random())
        fixed = getattr(style, setting)
        low, high = fixed if isinstance(fixed, tuple) else (fixed, fixed)
        return value if fixed is None else low + (high - low) * share

    # the settings, in the order of their random numbers
    quality, screen = drawn("quality"), camera == "screen"
    capture = Capture(
        style=style,
        paper=paper,
        pen=pen,
        camera=camera,
        size=round(drawn("size")),
        aspect=1.0 if screen and chance(rng, 0.8) else choice(rng, _ASPECTS),
        dark=paper == "board" or (screen and chance(rng, 0.5)),
        height=drawn("height"),
        thickness=drawn("thickness"),
        contrast=drawn("contrast"),
        rotation=drawn("rotation") * (1 if chance(rng, 0.5) else -1),
        tilt=drawn("tilt"),
        shadow=drawn("shadow"),
        unevenness=drawn("unevenness"),
        blur=drawn("blur"),
        noise=drawn("noise"),
        quality=None if math.isinf(quality) else round(quality),
        clutter=chance(rng, drawn("clutter")),
    )
    return replace(capture, form=choice(rng, style.forms)) if style.forms else capture


def _defaults(paper: str, pen: str, camera: str, rng: Generator) -> dict[str, Callable[[], float]]:
    """Return what draws each setting that the style leaves open."""
    # ranges, in the units of `Style`
    photo, screen, ranges = camera == "photo", camera == "screen", PEN_RANGES[pen]
    darkest_corner = 0.3 if paper == "board" else 0.55
    turn = {"photo": 5.0, "scan": 1.5, "screen": 0.0}[camera]  # standard deviation
    compressed = 0.2 if screen else 0.75  # share
    small, usual, faint = (28, 100), (100, 1200), (0.22, 0.4)

    # a number for each setting, of quality infinity where the picture is not compressed
    return {
        "quality": lambda: uniform(rng, 30, 95) if chance(rng, compressed) else math.inf,
        "size": lambda: (
            choice(rng, _SCREENS)
            if screen
            else log_uniform(rng, *(small if chance(rng, 0.06) else usual))
        ),
        "height": lambda: _height(screen, rng),
        "thickness": lambda: uniform(rng, *ranges.thickness),
        "contrast": lambda: uniform(
            rng, *(faint if screen and chance(rng, 0.15) else ranges.contrast)
        ),
        "rotation": lambda: half_normal(rng, turn, 15.0),
        "tilt": lambda: uniform(rng, 0, 0.3) if photo else 0.0,
        "shadow": lambda: uniform(rng, 0.15, 0.65) if photo and chance(rng, 0.35) else 0.0,
        "unevenness": lambda: uniform(rng, 0, darkest_corner) if photo else 0.0,
        "blur": lambda: 0.0 if screen else half_normal(rng, 0.012 if photo else 0.004, 0.03),
        "noise": lambda: uniform(rng, 0.004, 0.035) if photo and chance(rng, 0.8) else 0.0,
        "clutter": lambda: 0.1 if screen else 0.3,
    }


def _height(screen: bool, rng: Generator) -> float:
    if screen:
        return uniform(rng, 0.85, 1.0) if chance(rng, 0.4) else uniform(rng, 0.3, 0.85)
    kind = rng.random()
    if kind < 0.4:
        return log_uniform(rng, 0.02, 0.08) if kind < 0.12 else log_uniform(rng, 0.08, 0.3)
    return uniform(rng, 0.3, 0.85) if kind < 0.85 else uniform(rng, 0.85, 1.0)


def legible(capture: Capture, unit: float) -> Capture:
    """Return a capture limited, where the style leaves it open, to what a reader can see.

    What can be seen depends on `unit`, the height of a digit in pixels.
    """
    style, contrast, quality = capture.style, capture.contrast, capture.quality
    tiny = unit < 30
    # less light needs more contrast
    lit = max((1 - capture.shadow) * (1 - capture.unevenness), 0.25)
    if style.contrast is None and capture.camera != "screen":
        contrast = max(contrast, 0.14 / lit, 0.45 if tiny else 0)
    if quality is not None and style.quality is None:
        quality = max(quality, 65 if unit < 40 else 30)
    # noise and blur are limited by what there is to see
    noise = contrast * lit / (9 if tiny else 6) if style.noise is None else math.inf
    blur = max(0.45 / unit, 0.35 * capture.thickness) if style.blur is None else math.inf
    noise, blur = min(capture.noise, noise), min(capture.blur, blur)
    return replace(capture, contrast=contrast, quality=quality, noise=noise, blur=blur)
