"""A lower learning rate when nothing gets better any more."""

from __future__ import annotations

from typing import Any

from digitnet.callbacks.base import Callback
from digitnet.callbacks.monitor import Mode, Monitor
from digitnet.keras_arguments import REDUCE_LR_ON_PLATEAU, refuses
from digitnet.recipe import check_count, check_number
from digitnet.state import TrainState


class ReduceLROnPlateau(Callback):
    """Multiply the learning rate by a factor when a figure has not become better for some epochs.

    It needs a recipe of a constant learning rate, as `"report"`. The defaults are Keras's.

    Args:
        monitor: The figure.
        factor: What the learning rate is multiplied by, in (0, 1).
        patience: Epochs without a better figure after which that happens.
        mode: Whether `"min"` or `"max"` of it is better; `"auto"` knows.
        min_delta: By how much it must be better to count.
        cooldown: Epochs after a reduction in which none are counted.
        min_lr: The lowest learning rate, at least 0.

    Raises:
        InvalidInputError: An argument is out of range.
    """

    @refuses(REDUCE_LR_ON_PLATEAU)
    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        factor: float = 0.1,
        patience: int = 10,
        mode: Mode = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        self.factor = check_number("factor", factor, above_zero=True, below=1)
        self.patience = check_count("patience", patience, least=0)
        self.cooldown = check_count("cooldown", cooldown, least=0)
        self.min_lr = check_number("min_lr", min_lr)
        self._monitor = Monitor(monitor, mode=mode, min_delta=min_delta)
        self._waited = 0  # epochs since the best one, or since the last reduction
        self._cooling = 0  # epochs left of the cooldown

    def on_train_begin(self, state: TrainState) -> None:
        """Forget an earlier training; check that the learning rate can be set."""
        self._monitor.best = None
        self._waited = self._cooling = 0
        self._monitor.check(self, state)
        state.set_learning_rate(state.learning_rate)

    def on_epoch_end(self, state: TrainState) -> None:
        """Count the epochs since the best one."""
        self._cooling = max(0, self._cooling - 1)
        if self._monitor.update(state.history[-1]):
            self._waited = 0
        elif not self._cooling:
            self._waited += 1
            if self._waited >= self.patience:
                self._reduce(state)

    def _reduce(self, state: TrainState) -> None:
        if state.learning_rate > self.min_lr:
            state.set_learning_rate(max(state.learning_rate * self.factor, self.min_lr))
            self._waited, self._cooling = 0, self.cooldown

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, the epochs since then, and those of the cooldown that are left."""
        return {**self._monitor.state_dict(), "waited": self._waited, "cooling": self._cooling}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        if self._monitor.load_state_dict(state):
            self._waited, self._cooling = state["waited"], state["cooling"]
