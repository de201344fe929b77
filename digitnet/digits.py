"""A classifier of handwritten digits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from digitnet import processes
from digitnet.arguments import Verbose, checked_callbacks, reporters, tracked
from digitnet.callbacks.base import Callback
from digitnet.classifier import ImageClassifier
from digitnet.data.image_set import DIGITS
from digitnet.datasets.synthetic import synthetic
from digitnet.devices import resolve_precision
from digitnet.digit_inputs import DigitInputs
from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.evaluation import Evaluation
from digitnet.execution import with_own_settings
from digitnet.fine_tuning import LEAST, OTHERS, check_several_digits, interpolated, with_rehearsal
from digitnet.history import History
from digitnet.measures import Loss
from digitnet.model_file import ModelInfo
from digitnet.named_metrics import MetricFunction
from digitnet.picture_warnings import NOTHING_FOUND, digit_warnings, reading_warnings
from digitnet.pictures import (
    Digit,
    Found,
    Picture,
    Source,
    export_onnx,
    find_digits,
    load_picture,
    most_prominent,
    reading_order,
)
from digitnet.pictures.settings import SETTINGS
from digitnet.prediction import Number, Prediction, Reading
from digitnet.recipe import FINE_TUNING, Recipe, check_count, resolve_recipe
from digitnet.run import FitSettings, Run
from digitnet.user_warnings import warn

INPUT_SHAPE = (1, 28, 28)  # MNIST's
MEAN, STD = 0.1307, 0.3081  # of MNIST's 60,000 training pictures in 0..1
_BRIGHT = 128  # mean level of a picture's outermost pixels; MNIST's border is black
_AT_ONCE = 32  # pictures read at once: their views may take 3 MB each
_IMAGES_AT_ONCE = 4096  # there may be more than memory holds
_WEIGHTS = Path(__file__).parent / "weights" / "digits.safetensors"

D = TypeVar("D", bound="DigitClassifier")


class DigitClassifier(ImageClassifier):
    """An `ImageClassifier` of the digits 0 to 9 in 28x28 grey pictures, as MNIST has them.

    Args:
        model: The network, a name from `digitnet.models.NETWORKS` (`"slim*3"` is a vote of
            three) or a module that maps normalised float32 pictures (N, 1, 28, 28) to logits
            (N, 10), which is trained in place. `None` takes the recipe's network.
        recipe: How to train: `"report"`, `"fast"`, `"best"`, or a `Recipe`.
        loss: `"cross_entropy"`, or a function from logits, float32 (N, 10), and labels, int64 (N,),
            to the loss of each picture, (N,), in torch: their mean is minimised. A file holds its
            name alone.
        metrics: What validation and `evaluate` measure beside loss and accuracy, over the whole
            set: `"precision"`, `"recall"` and `"f1"`, means over the digits as in `report`;
            `"top_3"`, the share of pictures whose label is among the three most probable digits,
            or another number; or a function from probabilities, float32 (N, 10), and labels, int64
            (N,), both NumPy's, to a number, of which a file holds the name alone.
        device: `"auto"` takes CUDA, else MPS, else the CPU; or what `torch.device` takes.
        seed: Of first weights, order, dropout and splits, in 0..2**63 - 1; `None` draws
            one. It is kept in `seed` and in saved files.

    Raises:
        InvalidInputError: An argument is out of range, or the network, the loss or a metric, which
            are tried, does not fit.

    Examples:
        >>> from digitnet import DigitClassifier, datasets
        >>> train, test = datasets.synthetic(train=500, test=100)
        >>> clf = DigitClassifier(seed=0)
        >>> history = clf.fit(train, epochs=2, verbose=0)
        >>> clf.predict(test.images[:5]).shape
        (5,)
    """

    _untrained_remedy = "load a saved one; DigitClassifier.pretrained() returns one, too"

    def __init__(
        self,
        model: str | nn.Module | None = None,
        *,
        recipe: str | Recipe = "report",
        loss: Loss = "cross_entropy",
        metrics: Sequence[str | MetricFunction] = (),
        device: str | torch.device = "auto",
        seed: int | None = None,
    ) -> None:
        super().__init__(
            model,
            classes=DIGITS,
            input_shape=INPUT_SHAPE,
            mean=MEAN,
            std=STD,
            recipe=recipe,
            loss=loss,
            metrics=metrics,
            device=device,
            seed=seed,
        )

    @classmethod
    def pretrained(cls: type[D], *, device: str | torch.device = "auto") -> D:
        """Return a classifier that was trained for real pictures; nothing is downloaded.

        Its weights are part of the package. The page "Model card" says what they were trained
        on and what they do not read.

        Args:
            device: `"auto"` takes CUDA, else MPS, else the CPU; or what `torch.device` takes.

        Raises:
            InvalidInputError: There is no such device.
        """
        return cls.load(_WEIGHTS, device=device)

    @overload
    def inspect(self, source: Source, *, reject_below: float = 0.0) -> Prediction: ...
    @overload
    def inspect(
        self, source: list[Source] | tuple[Source, ...], *, reject_below: float = 0.0
    ) -> list[Prediction]: ...
    @with_own_settings
    def inspect(
        self, source: Source | list[Source] | tuple[Source, ...], *, reject_below: float = 0.0
    ) -> Prediction | list[Prediction]:
        """Read the digit in a picture, and say how sure that is and what may be wrong.

        Of several digits it is the most prominent one that `read` would find. Its probabilities
        are the geometric mean of this network's, which sees the digit alone, and the reader's
        own, which sees what is around it; the share by which it may be no digit is spread evenly.

        Args:
            source: A photo, a scan or a drawing: the path of a picture file, its bytes, a binary
                file object, a PIL image, or a uint8 array (H, W), (H, W, 3) or (H, W, 4) of any
                size. Or a list of these.
            reject_below: Confidence in [0, 1] below which `digit` is `None`.

        Returns:
            What was read; of a list, one for each picture, those without a digit, too.

        Raises:
            InvalidInputError: It is no picture or cannot be read, or `reject_below` is out
                of range.
            NotFittedError: There was no `fit` or `load` yet.
        """
        number = isinstance(reject_below, Real)
        if not number or not 0 <= reject_below <= 1:
            raise InvalidInputError(
                f"Expected reject_below to be a number in 0..1; received {reject_below!r}."
            )
        self._require_fit()
        if not isinstance(source, (list, tuple)):
            return next(self._inspected([source], reject_below))
        return list(self._inspected(source, reject_below))

    def _inspected(self, sources: Sequence[Source], reject_below: float) -> Iterator[Prediction]:
        for picture, found in self._found(sources):
            digit = most_prominent(found.digits, picture.grey.shape)
            if digit is None:
                nothing = np.zeros(len(DIGITS), np.float32)
                blank = np.zeros(INPUT_SHAPE[1:], np.uint8)
                warnings = (*picture.notes, NOTHING_FOUND)
                yield Prediction(None, 0.0, nothing, blank, None, warnings)
                continue
            read = _prediction(digit, picture.scale)
            warnings = (*digit_warnings(digit, found.digits, picture), *read.warnings)
            yield replace(
                read,
                digit=read.digit if read.confidence >= reject_below else None,
                warnings=(*picture.notes, *warnings),
            )

    def _found(
        self, sources: Sequence[Source], size: int = _AT_ONCE, verbose: Verbose = 0
    ) -> Iterator[tuple[Picture, Found]]:
        """Yield each picture with what was found in it; `size` of them are read at once."""
        chunks = [sources[start : start + size] for start in range(0, len(sources), size)]
        index = count()
        for chunk in tracked(chunks, total=len(sources), verbose=verbose):
            pictures = []
            for source in chunk:
                place = next(index)
                try:
                    pictures.append(load_picture(source))
                except InvalidInputError as error:
                    if len(sources) == 1:
                        raise
                    raise InvalidInputError(f"Picture {place} of the list: {error}") from error
            greys = [picture.grey for picture in pictures]
            yield from zip(pictures, find_digits(greys, self._probabilities), strict=True)

    @with_own_settings
    def read(self, source: Source) -> Reading:
        """Read all digits of a picture: a postcode, a phone number, a table of figures.

        Other marks (letters, slashes, dots, commas, specks) are left out, and listed as `ignored`.

        Args:
            source: An upright photo, scan or drawing: the path of a picture file, its bytes, a
                binary file object, a PIL image, or a uint8 array (H, W), (H, W, 3) or (H, W, 4)
                of any size.

        Returns:
            The lines of text, each number and digit with its box, and warnings.

        Raises:
            InvalidInputError: It is no picture, or one that cannot be read.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        ((picture, found),) = self._found([source])
        digits = [digit for digit in found.digits if digit.score >= SETTINGS.digit]
        doubtful = [digit.box for digit in found.digits if digit.score < SETTINGS.digit]
        lines = [
            [
                Number.of([_prediction(digits[index], picture.scale) for index in number])
                for number in line
            ]
            for line in reading_order([digit.box for digit in digits])
        ]
        numbers = tuple(number for line in lines for number in line)
        ignored = [box.scaled(picture.scale) for box in (*found.other, *doubtful)]
        return Reading(
            lines=tuple(" ".join(number.text for number in line) for line in lines),
            digits=tuple(digit for number in numbers for digit in number.digits),
            ignored=tuple(ignored),
            warnings=(*picture.notes, *reading_warnings(numbers, ignored, digits)),
            grey=picture.grey,
            scale=picture.scale,
            numbers=numbers,
        )

    @with_own_settings
    @processes.together("fine_tune")
    def fine_tune(
        self,
        x: Any,
        y: Any = None,
        *,
        rehearsal: Any = None,
        recipe: str | Recipe = FINE_TUNING,
        epochs: int | None = None,
        validation_data: Any = None,
        callbacks: Sequence[Callback] = (),
        verbose: Verbose = "auto",
    ) -> History:
        """Teach a trained classifier one person's handwriting; it goes on reading others'.

        The person's digits and four times as many of others are learnt in turn (rehearsal;
        Robins, 1995), and the mean of the weights before and after is taken (WiSE-FT; Wortsman
        et al., 2022). Figures of the epochs are those before that mean. The statistics of batch
        norm stay, and so does the temperature of `calibrate`.

        Args:
            x: Pictures of the person's digits, as `fit` takes them: 50 photos are a beginning.
            y: Labels, as `fit` takes them.
            rehearsal: Digits of other people, as `validation_data` of `fit`: best what the
                network was trained on, as `datasets.mnist()[0]`. `None` takes digits that a
                program draws, `datasets.synthetic`.
            recipe: How to train; its network counts for nothing.
            epochs: Passes over both; `None` is the recipe's.
            validation_data: An `ImageSet`, `Dataset`, `DataLoader`, (x, y) or (x, y,
                sample_weight) to evaluate on after each epoch.
            callbacks: Called in this order.
            verbose: 0 is silent, 1 a progress bar, 2 a line an epoch; `"auto"` is a bar
                in terminals and notebooks, else a line an epoch.

        Returns:
            The history of all epochs so far.

        Raises:
            InvalidInputError: The data or an argument are not as above, or all pictures are of
                one digit. Nothing is changed.
            DatasetUnavailableError: There is no such folder, or no picture in it.
            NotFittedError: There was no `fit` or `load` yet.
            TrainingDivergedError: The loss was no longer finite.
            CallbackError: A callback raised.
        """
        self._require_fit()
        chosen = resolve_recipe(recipe)
        settings = FitSettings(
            recipe=replace(
                chosen,
                epochs=chosen.epochs if epochs is None else epochs,
                precision=resolve_precision(chosen.precision, self.device),
            ),
            callbacks=[*reporters(verbose), *checked_callbacks(callbacks)],
            shuffle=True,
            class_weight=None,
        )
        # the data
        inputs = self._inputs()
        own, validation = inputs.training(x, y, validation_data, 0.0)
        check_several_digits(own)
        if rehearsal is None:
            others, _ = synthetic(OTHERS * max(len(own), LEAST), 1, seed=self.seed)
        else:
            others = inputs.set_or_parts(rehearsal)
        # a training with an optimizer of its own, that the next `fit` does not go on with
        model = replace(self._trained, state=None, loaded_history=self.history)
        run = Run.prepare(
            model, settings, with_rehearsal(own, others, seed=self.seed), validation, None
        )
        with interpolated(model.network):
            run.start(self._take_over)
        self._take_over(replace(self._trained, state=None, loaded_history=self.history))
        return self.history

    @staticmethod
    @with_own_settings
    def export_reader_onnx(path: str | os.PathLike[str]) -> None:
        """Write the reader network as ONNX, which finds digits in a picture, for other programs.

        Its input `grey` is float32 (1, 1, H, W) in 0..1; H and W are multiples of 16, at least
        128. Its outputs are maps, float32:

        - `ink` (1, 1, H, W): probability of ink, and `digit`, likewise, of a digit's ink;
        - `centre` (1, 1, H/2, W/2): probability of a digit's centre;
        - `offset` (1, 2, H/2, W/2): x and y from ink to its digit's centre, px;
        - `height` (1, 1, H/4, W/4): of the digit, px;
        - `label` (1, 11, H/4, W/4): logits of the ten digits, and of no digit;
        - `smaller` (1, 1, H/8, W/8): probability that there are digits too small to read.

        What turns these into digits stands in `digitnet.pictures.decoding`; its thresholds are in
        the metadata as `settings`, a JSON object. The digits are classified by what `export_onnx`
        writes.

        Args:
            path: The file; it is replaced whole, or not at all. Its folder must exist.

        Raises:
            InvalidInputError: The extra `onnx` is not installed.
            ArtifactError: The file could not be written.
        """
        export_onnx(path)

    def _probabilities(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the probabilities (N, 10) of digits (N, 28, 28) in MNIST's form."""
        return self._trained.logits(torch.from_numpy(pixels)[:, None]).softmax(dim=1).numpy()

    def _inputs(self, seed: int | None = None) -> DigitInputs:
        """Take real pictures, too."""
        return DigitInputs(**vars(super()._inputs(seed)), find=self._prominent)

    def _logits(self, x: Any, batch_size: int | None, verbose: Verbose) -> Tensor:
        """Return the logits of arrays in MNIST's format, or of real pictures."""
        self._require_fit()
        digits = self._inputs().digits(x, batch_size, verbose)
        return super()._logits(x, batch_size, verbose) if digits is None else _logits_of(digits)

    def _evaluation(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int | None, verbose: Verbose
    ) -> Evaluation:
        """Evaluate; of real pictures, what `predict` answers."""
        found = self._inputs().labelled_digits(x, y, sample_weight, batch_size, verbose)
        if found is None:
            return super()._evaluation(x, y, sample_weight, batch_size, verbose)
        images, digits = found
        return self._trained.evaluation(images, _logits_of(digits))

    def _prominent(
        self, sources: Sequence[Source], batch_size: int | None, verbose: Verbose
    ) -> Iterator[Digit | None]:
        """Yield the most prominent digit of each picture, `None` where nothing is found."""
        size = _AT_ONCE if batch_size is None else check_count("batch_size", batch_size)
        for picture, found in self._found(sources, size, verbose):
            yield most_prominent(found.digits, picture.grey.shape)

    @classmethod
    def _from_info(cls: type[D], info: ModelInfo, device: torch.device, **own: Any) -> D:
        if info.classes != DIGITS or info.input_shape != INPUT_SHAPE:
            raise ArtifactError(
                f"Expected a model of the digits 0 to 9 in pictures {INPUT_SHAPE}; it has "
                f"the classes {list(info.classes)} in pictures {info.input_shape}. "
                "Load it with ImageClassifier.load."
            )
        return cls(recipe=info.recipe, device=device, seed=info.seed, **own)

    def _notice(self, images: Tensor) -> None:
        super()._notice(images)
        bright = 0
        for part in images.split(_IMAGES_AT_ONCE):
            edges = [part[..., [0, -1], :].flatten(1), part[..., [0, -1]].flatten(1)]
            bright += int((torch.cat(edges, 1).float().mean(dim=1) >= _BRIGHT).sum())
        if bright:
            warn(
                f"{bright} of {len(images)} pictures have a bright border, but MNIST's digits are "
                "light on dark. For dark on light, pass 255 - images (floats: 1 - images; an "
                "ImageSet: dataclasses.replace(images, images=255 - images.images))."
            )


def _logits_of(digits: Sequence[Digit]) -> Tensor:
    return torch.from_numpy(np.stack([digit.probabilities for digit in digits])).log()


def _prediction(digit: Digit, scale: float) -> Prediction:
    """Return a digit as the user sees it; `scale` is px of the source for one of the picture."""
    second, first = np.argsort(digit.probabilities)[-2:].tolist()
    confidence = float(digit.probabilities[first])
    unsure = (f"unsure: {first} or {second}",) if confidence < SETTINGS.unsure else ()
    box = digit.box.scaled(scale)
    return Prediction(first, confidence, digit.probabilities, digit.pixels, box, unsure)
