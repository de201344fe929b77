"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.callbacks.base import Callback
from digitnet.callbacks.callback_list import CallbackList, guarded
from digitnet.checkpoint import (
    SavedTraining,
    TrainingSettings,
    capture,
    check_settings,
    network_tensors,
    restore,
)
from digitnet.compilation import compiled
from digitnet.data.augmentation import augment
from digitnet.data.batches import Batches
from digitnet.devices import resolve_precision
from digitnet.errors import ArtifactError, InvalidInputError, TrainingDivergedError
from digitnet.evaluation import evaluate
from digitnet.history import EpochLog, History
from digitnet.measures import Measures
from digitnet.model_file import ModelInfo, check_weights
from digitnet.models.averaging import move_average
from digitnet.models.inspection import least_batch
from digitnet.models.modes import exclusive, training
from digitnet.objectives import Objective
from digitnet.optimizer import moved_uphill
from digitnet.processes import current
from digitnet.randomness import ORDER, STEP, derive_seed, isolated, permutation, reseed
from digitnet.recipe import Recipe
from digitnet.state import TrainState
from digitnet.user_warnings import warn


class Trainer:
    """Train the network of a state by a recipe.

    The loop, in short::

        for epoch:
            for batch in a new order:
                loss, correct = objective(model, x, y)
                loss.backward(); optimizer.step()
            evaluate on the validation data

    Where several processes train, each takes its share of every batch, and their gradients are
    averaged: the batch, its order and its augmentation are those of one process.

    Args:
        state: What is trained, and how far it is; it outlives the trainer.
        recipe: How to train; `trainer.recipe` says what its `"auto"` precision became.
        device: Where the state's network and the data are.
        callbacks: Called at the hooks, in this order.
        class_weight: What each class's images count in the loss, float32 (C,).
        measures: The loss of a classifier, and what validation measures beside it.
        objective: What is minimised; `None` is the mean of that loss.
        shuffle: Draw a new order each epoch.
        describe: Returns what a model file says, which a checkpoint then is, too; `None` where no
            classifier is trained.
    """

    def __init__(
        self,
        state: TrainState,
        recipe: Recipe,
        *,
        device: torch.device,
        callbacks: Sequence[Callback] = (),
        class_weight: Tensor | None = None,
        measures: Measures = Measures(),  # noqa: B008 - immutable
        objective: Objective | None = None,
        shuffle: bool = True,
        describe: Callable[[], ModelInfo | None] = lambda: None,
    ) -> None:
        self.state = state
        self.recipe = replace(recipe, precision=resolve_precision(recipe.precision, device))
        self.device = device
        self.processes = current()
        self._share = partial(self.processes.share, least=least_batch(state.model))
        self._forward = compiled(state.model) if recipe.compile else state.model
        self.callbacks = CallbackList(callbacks, is_first=self.processes.is_first)
        self.class_weight = class_weight
        self.measures = measures
        self.objective = objective or measures.objective(
            class_weight=class_weight, label_smoothing=recipe.label_smoothing
        )
        self.shuffle = shuffle
        self.describe = describe
        self._on_first_step: Callable[[], None] | None = None

    def fit(
        self,
        train: Batches,
        validation: Batches | None = None,
        *,
        resume: tuple[Path, SavedTraining] | None = None,
        on_first_step: Callable[[], None] | None = None,
    ) -> History:
        """Train for the recipe's epochs, and return the history of all epochs so far.

        What does not fit together is refused before anything changes. Where the training diverges,
        the state is that of the epoch's start, or of the checkpoint within it.

        Args:
            train: What to train on.
            validation: What to evaluate on after each epoch.
            resume: A checkpoint to go on from, and its path; the recipe's epochs are then
                counted from the beginning.
            on_first_step: Called when the first step is done, before the callbacks.
        """
        # refuse what does not fit together, before anything changes
        if resume is not None:
            self._check_resume(train, *resume)
        self._agree(train, validation, resume)
        # begin, or go on from the checkpoint
        state = self.state
        state.begin_training(
            epochs=self.recipe.epochs,
            n_images=train.n_images,
            steps=len(train),
            validates=validation is not None,
            metrics=self.measures.metric_names,
            device=self.device,
            constant_rate=self.recipe.learning_rate if self.recipe.has_constant_rate else None,
        )
        if resume is not None:
            self._restore(*resume)
        self.processes.broadcast([*state.model.state_dict().values()])
        self._on_first_step = on_first_step
        try:
            with training(state.model), self.callbacks.training(state):
                if resume is not None:
                    self.callbacks.restore(resume[1])
                self._train_epochs(train, validation)
        finally:
            state.end_training()
        return state.history

    def _check_resume(self, train: Batches, path: Path, checkpoint: SavedTraining) -> None:
        """Raise unless a checkpoint is of this training."""
        check_settings(checkpoint.info, self.settings(train), path)
        check_weights(network_tensors(checkpoint.tensors), self.state.evaluated.state_dict())
        place = checkpoint.info.checkpoint
        begun = place.epoch + (place.epoch_step > 0)
        if begun > self.recipe.epochs:
            raise InvalidInputError(
                f"Expected epochs of at least {begun}, as '{path}' stands in epoch {begun}; "
                f"received {self.recipe.epochs}. With resume, epochs is the total."
            )

    def _agree(
        self, train: Batches, validation: Batches | None, resume: tuple[Path, SavedTraining] | None
    ) -> None:
        """Raise in all processes unless all are about to do the same."""

        def values() -> dict[str, Any]:
            model = self.describe()
            return {
                **(asdict(model) if model else {}),
                **asdict(self.settings(train)),
                "validation data": validation and validation.fingerprint,
                "checkpoint to go on from": resume and resume[0].name,
                "number of steps done": self.state.step,
            }

        self.processes.agree(values)

    def _restore(self, path: Path, checkpoint: SavedTraining) -> None:
        """Bring the state to where a checkpoint stands."""
        state = self.state
        try:
            restore(state, checkpoint)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as cause:
            raise ArtifactError(f"'{path}' is no whole checkpoint ({cause}).") from cause
        state.resumed_from = path.parent.resolve()
        if state.stop_reason is not None and not state.epoch_step:
            warn(
                f"The training had ended after epoch {state.epoch}: {state.stop_reason}. To "
                "train on, load the checkpoint and call fit without resume."
            )

    def _train_epochs(self, train: Batches, validation: Batches | None) -> None:
        state = self.state
        self._sync_stop()
        # an epoch in progress is finished first, also after a resume
        while state.epoch_step or (state.epoch < state.epochs and state.stop_reason is None):
            self._train_epoch(train, validation)
            self._sync_stop()

    def _train_epoch(self, train: Batches, validation: Batches | None) -> None:
        state = self.state
        # steps
        if not state.epoch_step:  # else the epoch goes on from a checkpoint
            state.begin_epoch(self.device)
        self.callbacks.notify("on_epoch_begin", state)
        self.processes.agree(lambda: {"learning rate": state.learning_rate})
        started = time.perf_counter()
        self._train_steps(train)
        loss, accuracy = state.running.read()
        seconds = self.processes.first_of(time.perf_counter() - started)
        # validation
        result = evaluate(state.evaluated, validation, self.measures) if validation else None
        log = EpochLog(
            epoch=state.epoch + 1,
            loss=loss,
            accuracy=accuracy,
            val_loss=result.loss if result else None,
            val_accuracy=result.accuracy if result else None,
            val_metrics=dict(result.metrics) if result else None,
            learning_rate=state.rate.used,
            epoch_seconds=seconds,
        )
        state.end_epoch(log, result)
        self.callbacks.notify("on_epoch_end", state)
        if state.requests:
            self._take_checkpoint(train)

    def _train_steps(self, train: Batches) -> None:
        """Take the steps that are left of the epoch; where they lead nowhere, go back."""
        state = self.state
        before = state.snapshot()
        order = self._order(train)[state.running.n_images :]
        try:
            for x, y, n_images in train.shuffled(order, self._share):
                with isolated(self.device), exclusive(state.evaluated):
                    batch_loss, correct = self._train_step(x, y, n_images)
                state.end_step(batch_loss, correct, n_images)
                if self._on_first_step is not None:
                    self._on_first_step()
                    self._on_first_step = None
                self.callbacks.notify("on_batch_end", state)
                if state.requests:
                    self._check_finite()
                    self._take_checkpoint(train)
            self._check_finite()  # waits for the device
        except TrainingDivergedError:
            state.restore(before)
            raise

    def _train_step(self, x: Tensor, y: Any, n_images: int) -> tuple[Tensor, Tensor]:
        """Learn from a batch of so many images, of which x and y are this process's share.

        Returns the batch's mean loss, and how many of its images were read right.
        """
        state, recipe = self.state, self.recipe
        state.rate.follow(recipe.learning_rate_at(state.progress))
        # augmentation
        self._reseed()
        if recipe.augmentation is not None:
            part = self._share(n_images)
            x = augment(x, recipe.augmentation, n_images=n_images, part=part)
        # gradients
        if self.processes.rank:
            self._reseed(self.processes.rank)  # no two processes drop the same units
        loss, correct = self._find_gradients(x, y, n_images)
        if recipe.sharpness_radius:
            with moved_uphill(state.model, recipe.sharpness_radius):
                self._find_gradients(x, y, n_images)
        if recipe.clip_norm is not None:  # of the whole batch's gradient, alike in all processes
            nn.utils.clip_grad_norm_(state.model.parameters(), recipe.clip_norm)
        # weights
        state.optimizer.step()
        if state.averaged is not None:
            move_average(state.averaged, state.model, recipe.averaging or 0.0, step=state.step)
        return loss, correct

    def _find_gradients(self, x: Tensor, y: Any, n_images: int) -> tuple[Tensor, Tensor]:
        """Find the gradients of a batch's mean loss; return that, and how many were read right."""
        bfloat16 = self.recipe.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bfloat16):
            loss, correct = self.objective(self._forward, x, y)
        torch.clear_autocast_cache()  # an autocast around the training would keep old weights
        self.state.optimizer.zero_grad()
        loss.backward()
        loss = loss.detach()
        self.processes.average(self.state.model, loss, correct, weight=len(x) / n_images)
        return loss, correct

    def _reseed(self, rank: int = 0) -> None:
        state = self.state
        step = derive_seed(state.seed, STEP, state.epoch, state.epoch_step, rank)
        reseed(self.device, step)

    def _order(self, train: Batches) -> Tensor:
        if not self.shuffle:
            return torch.arange(train.n_images)
        return permutation(train.n_images, derive_seed(self.state.seed, ORDER, self.state.epoch))

    def _check_finite(self) -> None:
        state = self.state
        bad_step = state.running.first_bad_step()
        if bad_step is None:
            finite = [parameter.isfinite().all() for parameter in state.model.parameters()]
            if bool(torch.stack(finite).all()):
                return
            bad_step = state.epoch_step - 1
        raise TrainingDivergedError(
            f"The training diverged at step {bad_step + 1} of {state.steps_per_epoch} of epoch "
            f"{state.epoch + 1}: expected a finite loss and finite weights, received NaN or "
            "infinity. The weights are those from the start of that epoch, or of the checkpoint in "
            "it that the training went on from. Try a learning rate below "
            f"{self.recipe.learning_rate:g}, or precision='float32'."
        )

    def _sync_stop(self) -> None:
        """Stop where a callback in another process stopped the training."""
        reason = self.processes.first_of(self.state.stop_reason)
        if reason is not None:
            self.state.stop(reason)

    def _take_checkpoint(self, train: Batches) -> None:
        """Serve requests after a whole round, so that all that is remembered is of one moment."""
        settings = self.settings(train, self.state.epochs)
        checkpoint = capture(self.state, settings, self.callbacks.state_dicts(), self.describe())
        requests, self.state.requests = self.state.requests, []
        for save in requests:
            guarded("Writing a checkpoint", save, checkpoint)

    def settings(self, train: Batches, epochs: int | None = None) -> TrainingSettings:
        """Return all that must be the same when a training goes on, and in all processes.

        It ends with epoch `epochs`; `None` takes the recipe's number.
        """
        settings = TrainingSettings(
            network=self.recipe.network,
            effective_recipe=self.recipe,
            seed=self.state.seed,
            # a constant learning rate does not depend on the end
            epochs=None if self.recipe.has_constant_rate else epochs or self.recipe.epochs,
            data=train.fingerprint,
            shuffle=self.shuffle,
            class_weight=None if self.class_weight is None else tuple(self.class_weight.tolist()),
        )
        model = self.describe()
        if model is None:
            return settings
        return replace(
            settings,
            network=model.network,
            network_type=model.network_type,
            classes=model.classes,
            input_shape=model.input_shape,
            loss=model.loss,
            normalization=model.normalization,
        )
