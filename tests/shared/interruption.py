"""Trainings that are interrupted, and what is compared after they are resumed."""

from __future__ import annotations

from dataclasses import replace

import torch

from digitnet.artifact import read_artifact
from digitnet.callbacks import Callback, Checkpoint
from digitnet.checkpoint import listed


class Stop(Callback):
    """End the training at a step, as Ctrl-C does."""

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, state):
        if state.step == self.step:
            raise KeyboardInterrupt


def weights(classifier):
    return {name: value.clone() for name, value in classifier._trained.network.state_dict().items()}


def figures(history):
    return [replace(log, epoch_seconds=0.0) for log in history]


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class StopAfterWriting(Checkpoint):
    """End the training right after the checkpoint of a step, as a kill there would."""

    def __init__(self, directory, *, step, **options):
        super().__init__(directory, **options)
        self.step = step

    def _write(self, step, checkpoint):
        super()._write(step, checkpoint)
        if step == self.step:
            raise KeyboardInterrupt


def steps(folder):
    """The steps of a folder's checkpoints, the newest first."""
    return [read_artifact(path).metadata["checkpoint"]["step"] for path in listed(folder)]
