"""A classifier of handwritten digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from digitnet.classifier import ImageClassifier
from digitnet.data.image_set import DIGITS
from digitnet.errors import ArtifactError, InvalidInputError, warn
from digitnet.model_file import ModelInfo
from digitnet.pictures import Box, Source, find_numbers, is_picture, open_picture, prepare
from digitnet.pictures.preparing import FAINT, SEVERAL, SMALL, STRIP, STROKE, prepare_all
from digitnet.prediction import Prediction, Reading
from digitnet.recipe import Recipe

INPUT_SHAPE = (1, 28, 28)  # MNIST's
MEAN, STD = 0.1307, 0.3081  # of MNIST's 60,000 training pictures in 0..1
_BRIGHT = 128  # mean level of a picture's outermost pixels; MNIST's border is black
_PICTURES = 32  # real pictures judged in one go: what was seen of each may take 3 MB
_CHUNK = 4096  # pictures looked at in one go: there may be more than memory holds
_WEIGHTS = Path(__file__).parent / "weights" / "digits.safetensors"
_UNSURE = 0.9  # confidence below which a second digit is named
# Marks that may be no digit, as most that are found on blank pages, or not the one that is meant
_DOUBTFUL = frozenset((FAINT, STRIP, STROKE, SMALL, SEVERAL))
_MEANT = 0.8  # share of them that is counted as the digit: a guess, so that none is surer than 0.9

D = TypeVar("D", bound="DigitClassifier")


class DigitClassifier(ImageClassifier):
    """An `ImageClassifier` of the digits 0 to 9 in 28x28 grey pictures, as MNIST has them.

    Args:
        model: As for `ImageClassifier`.
        recipe: As for `ImageClassifier`.
        device: As for `ImageClassifier`.
        seed: As for `ImageClassifier`.

    Examples:
        >>> from digitnet import DigitClassifier, datasets
        >>> train, test = datasets.synthetic(train=500, test=100)
        >>> clf = DigitClassifier(seed=0)
        >>> history = clf.fit(train, epochs=2, verbose=0)
        >>> clf.predict(test.images[:5]).shape
        (5,)
    """

    _trained_ones = "load a saved one; DigitClassifier.pretrained() returns one, too"

    def __init__(
        self,
        model: str | nn.Module | None = None,
        *,
        recipe: str | Recipe = "report",
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
            device=device,
            seed=seed,
        )

    @classmethod
    def pretrained(cls: type[D], *, device: str | torch.device = "auto") -> D:
        """Return a classifier that was trained for real pictures; nothing is downloaded.

        Its weights are part of the package. What it was trained on, what it reads and what
        it does not stands on the page "Model card".

        Args:
            device: As for the class.
        """
        return cls.load(_WEIGHTS, device=device)

    def inspect(self, source: Source, *, reject_below: float = 0.0) -> Prediction:
        """Read the digit in a real picture, and tell how sure that is and what may be wrong.

        The probabilities are the geometric mean of this network's and, counted twice, those of one
        that comes with the package and sees all ink around the digit; what that takes for none has
        a tenth for each. Of a photo or a scan, two looks count alike. A mark that is "too faint",
        "too small", "a short stroke" or "a strip along the edge" may be a fold, a speck, a dash or
        the edge of a sheet, and one of "several digits" not what is meant: of all these, a fifth is
        spread over all digits alike.

        Args:
            source: The path of a picture file, or a PIL image: a photo, a scan, a drawing.
            reject_below: Confidence in [0, 1] below which `digit` is `None`.

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
        prepared = prepare(source, self._probabilities)
        if prepared.probabilities is None:
            nothing = np.zeros(len(DIGITS), np.float32)
            return Prediction(None, 0.0, nothing, prepared.pixels, None, prepared.warnings)
        read = _prediction(prepared.pixels, prepared.probabilities, prepared.box, prepared.warnings)
        return replace(
            read,
            digit=read.digit if read.confidence >= reject_below else None,
            warnings=(*prepared.warnings, *read.warnings),
        )

    def read(self, source: Source) -> Reading:
        """Read all digits of a real picture: a postcode, a phone number, a column of figures.

        What is much fainter than the writing, or hardly looks like a digit, is `ignored`. A digit's
        probabilities are those of two networks together, as in `inspect`. Where all is "too faint",
        they are spread as there.

        Args:
            source: The path of a picture file, or a PIL image, upright.

        Raises:
            InvalidInputError: It is no picture, or one that cannot be read.
            NotFittedError: There was no `fit` or `load` yet.
        """
        self._require_fit()
        picture = open_picture(source)
        numbers = find_numbers(picture, self._probabilities)
        digits = [
            [
                _prediction(found.pixels, found.probabilities, found.box, numbers.warnings)
                for found in line
            ]
            for line in numbers.lines
        ]
        return Reading(
            lines=tuple("".join(str(found.digit) for found in line) for line in digits),
            digits=tuple(found for line in digits for found in line),
            ignored=numbers.ignored,
            warnings=(*picture.notes, *numbers.warnings),
            grey=picture.grey,
            scale=picture.scale,
        )

    def _probabilities(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the probabilities (N, 10) of digits (N, 28, 28) in MNIST's form."""
        return self._logits_of(torch.from_numpy(pixels)[:, None]).softmax(dim=1).numpy()

    def _logits(self, x: Any) -> Tensor:
        """Return the logits of arrays in MNIST's format, or of real pictures."""
        sources = list(x) if isinstance(x, (list, tuple)) and x else [x]
        if not all(is_picture(source) for source in sources):
            return super()._logits(x)
        self._require_fit()
        chunks = range(0, len(sources), _PICTURES)
        likely = [self._digits_in(sources[start : start + _PICTURES]) for start in chunks]
        return torch.from_numpy(np.concatenate(likely)).log()

    def _digits_in(self, sources: Sequence[Source]) -> npt.NDArray[np.float32]:
        """Return how likely the digits in real pictures are each (N, 10)."""
        prepared = prepare_all(sources, self._probabilities)
        likely = []
        for source, one in zip(sources, prepared, strict=True):
            if one.probabilities is None:
                raise InvalidInputError(
                    f"Expected a picture with a digit; nothing written was found in {source!r}. "
                    "inspect(source) says so without an error."
                )
            likely.append(one.probabilities)
        return np.stack(likely)

    @classmethod
    def _from_info(
        cls: type[D], info: ModelInfo, model: str | nn.Module | None, device: str | torch.device
    ) -> D:
        if info.classes != DIGITS or info.input_shape != INPUT_SHAPE:
            raise ArtifactError(
                f"Expected a model of the digits 0 to 9 in pictures {INPUT_SHAPE}; it has "
                f"the classes {list(info.classes)} in pictures {info.input_shape}. "
                "Load it with ImageClassifier.load."
            )
        return cls(model, recipe=info.recipe, device=device, seed=info.seed)

    def _notice(self, images: Tensor) -> None:
        bright = 0
        for part in images.split(_CHUNK):
            edges = [part[..., [0, -1], :].flatten(1), part[..., [0, -1]].flatten(1)]
            bright += int((torch.cat(edges, 1).float().mean(dim=1) >= _BRIGHT).sum())
        if bright:
            warn(
                f"{bright} of {len(images)} pictures have a bright border, but MNIST's digits are "
                "light on dark. For dark on light, pass 255 - images (floats: 1 - images)."
            )


def _prediction(
    pixels: npt.NDArray[np.uint8],
    probabilities: npt.NDArray[np.float32],
    box: Box | None,
    warnings: tuple[str, ...],
) -> Prediction:
    second, first = np.argsort(probabilities)[-2:].tolist()
    unsure = (f"unsure: {first} or {second}",) if probabilities[first] < _UNSURE else ()
    if _DOUBTFUL.intersection(warnings):
        probabilities = _MEANT * probabilities + (1 - _MEANT) / len(DIGITS)
    return Prediction(first, float(probabilities[first]), probabilities, pixels, box, unsure)
