"""The moments of a training at which a callback is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, Literal, get_args

from digitnet.errors import InvalidInputError
from digitnet.state import TrainState

Hook = Literal["on_train_begin", "on_epoch_begin", "on_batch_end", "on_epoch_end", "on_train_end"]


class Callback:
    """Base of every callback: override the hooks that you need.

    A callback that remembers something returns it from `state_dict`, so that a training
    that is resumed from a checkpoint goes on with it.

    Callbacks run in the order of the list that `fit` was given. They read the state and
    call its verbs, as `stop` and `set_learning_rate`; they do not change anything else of it. One
    callback can serve several `fit` calls: start afresh in `on_train_begin`.

    Where several processes train (`torchrun`), a callback runs in each of them, and what it
    reads is the same in all. One that prints or writes sets `in_every_process = False`, and
    runs on rank 0 alone.

    Attributes:
        in_every_process: Whether it runs in every process of a training.

    Raises:
        InvalidInputError: A subclass defines an `on_...` method that is no hook, or one that
            does not take the state alone, when it is defined.

    Examples:
        >>> class StopWhenGood(Callback):
        ...     def on_epoch_end(self, state):
        ...         if state.history[-1].accuracy > 0.99:
        ...             state.stop("99% reached")
    """

    in_every_process: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in filter(lambda name: name.startswith("on_"), dir(cls)):
            if name not in get_args(Hook):
                raise InvalidInputError(
                    f"{cls.__name__}.{name} is no hook and would never be called. "
                    f"The hooks are {', '.join(get_args(Hook))}."
                )
            method = inspect.getattr_static(cls, name)
            if inspect.isfunction(method):
                check_hook(f"{cls.__name__}.{name}", method, "self", "state")

    def on_train_begin(self, state: TrainState) -> None:
        """Run once, before the first epoch."""

    def on_epoch_begin(self, state: TrainState) -> None:
        """Run before an epoch's steps, and when a training resumes within an epoch."""

    def on_batch_end(self, state: TrainState) -> None:
        """Run after each step."""

    def on_epoch_end(self, state: TrainState) -> None:
        """Run after an epoch and its validation; its figures are `state.history[-1]`."""

    def on_train_end(self, state: TrainState) -> None:
        """Run once at the end, also after an error or Ctrl-C: close what is open."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold: tensors, or values for JSON, by name."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned, after `on_train_begin`."""


def check_hook(name: str, hook: Callable[..., Any], *expected: str) -> None:
    """Raise `InvalidInputError` unless a hook takes what is expected, and not Keras's `logs`."""
    received: Any = hook
    with suppress(TypeError, ValueError):  # nothing to call, or a function in C
        received = inspect.signature(hook)
    if not takes(hook, *expected) or "logs" in getattr(received, "parameters", ()):
        raise InvalidInputError(
            f"Expected {name} to take ({', '.join(expected)}); received {received}. Keras's epoch "
            "and logs are state.epoch and state.history[-1], as state.history[-1].val_loss; "
            "self.model.stop_training is state.stop('why')."
        )


def takes(function: Any, *arguments: Any) -> bool:
    """Say whether a function can be called with these arguments, as far as it tells."""
    try:
        inspect.signature(function).bind(*arguments)
    except ValueError:  # a function in C may have no signature
        return True
    except TypeError:
        return False
    return True
