"""The settings of one training, frozen and checked when they are made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Literal, get_args

from digitnet.errors import InvalidInputError
from digitnet.records import read_record
from digitnet.schedules import (
    MILESTONES,
    ONE_CYCLE_WARMUP,
    STEP_FACTOR,
    Schedule,
    checked_milestones,
    share_of_peak,
)

Optimizer = Literal["adam", "adamw", "muon", "sgd"]
Precision = Literal["auto", "float32", "bfloat16"]

_CHOICES = {
    "optimizer": get_args(Optimizer),
    "schedule": get_args(Schedule),
    "precision": get_args(Precision),
}
_NUMBERS = {  # whether 0 is excluded, and the excluded upper bound
    "learning_rate": (True, math.inf),
    "weight_decay": (False, math.inf),
    "warmup": (False, 1),
    "step_factor": (True, 1),
    "label_smoothing": (False, 1),
    "sharpness_radius": (False, math.inf),
    "clip_norm": (True, math.inf),
    "averaging": (True, 1),
}
_OPTIONAL = ("warmup", "clip_norm", "averaging")
_STEP_DEFAULTS = (MILESTONES, STEP_FACTOR)
_GREATEST = {  # upper bound of each field of an augmentation
    "flip": 1,
    "crop": 1e6,
    "rotation": 360,
    "shift": 1e6,
    "scale": 0.99,
    "shear": 89,
    "elastic": 1e6,
    "stroke": 1,
    "blur": 1,
    "noise": 1,
    "erasing": 1,
}


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far training images are changed at random, each by its own amount.

    Args:
        flip: Share of the images that are mirrored, left to right, in [0, 1]: not for
            digits or letters.
        crop: Greatest shift in whole pixels, in each direction, with the image mirrored
            beyond its border (pad and crop: He et al., 2016; mirrored: Jordan, 2024,
            arXiv 2404.00498).
        rotation: Greatest angle in degrees, either way.
        shift: Greatest shift in pixels, in each direction.
        scale: Greatest change of size, as a share, at most 0.99.
        shear: Greatest slant in degrees, either way, at most 89.
        elastic: Greatest displacement of a grid of points, in pixels, each way; between
            the points the image bends smoothly, and by up to twice as much.
        stroke: Greatest change of the strokes' edges in pixels, thicker or thinner, in [0, 1].
        blur: Greatest standard deviation of a Gaussian blur in pixels, in [0, 1].
        noise: Greatest standard deviation of added noise, as a share of the range of grey.
        erasing: Greatest side of an erased rectangle, as a share of the image's, in [0, 1].

    Raises:
        InvalidInputError: A value is out of its range.
    """

    flip: float = 0.0
    crop: float = 0.0
    rotation: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    erasing: float = 0.0

    def __post_init__(self) -> None:
        for field, most in _GREATEST.items():
            value = check_number(field, getattr(self, field))
            if value > most:
                raise InvalidInputError(f"Expected {field} of at most {most}; received {value}.")
            object.__setattr__(self, field, value)
        if not self.crop.is_integer():
            raise InvalidInputError(
                f"Expected crop to be a whole number of pixels; received {self.crop}."
            )

    @property
    def warps(self) -> bool:
        """Whether pixels move to where they must be interpolated."""
        return any((self.rotation, self.shift, self.scale, self.shear, self.elastic))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained: everything but the data, the seed and the device.

    A recipe is a value: change one with `dataclasses.replace(recipe, epochs=3)`.

    Args:
        name: What the recipe is called.
        network: The network it is made for, a name from `digitnet.models.NETWORKS`.
        epochs: Passes over the training set, at least 1.
        batch_size: Images a step, at least 1.
        optimizer: `"adam"` (Kingma and Ba, 2015), `"adamw"` (Loshchilov and Hutter,
            2019), `"muon"` (Jordan et al., 2024: steps of orthogonal matrices for the filters
            of convolutions, AdamW for the rest) or `"sgd"` with Nesterov momentum 0.9.
        learning_rate: The (peak) learning rate, above 0.
        weight_decay: Pull of the weights towards 0, at least 0; decoupled in `"adamw"` and
            `"muon"`.
        schedule: How the learning rate goes on from its peak over the steps of a `fit`:
            `"constant"`; `"cosine"`: down to 0 along half a cosine (Loshchilov and Hutter, 2017,
            arXiv 1608.03983); `"one_cycle"`: likewise, after a warm-up (Smith and Topin, 2018);
            `"linear"`: down to 0 in a straight line, as at the end of a training at a constant
            rate (Hägele et al., 2024, arXiv 2405.18392); `"step"`: down at each of `milestones`.
        warmup: Share of the steps, in [0, 1), over which the learning rate first rises in a
            straight line from 1/25 of the peak (Goyal et al., 2017, arXiv 1706.02677). `None` is
            0.3 for `"one_cycle"` (as in fastai and torch) and 0 for the others.
        milestones: Shares of the steps, rising, in (0, 1) and after the warm-up, at which
            `"step"` multiplies the learning rate by `step_factor`. The defaults of both are
            DenseNet's (Huang et al., 2017, arXiv 1608.06993): a tenth at half and at three
            quarters.
        step_factor: That factor, in (0, 1).
        label_smoothing: Share of the target that is spread evenly over all classes, in
            [0, 1) (Szegedy et al., 2016); in training alone.
        sharpness_radius: Above 0, each step takes its gradient from where the loss is high
            nearby, this far away (the radius rho of sharpness-aware minimisation, Foret et
            al., 2021, arXiv 2010.01412): weights are found around which the loss is low, in
            twice the time. Dropout draws anew there, and batch norm's statistics count both.
        clip_norm: The greatest norm of a step's gradient, that of all weights together, above 0:
            a longer one is scaled down to it (Pascanu et al., 2013, arXiv 1211.5063). `None` clips
            nothing.
        augmentation: How training images are changed at random; `None` leaves them.
        averaging: How much of the averaged weights is kept at each step, in (0, 1): an
            exponential moving average (Polyak and Juditsky, 1992), which validation,
            `predict` and `save` then use. `None` averages nothing.
        mirror: Whether predictions look at each image and its mirror image, and take the
            mean of their logits: in twice the time, and not for digits or letters. Saved
            networks keep it.
        multi_crop: Whole pixels. Above 0, predictions look at each image moved by so many
            up and left, and down and right, too, mirrored beyond its border, and these count
            a quarter each (Jordan, 2024, arXiv 2404.00498): in three times the time. Saved
            networks keep it.
        precision: `"float32"`, `"bfloat16"` (mixed: weights stay float32), or `"auto"`,
            which takes bfloat16 where the hardware has it natively. Predictions are
            computed in float32 unless asked; on CUDA, convolutions then use TF32 where
            torch.backends.cudnn.allow_tf32 says so, which is torch's default.
        compile: Whether `torch.compile` builds the network's training pass, on CUDA as graphs:
            some seconds to a minute before the first step, faster steps after it. The
            results are the same up to rounding.

    Raises:
        InvalidInputError: A value is out of its range.
    """

    name: str
    network: str
    epochs: int = 10
    batch_size: int = 64
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: Schedule = "constant"
    warmup: float | None = None
    milestones: tuple[float, ...] = MILESTONES
    step_factor: float = STEP_FACTOR
    label_smoothing: float = 0.0
    sharpness_radius: float = 0.0
    clip_norm: float | None = None
    augmentation: Augmentation | None = None
    averaging: float | None = None
    mirror: bool = False
    multi_crop: int = 0
    precision: Precision = "float32"
    compile: bool = False

    def __post_init__(self) -> None:
        for field, least in (("epochs", 1), ("batch_size", 1), ("multi_crop", 0)):
            count = check_count(field, getattr(self, field), least=least)
            object.__setattr__(self, field, count)
        for field, choices in _CHOICES.items():
            if getattr(self, field) not in choices:
                raise InvalidInputError(
                    f"Expected {field} to be one of {', '.join(map(repr, choices))}; "
                    f"received {getattr(self, field)!r}."
                )
        for field, (above_zero, below) in _NUMBERS.items():
            value = getattr(self, field)
            if value is not None or field not in _OPTIONAL:
                number = check_number(field, value, above_zero=above_zero, below=below)
                object.__setattr__(self, field, number)
        warmup = self._warmup if self.schedule == "step" else 0.0
        milestones = checked_milestones(self.milestones, warmup=warmup)
        object.__setattr__(self, "milestones", milestones)
        if self.schedule != "step" and (self.milestones, self.step_factor) != _STEP_DEFAULTS:
            raise InvalidInputError(
                "Expected milestones and step_factor with schedule='step' alone; received "
                f"schedule={self.schedule!r}. Leave them out, or set schedule='step'."
            )
        for field in ("mirror", "compile"):
            if not isinstance(getattr(self, field), bool):
                raise InvalidInputError(
                    f"Expected {field} to be True or False; received {getattr(self, field)!r}."
                )
        if not isinstance(self.augmentation, (Augmentation, type(None))):
            raise InvalidInputError(
                f"Expected an Augmentation or None; received {self.augmentation!r}."
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `dataclasses.asdict` was given.

        Raises:
            ArtifactError: A name is missing or unknown, or a value is out of its range.
        """
        return read_record(cls, values)

    def learning_rate_at(self, progress: float) -> float:
        """Return the learning rate of a step.

        Args:
            progress: The share of the steps of this `fit` that is done, in [0, 1).
        """
        return self.learning_rate * share_of_peak(
            self.schedule,
            progress,
            warmup=self._warmup,
            milestones=self.milestones,
            step_factor=self.step_factor,
        )

    def with_constant_rate(self) -> Recipe:
        """Return the recipe without its schedule: for callbacks that set the learning rate."""
        return replace(
            self, schedule="constant", warmup=None, milestones=MILESTONES, step_factor=STEP_FACTOR
        )

    @property
    def has_constant_rate(self) -> bool:
        """Whether every step has the same learning rate, however many there are."""
        return self.schedule == "constant" and not self._warmup

    @property
    def _warmup(self) -> float:
        if self.warmup is not None:
            return self.warmup
        return ONE_CYCLE_WARMUP if self.schedule == "one_cycle" else 0.0


def check_count(name: str, value: Any, *, least: int = 1) -> int:
    """Return a whole number of at least `least`, or raise `InvalidInputError`."""
    if not _is_whole(value) or value < least:
        raise InvalidInputError(
            f"Expected {name} to be a whole number of at least {least}; received {value!r}."
        )
    return int(value)


def _is_whole(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral)


def check_seed(seed: Any) -> int:
    """Return a seed in 0..2**63 - 1, or raise `InvalidInputError`."""
    if not _is_whole(seed) or not 0 <= seed < 2**63:
        raise InvalidInputError(
            f"Expected seed to be a whole number in 0..2**63 - 1; received {seed!r}."
        )
    return int(seed)


def check_number(
    name: str, value: Any, *, above_zero: bool = False, below: float = math.inf
) -> float:
    """Return a finite number from or above 0 and below another, or raise `InvalidInputError`."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0 or (above_zero and value == 0):
        bound = "above 0" if above_zero else "of at least 0"
        raise InvalidInputError(
            f"Expected {name} to be a finite number {bound}; received {value!r}."
        )
    if value >= below:
        raise InvalidInputError(f"Expected {name} to be below {below}; received {value}.")
    return float(value)


REPORT = Recipe(name="report", network="report")
"""The MNIST report's recipe: Adam at 0.001, batch 64, 10 epochs, float32."""

FAST = Recipe(
    name="fast",
    network="slim",
    epochs=1,
    batch_size=128,
    learning_rate=1e-2,
    schedule="one_cycle",
    precision="auto",
)
"""Digits as well as the report, in seconds.

99.23 ± 0.06% of MNIST's test set (20 seeds) after 2.7 s of training on two cores of an Intel Xeon
with AMX, in bfloat16 (`benchmarks/time_to_accuracy.py`, November 2026). Network, batch size and
learning rate were chosen on 10,000 held-out training images.
"""

BEST = Recipe(
    name="best",
    network="deep",
    epochs=40,
    batch_size=128,
    optimizer="adamw",
    learning_rate=4e-3,
    weight_decay=0.3,
    schedule="one_cycle",
    sharpness_radius=0.1,
    augmentation=Augmentation(rotation=12, shift=2.5, scale=0.12, shear=8, elastic=0.5),
    averaging=0.999,
    multi_crop=1,
    precision="auto",
)
"""The fewest mistakes: 99.758 ± 0.013% of MNIST's test set (5 seeds).

After 12.7 minutes of training on two cores of an AMD EPYC with AVX512-BF16, in bfloat16; a vote of
the five reads 99.78% (`benchmarks/accuracy.py --recipe best --seeds 5`, November 2026). Settings
were chosen on held-out training images; `elastic` and `epochs` were not chosen blindly, as test
accuracies of other values were known (page "Speed").
"""

CIFAR10 = Recipe(
    name="cifar10",
    network="wide",
    epochs=12,
    batch_size=256,
    optimizer="muon",
    learning_rate=2e-2,
    weight_decay=0.1,
    schedule="one_cycle",
    label_smoothing=0.1,
    augmentation=Augmentation(flip=0.5, crop=3),
    mirror=True,
    multi_crop=1,
    precision="auto",
)
"""Small colour images of things: 90.45 ± 0.04% of CIFAR-10's test set (3 seeds).

The images were stored as JPEG, and the training took 17.5 minutes on two cores of an AMD EPYC
with AVX512-BF16, in bfloat16 (`examples/cifar10.py --seeds 3`, November 2026). Flip, crop and the
views of predictions are those of airbench94 (Jordan, 2024, arXiv 2404.00498). Settings were chosen
on 10,000 held-out training images (page "CIFAR-10").
"""

FINE_TUNING = Recipe(
    name="fine_tuning",
    network="deep",
    epochs=4,
    batch_size=50,
    optimizer="adamw",
    learning_rate=1e-3,
    schedule="cosine",
)
"""How `DigitClassifier.fine_tune` trains: few epochs at a falling learning rate.

Chosen with one seed on 50 digits of a hand, judged on 150 others: of Swiss writers 3 and 8 for a
`slim` network that was trained on 12,000 of MNIST's digits; of writer 3, slanted and turned by 40
degrees, for the pretrained network, which has learnt from these writers. Forgetting was judged on
1,500 to 2,000 digits of MNIST's writers who were held out of both trainings. With augmentation, or
without the mean of the weights, more was forgotten; with half the rate, less was learnt.
"""

RECIPES = {recipe.name: recipe for recipe in (REPORT, FAST, BEST, CIFAR10)}


def resolve_recipe(recipe: str | Recipe) -> Recipe:
    """Return the recipe of that name, or raise `InvalidInputError`; a `Recipe` stays as it is."""
    if isinstance(recipe, Recipe):
        return recipe
    if not isinstance(recipe, str) or recipe not in RECIPES:
        raise InvalidInputError(
            f"Expected a Recipe or one of {', '.join(map(repr, RECIPES))}; received {recipe!r}."
        )
    return RECIPES[recipe]
