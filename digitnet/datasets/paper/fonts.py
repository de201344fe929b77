"""Printed text in the fonts that come with matplotlib."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from digitnet.datasets.paper.geometry import Bytes
from digitnet.datasets.paper.sampling import choice

_NAMES = (
    "DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono-Bold", "DejaVuSerif",
    "DejaVuSerif-Italic", "DejaVuSerif-Bold", "STIXGeneral", "STIXGeneralItalic",
)  # fmt: skip


def font(size: int, rng: Generator) -> ImageFont.FreeTypeFont:
    """Return one of the fonts at a size in pixels."""
    return _loaded(choice(rng, _NAMES), size)


def typeset(text: str, face: ImageFont.FreeTypeFont) -> tuple[Bytes, int]:
    """Return text in print, light on dark (H, W), and its top in px below the baseline."""
    left, top, right, bottom = (int(side) for side in face.getbbox(text, anchor="ls"))
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, 255, face, anchor="ls")
    return np.asarray(image), top


@lru_cache(maxsize=64)
def _loaded(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib  # its data files alone: nothing is plotted

    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf")
    return ImageFont.truetype(str(path), size)
