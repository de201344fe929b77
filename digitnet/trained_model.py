"""A network with all that is saved, loaded and voted with it."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.arguments import Statistic, Verbose, checked_shape, checked_statistics, tracked
from digitnet.artifact import write_artifact
from digitnet.calibration import fit_temperature
from digitnet.data.batches import Batches, fingerprint
from digitnet.data.image_set import ImageSet, Shape, checked_classes
from digitnet.devices import choose_device, prediction_batch
from digitnet.engines import Logits
from digitnet.errors import InvalidInputError
from digitnet.evaluation import Evaluation, evaluate, predict_features, predict_logits
from digitnet.export import write_onnx
from digitnet.history import History
from digitnet.measures import Measures
from digitnet.model_file import ModelInfo, check_weights, current_versions
from digitnet.models.construction import build_network
from digitnet.models.ensemble import Ensemble
from digitnet.models.network import Network
from digitnet.processes import current
from digitnet.randomness import draw_seed
from digitnet.recipe import Recipe, check_count, check_seed, resolve_recipe
from digitnet.state import TrainState
from digitnet.user_warnings import warn


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedModel:
    """A network, what it tells apart, and how it was trained.

    `fit` makes another one with the same network, and a classifier takes it over as a whole.

    Attributes:
        network: From images to logits, with its normalisation and temperature.
        name: The network's name; `None` for a module of the user's own.
        classes: The classes' names.
        input_shape: Channels, height and width of an image.
        device: Where the network is.
        measures_statistics: Whether its normalisation is measured on the first training set.
        measures: Its loss and metrics.
        recipe: The recipe that the classifier was given.
        effective_recipe: The recipe as it was in the last `fit`.
        seed: The seed of the training.
        seed_was_drawn: Whether the user gave none.
        state: The training, once there was one.
        loaded_history: The epochs before it, where the network was loaded.
        chosen_on: Fingerprint of the images that the best epoch was chosen on, if one was.
        compute: The engine of predictions; `None` calls the network, in float32.
    """

    network: Network
    name: str | None
    classes: tuple[str, ...]
    input_shape: Shape
    device: torch.device
    measures_statistics: bool
    measures: Measures
    recipe: Recipe
    effective_recipe: Recipe
    seed: int
    seed_was_drawn: bool
    state: TrainState | None = None
    loaded_history: History | None = None
    chosen_on: str | None = None
    compute: Logits | None = None

    def __post_init__(self) -> None:
        if self.recipe.label_smoothing and not isinstance(self.measures.loss, str):
            raise InvalidInputError(
                "Expected a recipe without label_smoothing, which is cross-entropy's, with a loss "
                f"of your own; received {self.recipe.label_smoothing}. Take dataclasses.replace("
                f"recipe, label_smoothing=0), and smooth in {self.measures.loss_name}."
            )

    @classmethod
    def build(
        cls,
        model: str | nn.Module | None,
        *,
        classes: Sequence[str],
        input_shape: Shape,
        mean: Statistic,
        std: Statistic,
        recipe: str | Recipe,
        loss: Any,
        metrics: Any,
        device: str | torch.device,
        seed: int | None,
    ) -> TrainedModel:
        """Return a model that is not trained yet, of what `ImageClassifier` takes."""
        recipe, names = resolve_recipe(recipe), checked_classes(classes)
        shape, place = checked_shape(input_shape), choose_device(device)
        means, deviations = checked_statistics(mean, std, channels=shape[0])
        known = current().first_of(draw_seed()) if seed is None else check_seed(seed)
        body = recipe.network if model is None else model
        network = build_network(
            body,
            classes=len(names),
            input_shape=shape,
            mean=means,
            std=deviations,
            seed=known,
            mirror=recipe.mirror,
            multi_crop=recipe.multi_crop,
        )
        return cls(
            network=network.to(place),
            name=body if isinstance(body, str) else None,
            classes=names,
            input_shape=shape,
            device=place,
            measures_statistics=mean is None,
            measures=Measures.checked(loss=loss, metrics=metrics, classes=len(names), device=place),
            recipe=recipe,
            effective_recipe=recipe,
            seed=known,
            seed_was_drawn=seed is None,
        )

    @property
    def history(self) -> History:
        """The epochs so far."""
        if self.state is not None:
            return self.state.history
        return self.loaded_history or History()

    @property
    def is_trained(self) -> bool:
        """Whether the network was trained or loaded."""
        stepped = self.state is not None and self.state.step > 0
        return stepped or self.loaded_history is not None

    def logits(self, images: Tensor, batch_size: int | None = None, verbose: Verbose = 0) -> Tensor:
        """Return the logits of images, uint8 (N, C, H, W), as float32 (N, classes) on the CPU.

        Args:
            images: The same in all processes.
            batch_size: Images at a time; `None` chooses for the device.
            verbose: As for `ImageClassifier.evaluate`.

        Raises:
            InvalidInputError: An argument is out of range, or processes have different images.
        """
        batches = self._batches_of(images, batch_size, verbose)
        return predict_logits(
            self.network,
            batches,
            n_images=len(images),
            classes=len(self.classes),
            compute=self.compute,
        )

    def features(
        self, images: Tensor, layer: str | None, batch_size: int | None, verbose: Verbose
    ) -> Tensor:
        """Return what a layer computes, float32 (N, D); see `ImageClassifier.features`."""
        batches = self._batches_of(images, batch_size, verbose)
        return predict_features(
            self.network, batches, n_images=len(images), shape=self.input_shape, layer=layer
        )

    def _batches_of(
        self, images: Tensor, batch_size: int | None, verbose: Verbose
    ) -> Callable[[slice], Iterator[Tensor]]:
        """Return a function from a part of the images to batches, (B, C, H, W) on the device."""
        size = self._batch_size(batch_size)
        _agree_on(images)

        def batches(part: slice) -> Iterator[Tensor]:
            share = [x for x in images[part].split(size) if len(x)]
            for x in tracked(share, total=len(images), verbose=verbose):
                yield x.to(self.device)

        return batches

    def evaluate(
        self, images: ImageSet, batch_size: int | None = None, verbose: Verbose = 0
    ) -> Evaluation:
        """Return the figures on labelled images; see `ImageClassifier.evaluate`."""
        batches = Batches(images, self._batch_size(batch_size), self.device)
        _agree_on(images.images)
        self._warn_of_choice(batches)
        track = partial(tracked, total=len(images), verbose=verbose, task="Evaluating")
        return evaluate(self.network, batches, self.measures, compute=self.compute, track=track)

    def evaluation(self, images: ImageSet, logits: Tensor) -> Evaluation:
        """Return the figures on labelled images of which the logits (N, classes) are known."""
        self._warn_of_choice(Batches(images, len(images), self.device))
        return Evaluation.of(logits, images.labels, self.classes, self.measures, images.weights)

    def calibrate(self, images: ImageSet) -> float:
        """Fit the network's temperature to labelled images, and return it."""
        logits = self.logits(images.images) * self.network.temperature.cpu()
        temperature = fit_temperature(logits, images.labels)
        self.network.temperature.fill_(temperature)
        return temperature

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights, settings and history to one file."""
        write_artifact(path, self.network.state_dict(), self.info().to_metadata())

    def export_onnx(self, path: str | os.PathLike[str], calibration: Tensor | None) -> None:
        """Write the network as ONNX; with images to calibrate on, in 8-bit integers."""
        write_onnx(
            self.network,
            path,
            classes=self.classes,
            input_shape=self.input_shape,
            calibration=calibration,
        )

    def info(self) -> ModelInfo:
        """Return what a model file says of it."""
        mean, std = (
            tuple(each.flatten().tolist()) for each in (self.network.mean, self.network.std)
        )
        return ModelInfo(
            network=self.name,
            network_type=type(self.network.body).__qualname__,
            classes=self.classes,
            input_shape=self.input_shape,
            mean=mean,
            std=std,
            normalization=None if self.measures_statistics else (mean, std),
            recipe=self.recipe,
            effective_recipe=self.effective_recipe,
            loss=self.measures.loss_name,
            metrics=self.measures.metric_names,
            seed=self.seed,
            history=self.history.logs,
            chosen_on=self.chosen_on,
            versions=current_versions(),
        )

    def restored(self, info: ModelInfo, weights: Mapping[str, Tensor]) -> TrainedModel:
        """Return the model that a file tells of; its weights are put into this one's network.

        Raises:
            ArtifactError: They are of another network.
        """
        check_weights(weights, self.network.state_dict())
        self.network.load_state_dict(weights)
        return replace(
            self,
            effective_recipe=info.effective_recipe,
            loaded_history=History(info.history),
            chosen_on=info.chosen_on,
        )

    def _warn_of_choice(self, batches: Batches) -> None:
        """Warn where the best epoch was chosen on these images."""
        if self.chosen_on is not None and batches.unweighted_fingerprint == self.chosen_on:
            warn(
                "The best epoch was chosen on these pictures, so figures on them are too good. "
                "Choose it on a part of the training set: fit(..., validation_split=0.1)."
            )

    def _batch_size(self, batch_size: int | None) -> int:
        if batch_size is None:
            return prediction_batch(self.device)
        return check_count("batch_size", batch_size)


def vote_of(members: Sequence[TrainedModel]) -> tuple[ModelInfo, Network]:
    """Return a network whose probabilities are the mean of trained members', and what it is.

    Raises:
        InvalidInputError: They differ in classes, pictures, normalisation or views.
    """
    info = ModelInfo.of_vote([member.info() for member in members])
    vote = Ensemble(
        [copy.deepcopy(member.network.body).cpu() for member in members],
        temperatures=[float(member.network.temperature) for member in members],
    )
    return info, Network(vote, mean=info.mean, std=info.std)


def _agree_on(images: Tensor) -> None:
    """Raise where the processes have different images, uint8 (N, C, H, W)."""
    current().agree(lambda: {"pictures": fingerprint(images)})
