"""How torch computes for the library, whatever its caller has set."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
T = TypeVar("T")

_CPU = torch.device("cpu")


def with_own_settings(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate what computes as where nothing is set in torch.

    That is with gradients, without autocast, and on the CPU where no device is named. The default
    dtype is no setting of a thread, but of the process: it is left alone, and tensors are given
    theirs.
    """

    @wraps(function)
    def decorated(*args: P.args, **kwargs: P.kwargs) -> T:
        with ExitStack() as settings:
            if torch.empty(0).device != _CPU:
                settings.enter_context(_CPU)
            if torch.is_inference_mode_enabled() or not torch.is_grad_enabled():
                settings.enter_context(torch.inference_mode(False))
                settings.enter_context(torch.enable_grad())
            for kind in ("cpu", "cuda", "mps"):
                if torch.is_autocast_enabled(kind):
                    settings.enter_context(torch.autocast(kind, enabled=False))
            return function(*args, **kwargs)

    return decorated


class _Float32:
    """The process's default dtype: float32 until the last thread that needs it is done."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before = torch.float32

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if not self._users:
                self._before = torch.get_default_dtype()
                torch.set_default_dtype(torch.float32)
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    torch.set_default_dtype(self._before)


float32_by_default = _Float32()
"""For a short while, as other threads see it: make in float32 what is given no dtype."""


def _compute_alone() -> None:
    # OpenMP's threads do not survive a fork, and the child would wait for them forever
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_compute_alone)
