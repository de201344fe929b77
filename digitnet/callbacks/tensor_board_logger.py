"""The history for TensorBoard."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from digitnet.callbacks.base import Callback
from digitnet.errors import InvalidInputError
from digitnet.keras_arguments import TENSOR_BOARD, refuses
from digitnet.state import TrainState

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoardLogger(Callback):
    """Write each epoch's figures for TensorBoard. Needs `pip install "digitnet[tensorboard]"`.

    Args:
        log_dir: The folder to write to; a resumed training goes on in it.
    """

    in_every_process = False

    @refuses(TENSOR_BOARD)
    def __init__(self, log_dir: str | os.PathLike[str]) -> None:
        self.log_dir = log_dir
        self._writer: SummaryWriter | None = None

    def on_train_begin(self, state: TrainState) -> None:
        """Open the log; what an interrupted epoch left in it is not shown."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise InvalidInputError(
                "Expected TensorBoard to be installed for TensorBoardLogger; it is not. "
                'Run: pip install "digitnet[tensorboard]".'
            ) from error
        self._writer = SummaryWriter(os.fspath(self.log_dir), purge_step=state.epoch + 1)

    def on_epoch_end(self, state: TrainState) -> None:
        """Write the epoch's figures."""
        assert self._writer is not None
        for name, values in state.history.history.items():
            if values[-1] is not None:
                self._writer.add_scalar(name, values[-1], state.epoch)
        self._writer.flush()

    def on_train_end(self, state: TrainState) -> None:
        """Close the log."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
