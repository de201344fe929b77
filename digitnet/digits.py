"""A classifier of handwritten digits."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from digitnet.classifier import ImageClassifier
from digitnet.data.image_set import DIGITS
from digitnet.errors import ArtifactError, warn
from digitnet.model_file import ModelInfo
from digitnet.recipe import Recipe

INPUT_SHAPE = (1, 28, 28)  # MNIST's
MEAN, STD = 0.1307, 0.3081  # of MNIST's 60,000 training pictures in 0..1
_BRIGHT = 128  # mean level of a picture's outermost pixels; MNIST's border is black
_CHUNK = 4096  # pictures looked at in one go: there may be more than memory holds

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
    def _from_info(
        cls: type[D], info: ModelInfo, model: nn.Module | None, device: str | torch.device
    ) -> D:
        if info.classes != DIGITS or info.input_shape != INPUT_SHAPE:
            raise ArtifactError(
                f"Expected a model of the digits 0 to 9 in pictures {INPUT_SHAPE}; it has "
                f"the classes {list(info.classes)} in pictures {info.input_shape}. "
                "Load it with ImageClassifier.load."
            )
        return cls(model or info.network, recipe=info.recipe, device=device, seed=info.seed)

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
