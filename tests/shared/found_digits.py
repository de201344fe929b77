"""A page, and digits that a stand-in of the reader finds in it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from digitnet.pictures import Box, Digit

PAGE = Image.new("L", (400, 200), 255)


def found_digit(label, left, top=50, *, score=0.99, contrast=0.8, sure=0.98, height=40):
    """A digit of 24 px width; the other probabilities are alike."""
    probabilities = np.full(10, (1 - sure) / 9, np.float32)
    probabilities[label] = sure
    pixels = np.full((28, 28), label, np.uint8)
    box = Box(left, top, left + 24, top + height)
    return Digit(box, score, contrast, None, pixels, probabilities, 0)
