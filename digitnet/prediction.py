"""What is read in a real picture: one digit, or a number of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from digitnet import notebook
from digitnet.data.image_set import DIGITS
from digitnet.pictures import Box
from digitnet.pictures.loading import Grey

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Prediction:
    """A digit read in a real picture.

    Attributes:
        digit: 0 to 9; `None` where nothing was written, or where the reading was less sure
            than `reject_below` asked for.
        confidence: Probability of the likeliest digit, in [0, 1]; 0 where nothing was written.
        probabilities: float32 (10,), of each digit; all 0 where nothing was written.
        pixels: uint8 (28, 28), what the network saw, light on dark.
        box: Where the digit is, in the picture's pixels; `None` where nothing was written.
        warnings: What may be wrong, in plain words.
    """

    digit: int | None
    confidence: float
    probabilities: npt.NDArray[np.float32]
    pixels: npt.NDArray[np.uint8]
    box: Box | None
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        warnings = f", warnings={list(self.warnings)}" if self.warnings else ""
        return f"Prediction(digit={self.digit}, confidence={self.confidence:.1%}{warnings})"

    def _repr_html_(self) -> str:
        read = "no digit" if self.digit is None else f"{self.digit}, with {self.confidence:.1%}"
        return notebook.lines(read, *self.warnings) + notebook.picture(self.plot())

    def plot(self) -> Figure:
        """Draw the pixels that the network saw, and the probability of each digit."""
        from digitnet.plots import probabilities  # slow to import

        return probabilities(self.pixels, self.probabilities, DIGITS)


@dataclass(frozen=True, eq=False)
class Number:
    """Digits that stand together in a line.

    Attributes:
        text: The digits as text, as `"8050"`.
        digits: The prediction of each digit, from left to right.
        box: The bounding box of all of them, in the picture's pixels.
    """

    text: str
    digits: tuple[Prediction, ...]
    box: Box

    @classmethod
    def of(cls, digits: Sequence[Prediction]) -> Number:
        """Return the number that digits make, at least one and each with a box."""
        lefts, tops, rights, bottoms = zip(*(one.box for one in digits if one.box), strict=True)
        box = Box(min(lefts), min(tops), max(rights), max(bottoms))
        return cls("".join(str(one.digit) for one in digits), tuple(digits), box)

    def __repr__(self) -> str:
        return f"Number({self.text!r}, box={tuple(self.box)})"


@dataclass(frozen=True, eq=False)
class Reading:
    """The digits read in a real picture of several.

    Attributes:
        lines: The text of each line, from top to bottom; a space separates its numbers.
        digits: The prediction of each digit, in reading order.
        ignored: Boxes of marks that are no digits: letters, slashes, dots, commas, specks.
        warnings: What may be wrong, in plain words.
        grey: float32 (H, W) in [0, 1], the picture.
        scale: Pixels of the source per pixel of `grey`.
        numbers: Each number with its digits and box, in reading order.
    """

    lines: tuple[str, ...]
    digits: tuple[Prediction, ...]
    ignored: tuple[Box, ...]
    warnings: tuple[str, ...]
    grey: Grey
    scale: float
    numbers: tuple[Number, ...] = ()

    @property
    def text(self) -> str:
        """The lines joined by line breaks; in a line, a space separates numbers."""
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        warnings = f", warnings={list(self.warnings)}" if self.warnings else ""
        return f"Reading(text={self.text!r}{warnings})"

    def _repr_html_(self) -> str:
        return notebook.lines(*self.lines, *self.warnings) + notebook.picture(self.plot())

    def plot(self) -> Figure:
        """Draw the picture with a box and a digit for each that was read."""
        from digitnet.plots import boxed_digits  # slow to import

        boxes = [[edge / self.scale for edge in digit.box or ()] for digit in self.digits]
        left_out = [[edge / self.scale for edge in box] for box in self.ignored]
        texts = [str(digit.digit) for digit in self.digits]
        return boxed_digits(self.grey, boxes, texts, left_out)
