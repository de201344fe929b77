"""The learning curves as a picture, while training goes on."""

from __future__ import annotations

import io
import os

from digitnet.artifact import write_atomically
from digitnet.callbacks.base import Callback
from digitnet.state import TrainState


class PlotCurves(Callback):
    """Keep a PNG of loss and accuracy over the epochs, drawn anew after each epoch.

    Args:
        path: The PNG file to write.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path

    def on_epoch_end(self, state: TrainState) -> None:
        """Draw the history as it is now."""
        png = io.BytesIO()
        state.history.plot().savefig(png, format="png")
        write_atomically(self.path, png.getvalue())
