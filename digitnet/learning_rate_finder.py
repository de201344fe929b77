"""A learning rate range test: a short training at a rising rate, which suggests one."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from digitnet import notebook
from digitnet.callbacks.base import Callback
from digitnet.classifier import ImageClassifier
from digitnet.errors import CallbackError, InvalidInputError, TrainingDivergedError
from digitnet.recipe import check_count, check_number
from digitnet.state import TrainState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMOOTHING = 0.9  # share of the mean loss that is kept at each step
DIVERGED = 4  # times the lowest loss; as in fastai and Lightning
SAFETY = 10  # the lowest loss is at the edge of divergence: a tenth of its rate, as in fastai


@dataclass(frozen=True)
class RangeTest:
    """What came of a learning rate range test.

    Attributes:
        rates: The learning rate of each step, rising.
        losses: The loss of each step, smoothed.
        suggestion: A tenth of the rate at which the loss was lowest.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float

    def plot(self) -> Figure:
        """Draw the loss over the learning rate, with the suggestion."""
        from digitnet.plots import range_test  # matplotlib is slow to import

        return range_test(self.rates, self.losses, self.suggestion)

    def _repr_html_(self) -> str:
        return notebook.picture(self.plot())


def find_learning_rate(
    classifier: ImageClassifier,
    x: Any,
    y: Any = None,
    *,
    start: float = 1e-6,
    end: float = 10.0,
    steps: int = 100,
    batch_size: int | None = None,
) -> RangeTest:
    """Train a copy of a classifier at a rising rate, and suggest one for its recipe.

    This is the learning rate range test (Smith, 2017, arXiv 1506.01186) with rates that rise
    exponentially, as in fastai. It ends early where the loss rises to four times its lowest. The
    suggestion is a tenth of the rate at which the loss was lowest (Howard and Gugger, 2020, arXiv
    2002.04688): a first guess for a constant rate, or for the peak of a schedule.

    Args:
        classifier: It stays as it is. The copy is trained by its recipe but for the rates.
        x: Images, as `fit` takes them.
        y: Labels, as `fit` takes them.
        start: The first rate, above 0.
        end: The last rate, above `start`.
        steps: Steps between the two, at least 10.
        batch_size: Images a step; `None` is the recipe's.

    Returns:
        Rates, losses and the suggestion; `plot` draws them.

    Raises:
        InvalidInputError: The data or an argument are not as above, or the loss did not fall and
            rise again between `start` and `end`.

    Examples:
        >>> from dataclasses import replace
        >>> from digitnet import DigitClassifier, datasets
        >>> train, test = datasets.synthetic(train=600, test=1)
        >>> clf = DigitClassifier("mlp", seed=0)
        >>> found = find_learning_rate(clf, train)
        >>> figure = found.plot()
        >>> recipe = replace(clf.recipe, learning_rate=found.suggestion)
        >>> history = DigitClassifier("mlp", recipe=recipe).fit(train, epochs=1, verbose=0)
    """
    # Rates
    first = check_number("start", start, above_zero=True)
    last = check_number("end", end)
    if not first < last:
        raise InvalidInputError(f"Expected end to be above start, {first:g}; received {last:g}.")
    rise = _Rise(np.geomspace(first, last, check_count("steps", steps, least=10)).tolist())
    # Training of a copy
    tried = copy.deepcopy(classifier)
    tried.recipe = classifier.recipe.with_constant_rate()
    try:
        tried.fit(x, y, epochs=steps, batch_size=batch_size, callbacks=[rise], verbose=0)
    except TrainingDivergedError:
        pass  # the loss was not finite in the last step of an epoch
    except CallbackError as error:
        if not isinstance(error.__cause__, _Finished):
            raise
    return RangeTest(tuple(rise.rates[: len(rise.losses)]), tuple(rise.losses), rise.suggestion())


class _Finished(Exception):  # noqa: N818 - no error: it ends a training within an epoch
    pass


class _Rise(Callback):
    """Take each step at the next rate, and note the losses until they rise far."""

    def __init__(self, rates: list[float]) -> None:
        self.rates = rates
        self.losses: list[float] = []
        self._sum = 0.0

    def on_train_begin(self, state: TrainState) -> None:
        state.set_learning_rate(self.rates[0])

    def on_batch_end(self, state: TrainState) -> None:
        self._sum = SMOOTHING * self._sum + (1 - SMOOTHING) * float(state.batch_loss)
        # bias correction, as of Adam's moments (Kingma and Ba, 2015)
        loss = self._sum / (1 - SMOOTHING ** (len(self.losses) + 1))
        if not math.isfinite(loss):
            raise _Finished
        self.losses.append(loss)
        if len(self.losses) == len(self.rates) or loss > DIVERGED * min(self.losses):
            raise _Finished
        state.set_learning_rate(self.rates[len(self.losses)])

    def suggestion(self) -> float:
        lowest = self.losses.index(min(self.losses)) if self.losses else 0
        if 0 < lowest < len(self.losses) - 1:
            return self.rates[lowest] / SAFETY
        remedy = "Pass a higher end." if lowest else "Pass a lower start, or train on more."
        raise InvalidInputError(
            "Expected the loss to fall and to rise again between learning rates of "
            f"{self.rates[0]:g} and {self.rates[-1]:g}; it was lowest at "
            f"{self.rates[lowest]:g}. {remedy}"
        )
