"""The settings of one picture: paper, pen, camera, light, drawn at random from a style."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from numpy.random import Generator

from digitnet.datasets.paper.fields import between, chance, ratio
from digitnet.datasets.paper.style import AMOUNTS, Amount, Style

_THICKNESS = {  # widths of each pen, as a share of the digit's height
    "black": (0.022, 0.055),
    "blue": (0.022, 0.055),
    "pencil": (0.025, 0.06),
    "felt": (0.06, 0.13),
    "chalk": (0.045, 0.1),
    "brush": (0.09, 0.15),
    "hairline": (0.005, 0.02),
    "broken": (0.035, 0.08),
}
_CONTRAST = {  # between solid ink and paper
    "black": (0.45, 0.95),
    "blue": (0.4, 0.8),
    "pencil": (0.2, 0.55),
    "felt": (0.55, 0.95),
    "chalk": (0.45, 0.8),
    "brush": (0.6, 1.0),
    "hairline": (0.5, 1.0),
    "broken": (0.5, 1.0),
}
_SCREENS = (28, 28, 56, 100, 128, 200, 256, 280, 280, 300, 400, 400, 500, 560, 600)  # pixels
_ASPECTS = (1.0, 1.0, 4 / 3, 3 / 4, 3 / 4, 9 / 16, 2 / 3, 16 / 9)  # width by height


@dataclass(frozen=True)
class Capture:
    """The settings of one picture; see `Style` for what each means.

    Attributes:
        camera: `"photo"`, `"scan"` or `"screen"`.
        size: Pixels of the longer side.
        aspect: Width by height.
        dark: Whether the ground is darker than the ink.
        form: What is printed, from `FORMS`, or `None`.
        free: The amounts that the style leaves open.
    """

    paper: str
    pen: str
    camera: str
    size: int
    aspect: float
    dark: bool
    form: str | None
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
    free: frozenset[str]


def draw_capture(style: Style, rng: Generator) -> Capture:
    """Draw what `style` leaves open."""
    pairs = style.pairs()
    paper = list(pairs)[rng.integers(len(pairs))]
    pen = pairs[paper][rng.integers(len(pairs[paper]))]
    camera = _camera(paper, rng)
    photo, screen = camera == "photo", camera == "screen"
    quality = _or(style.quality, rng, lambda: _quality(screen, rng))
    drawn = Capture(
        paper=paper,
        pen=pen,
        camera=camera,
        size=round(_or(style.size, rng, lambda: _size(screen, rng))),
        aspect=1.0 if screen and chance(rng, 0.8) else _ASPECTS[rng.integers(len(_ASPECTS))],
        dark=paper == "board" or (screen and chance(rng, 0.5)),
        form=None,
        height=_or(style.height, rng, lambda: _height(screen, rng)),
        thickness=_or(style.thickness, rng, lambda: between(rng, *_THICKNESS[pen])),
        contrast=_contrast(style, pen, screen, rng),
        rotation=_or(style.rotation, rng, lambda: _rotation(camera, rng))
        * (1 if chance(rng, 0.5) else -1),
        tilt=_or(style.tilt, rng, lambda: between(rng, 0, 0.3) if photo else 0.0),
        shadow=_or(style.shadow, rng, lambda: _shadow(photo, rng)),
        unevenness=_or(
            style.unevenness,
            rng,
            lambda: between(rng, 0, 0.3 if paper == "board" else 0.55) if photo else 0.0,
        ),
        blur=_or(style.blur, rng, lambda: _blur(camera, rng)),
        noise=_or(
            style.noise,
            rng,
            lambda: between(rng, 0.004, 0.035) if photo and chance(rng, 0.8) else 0.0,
        ),
        quality=None if math.isinf(quality) else round(quality),
        clutter=chance(rng, _or(style.clutter, rng, lambda: 0.1 if screen else 0.3)),
        free=frozenset(field for field in AMOUNTS if getattr(style, field) is None),
    )
    # last, so that the other settings are those without a form
    forms = style.forms
    return replace(drawn, form=forms[rng.integers(len(forms))]) if forms else drawn


def legible(capture: Capture, unit: float) -> Capture:
    """Return the capture with so much less of what hides ink that a reader still sees it.

    What the style fixes stays as it is.

    Args:
        capture: As it was drawn.
        unit: Pixels of a digit's height.
    """
    tiny = unit < 30
    lit = max((1 - capture.shadow) * (1 - capture.unevenness), 0.25)
    contrast, quality = capture.contrast, capture.quality
    if "contrast" in capture.free and capture.camera != "screen":
        contrast = max(contrast, 0.14 / lit, 0.45 if tiny else 0)
    if quality is not None and "quality" in capture.free:
        quality = max(quality, 65 if unit < 40 else 30)
    noise, blur = contrast * lit / (9 if tiny else 6), max(0.45 / unit, 0.35 * capture.thickness)
    return replace(
        capture,
        contrast=contrast,
        quality=quality,
        noise=min(capture.noise, noise) if "noise" in capture.free else capture.noise,
        blur=min(capture.blur, blur) if "blur" in capture.free else capture.blur,
    )


def _or(amount: Amount, rng: Generator, otherwise: Callable[[], float]) -> float:
    """Return what the style says, or what is drawn otherwise."""
    drawn = otherwise()  # always, so that fixing one amount leaves the others as they were
    share = float(rng.random())
    if amount is None:
        return drawn
    low, high = amount if isinstance(amount, tuple) else (amount, amount)
    return low + (high - low) * share


def _camera(paper: str, rng: Generator) -> str:
    if paper == "canvas":
        return "screen"
    scanned = paper not in ("board", "edge", "crumpled") and chance(rng, 0.2)
    return "scan" if scanned else "photo"


def _size(screen: bool, rng: Generator) -> float:
    if screen:
        return _SCREENS[rng.integers(len(_SCREENS))]
    return ratio(rng, 28, 100) if chance(rng, 0.06) else ratio(rng, 100, 1200)


def _height(screen: bool, rng: Generator) -> float:
    if screen:
        return between(rng, 0.85, 1.0) if chance(rng, 0.4) else between(rng, 0.3, 0.85)
    kind = rng.random()
    if kind < 0.12:
        return ratio(rng, 0.02, 0.08)
    if kind < 0.4:
        return ratio(rng, 0.08, 0.3)
    return between(rng, 0.3, 0.85) if kind < 0.85 else between(rng, 0.85, 1.0)


def _contrast(style: Style, pen: str, screen: bool, rng: Generator) -> float:
    faint = screen and chance(rng, 0.15)
    return _or(
        style.contrast,
        rng,
        lambda: between(rng, 0.22, 0.4) if faint else between(rng, *_CONTRAST[pen]),
    )


def _rotation(camera: str, rng: Generator) -> float:
    deviation = {"photo": 5.0, "scan": 1.5, "screen": 0.0}[camera]
    return min(abs(float(rng.normal(0, deviation))), 15.0)


def _quality(screen: bool, rng: Generator) -> float:
    """Return the quality of a JPEG, or infinity where the picture is not compressed."""
    return between(rng, 30, 95) if chance(rng, 0.2 if screen else 0.75) else math.inf


def _shadow(photo: bool, rng: Generator) -> float:
    return between(rng, 0.15, 0.65) if photo and chance(rng, 0.35) else 0.0


def _blur(camera: str, rng: Generator) -> float:
    if camera == "screen":
        return 0.0
    return min(abs(float(rng.normal(0, 0.012 if camera == "photo" else 0.004))), 0.03)
