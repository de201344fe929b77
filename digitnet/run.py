"""One call of `fit`: a training that is made beside a classifier, and then taken over."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from digitnet.arguments import ClassWeight, check_batches, class_weights
from digitnet.callbacks.base import Callback
from digitnet.checkpoint import SavedTraining, newest
from digitnet.data.batches import Batches
from digitnet.data.image_set import ImageSet
from digitnet.devices import prediction_batch
from digitnet.metrics import channel_statistics
from digitnet.models.inspection import least_batch
from digitnet.models.network import Network
from digitnet.optimizer import build_optimizer
from digitnet.processes import current
from digitnet.recipe import Recipe
from digitnet.state import Snapshot, TrainState
from digitnet.trained_model import TrainedModel
from digitnet.trainer import Trainer
from digitnet.user_warnings import warn


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How one call of `fit` trains, as `fit` takes it; the recipe has its epochs and batch size."""

    recipe: Recipe
    callbacks: Sequence[Callback]
    shuffle: bool
    class_weight: ClassWeight


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """A training that is ready to begin; `prepare` makes one, and changes nothing else.

    Attributes:
        model: What the classifier becomes.
        state: The training.
        trainer: Its loop.
        train: What to train on.
        validation: What to evaluate on after each epoch.
        checkpoint: What to go on from.
        statistics: Mean and deviation of each channel for the normalisation; `None` keeps it.
    """

    model: TrainedModel
    state: TrainState
    trainer: Trainer
    train: Batches
    validation: Batches | None
    checkpoint: tuple[Path, SavedTraining] | None
    statistics: tuple[Tensor, Tensor] | None

    @classmethod
    def prepare(
        cls,
        model: TrainedModel,
        settings: FitSettings,
        train: ImageSet,
        validation: ImageSet | None,
        checkpoint: tuple[Path, SavedTraining] | None,
    ) -> Run:
        """Return the run that trains a model; raise `InvalidInputError` where images do not fit."""
        recipe, device = settings.recipe, model.device
        # what each image counts, and batches
        weights = class_weights(settings.class_weight, train.class_counts)
        size, least = recipe.batch_size, least_batch(model.network.body)
        check_batches(current().world_size, n_images=len(train), batch_size=size, least=least)
        at_once = prediction_batch(device)
        # the training, and what the classifier becomes
        state = _state(model, recipe, goes_on=checkpoint is None)
        trained = replace(model, effective_recipe=recipe, state=state, chosen_on=None)
        trainer = Trainer(
            state,
            recipe,
            device=device,
            callbacks=settings.callbacks,
            class_weight=None if weights is None else weights.to(device),
            measures=model.measures,
            shuffle=settings.shuffle,
            describe=trained.info,
        )
        measures = model.measures_statistics and not model.is_trained
        return cls(
            model=trained,
            state=state,
            trainer=trainer,
            train=Batches(train, size, device, least=least),
            validation=Batches(validation, at_once, device) if validation else None,
            checkpoint=checkpoint,
            statistics=channel_statistics(train.images) if measures else None,
        )

    def start(self, take_over: Callable[[TrainedModel], None]) -> None:
        """Train; where the training ends before its first step is done, the network is as it was.

        `take_over` is called with the model after the first step, and at the end.
        """
        state = self.state
        before: Snapshot | None = state.snapshot()

        def on_first_step() -> None:
            nonlocal before
            before = None  # what is trained from now on stays
            take_over(self.model)

        try:
            for network in (state.model, state.evaluated):
                assert isinstance(network, Network)
                if self.statistics is not None:
                    network.set_normalization(*self.statistics)
                network.temperature.fill_(1)  # it was fitted to weights that now change
            self.trainer.fit(
                self.train, self.validation, resume=self.checkpoint, on_first_step=on_first_step
            )
        except BaseException:  # Ctrl-C, too
            if before is not None:
                state.restore(before)
            raise
        chosen_on = None
        if self.validation is not None and state.weights_chosen:
            chosen_on = self.validation.unweighted_fingerprint
        take_over(replace(self.model, chosen_on=chosen_on))


def resumed(
    model: TrainedModel, directory: str | os.PathLike[str] | None
) -> tuple[TrainedModel, tuple[Path, SavedTraining] | None]:
    """Return the model, with a checkpoint's seed where none was given, and that checkpoint."""
    if directory is None:
        return model, None
    checkpoint = newest(Path(directory), seed=None if model.seed_was_drawn else model.seed)
    if checkpoint is None:
        warn(f"There is no checkpoint in '{directory}': the training begins without.")
    elif model.seed_was_drawn:
        model = replace(model, seed=checkpoint[1].info.seed)
    return model, checkpoint


def _state(model: TrainedModel, recipe: Recipe, *, goes_on: bool) -> TrainState:
    """Return a state that goes on from the model's, or one that begins with its weights."""
    if goes_on and model.state is not None and model.state.goes_on_from(model.network):
        return model.state.continued()
    averages = recipe.averaging is not None
    trained = copy.deepcopy(model.network) if averages else model.network
    return TrainState(
        trained,
        build_optimizer(recipe, trained),
        seed=model.seed,
        averaged=model.network if averages else None,
        history=model.history,
    )
