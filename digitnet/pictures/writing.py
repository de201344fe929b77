"""Where in a picture something is written, seen at the size at which digits are read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import not_

import numpy as np

from digitnet.pictures.looking import Look, look
from digitnet.pictures.parts import Part, around
from digitnet.pictures.resizing import Grey

MUCH_FAINTER = 0.4  # of the writing's contrast: what has less is a stain, or shines through
_WRITTEN = 0.2  # share of all parts, by their height, that is taken for writing: the strongest

_FIRST_LOOK, _LEAST_LOOK, _LARGEST_LOOK = 512, 112, 1536  # pixels of the longer side
_HEIGHT = 56  # pixels of a digit in the second look
_PIECE = 0.25  # of a digit's height: what is lower does not widen the second look


def look_at_writing(grey: Grey) -> tuple[Look, ...]:
    """Look at all, and again where something is written, at the size at which digits are read.

    Args:
        grey: float32 (H, W) in 0..1, the whole picture.
    """
    first = look(grey, _FIRST_LOOK)
    parts, _ = strong_and_faint(first)
    if not parts:
        return (first,)
    # of the higher half of the ink: specks are many, but have little of it
    height = _reached([part.box.height for part in parts], [part.area for part in parts], share=0.5)
    box = around([part for part in parts if part.box.height >= _PIECE * height])
    box = box.widened(round(height))
    longest = min(round(box.size * _HEIGHT / height), _LARGEST_LOOK)
    return first, look(grey, max(longest, _LEAST_LOOK), first.in_picture(box))


def strong_and_faint(seen: Look) -> tuple[list[Part], list[Part]]:
    """Return the parts that may be writing, and those that are much fainter than the writing."""
    parts = seen.parts.parts
    if not parts:
        return [], []
    heights = [part.box.height for part in parts]
    least = MUCH_FAINTER * _reached(seen.strengths, heights, share=_WRITTEN)
    strong = [strength >= least for strength in seen.strengths]
    return list(compress(parts, strong)), list(compress(parts, map(not_, strong)))


def _reached(values: Sequence[float], weights: Sequence[float], *, share: float) -> float:
    """Return the value that a share of all values, by their weights, reaches."""
    order = np.argsort(values)[::-1]
    summed = np.cumsum(np.asarray(weights)[order])
    return float(values[order[np.searchsorted(summed, share * summed[-1])]])
