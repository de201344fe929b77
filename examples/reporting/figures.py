"""Figures as small files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

COLOURS = 256  # the most that a PNG file can index


def save(figure: Figure, path: Path, **options: Any) -> None:
    """Write a figure as a PNG file of indexed colours, which is less than half as large.

    Args:
        figure: Its background is opaque.
        path: The file.
        options: Of `Figure.savefig`.
    """
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", **options)
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
