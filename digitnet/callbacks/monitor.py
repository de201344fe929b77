"""Watching one figure for the better."""

from __future__ import annotations

import math
from typing import Any, Literal

from digitnet.callbacks.base import Callback
from digitnet.errors import InvalidInputError
from digitnet.history import EpochLog
from digitnet.named_metrics import is_named
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
        name: `"loss"`, `"accuracy"`, `"val_loss"`, `"val_accuracy"`, or `val_` and the name of one
            of the classifier's `metrics`, as `"val_f1"`.
        mode: `"min"` or `"max"` is better; `"auto"` knows by the name, but for metrics of the
            user's own.
        min_delta: By how much a value must be better to count.
    """

    def __init__(self, name: str, *, mode: Mode = "auto", min_delta: float = 0.0) -> None:
        metric = name.removeprefix("val_") if str(name).startswith("val_") else ""
        better = "max" if is_named(metric) else _BETTER.get(name)
        if better is None and not (metric and mode in ("min", "max")):
            raise InvalidInputError(
                f"Expected monitor to be one of {', '.join(map(repr, _BETTER))}, or 'val_' and a "
                f"metric, as 'val_f1'; received {name!r}. For one of your own, pass mode='min' "
                "or 'max'."
            )
        if mode not in ("auto", "min", "max"):
            raise InvalidInputError(
                f"Expected mode to be 'auto', 'min' or 'max'; received {mode!r}."
            )
        if not min_delta >= 0:
            raise InvalidInputError(f"Expected min_delta of at least 0; received {min_delta!r}.")
        self.name = name
        self.mode = better if mode == "auto" and better is not None else mode
        self._metric = None if name in _BETTER else metric
        self.min_delta = min_delta
        self.best: float | None = None

    @property
    def needs_validation(self) -> bool:
        """Whether the figure is one of the validation data."""
        return self.name.startswith("val_")

    def check(self, callback: Callback, state: TrainState) -> None:
        """Raise `InvalidInputError` unless the training has the figure that a callback watches."""
        if self.needs_validation and not state.validates:
            raise InvalidInputError(
                f"Expected validation data, as {type(callback).__name__} monitors '{self.name}'; "
                "received none. Pass validation_data, or monitor='loss'."
            )
        if self._metric is not None and self._metric not in state.metrics:
            raise InvalidInputError(
                f"Expected a classifier with the metric '{self._metric}', as "
                f"{type(callback).__name__} monitors '{self.name}'; received metrics="
                f"{list(state.metrics)}. Give it that one, or monitor='val_loss'."
            )

    def update(self, log: EpochLog) -> bool:
        """Take in an epoch; say whether it is the best so far."""
        if self._metric is None:
            value = getattr(log, self.name)
        else:
            value = (log.val_metrics or {}).get(self._metric)
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
