"""A printed line an epoch."""

from __future__ import annotations

from digitnet.callbacks.base import Callback
from digitnet.history import EpochLog
from digitnet.state import TrainState


class EpochPrinter(Callback):
    """Print a line with the figures of each epoch, and why training ended early (`verbose=2`)."""

    in_every_process = False

    def on_epoch_end(self, state: TrainState) -> None:
        """Print the finished epoch."""
        log = state.history[-1]
        print(  # noqa: T201
            f"Epoch {log.epoch}/{state.epochs}: {log.epoch_seconds:.1f}s - {describe(log)}",
            flush=True,
        )

    def on_train_end(self, state: TrainState) -> None:
        """Print what stopped the training, if something did."""
        if state.stop_reason is not None:
            print(f"Stopped after epoch {state.epoch}: {state.stop_reason}", flush=True)  # noqa: T201


def describe(log: EpochLog) -> str:
    """Return the figures of an epoch as text."""
    text = describe_figures(log.loss, log.accuracy)
    if log.val_loss is not None and log.val_accuracy is not None:
        text += f" - {describe_figures(log.val_loss, log.val_accuracy, prefix='val_')}"
    for name, value in (log.val_metrics or {}).items():
        text += f" - val_{name} {value:.4f}"
    return text


def describe_figures(loss: float, accuracy: float, *, prefix: str = "") -> str:
    """Return a loss and an accuracy as text."""
    return f"{prefix}loss {loss:.4f} - {prefix}accuracy {accuracy:.2%}"
