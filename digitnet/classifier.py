"""A classifier of small pictures, with Keras's verbs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from digitnet import arguments, devices, processes
from digitnet.artifact import read_artifact
from digitnet.base_classifier import BaseClassifier
from digitnet.callbacks.base import Callback
from digitnet.checkpoint import network_tensors
from digitnet.engines import Engine, PredictionPrecision
from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.evaluation import Evaluation
from digitnet.execution import with_own_settings
from digitnet.export import check_quantization
from digitnet.history import History
from digitnet.keras_arguments import EVALUATE, FIT, LOAD, PREDICT, SAVE, refuses
from digitnet.measures import Loss
from digitnet.model_file import ModelInfo
from digitnet.models.inspection import print_summary
from digitnet.models.modes import exclusive
from digitnet.named_metrics import MetricFunction
from digitnet.run import FitSettings, Run, resumed
from digitnet.trained_model import vote_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from digitnet.arguments import EvaluateOptions

C = TypeVar("C", bound="ImageClassifier")


class ImageClassifier(BaseClassifier):
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
        loss: `"cross_entropy"`, or a function from logits, float32 (N, C), and labels, int64 (N,),
            to the loss of each picture, (N,), in torch: their mean is minimised. A file holds its
            name alone.
        metrics: What validation and `evaluate` measure beside loss and accuracy, over the whole
            set: `"precision"`, `"recall"` and `"f1"`, means over the classes as in `report`;
            `"top_3"`, the share of pictures whose label is among the three most probable classes,
            or another number; or a function from probabilities, float32 (N, C), and labels, int64
            (N,), both NumPy's, to a number, of which a file holds the name alone.
        device: `"auto"` takes CUDA, else MPS, else the CPU; or what `torch.device` takes.
        seed: Of first weights, order, dropout and splits, in 0..2**63 - 1; `None` draws
            one. It is kept in `seed` and in saved files.

    Raises:
        InvalidInputError: An argument is out of range, or the network, the loss or a metric, which
            are tried, does not fit.
    """

    @with_own_settings
    @processes.together("fit")
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
        sample_weight: Any = None,
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
                does not hold is kept in a temporary file. A `DigitClassifier` takes real
                pictures, too, as `predict` does, and folders of them, in sub-folders "0" to
                "9": of each the most prominent digit, as 28x28 pixels. One in which nothing is
                found is left out with its label, with a warning.
            y: Labels (N,), integers that index `classes`, or one-hot (N, C). `None` where
                `x` has its own.
            epochs: Passes over the training set; `None` is the recipe's.
            batch_size: Pictures a step; `None` is the recipe's. The last step of an epoch has what
                is left; a single picture, where the network has batch norm, joins the step
                before.
            validation_data: An `ImageSet`, `Dataset`, `DataLoader`, (x, y) or (x, y,
                sample_weight) to evaluate on after each epoch.
            validation_split: Share of the training set to hold out for that instead, in
                [0, 1); drawn with `seed`, the same share of each class.
            callbacks: Called in this order.
            shuffle: Draw a new order each epoch.
            class_weight: What pictures of each class count in the loss: a number for each
                class, or a dictionary from the class's index (others count 1); or
                `"balanced"`, n_samples / (n_classes * count) as in scikit-learn.
            sample_weight: What each picture counts in the loss, numbers (N,) of at least 0; times
                `class_weight`, where both are given. As in Keras, the loss is the sum of the
                weighted losses over the number of pictures, and accuracies count all alike.
                `validation_split` divides them, too. `None` takes those of an `ImageSet`.
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
            InvalidInputError: The data or an argument are not as above, nothing is written in
                any of the pictures, or the checkpoint is of another training.
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
        settings = FitSettings(
            recipe=recipe,
            callbacks=[*arguments.reporters(verbose), *arguments.checked_callbacks(callbacks)],
            shuffle=shuffle,
            class_weight=class_weight,
        )
        # compute, and change nothing
        model, checkpoint = resumed(self._trained, resume)
        inputs = self._inputs(model.seed)
        train, validation = inputs.training(x, y, validation_data, validation_split, sample_weight)
        run = Run.prepare(model, settings, train, validation, checkpoint)
        # train, and commit when the first step is done
        run.start(self._take_over)
        return self.history

    @overload
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        return_dict: Literal[True],
        **options: Unpack[EvaluateOptions],
    ) -> dict[str, float]: ...
    @overload
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        return_dict: Literal[False] = False,
        **options: Unpack[EvaluateOptions],
    ) -> Evaluation: ...
    @with_own_settings
    @processes.together("evaluate")
    @refuses(EVALUATE)
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        batch_size: int | None = None,
        verbose: arguments.Verbose = "auto",
        return_dict: bool = False,
        engine: Engine = "torch",
        precision: PredictionPrecision = "float32",
    ) -> Evaluation | dict[str, float]:
        """Measure loss, accuracy and the classifier's metrics.

        Of real pictures, they are those of what `predict` answers; indices, as in `mistakes`,
        count the pictures in which a digit is found.

        Args:
            x: Pictures, as `fit` takes them.
            y: Labels, as `fit` takes them.
            sample_weight: What each picture counts in the loss, as `fit` takes it.
            batch_size: Pictures at a time; `None` chooses for the device.
            verbose: 1, or `"auto"` in a terminal or notebook, shows a bar meanwhile.
            return_dict: Return these figures alone, by their names, as Keras does.
            engine: As for `predict`.
            precision: As for `predict`.

        Returns:
            An `Evaluation`; `loss, accuracy = clf.evaluate(...)` works too.

        Raises:
            InvalidInputError: The data are not as `fit` takes them, or the engine or precision
                is not there.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        view = self._by(engine, precision)
        result = view._evaluation(x, y, sample_weight, batch_size, verbose)
        if return_dict:
            return {"loss": result.loss, "accuracy": result.accuracy, **result.metrics}
        return result

    @with_own_settings
    @processes.together("predict")
    @refuses(PREDICT)
    def predict(
        self,
        x: Any,
        *,
        batch_size: int | None = None,
        verbose: arguments.Verbose = 0,
        engine: Engine = "torch",
        precision: PredictionPrecision = "float32",
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
            verbose: 1, or `"auto"` in a terminal or notebook, shows a bar meanwhile.
            engine: What computes the logits: `"torch"`, or `"onnxruntime"`, on a CPU, with the
                extra `onnx`: the same up to rounding. The network is exported at the first
                call, within seconds, and again when its weights have changed.
            precision: Of torch: `"float32"`, or `"bfloat16"` where the hardware has it natively:
                probabilities differ in the third digit.

        Returns:
            int64 (N,), indices into `classes`.

        Raises:
            InvalidInputError: The pictures are not like that, nothing is written in one, or the
                engine or precision is not there.
            NotFittedError: There was no `fit` or `load` yet.
        """
        logits = self._by(engine, precision)._logits(x, batch_size, verbose)
        return logits.argmax(dim=1).numpy()

    @with_own_settings
    @processes.together("predict_proba")
    @refuses(PREDICT)
    def predict_proba(
        self,
        x: Any,
        *,
        batch_size: int | None = None,
        verbose: arguments.Verbose = 0,
        engine: Engine = "torch",
        precision: PredictionPrecision = "float32",
    ) -> npt.NDArray[np.float32]:
        """Return the probability of each class for each picture.

        Args:
            x: Pictures, as `predict` takes them.
            batch_size: Pictures at a time; `None` chooses for the device.
            verbose: 1, or `"auto"` in a terminal or notebook, shows a bar meanwhile.
            engine: As for `predict`.
            precision: As for `predict`.

        Returns:
            float32 (N, classes); each row sums to 1.

        Raises:
            InvalidInputError: The pictures are not like that, nothing is written in one, or the
                engine or precision is not there.
            NotFittedError: There was no `fit` or `load` yet.
        """
        logits = self._by(engine, precision)._logits(x, batch_size, verbose)
        return logits.softmax(dim=1).numpy()

    @with_own_settings
    @processes.together("features")
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
            batch_size: Pictures at a time; `None` chooses for the device.
            verbose: 1, or `"auto"` in a terminal or notebook, shows a bar meanwhile.

        Returns:
            float32 (N, D).

        Raises:
            InvalidInputError: The pictures are not like that; or there is no such layer, it does
                not run or give a tensor (N, ...), or none is named where several networks vote.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        return self._trained.features(self._images(x), layer, batch_size, verbose).numpy()

    @with_own_settings
    @processes.together("calibrate")
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
        return self._trained.calibrate(self._inputs().labelled(x, y))

    def score(self, x: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the accuracy in [0, 1], as scikit-learn's classifiers do.

        Args:
            x: Pictures, as `fit` takes them.
            y: Labels, as `fit` takes them.
            sample_weight: What each picture counts: here in the accuracy.

        Raises:
            InvalidInputError: The data are not as `fit` takes them.
            NotFittedError: There was no `fit` or `load` yet.
        """
        result = self.evaluate(x, y, sample_weight=sample_weight, verbose=0)
        return float(np.average(result.labels == result.predictions, weights=result.weights))

    @with_own_settings
    def summary(self) -> None:
        """Print a table of the layers: what they do, output shape, parameters."""
        name = self.network_name or type(self.model).__name__
        if processes.current().is_first:
            with exclusive(self._trained.network):
                print_summary(name, self.model, self.input_shape)

    @with_own_settings
    @processes.together("save")
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
            self._trained.save(path)

    @with_own_settings
    @processes.together("export_onnx")
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
            self._trained.export_onnx(path, images)

    @classmethod
    @with_own_settings
    @refuses(LOAD)
    def load(
        cls: type[C],
        path: str | os.PathLike[str],
        *,
        model: nn.Module | None = None,
        loss: Loss | None = None,
        metrics: Sequence[str | MetricFunction] | None = None,
        device: str | torch.device = "auto",
    ) -> C:
        """Return the classifier that `save` or `Checkpoint` wrote, with bit-equal probabilities.

        Training can go on with `fit`; the optimizer then starts afresh.

        Args:
            path: The file.
            model: The network, where it was one of your own; its weights are replaced.
            loss: The loss, where it was one of your own.
            metrics: All metrics, where one was of your own.
            device: `"auto"` takes CUDA, else MPS, else the CPU; or what `torch.device` takes.

        Raises:
            ArtifactError: The file is missing, damaged, not ours, or of another network; or the
                network, the loss or a metric is missing.
            InvalidInputError: There is no such device, or what was given does not fit.
        """
        artifact = read_artifact(path)
        chosen = devices.choose_device(device)
        try:
            info = ModelInfo.from_metadata(artifact.metadata)
            own = info.completed(model=model, loss=loss, metrics=metrics)
            # of a checkpoint, the network's weights alone
            return cls._restored(info, network_tensors(artifact.tensors), chosen, **own)
        except (ArtifactError, InvalidInputError) as error:
            given = any(each is not None for each in (model, loss, metrics))
            if given and isinstance(error, InvalidInputError):
                raise  # it is about what was given, and not about the file
            raise ArtifactError(f"'{path}' cannot be loaded. {error}") from error

    @classmethod
    @with_own_settings
    def ensemble(cls: type[C], members: Sequence[C]) -> C:
        """Return a classifier whose probabilities are the mean of trained classifiers'.

        It is saved, loaded and used like any other (members with different networks are
        loaded with `model=Ensemble(...)`, as a network of one's own is). Recipe, loss and
        metrics are the first member's. The members stay as they are, and vote with the
        temperatures that `calibrate` fitted.

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
        info, vote = vote_of([member._trained for member in members])
        own = {name: members[0]._arguments[name] for name in ("loss", "metrics")}
        model = info.network or vote.body
        return cls._restored(info, vote.state_dict(), members[0].device, model=model, **own)
