"""A learning rate for each epoch, by a function."""

from __future__ import annotations

from collections.abc import Callable

from digitnet.callbacks.base import Callback, takes
from digitnet.errors import InvalidInputError
from digitnet.keras_arguments import LEARNING_RATE_SCHEDULER, refuses
from digitnet.state import TrainState


class LearningRateScheduler(Callback):
    """Set the learning rate at the start of each epoch to what a function returns.

    It needs a recipe of a constant learning rate, as `"report"`. For a schedule over the steps,
    see the recipe's `schedule`.

    Args:
        schedule: Called with the epoch, from 0 on, and, if it takes two arguments, with the
            learning rate so far; returns a learning rate, at least 0. A second `fit` counts on.

    Raises:
        InvalidInputError: It cannot be called like that.
    """

    @refuses(LEARNING_RATE_SCHEDULER)
    def __init__(self, schedule: Callable[..., float]) -> None:
        self.schedule = schedule
        self._takes_rate = takes(schedule, 0, 0.0)
        if not self._takes_rate and not takes(schedule, 0):
            raise InvalidInputError(
                "Expected schedule to be a function of (epoch) or (epoch, learning_rate); "
                f"received {schedule!r}. Write LearningRateScheduler(lambda epoch, rate: "
                "0.9 * rate)."
            )

    def on_train_begin(self, state: TrainState) -> None:
        """Check that the learning rate can be set."""
        state.set_learning_rate(state.learning_rate)

    def on_epoch_begin(self, state: TrainState) -> None:
        """Set the epoch's learning rate; where it goes on from a checkpoint, that has it."""
        if not state.epoch_step:
            rate = (state.learning_rate,) if self._takes_rate else ()
            state.set_learning_rate(self.schedule(state.epoch, *rate))
