"""Watching one figure for the better."""

from __future__ import annotations

import math
from typing import Any, Literal

from digitnet.callbacks.base import Callback
from digitnet.errors import InvalidInputError
from digitnet.history import EpochLog
from digitnet.state import TrainState
from digitnet.user_warnings import warn

Mode = Literal["auto", "min", "max"]
_BETTER = {"loss": "min", "val_loss": "min", "accuracy": "max", "val_accuracy": "max"}


def improved(value: float, best: float | None, *, min_delta: float, mode: str) -> bool:
    """Say whether a value is better than the best by more than `min_delta`."""
    if best is None:
        return not math.isnan(value)
    return value < best - min_delta if mode == "min" else value > best + min_delta


class Monitor:
    """The best value of a figure so far.

    Args:
        name: `"loss"`, `"accuracy"`, `"val_loss"` or `"val_accuracy"`.
        mode: `"min"` or `"max"` is better; `"auto"` knows by the name.
        min_delta: By how much a value must be better to count.

    Raises:
        InvalidInputError: A name or mode is misspelt, or `min_delta` is below 0.
    """

    def __init__(self, name: str, *, mode: Mode = "auto", min_delta: float = 0.0) -> None:
        if name not in _BETTER:
            raise InvalidInputError(
                f"Expected monitor to be one of {', '.join(map(repr, _BETTER))}; received {name!r}."
            )
        if mode not in ("auto", "min", "max"):
            raise InvalidInputError(
                f"Expected mode to be 'auto', 'min' or 'max'; received {mode!r}."
            )
        if not min_delta >= 0:
            raise InvalidInputError(f"Expected min_delta of at least 0; received {min_delta!r}.")
        self.name = name
        self.mode = _BETTER[name] if mode == "auto" else mode
        self.min_delta = min_delta
        self.best: float | None = None

    @property
    def needs_validation(self) -> bool:
        """Whether the figure is one of the validation data."""
        return self.name.startswith("val_")

    def check(self, callback: Callback, state: TrainState) -> None:
        """Raise unless the training gives the figure that a callback watches.

        Raises:
            InvalidInputError: It is one of validation data, and there are none.
        """
        if self.needs_validation and not state.validates:
            raise InvalidInputError(
                f"Expected validation data, as {type(callback).__name__} monitors '{self.name}'; "
                "received none. Pass validation_data, or monitor='loss'."
            )

    def update(self, log: EpochLog) -> bool:
        """Take in an epoch; say whether it is the best so far."""
        value = getattr(log, self.name)
        better = value is not None and improved(
            value, self.best, min_delta=self.min_delta, mode=self.mode
        )
        if better:
            self.best = value
        return better

    def state_dict(self) -> dict[str, Any]:
        """Return what is watched, and its best value."""
        return {"monitor": self.name, "mode": self.mode, "best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> bool:
        """Take the best value back; where another figure was watched, warn and start afresh."""
        if (state["monitor"], state["mode"]) != (self.name, self.mode):
            warn(
                f"The checkpoint watched {state['monitor']} ({state['mode']}), and now it is "
                f"{self.name} ({self.mode}): the best value so far starts afresh."
            )
            return False
        self.best = state["best"]
        return True
