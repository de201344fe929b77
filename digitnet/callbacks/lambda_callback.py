"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable

from digitnet.callbacks.base import Callback, Hook, check_hook
from digitnet.keras_arguments import LAMBDA_CALLBACK, refuses
from digitnet.state import TrainState

Function = Callable[[TrainState], None]


class LambdaCallback(Callback):
    """Call a function at a hook, for a callback of one line.

    Args:
        on_train_begin: Called with the state at that hook; likewise the others.
        on_epoch_begin: Likewise.
        on_batch_end: Likewise.
        on_epoch_end: Likewise.
        on_train_end: Likewise.

    Raises:
        InvalidInputError: A function does not take the state alone.
    """

    @refuses(LAMBDA_CALLBACK)
    def __init__(
        self,
        *,
        on_train_begin: Function | None = None,
        on_epoch_begin: Function | None = None,
        on_batch_end: Function | None = None,
        on_epoch_end: Function | None = None,
        on_train_end: Function | None = None,
    ) -> None:
        functions: dict[Hook, Function | None] = {
            "on_train_begin": on_train_begin,
            "on_epoch_begin": on_epoch_begin,
            "on_batch_end": on_batch_end,
            "on_epoch_end": on_epoch_end,
            "on_train_end": on_train_end,
        }
        for hook, function in functions.items():
            if function is not None:
                check_hook(hook, function, "state")
                setattr(self, hook, function)
