"""The learning curves as a picture, while training goes on."""

from __future__ import annotations

from digitnet.callbacks.figure_callback import FigureCallback, save_figure
from digitnet.state import TrainState


class PlotCurves(FigureCallback):
    """Keep a figure of loss and accuracy over the epochs, drawn anew after each epoch.

    Args:
        path: The file to write, a `.png`, `.svg` or `.pdf`.

    Raises:
        InvalidInputError: The file has another ending.
    """

    def on_epoch_end(self, state: TrainState) -> None:
        """Draw the history as it is now."""
        save_figure(state.history.plot(), self.path)
