"""The callbacks of one training, called in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from digitnet.callbacks.base import Callback, Hook
from digitnet.checkpoint import SavedTraining, callback_state
from digitnet.errors import CallbackError
from digitnet.state import TrainState
from digitnet.user_warnings import warn

R = TypeVar("R")


class CallbackList:
    """The callbacks that are active in this process; what one raises becomes a `CallbackError`.

    In another process than the first, those are active that run in every process.
    """

    def __init__(self, callbacks: Sequence[Callback], *, is_first: bool) -> None:
        self._active = [each for each in callbacks if is_first or each.in_every_process]

    def notify(self, hook: Hook, state: TrainState) -> None:
        """Call a hook of all callbacks."""
        for callback in self._active:
            _call(callback, hook, state)

    @contextmanager
    def training(self, state: TrainState) -> Iterator[None]:
        """Call `on_train_begin`, and at the end `on_train_end` of all that have begun.

        Where the training is ended by an error, what callbacks raise at the end is a warning.
        """
        begun: list[Callback] = []
        try:
            for callback in self._active:
                begun.append(callback)
                _call(callback, "on_train_begin", state)
            yield
        except BaseException:  # Ctrl-C too, which then goes on to the caller
            for error in _end(begun, state):
                warn(f"While the training was ended by an error, {error}")
            raise
        for error in _end(begun, state):
            raise error

    def state_dicts(self) -> dict[str, dict[str, Any]]:
        """Return what each callback remembers, by its name."""
        return {
            name: guarded(f"{name}.state_dict", callback.state_dict)
            for name, callback in self._named().items()
        }

    def restore(self, checkpoint: SavedTraining) -> None:
        """Give each callback what it remembered at a checkpoint."""
        for name, callback in self._named().items():
            remembered = callback_state(checkpoint, name)
            if remembered:
                guarded(f"{name}.load_state_dict", callback.load_state_dict, remembered)

    def _named(self) -> dict[str, Callback]:
        """Return the callbacks by a name each: its type, numbered where there are several."""
        named: dict[str, Callback] = {}
        for callback in self._active:
            kind = type(callback).__name__
            number = sum(name.partition("-")[0] == kind for name in named)
            named[f"{kind}-{number}" if number else kind] = callback
        return named


def guarded(what: str, function: Callable[..., R], *arguments: Any) -> R:
    """Call a function; what it raises becomes a `CallbackError` that names `what`."""
    try:
        return function(*arguments)
    except Exception as error:
        raise CallbackError(f"{what} raised {type(error).__name__}: {error}") from error


def _call(callback: Callback, hook: Hook, state: TrainState) -> None:
    guarded(f"{type(callback).__name__}.{hook}", getattr(callback, hook), state)


def _end(callbacks: Sequence[Callback], state: TrainState) -> list[CallbackError]:
    """Call `on_train_end` of all callbacks; return what went wrong."""
    errors = []
    for callback in callbacks:
        try:
            _call(callback, "on_train_end", state)
        except CallbackError as error:
            errors.append(error)
    return errors
