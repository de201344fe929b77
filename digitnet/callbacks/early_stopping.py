"""Stopping when nothing gets better any more."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from torch import Tensor

from digitnet.callbacks.base import Callback
from digitnet.callbacks.monitor import Mode, Monitor, improved
from digitnet.errors import InvalidInputError
from digitnet.keras_arguments import EARLY_STOPPING, refuses
from digitnet.recipe import check_count
from digitnet.state import TrainState


class EarlyStopping(Callback):
    """Stop when a figure has not become better for some epochs.

    Args:
        monitor: The figure.
        min_delta: By how much it must be better to count.
        patience: Epochs without a better one after which training stops.
        mode: Whether `"min"` or `"max"` of it is better; `"auto"` knows.
        baseline: A value that the figure must be better than to count; `None` for any.
        restore_best_weights: Whether the network gets back the weights of the best epoch
            when training ends, stopped or not. A test on the images that chose the
            epoch is then too good; `evaluate` warns of that.
        start_from_epoch: Epochs of a `fit` that pass before the figure is watched.

    Raises:
        InvalidInputError: An argument is out of range.
    """

    @refuses(EARLY_STOPPING)
    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        min_delta: float = 0.0,
        patience: int = 0,
        mode: Mode = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        self.patience = check_count("patience", patience, least=0)
        self.start_from_epoch = check_count("start_from_epoch", start_from_epoch, least=0)
        self.baseline = None if baseline is None else _checked_number(baseline)
        self.restore_best_weights = restore_best_weights
        self._monitor = Monitor(monitor, mode=mode, min_delta=min_delta)
        self._epochs = 0  # of this training
        self._waited = 0  # epochs since the best one
        self._weights: dict[str, Tensor] = {}  # of the best one

    def on_train_begin(self, state: TrainState) -> None:
        """Forget an earlier training."""
        self._monitor.best = None
        self._epochs = self._waited = 0
        self._weights = {}
        self._monitor.check(self, state)

    def on_epoch_end(self, state: TrainState) -> None:
        """Count the epochs since the best one."""
        self._epochs += 1
        if self._epochs > self.start_from_epoch:
            self._watch(state)
        if state.stop_reason is not None or state.epoch == state.epochs:
            self._give_back(state)

    def _watch(self, state: TrainState) -> None:
        self._waited += 1
        if self._monitor.update(state.history[-1]):
            if self.restore_best_weights:
                weights = state.evaluated.state_dict()
                self._weights = {name: value.clone() for name, value in weights.items()}
            if self._beats_baseline():
                self._waited = 0
        elif self._waited >= self.patience:
            than = "" if self._beats_baseline() else f" than {self.baseline:g}"
            state.stop(f"{self._monitor.name} was not better{than} for {self._waited} epochs")

    def _beats_baseline(self) -> bool:
        best, rule = self._monitor.best, self._monitor
        return self.baseline is None or (
            best is not None
            and improved(best, self.baseline, min_delta=rule.min_delta, mode=rule.mode)
        )

    def on_train_end(self, state: TrainState) -> None:
        """Give back the best weights also where a callback after this one stopped the training."""
        if state.stop_reason is not None:
            self._give_back(state)

    def _give_back(self, state: TrainState) -> None:
        if self._weights:
            state.choose_weights(self._weights, by_validation=self._monitor.needs_validation)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, the epochs so far and since then, and the best weights."""
        counts = {"epochs": self._epochs, "waited": self._waited}
        return {**self._monitor.state_dict(), **counts, **self._weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._epochs = state.get("epochs", 0)  # an earlier digitnet did not count them
        if self._monitor.load_state_dict(state):
            self._waited = state["waited"]
            self._weights = {name: v for name, v in state.items() if isinstance(v, Tensor)}


def _checked_number(baseline: Any) -> float:
    if not isinstance(baseline, Real) or not math.isfinite(baseline):
        raise InvalidInputError(
            f"Expected baseline to be a finite number or None; received {baseline!r}."
        )
    return float(baseline)
