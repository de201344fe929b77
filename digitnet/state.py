"""What a callback may read of a training, and what it may ask for."""

from __future__ import annotations

import copy
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.artifact import Artifact
from digitnet.errors import InvalidInputError
from digitnet.evaluation import Evaluation
from digitnet.history import EpochLog, History
from digitnet.learning_rate import LearningRate
from digitnet.metrics import RunningMetrics
from digitnet.recipe import check_count


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a training stands, as a checkpoint says it.

    What is not listed is as in `TrainState`.

    Attributes:
        first_epoch: Epochs finished when this `fit` began.
        used_learning_rate: That of the last step; an earlier digitnet had no other.
        callbacks: What each callback remembers but its tensors, for JSON, by its name.
    """

    run: str
    epoch: int
    step: int
    epoch_step: int
    first_epoch: int
    learning_rate: float
    used_learning_rate: float | None = None
    stop_reason: str | None
    weights_chosen: bool
    callbacks: dict[str, dict[str, Any]]

    def __post_init__(self) -> None:
        for name in ("step", "epoch_step", "first_epoch"):
            check_count(name, getattr(self, name), least=0)
        check_count("epoch", self.epoch, least=self.first_epoch)
        if not re.fullmatch("[0-9a-f]{8}", self.run):
            raise InvalidInputError(f"Expected run to be 8 hex digits; received {self.run!r}.")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a training step changes: both networks, the optimizer, and the number of steps."""

    model: dict[str, Any]
    averaged: dict[str, Any] | None
    optimizer: dict[str, Any]
    step: int


class TrainState:
    """A training: where it stands, and what came of it so far.

    It outlives a `fit`, so that the next one goes on from here. The trainer moves it on;
    callbacks read it and call `stop`.

    Args:
        model: The network in training, from images to logits.
        optimizer: The optimizer of its weights.
        seed: The seed of the training.
        averaged: A second network that holds the averaged weights, if they are averaged.
        history: Epochs that the network has already been trained for.

    Attributes:
        rate: The optimizer's learning rate, and what the last step used.
        epoch: Epochs finished.
        epochs: Epochs at which this `fit` ends.
        step: Steps done in all.
        epoch_step: Steps done of the epoch in progress.
        pictures_per_epoch: Images of an epoch.
        steps_per_epoch: Steps of an epoch.
        history: The finished epochs' figures.
        running: Loss and accuracy of the epoch in progress.
        batch_loss: Mean loss of the last step, a tensor () on the device, NaN before the
            first; reading its value makes the device wait.
        batch_size: Images in the last step.
        validates: Whether there are validation data.
        metrics: Names of what validation measures beside loss and accuracy.
        validation: The last epoch's evaluation on them, if there are any.
        stop_reason: Why training ends before its last epoch, if it does.
        run: A name for this training, so that two of them never share a file.
        resumed_from: The folder of the checkpoint that this `fit` goes on from, if it does.
        resumed_at: Steps done at the checkpoint that the training was resumed from, if it was.
        weights_chosen: Whether a callback chose the weights by the validation data.
        requests: What `request_checkpoint` was given since the last checkpoint.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        seed: int,
        averaged: nn.Module | None = None,
        history: History = History(),  # noqa: B008 - immutable
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.rate = LearningRate(optimizer)
        self.averaged = averaged
        self.seed = seed
        self.run = secrets.token_hex(4)
        self.history = history
        self.epoch = self.epochs = self._first_epoch = history[-1].epoch if len(history) else 0
        self.step = self.epoch_step = self.steps_per_epoch = 0
        self.pictures_per_epoch = 0
        self.running = RunningMetrics(0, torch.device("cpu"))
        self.batch_loss = torch.tensor(float("nan"), dtype=torch.float32)
        self.batch_size = 0
        self.validation: Evaluation | None = None
        self.stop_reason: str | None = None
        self.validates = False
        self.metrics: tuple[str, ...] = ()
        self.resumed_from: Path | None = None
        self.weights_chosen = False
        self.requests: list[Callable[[Artifact], None]] = []
        self._left: list[Tensor] = []  # the weights that the last training left
        self.resumed_at = 0

    @property
    def evaluated(self) -> nn.Module:
        """The network that validation, `predict` and `save` use: averaged if that is done."""
        return self.model if self.averaged is None else self.averaged

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last step, or what it was set to after that."""
        return self.rate.value

    @property
    def progress(self) -> float:
        """The share of this `fit`'s steps that is done, in [0, 1]."""
        done = (self.epoch - self._first_epoch) * self.steps_per_epoch + self.epoch_step
        return done / ((self.epochs - self._first_epoch) * self.steps_per_epoch)

    def stop(self, reason: str) -> None:
        """End the training after this epoch and its validation.

        Where several processes train, all end: those in which no callback asked, too.
        """
        self.stop_reason = reason

    def set_learning_rate(self, value: float) -> None:
        """Train on with another learning rate, until it is set again; later `fit` calls too.

        It needs a constant one in the recipe, as Keras does: beside a schedule, which sets the
        rate at each step, it is an error. The same holds for `state.optimizer.param_groups`.

        Args:
            value: The learning rate, at least 0. Where several processes train, set the same in
                all.

        Raises:
            InvalidInputError: It is no such number, or the recipe has a schedule.
        """
        self.rate.set(value)

    def request_checkpoint(self, save: Callable[[Artifact], None]) -> None:
        """Have `save` called with a checkpoint when every callback's hook has run."""
        self.requests.append(save)

    def choose_weights(self, weights: Mapping[str, Tensor], *, by_validation: bool) -> None:
        """Take weights of an earlier epoch, chosen by its figures on the validation data or not."""
        self.model.load_state_dict(weights)
        self.evaluated.load_state_dict(weights)
        self.weights_chosen = by_validation

    def begin_training(
        self,
        *,
        epochs: int,
        n_images: int,
        steps: int,
        validates: bool,
        metrics: tuple[str, ...],
        device: torch.device,
        constant_rate: float | None,
    ) -> None:
        """Plan `epochs` more epochs of so many images and steps each.

        Without a `constant_rate`, a schedule sets the learning rate at each step.
        """
        self.rate.begin(constant_rate)
        self._first_epoch = self.epoch
        self.epochs = self.epoch + epochs
        self.pictures_per_epoch, self.steps_per_epoch = n_images, steps
        self.validates, self.metrics = validates, metrics
        self.validation = self.stop_reason = self.resumed_from = None
        self.weights_chosen = False
        self.requests = []
        if self.averaged is not None:  # users freeze layers of the averaged network
            for module, shown in zip(self.model.modules(), self.averaged.modules(), strict=True):
                module.training = shown.training
            pairs = zip(self.model.parameters(), self.averaged.parameters(), strict=True)
            for trained, averaged in pairs:
                trained.requires_grad_(averaged.requires_grad)
                if not averaged.requires_grad:  # a frozen average stays
                    trained.detach().copy_(averaged)
        self.begin_epoch(device)

    def end_training(self) -> None:
        """Remember the weights that are left, for `goes_on_from`."""
        averages = self.averaged is not None
        weights = self.evaluated.parameters()
        self._left = [weight.detach().clone() if averages else weight for weight in weights]

    def goes_on_from(self, network: nn.Module) -> bool:
        """Whether a network is as this training left it.

        It is not where layers with weights were replaced. Weights may have been changed in
        place, as these are what is trained on, but where they are averages of that.
        """
        weights = list(network.parameters())
        return (
            self.step > 0
            and len(weights) == len(self._left)
            and all(
                weight is left or (self.averaged is not None and weight.equal(left))
                for weight, left in zip(weights, self._left, strict=True)
            )
        )

    def begin_epoch(self, device: torch.device) -> None:
        """Start the figures of an epoch."""
        self.epoch_step = 0
        self.weights_chosen = False
        self.running = RunningMetrics(self.steps_per_epoch, device)

    def place(self, callbacks: dict[str, dict[str, Any]]) -> Place:
        """Return where the training stands, with what the callbacks remember; `go_to` takes it."""
        return Place(
            run=self.run,
            epoch=self.epoch,
            step=self.step,
            epoch_step=self.epoch_step,
            first_epoch=self._first_epoch,
            learning_rate=self.rate.value,
            used_learning_rate=self.rate.used,
            stop_reason=self.stop_reason,
            weights_chosen=self.weights_chosen,
            callbacks=callbacks,
        )

    def go_to(self, place: Place, history: History) -> None:
        """Stand at another place of the training; `epochs` is then counted from its start."""
        planned = self.epochs - self._first_epoch
        self.run = place.run
        used = place.used_learning_rate
        self.rate.go_to(place.learning_rate, place.learning_rate if used is None else used)
        self.epoch, self.step = place.epoch, place.step
        self.resumed_at = self.step
        self.epoch_step, self._first_epoch = place.epoch_step, place.first_epoch
        self.stop_reason, self.weights_chosen = place.stop_reason, place.weights_chosen
        self.epochs = planned
        self.history = history

    def end_step(self, loss: Tensor, correct: Tensor, n_images: int) -> None:
        """Take in a step of so many images: its mean loss () and how many were right ()."""
        self.rate.end_step()
        self.running.record(loss, correct, n_images)
        self.batch_loss, self.batch_size = loss, n_images
        self.step += 1
        self.epoch_step += 1

    def end_epoch(self, log: EpochLog, validation: Evaluation | None) -> None:
        """Take in an epoch's figures."""
        self.history = self.history.with_log(log)
        self.validation = validation
        self.epoch = log.epoch
        self.epoch_step = 0

    def continued(self) -> TrainState:
        """Return a state that trains the same networks on, and leaves the figures of this one."""
        state = copy.copy(self)
        state.rate = copy.copy(self.rate)
        return state

    def snapshot(self) -> Snapshot:
        """Return a copy of all that a step changes."""
        return copy.deepcopy(
            Snapshot(
                model=self.model.state_dict(),
                averaged=None if self.averaged is None else self.averaged.state_dict(),
                optimizer=self.optimizer.state_dict(),
                step=self.step,
            )
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot."""
        self.model.load_state_dict(snapshot.model)
        if self.averaged is not None and snapshot.averaged is not None:
            self.averaged.load_state_dict(snapshot.averaged)
        self.optimizer.load_state_dict(snapshot.optimizer)
        self.step = snapshot.step
