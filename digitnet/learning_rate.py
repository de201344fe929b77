"""The learning rate of a training: by a schedule, or constant until a callback sets it."""

from __future__ import annotations

import torch

from digitnet.errors import InvalidInputError
from digitnet.recipe import check_number


class LearningRate:
    """The learning rate of an optimizer, one for all weights; `used` is that of the last step."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._constant: float | None = None  # of the recipe; None where it has a schedule
        self.used = self.value

    @property
    def value(self) -> float:
        """The optimizer's rate now."""
        return float(self._optimizer.param_groups[0]["lr"])

    def begin(self, constant: float | None) -> None:
        """Begin a `fit` at the recipe's constant rate, or at `None` where it has a schedule.

        What callbacks set in an earlier `fit` stays, unless the recipe's rate changed.
        """
        if constant != self._constant:
            self._constant = constant
            if constant is not None:
                self._write(constant)
        self.used = self.value

    def follow(self, scheduled: float) -> None:
        """Take a schedule's rate for the next step; a constant one is as callbacks left it.

        Raises `InvalidInputError` where a callback set another beside a schedule, or no number.
        """
        if self._constant is None:
            if self.value != self.used:
                raise _beside_a_schedule()
            self._write(scheduled)
        check_number("learning_rate", self.value)

    def end_step(self) -> None:
        """Remember the rate of a step that is done."""
        self.used = self.value

    def set(self, value: float) -> None:
        """Set a constant rate; raise `InvalidInputError` where a schedule sets it."""
        rate = check_number("learning_rate", value)
        if self._constant is None:
            raise _beside_a_schedule()
        self._write(rate)

    def go_to(self, value: float, used: float) -> None:
        """Go on with the rate and the last step's of a checkpoint."""
        self._write(value)
        self.used = used

    def _write(self, rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = rate


def _beside_a_schedule() -> InvalidInputError:
    return InvalidInputError(
        "Expected a recipe of a constant learning rate, as a callback sets it; received one with "
        "a schedule or a warm-up, which sets it at each step. Take recipe.with_constant_rate(), or "
        "leave the callback out."
    )
