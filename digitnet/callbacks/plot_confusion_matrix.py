"""The confusion matrix as a picture, while training goes on."""

from __future__ import annotations

import os

from digitnet.artifact import check_folder
from digitnet.callbacks.base import Callback
from digitnet.callbacks.figure_file import checked_figure_path, save_figure
from digitnet.errors import InvalidInputError
from digitnet.state import TrainState


class PlotConfusionMatrix(Callback):
    """Keep a figure of the validation data's confusion matrix, drawn anew after each epoch.

    Args:
        path: The file to write, a `.png`, `.svg` or `.pdf`.

    Raises:
        InvalidInputError: The file has another ending.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = checked_figure_path(path)

    def on_train_begin(self, state: TrainState) -> None:
        """Check that it can be drawn and written before time goes into training."""
        check_folder(self.path)
        if not state.validates:
            raise InvalidInputError(
                "Expected validation data for PlotConfusionMatrix; received none. Pass "
                "validation_data or validation_split."
            )

    def on_epoch_end(self, state: TrainState) -> None:
        """Draw the last evaluation."""
        from digitnet.plots import confusion_matrix  # matplotlib is slow to import

        if state.validation is not None:
            result = state.validation
            save_figure(confusion_matrix(result.confusion, result.classes), self.path)
