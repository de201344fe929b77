"""What a callback may read of a training, and what it may ask for."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.evaluation import Evaluation
from digitnet.history import EpochLog, History
from digitnet.metrics import RunningMetrics


class TrainState:
    """A training: where it stands, and what came of it so far.

    It outlives a `fit`, so that the next one goes on from here. The trainer moves it on;
    callbacks read it and call `stop`.

    Args:
        model: The network in training, from pictures to logits.
        optimizer: The optimizer of its weights.
        seed: The seed of the training.
        history: Epochs that the network has already been trained for.

    Attributes:
        epoch: Epochs finished.
        epochs: Epochs at which this `fit` ends.
        step: Steps done in all.
        pictures_per_epoch: Pictures of an epoch.
        steps_per_epoch: Steps of an epoch.
        history: The finished epochs' figures.
        running: Loss and accuracy of the epoch in progress.
        batch_loss: Mean loss of the last step, a tensor () on the device, NaN before the
            first; reading its value makes the device wait.
        batch_size: Pictures in the last step.
        validation: The last epoch's evaluation on the validation data, if there are any.
        stop_reason: Why training ends before its last epoch, if it does.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        seed: int,
        history: History = History(),  # noqa: B008 - immutable
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.seed = seed
        self.history = history
        self.epoch = self.epochs = self._first_epoch = history[-1].epoch if len(history) else 0
        self.step = self._epoch_step = self.steps_per_epoch = 0
        self.pictures_per_epoch = 0
        self.running = RunningMetrics(0, torch.device("cpu"))
        self.batch_loss = torch.tensor(float("nan"))
        self.batch_size = 0
        self.validation: Evaluation | None = None
        self.stop_reason: str | None = None

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def progress(self) -> float:
        """The share of this `fit`'s steps that is done, in [0, 1]."""
        done = (self.epoch - self._first_epoch) * self.steps_per_epoch + self._epoch_step
        return done / ((self.epochs - self._first_epoch) * self.steps_per_epoch)

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.stop_reason = reason

    def begin_training(self, *, epochs: int, pictures: int, steps: int) -> None:
        """Plan `epochs` more epochs of so many pictures and steps each."""
        self._first_epoch = self.epoch
        self.epochs = self.epoch + epochs
        self.pictures_per_epoch, self.steps_per_epoch = pictures, steps
        self.validation = self.stop_reason = None

    def begin_epoch(self, device: torch.device) -> None:
        """Start the figures of an epoch."""
        self._epoch_step = 0
        self.running = RunningMetrics(self.steps_per_epoch, device)

    def end_step(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Take in a step's loss (), logits (N, C) and labels (N,)."""
        self.running.record(loss, logits, labels)
        self.batch_loss, self.batch_size = loss, len(labels)
        self.step += 1
        self._epoch_step += 1

    def end_epoch(self, log: EpochLog, validation: Evaluation | None) -> None:
        """Take in an epoch's figures."""
        self.history = self.history.with_log(log)
        self.validation = validation
        self.epoch = log.epoch
        self._epoch_step = 0

    def snapshot(self) -> dict[str, Any]:
        """Return a copy of all that a step changes."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }
        return copy.deepcopy(state)

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go back to a snapshot."""
        self.model.load_state_dict(snapshot["model"])
        self.optimizer.load_state_dict(snapshot["optimizer"])
        self.step = snapshot["step"]
