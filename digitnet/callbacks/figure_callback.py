"""Callbacks that keep a figure in a file."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from digitnet.artifact import check_folder, write_atomically
from digitnet.callbacks.base import Callback
from digitnet.errors import InvalidInputError
from digitnet.state import TrainState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMATS = (".png", ".svg", ".pdf")


class FigureCallback(Callback):
    """Base of the callbacks that keep a figure in a file, drawn anew after each epoch."""

    in_every_process = False

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if self.path.suffix not in _FORMATS:
            raise InvalidInputError(
                f"Expected a path that ends in {', '.join(_FORMATS)}; received '{path}'."
            )

    def on_train_begin(self, state: TrainState) -> None:
        """Check that the file can be written before time goes into training."""
        check_folder(self.path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the path's ending names, whole or not at all."""
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix[1:].lower())
    write_atomically(path, content.getvalue())
