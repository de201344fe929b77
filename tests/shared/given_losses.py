"""A callback that replaces the losses of a training."""

from __future__ import annotations

from dataclasses import replace

from digitnet.callbacks import Callback


class Losses(Callback):
    """Put losses into the history, one an epoch, as if training had given them."""

    def __init__(self, *losses):
        self.losses = losses

    def on_epoch_end(self, state):
        log = replace(state.history[-1], loss=self.losses[state.epoch - 1])
        state.history = type(state.history)((*state.history.logs[:-1], log))
