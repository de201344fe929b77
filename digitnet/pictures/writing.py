"""Where in a picture something is written, seen at the size at which digits are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from digitnet.pictures.lines import LOW, REACH, are_neighbours
from digitnet.pictures.looking import Look, look
from digitnet.pictures.parts import Box, Part, around
from digitnet.pictures.resizing import Grey

MUCH_FAINTER = 0.4  # of the writing's contrast: what has less is a stain, or shines through
_FAINTER = 0.2  # likewise, where it stands beside writing, as one digit of a number may
_WRITTEN = 0.2  # share of all parts, by their height, that is taken for writing: the strongest

_FIRST_LOOK, _LEAST_LOOK, _LARGEST_LOOK = 512, 112, 1536  # pixels of the longer side
HEIGHT = 56  # pixels of a digit in the closer look
_PIECE = 0.25  # of a digit's height: what is lower does not widen the closer look
_WIDER = 3  # times that a look is widened: so much time it may take
_NEAR = 0.5  # of a digit's height: writing so near a look's edge may go on beyond it


def look_at_all(grey: Grey) -> Look:
    """Look at a whole picture, however small what is written there.

    Args:
        grey: float32 (H, W) in 0..1.
    """
    return look(grey, _FIRST_LOOK)


def look_at_writing(grey: Grey) -> tuple[Look, ...]:
    """Look at all, and again where something is written, at the size at which digits are read.

    Args:
        grey: float32 (H, W) in 0..1, the whole picture.
    """
    first = look_at_all(grey)
    strong, _ = strong_and_faint(first)
    return (first, _closer(grey, first, strong, HEIGHT)) if strong else (first,)


def look_along_writing(grey: Grey, first: Look, height: int) -> tuple[Look, ...]:
    """Look likewise, and wider where writing that the first look missed goes on beyond it.

    Args:
        grey: float32 (H, W) in 0..1, the whole picture.
        first: The look at all of it.
        height: Pixels of a digit in the closer look.
    """
    written, _ = written_and_faint(first)
    if not written:
        return (first,)
    closer = _closer(grey, first, written, height)
    for _ in range(_WIDER):
        wider = _wider(closer, grey.shape)
        if wider == closer.place.within(grey.shape):
            break
        closer = look(grey, _within_limits(wider.size / closer.scale), wider)
    return first, closer


def _closer(grey: Grey, seen: Look, parts: Sequence[Part], height: int) -> Look:
    """Look at where some parts are, at a size at which digits are so many pixels high."""
    found = _height(parts)
    box = around([part for part in parts if part.box.height >= _PIECE * found])
    box = box.widened(round(found))
    return look(grey, _within_limits(box.size * height / found), seen.in_picture(box))


def _within_limits(longest: float) -> int:
    return max(min(round(longest), _LARGEST_LOOK), _LEAST_LOOK)


def _wider(seen: Look, shape: tuple[int, ...]) -> Box:
    """Return where in the picture a look was, moved out where writing is near its edge.

    Args:
        seen: The look.
        shape: Rows and columns of the whole picture.
    """
    written, _ = written_and_faint(seen)
    place = seen.place.within(shape)
    if not written:
        return place
    height = _height(written)
    digits = around([part for part in written if part.box.height >= LOW * height])
    reached = seen.in_picture(digits.widened(round(_NEAR * height)))
    aside, above = (round(heights * height * seen.scale) for heights in (REACH, 1))
    rows, columns = (size - seen.scale for size in shape)  # what is left may be rounding
    left, top, right, bottom = place
    return Box(
        left - aside if reached.left < left else left,
        top - above if reached.top < top else top,
        right + aside if reached.right > right and right < columns else right,
        bottom + above if reached.bottom > bottom and bottom < rows else bottom,
    ).within(shape)


def strong_and_faint(seen: Look) -> tuple[list[Part], list[Part]]:
    """Return the parts that may be writing, and those that are much fainter than the writing."""
    least = MUCH_FAINTER * _strength(seen)
    return _divided(seen, lambda _, strength: strength >= least)


def written_and_faint(seen: Look) -> tuple[list[Part], list[Part]]:
    """Return likewise, but what stands beside writing as its next digit would may be fainter.

    The digits of a number are not all written with the same pressure.
    """
    strong, _ = strong_and_faint(seen)
    most, least = (share * _strength(seen) for share in (MUCH_FAINTER, _FAINTER))

    def is_written(part: Part, strength: float) -> bool:
        return strength >= most or (
            strength >= least and any(are_neighbours(part.box, other.box) for other in strong)
        )

    return _divided(seen, is_written)


def _divided(seen: Look, is_first: Callable[[Part, float], bool]) -> tuple[list[Part], list[Part]]:
    """Return the parts for which, with their strength, something holds, and the others."""
    divided: tuple[list[Part], list[Part]] = [], []
    for part, strength in zip(seen.parts.parts, seen.strengths, strict=True):
        divided[not is_first(part, strength)].append(part)
    return divided


def _strength(seen: Look) -> float:
    """Return how much the writing stands out from the paper; 0 where there are no parts."""
    heights = [part.box.height for part in seen.parts.parts]
    return _reached(seen.strengths, heights, share=_WRITTEN) if heights else 0.0


def _height(parts: Sequence[Part]) -> float:
    """Return the height of the higher half of the ink: specks are many, but have little of it."""
    return _reached([part.box.height for part in parts], [part.area for part in parts], share=0.5)


def _reached(values: Sequence[float], weights: Sequence[float], *, share: float) -> float:
    """Return the value that a share of all values, by their weights, reaches."""
    order = np.argsort(values)[::-1]
    summed = np.cumsum(np.asarray(weights)[order])
    return float(values[order[np.searchsorted(summed, share * summed[-1])]])
