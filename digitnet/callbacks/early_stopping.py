"""Stopping when nothing gets better any more."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from digitnet.callbacks.base import Callback
from digitnet.callbacks.monitor import Mode, Monitor
from digitnet.recipe import check_count
from digitnet.state import TrainState


class EarlyStopping(Callback):
    """Stop when a figure has not become better for some epochs.

    Args:
        monitor: The figure.
        min_delta: By how much it must be better to count.
        patience: Epochs without a better one after which training stops.
        mode: Whether `"min"` or `"max"` of it is better; `"auto"` knows.
        restore_best_weights: Whether the network gets back the weights of the best epoch
            when training ends, stopped or not. A test on the pictures that chose the
            epoch is then too good; `evaluate` warns of that.

    Raises:
        InvalidInputError: An argument is out of range.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        min_delta: float = 0.0,
        patience: int = 0,
        mode: Mode = "auto",
        restore_best_weights: bool = False,
    ) -> None:
        self.patience = check_count("patience", patience, least=0)
        self.restore_best_weights = restore_best_weights
        self._monitor = Monitor(monitor, mode=mode, min_delta=min_delta)
        self._waited = 0  # epochs since the best one
        self._weights: dict[str, Tensor] = {}  # of the best one

    def on_train_begin(self, state: TrainState) -> None:
        """Forget an earlier training."""
        self._monitor.best = None
        self._waited = 0
        self._weights = {}
        self._monitor.check(self, state)

    def on_epoch_end(self, state: TrainState) -> None:
        """Count the epochs since the best one."""
        if self._monitor.update(state.history[-1]):
            self._waited = 0
            if self.restore_best_weights:
                weights = state.evaluated.state_dict()
                self._weights = {name: value.clone() for name, value in weights.items()}
        else:
            self._waited += 1
        if self._waited > 0 and self._waited >= self.patience:
            state.stop(f"{self._monitor.name} was not better for {self._waited} epochs")
        if state.stop_reason is not None or state.epoch == state.epochs:
            self._give_back(state)

    def on_train_end(self, state: TrainState) -> None:
        """Give back the best weights also where a callback after this one stopped the training."""
        if state.stop_reason is not None:
            self._give_back(state)

    def _give_back(self, state: TrainState) -> None:
        if self._weights:
            state.choose_weights(self._weights, by_validation=self._monitor.needs_validation)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, the epochs since, and the best weights."""
        return {**self._monitor.state_dict(), "waited": self._waited, **self._weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        if self._monitor.load_state_dict(state):
            self._waited = state["waited"]
            self._weights = {name: v for name, v in state.items() if isinstance(v, Tensor)}
