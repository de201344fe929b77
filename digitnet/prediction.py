"""What is read in a real picture: one digit, or a number of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from digitnet import notebook
from digitnet.data.image_set import DIGITS
from digitnet.pictures.parts import Box
from digitnet.pictures.resizing import Grey

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
class Reading:
    """The digits read in a real picture of several.

    Attributes:
        lines: The text of each line.
        digits: The prediction of each digit, in the order of the text.
        ignored: Boxes of what was left out: specks, dots, commas, dashes, faint marks.
        warnings: What may be wrong, in plain words.
        grey: float32 (H, W) in 0..1, the picture.
        scale: Pixels of the source for a pixel of `grey`.
    """

    lines: tuple[str, ...]
    digits: tuple[Prediction, ...]
    ignored: tuple[Box, ...]
    warnings: tuple[str, ...]
    grey: Grey
    scale: float

    @property
    def text(self) -> str:
        """The digits in reading order, lines joined by line breaks."""
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
