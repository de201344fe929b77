"""The learning curves as a picture, while training goes on."""

from __future__ import annotations

import os

from digitnet.artifact import check_folder
from digitnet.callbacks.base import Callback
from digitnet.callbacks.figure_file import checked_figure_path, save_figure
from digitnet.state import TrainState


class PlotCurves(Callback):
    """Keep a figure of loss and accuracy over the epochs, drawn anew after each epoch.

    Args:
        path: The file to write, a `.png`, `.svg` or `.pdf`.

    Raises:
        InvalidInputError: The file has another ending.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = checked_figure_path(path)

    def on_train_begin(self, state: TrainState) -> None:
        """Check that the file can be written before time goes into training."""
        check_folder(self.path)

    def on_epoch_end(self, state: TrainState) -> None:
        """Draw the history as it is now."""
        save_figure(state.history.plot(), self.path)
