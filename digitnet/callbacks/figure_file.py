"""Figures as files."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from digitnet.artifact import write_atomically
from digitnet.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMATS = (".png", ".svg", ".pdf")


def checked_figure_path(path: str | os.PathLike[str]) -> Path:
    """Return a path whose ending names a format that figures can have."""
    path = Path(path)
    if path.suffix not in _FORMATS:
        raise InvalidInputError(
            f"Expected a path that ends in {', '.join(_FORMATS)}; received '{path}'."
        )
    return path


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the path's ending names, whole or not at all."""
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix[1:])
    write_atomically(path, content.getvalue())
