"""The confusion matrix as a picture, while training goes on."""

from __future__ import annotations

from digitnet.callbacks.figure_callback import FigureCallback, save_figure
from digitnet.errors import InvalidInputError
from digitnet.state import TrainState


class PlotConfusionMatrix(FigureCallback):
    """Keep a figure of the validation data's confusion matrix, drawn anew after each epoch.

    Args:
        path: The file to write, a `.png`, `.svg` or `.pdf`.

    Raises:
        InvalidInputError: The file has another ending.
    """

    def on_train_begin(self, state: TrainState) -> None:
        """Check that it can be drawn and written before time goes into training."""
        super().on_train_begin(state)
        if not state.validates:
            raise InvalidInputError(
                "Expected validation data for PlotConfusionMatrix; received none. Pass "
                "validation_data or validation_split."
            )

    def on_epoch_end(self, state: TrainState) -> None:
        """Draw the last evaluation."""
        from digitnet.plots import confusion_matrix  # matplotlib is slow to import

        if state.validation is not None:
            figure = confusion_matrix(state.validation.confusion, state.validation.classes)
            save_figure(figure, self.path)
