"""What a classifier is beside its verbs: a model, whose attributes it shows."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from digitnet.arguments import Statistic, Verbose
from digitnet.data.image_set import Shape
from digitnet.data.pixels import warn_of_faint
from digitnet.engines import Engine, PredictionPrecision, choose_engine
from digitnet.errors import NotFittedError
from digitnet.estimator import Estimator
from digitnet.evaluation import Evaluation
from digitnet.execution import with_own_settings
from digitnet.history import History
from digitnet.inputs import Inputs
from digitnet.measures import Loss
from digitnet.model_file import ModelInfo
from digitnet.named_metrics import MetricFunction
from digitnet.recipe import Recipe
from digitnet.trained_model import TrainedModel

Classifier = TypeVar("Classifier", bound="BaseClassifier")


class BaseClassifier(Estimator):
    """A model, which `fit` and `load` replace as a whole."""

    _trained: TrainedModel
    _untrained_remedy = "load a saved one"  # for the message of NotFittedError

    @with_own_settings
    def __init__(
        self,
        model: str | nn.Module | None = None,
        *,
        classes: Sequence[str],
        input_shape: Shape,
        mean: Statistic = None,
        std: Statistic = None,
        recipe: str | Recipe = "report",
        loss: Loss = "cross_entropy",
        metrics: Sequence[str | MetricFunction] = (),
        device: str | torch.device = "auto",
        seed: int | None = None,
    ) -> None:
        settings: dict[str, Any] = {
            "classes": classes,
            "input_shape": input_shape,
            "mean": mean,
            "std": std,
            "recipe": recipe,
            "loss": loss,
            "metrics": metrics,
            "device": device,
            "seed": seed,
        }
        self._trained = TrainedModel.build(model, **settings)
        self._arguments = {"model": model, **settings}
        own = isinstance(model, nn.Module)
        self._given_weights = copy.deepcopy(self.model.state_dict()) if own else None

    @property
    def model(self) -> nn.Module:
        """The network without its normalisation.

        Its modules are in the modes that you put them into, which predictions do not depend on.
        Parts in evaluation mode are frozen in it: `fit` trains the others.
        """
        return self._trained.network.body

    @property
    def network_name(self) -> str | None:
        """The network's name; `None` for a module of your own."""
        return self._trained.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes' names."""
        return self._trained.classes

    @property
    def input_shape(self) -> Shape:
        """Channels, height and width of an image."""
        return self._trained.input_shape

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self._trained.device

    @property
    def recipe(self) -> Recipe:
        """The recipe that was given; another one is that of the next `fit`."""
        return self._trained.recipe

    @recipe.setter
    def recipe(self, recipe: Recipe) -> None:
        self._take_over(replace(self._trained, recipe=recipe))

    @property
    def effective_recipe(self) -> Recipe:
        """The recipe as it was in the last `fit`.

        It has that call's epochs and batch size, and what `"auto"` precision became.
        """
        return self._trained.effective_recipe

    @property
    def seed(self) -> int:
        """The seed that was given or drawn, or taken from the checkpoint that `fit` resumed."""
        return self._trained.seed

    @property
    def history(self) -> History:
        """The epochs so far, all `fit` calls together."""
        return self._trained.history

    @property
    def _fitted(self) -> bool:
        return self._trained.is_trained

    @classmethod
    def _restored(
        cls: type[Classifier],
        info: ModelInfo,
        weights: Mapping[str, Tensor],
        device: torch.device,
        **own: Any,
    ) -> Classifier:
        """Return a trained classifier; `own` is what `ModelInfo.completed` returns."""
        classifier = cls._from_info(info, device, **own)
        classifier._take_over(classifier._trained.restored(info, weights))
        return classifier

    @classmethod
    def _from_info(
        cls: type[Classifier], info: ModelInfo, device: torch.device, **own: Any
    ) -> Classifier:
        return cls(
            classes=info.classes,
            input_shape=info.input_shape,
            mean=info.mean,
            std=info.std,
            recipe=info.recipe,
            device=device,
            seed=info.seed,
            **own,
        )

    def _take_over(self, trained: TrainedModel) -> None:
        """Become another model: all at once, and the one place where a classifier changes."""
        self._trained = trained

    def _inputs(self, seed: int | None = None) -> Inputs:
        """Return what reads images and labels; with this classifier's seed, or another."""
        return Inputs(
            classes=self.classes,
            input_shape=self.input_shape,
            seed=self.seed if seed is None else seed,
            notice=self._notice,
        )

    def _notice(self, images: Tensor) -> None:
        """Warn of images, uint8 (N, C, H, W), that are valid but odd."""
        warn_of_faint(images)

    def _by(self: Classifier, engine: Engine, precision: PredictionPrecision) -> Classifier:
        """Return this classifier as it predicts by an engine: a view, with the same network."""
        if (engine, precision) == ("torch", "float32"):
            return self
        self._require_fit()
        trained = self._trained
        compute = choose_engine(
            trained.network, trained.input_shape, engine=engine, precision=precision
        )
        view = copy.copy(self)
        view._take_over(replace(trained, compute=compute))
        return view

    def _logits(self, x: Any, batch_size: int | None, verbose: Verbose) -> Tensor:
        self._require_fit()
        return self._trained.logits(self._images(x), batch_size, verbose)

    def _evaluation(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int | None, verbose: Verbose
    ) -> Evaluation:
        images = self._inputs().labelled(x, y, sample_weight)
        return self._trained.evaluate(images, batch_size, verbose)

    def _images(self, x: Any) -> Tensor:
        """Return images to predict, uint8 (N, C, H, W)."""
        return self._inputs().images(x)

    def _require_fit(self) -> None:
        if not self._fitted:
            raise NotFittedError(
                f"This {type(self).__name__} has not been trained. Call fit first, or "
                f"{self._untrained_remedy}."
            )
