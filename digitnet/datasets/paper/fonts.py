"""Fonts that come with matplotlib."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from numpy.random import Generator
from PIL import ImageFont

_NAMES = (
    "DejaVuSans.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSansMono-Bold.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerif-Italic.ttf",
    "DejaVuSerif-Bold.ttf",
    "STIXGeneral.ttf",
    "STIXGeneralItalic.ttf",
)


def font(size: int, rng: Generator) -> ImageFont.FreeTypeFont:
    """Return one of the fonts at a size in pixels."""
    return _loaded(_NAMES[rng.integers(len(_NAMES))], size)


@cache
def _folder() -> Path:
    import matplotlib  # its data files alone: nothing is plotted

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@lru_cache(maxsize=64)
def _loaded(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_folder() / name), size)
