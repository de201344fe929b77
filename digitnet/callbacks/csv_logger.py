"""The history as a file, while training goes on."""

from __future__ import annotations

import os
from pathlib import Path

from digitnet.callbacks.base import Callback
from digitnet.keras_arguments import CSV_LOGGER, refuses
from digitnet.state import TrainState


class CSVLogger(Callback):
    """Keep a comma-separated file of the history, a row an epoch.

    The file holds the whole history of the classifier, earlier `fit` calls included, and
    is replaced as a whole after each epoch, so that it is never half-written.

    Args:
        path: The file to write.
    """

    in_every_process = False

    @refuses(CSV_LOGGER)
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def on_train_begin(self, state: TrainState) -> None:
        """Check that the file can be written before time goes into training."""
        state.history.to_csv(self.path)

    def on_epoch_end(self, state: TrainState) -> None:
        """Write the history as it is now."""
        state.history.to_csv(self.path)
