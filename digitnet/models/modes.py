"""Modes of modules: evaluation for predictions, training for steps, and each module its own after.

A module has one mode, which all threads share. So threads take turns with a network: predictions
run side by side, a training step runs alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
from torch import nn


class _Turns:
    """What goes on with a network, in all threads."""

    def __init__(self) -> None:
        self.predictions = 0  # running or waiting
        self.owner: int | None = None  # the thread that has the network alone
        self.in_training: list[nn.Module] = []  # modules that predictions took out of training mode


_changed = threading.Condition()
_turns: WeakKeyDictionary[nn.Module, _Turns] = WeakKeyDictionary()


@contextmanager
def inference(model: nn.Module) -> Iterator[None]:
    """Compute without gradients, with all modules in evaluation mode.

    Each module has its own mode again after the last of the predictions that run side by side.
    """
    me = threading.get_ident()
    turns = _turns_of(model)
    try:
        with _changed:
            turns.predictions += 1  # before waiting, so that they go before the next step
            _changed.wait_for(lambda: turns.owner in (None, me))
            _evaluate(model, turns.in_training)
        with torch.inference_mode():
            yield
    finally:
        with _changed:
            turns.predictions -= 1
            if not turns.predictions:
                _restore(turns)
                _changed.notify_all()


@contextmanager
def exclusive(model: nn.Module) -> Iterator[None]:
    """Keep other threads from predicting with a network meanwhile."""
    turns = _turns_of(model)
    with _changed:
        _changed.wait_for(lambda: not turns.predictions and turns.owner is None)
        turns.owner = threading.get_ident()
    try:
        yield
    finally:
        with _changed:
            turns.owner = None
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


def _turns_of(model: nn.Module) -> _Turns:
    with _changed:
        return _turns.setdefault(model, _Turns())


def _evaluate(module: nn.Module, in_training: list[nn.Module]) -> None:
    """Put modules at any depth into evaluation mode, and add those that were in the other."""
    if module.training:
        in_training.append(module)
        _set(module, training=False)
    for child in module.children():
        _evaluate(child, in_training)


def _restore(turns: _Turns) -> None:
    for module in turns.in_training:
        _set(module, training=True)
    turns.in_training.clear()


def _set(module: nn.Module, *, training: bool) -> None:
    vars(module)["training"] = training  # nn.Module.__setattr__ takes ten times as long


def _forget_threads() -> None:
    """Undo, in a forked process, what was begun by threads that are not there any more."""
    global _changed
    _changed = threading.Condition()  # one of them may have held it
    for turns in _turns.values():
        turns.predictions, turns.owner = 0, None
        _restore(turns)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_threads)
