"""Modes of modules: evaluation for predictions, training for steps, and each module its own after.

A module has one mode, which all threads share. So each network has a readers-writer lock:
predictions run side by side, a training step runs alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
from torch import nn


class _Lock:
    """A readers-writer lock of a network, and the modes to restore when the readers are done."""

    def __init__(self) -> None:
        self.predictions = 0  # running or waiting
        self.owner: int | None = None  # the thread that has the network alone
        self.in_training: list[nn.Module] = []  # modules that predictions took out of training mode


_changed = threading.Condition()
_locks: WeakKeyDictionary[nn.Module, _Lock] = WeakKeyDictionary()


@contextmanager
def inference(model: nn.Module) -> Iterator[None]:
    """Compute without gradients, with all modules in evaluation mode.

    Each module has its own mode again after the last of the predictions that run side by side.
    """
    me = threading.get_ident()
    lock = _lock_of(model)
    try:
        with _changed:
            lock.predictions += 1  # before waiting, so that they go before the next step
            _changed.wait_for(lambda: lock.owner in (None, me))
            _evaluate(model, lock.in_training)
        with torch.inference_mode():
            yield
    finally:
        with _changed:
            lock.predictions -= 1
            if not lock.predictions:
                _restore(lock)
                _changed.notify_all()


@contextmanager
def exclusive(model: nn.Module) -> Iterator[None]:
    """Keep other threads from predicting with a network meanwhile."""
    lock = _lock_of(model)
    with _changed:
        _changed.wait_for(lambda: not lock.predictions and lock.owner is None)
        lock.owner = threading.get_ident()
    try:
        yield
    finally:
        with _changed:
            lock.owner = None
            _changed.notify_all()


@contextmanager
def training(model: nn.Module) -> Iterator[None]:
    """Put a network into training mode, but for the parts that are in evaluation mode already.

    These are frozen, as batch norm is whose statistics are to stay. Where all parts are in
    evaluation mode, as after `model.eval()`, none is frozen. Each has its own mode again after.
    """
    modules = [*model.modules()]
    with exclusive(model):
        before = [module.training for module in modules]
        if not any(before[1:]):
            model.train()
        model.training = True
    try:
        yield
    finally:
        with exclusive(model):
            for module, mode in zip(modules, before, strict=True):
                module.training = mode


def _lock_of(model: nn.Module) -> _Lock:
    with _changed:
        return _locks.setdefault(model, _Lock())


def _evaluate(module: nn.Module, in_training: list[nn.Module]) -> None:
    """Put modules at any depth into evaluation mode, and add those that were in the other."""
    if module.training:
        in_training.append(module)
        _set(module, training=False)
    for child in module.children():
        _evaluate(child, in_training)


def _restore(lock: _Lock) -> None:
    for module in lock.in_training:
        _set(module, training=True)
    lock.in_training.clear()


def _set(module: nn.Module, *, training: bool) -> None:
    vars(module)["training"] = training  # nn.Module.__setattr__ takes ten times as long


def _forget_threads() -> None:
    """Undo, in a forked process, what was begun by threads that are not there any more."""
    global _changed
    _changed = threading.Condition()  # one of them may have held it
    for lock in _locks.values():
        lock.predictions, lock.owner = 0, None
        _restore(lock)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_threads)
