"""A classifier of small pictures, with Keras's verbs."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from digitnet import arguments, devices, processes
from digitnet.artifact import read_artifact, write_artifact
from digitnet.calibration import fit_temperature
from digitnet.callbacks.base import Callback
from digitnet.callbacks.progress_bar import is_interactive, track
from digitnet.checkpoint import SavedTraining, network_tensors, newest
from digitnet.data.batches import Batches, fingerprint
from digitnet.data.coercion import to_image_set, to_images
from digitnet.data.image_set import ImageSet, Shape, checked_classes
from digitnet.data.pixels import warn_of_faint
from digitnet.datasets.image_folder import image_folder
from digitnet.errors import (
    ArtifactError,
    InvalidInputError,
    NotFittedError,
    TrainingDivergedError,
)
from digitnet.estimator import Estimator
from digitnet.evaluation import Evaluation, evaluate, predict_features, predict_logits
from digitnet.execution import with_own_settings
from digitnet.export import check_quantization, write_onnx
from digitnet.history import History
from digitnet.keras_arguments import EVALUATE, FIT, LOAD, PREDICT, SAVE, refuses
from digitnet.metrics import channel_statistics
from digitnet.model_file import ModelInfo, check_weights, current_versions
from digitnet.models.construction import build_network
from digitnet.models.ensemble import Ensemble
from digitnet.models.inspection import least_batch, print_summary
from digitnet.models.modes import exclusive
from digitnet.optimizer import build_optimizer
from digitnet.randomness import draw_seed
from digitnet.recipe import Recipe, check_count, check_seed, resolve_recipe
from digitnet.state import TrainState
from digitnet.trainer import Trainer
from digitnet.user_warnings import warn

B = TypeVar("B", bound=Sized)
C = TypeVar("C", bound="ImageClassifier")


class ImageClassifier(Estimator):
    """Learn to tell classes of small pictures apart.

    Args:
        model: The network, a name from `digitnet.models.NETWORKS` (`"slim*3"` is a vote of
            three) or a module that maps normalised float32 pictures (N, C, H, W) to logits
            (N, classes), which is trained in place. `None` takes the recipe's network.
        classes: The classes' names; labels are indices into them.
        input_shape: Channels, height and width of a picture.
        mean: What is subtracted from pictures in 0..1, one number or one for each
            channel. `None` measures mean and deviation on the first training set; 0 with
            `std=1` switches normalisation off.
        std: What they are divided by after that; `None` with `mean=None` alone.
        recipe: How to train, a name from `digitnet.recipe.RECIPES` or a `Recipe`.
        device: `"auto"` takes CUDA, else MPS, else the CPU; or what `torch.device` takes.
        seed: Of first weights, order, dropout and splits, in 0..2**63 - 1; `None` draws
            one. It is kept in `seed` and in saved files.

    Attributes:
        recipe: The recipe that was given.
        effective_recipe: The recipe as it was in the last `fit`: with that call's epochs
            and batch size, and with what `"auto"` precision became.

    Raises:
        InvalidInputError: An argument is out of range, or the network does not fit.
    """

    _trained_ones = "load a saved one"

    @with_own_settings
    def __init__(
        self,
        model: str | nn.Module | None = None,
        *,
        classes: Sequence[str],
        input_shape: Shape,
        mean: arguments.Statistic = None,
        std: arguments.Statistic = None,
        recipe: str | Recipe = "report",
        device: str | torch.device = "auto",
        seed: int | None = None,
    ) -> None:
        self._arguments = {
            "model": model,
            "classes": classes,
            "input_shape": input_shape,
            "mean": mean,
            "std": std,
            "recipe": recipe,
            "device": device,
            "seed": seed,
        }
        self.recipe = resolve_recipe(recipe)
        self.effective_recipe = self.recipe
        self.classes = checked_classes(classes)
        self.input_shape = arguments.checked_shape(input_shape)
        self.device = devices.choose_device(device)
        self.seed = processes.current().first_of(draw_seed()) if seed is None else check_seed(seed)
        self._seed_was_drawn = seed is None
        model = self.recipe.network if model is None else model
        self.network_name = None if isinstance(model, nn.Module) else model
        self._measure_statistics = mean is None and std is None
        statistics = arguments.checked_statistics(mean, std, channels=self.input_shape[0])
        self._network = build_network(
            model,
            classes=len(self.classes),
            input_shape=self.input_shape,
            mean=statistics[0],
            std=statistics[1],
            seed=self.seed,
            mirror=self.recipe.mirror,
            multi_crop=self.recipe.multi_crop,
        )
        own = isinstance(model, nn.Module)
        self._given_weights = copy.deepcopy(self._network.body.state_dict()) if own else None
        self._network.to(self.device)
        self._loaded_history: History | None = None
        self._chosen_on: str | None = None  # fingerprint of what the best epoch was chosen on
        self._state: TrainState | None = None

    @property
    def model(self) -> nn.Module:
        """The network without its normalisation.

        Its modules are in the modes that you put them into, which predictions do not depend on.
        Parts in evaluation mode are frozen in it: `fit` trains the others.
        """
        return self._network.body

    @property
    def history(self) -> History:
        """The epochs so far, all `fit` calls together."""
        if self._state is not None:
            return self._state.history
        return self._loaded_history or History()

    @property
    def _fitted(self) -> bool:
        trained = self._state is not None and self._state.step > 0
        return trained or self._loaded_history is not None

    @with_own_settings
    @processes.together
    @refuses(FIT)
    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        validation_data: Any = None,
        validation_split: float = 0.0,
        callbacks: Sequence[Callback] = (),
        shuffle: bool = True,
        class_weight: arguments.ClassWeight = None,
        verbose: arguments.Verbose = "auto",
        resume: str | os.PathLike[str] | None = None,
    ) -> History:
        """Train. A second `fit` goes on from where the first ended, and adds epochs.

        Args:
            x: An `ImageSet`, or pictures: an array, tensor or list of integers in 0..255 or
                floats in 0..1 (rounded to 256 levels), of shape (N, H, W), (N, C, H, W),
                (N, H, W, C) or (N, C * H * W). Or a folder with one sub-folder a class. Or a
                torch `Dataset` or `DataLoader`, which is read once: its own batches and
                shuffling have no effect, and random transforms are drawn once. What memory
                does not hold is kept in a temporary file.
            y: Labels (N,), integers that index `classes`, or one-hot (N, C). `None` where
                `x` has its own.
            epochs: Passes over the training set; `None` is the recipe's.
            batch_size: Pictures a step; `None` is the recipe's. The last step of an epoch has what
                is left; a single picture, where the network has batch norm, joins the step
                before.
            validation_data: An `ImageSet`, `Dataset`, `DataLoader` or a pair (x, y) to
                evaluate on after each epoch.
            validation_split: Share of the training set to hold out for that instead, in
                [0, 1); drawn with `seed`, the same share of each class.
            callbacks: Called in this order.
            shuffle: Draw a new order each epoch.
            class_weight: What pictures of each class count in the loss: a number for each
                class, or a dictionary from the class's index (others count 1); or
                `"balanced"`, n_samples / (n_classes * count) as in scikit-learn.
            verbose: 0 is silent, 1 a progress bar, 2 a line an epoch; `"auto"` is a bar
                in terminals and notebooks, else a line an epoch.
            resume: A folder with checkpoints to go on from, written by `Checkpoint`; then
                `epochs` is the total. What a killed training would have come to, the
                resumed one comes to: bit for bit on the CPU of the same machine. Without
                checkpoints in the folder it begins without, with a warning. Where
                the classifier was given no seed, it takes the checkpoint's.

        Returns:
            The history of all epochs so far.

        Raises:
            InvalidInputError: The data or an argument are not as above, or the checkpoint
                is of another training.
            DatasetUnavailableError: There is no such folder, or no picture in it.
            ArtifactError: No checkpoint in the folder is whole.
            TrainingDivergedError: The loss was no longer finite. The weights are those
                from the start of the epoch, or of the checkpoint within it.
            CallbackError: A callback raised.
        """
        recipe = replace(
            self.recipe,
            epochs=self.recipe.epochs if epochs is None else epochs,
            batch_size=self.recipe.batch_size if batch_size is None else batch_size,
            precision=devices.resolve_precision(self.recipe.precision, self.device),
        )
        listeners = [*arguments.reporters(verbose), *arguments.checked_callbacks(callbacks)]
        with self._unharmed():
            checkpoint = None if resume is None else self._newest(Path(resume))
            train, validation = self._training_data(x, y, validation_data, validation_split)
            weights = arguments.class_weights(class_weight, train.class_counts)
            size, least = recipe.batch_size, least_batch(self.model)
            arguments.check_batches(
                processes.current().world_size, n_images=len(train), batch_size=size, least=least
            )
            if self._measure_statistics and not self._fitted:
                self._network.set_normalization(*channel_statistics(train.images))
            self._network.temperature.fill_(1)  # fitted to weights that now change
            batches = Batches(train, size, self.device, least=least)
            state = self._state
            if state is None or checkpoint is not None or not state.goes_on_from(self._network):
                state = self._new_state(recipe)
            trainer = Trainer(
                state,
                recipe,
                device=self.device,
                callbacks=listeners,
                class_weight=None if weights is None else weights.to(self.device),
                shuffle=shuffle,
                describe=self._describe,
            )
            self.effective_recipe = trainer.recipe
            if checkpoint is not None:
                trainer.check(batches, *checkpoint)
            at_once = self._prediction_batch(None)
            held_out = Batches(validation, at_once, self.device) if validation else None
            trainer.agree(batches, held_out, checkpoint)
            self._state, self._chosen_on = state, None
            history = trainer.fit(batches, held_out, resume=checkpoint)
        if held_out is not None and state.weights_chosen:
            self._chosen_on = held_out.fingerprint
        return history

    @overload
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        batch_size: int | None = None,
        verbose: arguments.Verbose = "auto",
        return_dict: Literal[False] = False,
    ) -> Evaluation: ...
    @overload
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        batch_size: int | None = None,
        verbose: arguments.Verbose = "auto",
        return_dict: Literal[True],
    ) -> dict[str, float]: ...
    @with_own_settings
    @processes.together
    @refuses(EVALUATE)
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        batch_size: int | None = None,
        verbose: arguments.Verbose = "auto",
        return_dict: bool = False,
    ) -> Evaluation | dict[str, float]:
        """Measure loss and accuracy, in float32.

        Args:
            x: Pictures, as `fit` takes them.
            y: Labels, as `fit` takes them.
            batch_size: Pictures at a time; `None` chooses for the device.
            verbose: 1, or `"auto"` in a terminal or notebook, shows a bar meanwhile.
            return_dict: Return `{"loss": ..., "accuracy": ...}` alone, as Keras does.

        Returns:
            An `Evaluation`; `loss, accuracy = clf.evaluate(...)` works too.

        Raises:
            InvalidInputError: The data are not as `fit` takes them.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        size = self._prediction_batch(batch_size)
        images = self._labelled(x, y)
        batches = Batches(images, size, self.device)
        self._agree_on(images.images)
        if self._chosen_on is not None and batches.fingerprint == self._chosen_on:
            warn(
                "The best epoch was chosen on these pictures, so figures on them are too good. "
                "Choose it on a part of the training set: fit(..., validation_split=0.1)."
            )
        tracked = partial(self._tracked, total=len(images), verbose=verbose, task="Evaluating")
        result = evaluate(self._network, batches, track=tracked)
        return {"loss": result.loss, "accuracy": result.accuracy} if return_dict else result

    @with_own_settings
    @processes.together
    @refuses(PREDICT)
    def predict(
        self, x: Any, *, batch_size: int | None = None, verbose: arguments.Verbose = 0
    ) -> npt.NDArray[np.int64]:
        """Return the class of each picture.

        Unlike Keras's `predict`, which returns probabilities: those come from
        `predict_proba`.

        Args:
            x: Pictures, as `fit` takes them, but no folder. A `DigitClassifier` takes real
                pictures, too: the path of a file, its bytes, a binary file object, a PIL image,
                a uint8 array (H, W), (H, W, 3) or (H, W, 4), or a list of these. But an array
                of the network's input size, (28, 28), (N, 28, 28), (N, 1, 28, 28) or (N, 784),
                is data in MNIST's format.
            batch_size: Pictures at a time; `None` chooses for the device.
            verbose: As for `evaluate`.

        Returns:
            int64 (N,), indices into `classes`.

        Raises:
            InvalidInputError: The pictures are not like that, or nothing is written in one.
            NotFittedError: There was no `fit` or `load` yet.
        """
        return self._logits(x, batch_size, verbose).argmax(dim=1).numpy()

    @with_own_settings
    @processes.together
    @refuses(PREDICT)
    def predict_proba(
        self, x: Any, *, batch_size: int | None = None, verbose: arguments.Verbose = 0
    ) -> npt.NDArray[np.float32]:
        """Return the probability of each class for each picture.

        Args:
            x: Pictures, as `predict` takes them.
            batch_size: As for `predict`.
            verbose: As for `evaluate`.

        Returns:
            float32 (N, classes); each row sums to 1.

        Raises:
            InvalidInputError: As for `predict`.
            NotFittedError: There was no `fit` or `load` yet.
        """
        return self._logits(x, batch_size, verbose).softmax(dim=1).numpy()

    @with_own_settings
    @processes.together
    def features(
        self,
        x: Any,
        layer: str | None = None,
        *,
        batch_size: int | None = None,
        verbose: arguments.Verbose = 0,
    ) -> npt.NDArray[np.float32]:
        """Return what a layer computes for each picture: embeddings.

        They are of the picture as it is, without the other views of `mirror` and `multi_crop`. Of
        a photo, as `predict` takes it, they are of the 28x28 pixels that `inspect` shows.

        Args:
            x: Pictures, as `predict` takes them.
            layer: A name from `model.named_modules()`, whose output is flattened; where it runs
                several times, the last counts. `None` takes the input of the linear layer that
                runs last, from which most networks compute their logits.
            batch_size: As for `predict`.
            verbose: As for `evaluate`.

        Returns:
            float32 (N, D).

        Raises:
            InvalidInputError: As for `predict`; or there is no such layer, it does not run or give
                a tensor (N, ...), or none is named where several networks vote.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        size = self._prediction_batch(batch_size)
        images = self._images(x)
        return predict_features(
            self._network,
            self._batches_of(images, size, verbose),
            n_images=len(images),
            shape=self.input_shape,
            layer=layer,
        ).numpy()

    @with_own_settings
    @processes.together
    def calibrate(self, x: Any, y: Any = None) -> float:
        """Fit a temperature, so that of all pictures read with confidence p a share p is right.

        It divides the logits from then on, in saved files too; what is read does not change.
        The next `fit` takes it back to 1. An ensemble has a temperature beside its members'.

        Args:
            x: Pictures that the network was not trained on, as `fit` takes them: some
                thousands, held out with `ImageSet.split`.
            y: Labels, as `fit` takes them.

        Returns:
            The temperature (Guo et al., 2017); above 1, the network was too sure of itself.

        Raises:
            InvalidInputError: The pictures are not as `fit` takes them, or all are read
                right, which fits no temperature.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        images = self._labelled(x, y)
        logits = self._logits_of(images.images) * self._network.temperature.cpu()
        temperature = fit_temperature(logits, images.labels)
        self._network.temperature.fill_(temperature)
        return temperature

    def score(self, x: Any, y: Any = None) -> float:
        """Return the accuracy in [0, 1], as scikit-learn's classifiers do."""
        return self.evaluate(x, y, verbose=0).accuracy

    @with_own_settings
    def summary(self) -> None:
        """Print a table of the layers: what they do, output shape, parameters."""
        name = self.network_name or type(self.model).__name__
        if processes.current().is_first:
            with exclusive(self._network):
                print_summary(name, self.model, self.input_shape)

    @with_own_settings
    @processes.together
    @refuses(SAVE)
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights, settings and history to one `.safetensors` file.

        Args:
            path: The file; it is replaced whole, or not at all. Its folder must exist.

        Raises:
            ArtifactError: The file could not be written.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        if processes.current().is_first:
            write_artifact(path, self._network.state_dict(), self._info().to_metadata())

    @with_own_settings
    @processes.together
    def export_onnx(
        self,
        path: str | os.PathLike[str],
        *,
        quantize: Literal["int8"] | None = None,
        calibration: Any = None,
    ) -> None:
        """Write the network as ONNX: pictures in, probabilities out, for other programs.

        Its input `images` is uint8 (N, C, H, W) of any N, and its output `probabilities`
        float32 (N, classes): normalisation, temperature and softmax are inside. The classes
        stand in the metadata as `classes`, a JSON list.

        Args:
            path: The file; it is replaced whole, or not at all. Its folder must exist.
            quantize: `"int8"` computes convolutions and linear layers with 8-bit weights and
                activations, by ONNX Runtime's static quantization (QDQ, a scale for each output
                channel): a smaller and faster file, whose probabilities differ a little.
            calibration: As `predict` takes it, at least 100 images like those to be read, as
                a thousand of the training set: they set the ranges of the activations. With
                `quantize` alone.

        Raises:
            InvalidInputError: The extra `onnx` is not installed, a layer cannot be expressed, or
                `quantize` or `calibration` is not as above.
            ArtifactError: The file could not be written.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        check_quantization(quantize, calibration)
        images = None if calibration is None else self._images(calibration)
        if processes.current().is_first:
            write_onnx(
                self._network,
                path,
                classes=self.classes,
                input_shape=self.input_shape,
                calibration=images,
            )

    @classmethod
    @with_own_settings
    @refuses(LOAD)
    def load(
        cls: type[C],
        path: str | os.PathLike[str],
        *,
        model: nn.Module | None = None,
        device: str | torch.device = "auto",
    ) -> C:
        """Return the classifier that `save` or `Checkpoint` wrote, with bit-equal probabilities.

        Training can go on with `fit`; the optimizer then starts afresh.

        Args:
            path: The file.
            model: The network, where it was one of your own; its weights are replaced.
            device: As for the class.

        Raises:
            ArtifactError: The file is missing, damaged, not ours, or of another network.
            InvalidInputError: There is no such device, or the given network does not take the
                file's pictures.
        """
        artifact = read_artifact(path)
        chosen = devices.choose_device(device)
        try:
            info = ModelInfo.from_metadata(artifact.metadata)
            info.check_network(model)
            classifier = cls._restored(info, model, chosen)
            weights = network_tensors(artifact.tensors)  # of a checkpoint, these alone
            check_weights(weights, classifier._network.state_dict())
        except (ArtifactError, InvalidInputError) as error:
            if model is not None and isinstance(error, InvalidInputError):
                raise  # it is about the given network, and not about the file
            raise ArtifactError(f"'{path}' cannot be loaded. {error}") from error
        classifier._network.load_state_dict(weights)
        return classifier

    @classmethod
    @with_own_settings
    def ensemble(cls: type[C], members: Sequence[C]) -> C:
        """Return a classifier whose probabilities are the mean of trained classifiers'.

        It is saved, loaded and used like any other (members with different networks are
        loaded with `model=Ensemble(...)`, as a network of one's own is). The members stay as
        they are, and vote with the temperatures that `calibrate` fitted.

        Args:
            members: A list of trained classifiers of the same classes, pictures and
                normalisation, and of the same `mirror` and `multi_crop`: the mean of the
                members is taken for each view.

        Raises:
            InvalidInputError: There are none, or they differ in one of these.
            NotFittedError: One of them is not trained.
        """
        listed = isinstance(members, Sequence) and len(members) > 0
        if not listed or not all(isinstance(member, cls) for member in members):
            raise InvalidInputError(
                f"Expected a list of trained {cls.__name__} instances; received {members!r}."
            )
        for member in members:
            member._require_fit()
        info = ModelInfo.of_vote([member._info() for member in members])
        vote = Ensemble(
            [copy.deepcopy(member.model).cpu() for member in members],
            temperatures=[float(member._network.temperature) for member in members],
        )
        classifier = cls._restored(info, None if info.network else vote, members[0].device)
        classifier.model.load_state_dict(vote.state_dict())
        return classifier

    @classmethod
    def _restored(
        cls: type[C], info: ModelInfo, model: nn.Module | None, device: str | torch.device
    ) -> C:
        """Return a trained classifier but for its weights."""
        classifier = cls._from_info(info, info.network if model is None else model, device)
        # a subclass may have a normalisation of its own
        statistics = torch.tensor([info.mean, info.std], dtype=torch.float32)
        classifier._network.set_normalization(*statistics)
        classifier._loaded_history = History(info.history)
        classifier.effective_recipe = info.effective_recipe
        classifier._chosen_on = info.chosen_on
        return classifier

    @classmethod
    def _from_info(
        cls: type[C], info: ModelInfo, model: str | nn.Module | None, device: str | torch.device
    ) -> C:
        return cls(
            model,
            classes=info.classes,
            input_shape=info.input_shape,
            mean=info.mean,
            std=info.std,
            recipe=info.recipe,
            device=device,
            seed=info.seed,
        )

    def _info(self) -> ModelInfo:
        return ModelInfo(
            network=self.network_name,
            network_type=type(self.model).__qualname__,
            classes=self.classes,
            input_shape=self.input_shape,
            mean=tuple(self._network.mean.flatten().tolist()),
            std=tuple(self._network.std.flatten().tolist()),
            recipe=self.recipe,
            effective_recipe=self.effective_recipe,
            seed=self.seed,
            history=self.history.logs,
            chosen_on=self._chosen_on,
            versions=current_versions(),
        )

    def _new_state(self, recipe: Recipe) -> TrainState:
        """Return a training that begins with the network's weights."""
        averages = recipe.averaging is not None
        trained = copy.deepcopy(self._network) if averages else self._network
        return TrainState(
            trained,
            build_optimizer(recipe, trained),
            seed=self.seed,
            averaged=self._network if averages else None,
            history=self.history,
        )

    def _newest(self, directory: Path) -> tuple[Path, SavedTraining] | None:
        """Return the checkpoint to go on from, and take its seed where none was given."""
        found = newest(directory, seed=None if self._seed_was_drawn else self.seed)
        if found is None:
            warn(f"There is no checkpoint in '{directory}': the training begins without.")
        elif self._seed_was_drawn:
            self.seed = found[1].info.seed
        return found

    def _describe(self) -> dict[str, Any]:
        """Return what a checkpoint says of the classifier."""
        info = self._info()
        given = None if self._measure_statistics else (info.mean, info.std)
        return info.to_metadata() | {"normalization": given}

    @contextmanager
    def _unharmed(self) -> Iterator[None]:
        """Where a `fit` ends before its first step is done, leave everything as it was."""
        names = ("seed", "effective_recipe", "_state", "_chosen_on")
        before = {name: getattr(self, name) for name in names}
        state, steps = self._state, self._state.step if self._state else 0
        network = {name: value.clone() for name, value in self._network.state_dict().items()}
        try:
            yield
        except TrainingDivergedError:  # which has gone back already
            raise
        except BaseException:  # Ctrl-C, and errors of a data set of the user's own, too
            now = self._state
            if now is None or now.step == (steps if now is state else now.resumed_at):
                for name, value in before.items():
                    setattr(self, name, value)
                self._network.load_state_dict(network)
            raise

    def _training_data(
        self, x: Any, y: Any, validation_data: Any, validation_split: float
    ) -> tuple[ImageSet, ImageSet | None]:
        arguments.check_validation(x, validation_data, validation_split)
        train = self._labelled(x, y)
        if validation_split:
            return train.split(validation_split, seed=self.seed)
        if validation_data is None:
            return train, None
        pair = isinstance(validation_data, (tuple, list)) and len(validation_data) == 2
        return train, self._labelled(*(validation_data if pair else (validation_data, None)))

    def _labelled(self, x: Any, y: Any) -> ImageSet:
        if isinstance(x, (str, os.PathLike)) and y is None:
            x = image_folder(x, mode="RGB" if self.input_shape[0] == 3 else None)
        images = to_image_set(
            x, y, classes=self.classes, input_shape=self.input_shape, seed=self.seed
        )
        self._notice(images.images)
        return images

    def _notice(self, images: Tensor) -> None:
        """Warn of pictures, uint8 (N, C, H, W), that are valid but odd."""
        warn_of_faint(images)

    def _logits(self, x: Any, batch_size: int | None, verbose: arguments.Verbose) -> Tensor:
        self._require_fit()
        size = self._prediction_batch(batch_size)
        return self._logits_of(self._images(x), size, verbose)

    def _images(self, x: Any) -> Tensor:
        """Return images to predict, uint8 (N, C, H, W)."""
        images = to_images(x, input_shape=self.input_shape, seed=self.seed)
        self._notice(images)
        return images

    def _logits_of(
        self, images: Tensor, size: int | None = None, verbose: arguments.Verbose = 0
    ) -> Tensor:
        batches = self._batches_of(images, self._prediction_batch(size), verbose)
        return predict_logits(
            self._network, batches, n_images=len(images), classes=len(self.classes)
        )

    def _batches_of(
        self, images: Tensor, size: int, verbose: arguments.Verbose
    ) -> Callable[[slice], Iterator[Tensor]]:
        """Return a function from a part of the images to batches, (B, C, H, W) on the device."""
        self._agree_on(images)

        def batches(part: slice) -> Iterator[Tensor]:
            share = [x for x in images[part].split(size) if len(x)]
            for x in self._tracked(share, total=len(images), verbose=verbose):
                yield x.to(self.device)

        return batches

    def _prediction_batch(self, batch_size: int | None) -> int:
        if batch_size is None:
            return devices.prediction_batch(self.device)
        return check_count("batch_size", batch_size)

    def _tracked(
        self,
        batches: Iterable[B],
        *,
        total: int,
        verbose: arguments.Verbose,
        task: str = "Predicting",
    ) -> Iterable[B]:
        """Return batches of so many pictures in all, with a bar where `verbose` asks for one."""
        arguments.check_verbose(verbose)
        shown = verbose == 1 or (verbose == "auto" and is_interactive())
        if not (shown and processes.current().is_first):
            return batches
        return track(batches, total=total, task=task)

    def _agree_on(self, images: Tensor) -> None:
        """Raise where the processes have different pictures, uint8 (N, C, H, W)."""
        processes.current().agree(lambda: {"pictures": fingerprint(images)})

    def _require_fit(self) -> None:
        if not self._fitted:
            raise NotFittedError(
                f"This {type(self).__name__} has not been trained. Call fit first, or "
                f"{self._trained_ones}."
            )
