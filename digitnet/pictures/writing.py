"""Where in a picture something is written, seen at the size at which digits are read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitnet.pictures.lines import LOW, REACH, across, are_neighbours
from digitnet.pictures.looking import Look, look
from digitnet.pictures.parts import Box, Part, around
from digitnet.pictures.resizing import Grey

MUCH_FAINTER = 0.4  # of the writing's contrast: what has less is a stain, or shines through
_FAINTER = 0.2  # likewise, where it stands beside writing, as one digit of a number may,
_BESIDE = 100  # beside one of so many parts, the largest: more would take too long
_WRITTEN = 0.2  # share of all parts, by their height, that is taken for writing: the strongest

_FIRST_LOOK, _LEAST_LOOK, _LARGEST_LOOK = 512, 112, 1536  # pixels of the longer side
HEIGHT = 56  # pixels of a digit in the closer look
# Of that: a line that is lower is looked at for itself; what is higher there is of another
_LOW_LINE, _TOO_HIGH = 0.5, 2.0
_PIECE = 0.25  # of a digit's height: what is lower does not count in where to look closer
_WIDER = 3  # times that a look is widened: more would take too long
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
    return (first, look(grey, *_nearer(first, strong, HEIGHT))) if strong else (first,)


def look_along_writing(grey: Grey, first: Look, height: int) -> tuple[Look, ...]:
    """Look as `look_at_writing`, at fainter digits too, and wider where writing is near the edge.

    Args:
        grey: float32 (H, W) in 0..1, the whole picture.
        first: The look at all of it.
        height: Pixels of a digit in the closer look, or fewer where there is too much writing.
    """
    written, _ = written_and_faint(first)
    if not written:
        return (first,)
    closer = look(grey, *_nearer(first, written, height), first)
    for _ in range(_WIDER):
        wider = _wider(closer, grey.shape)
        longest = round(wider.size / closer.scale)
        if wider == closer.place.within(grey.shape) or longest > _LARGEST_LOOK:
            break
        closer = look(grey, longest, wider, first)
    return first, closer


def look_at_line(
    grey: Grey, looks: Sequence[Look], line: Sequence[Part]
) -> tuple[Look, Sequence[Part]]:
    """Look for itself at a line that is seen too small; return its parts in that look.

    It is much lower than others of the picture, or these are too many for one look.

    Args:
        grey: float32 (H, W) in 0..1, the whole picture.
        looks: At all of it, and perhaps closer.
        line: Parts of the last look. One part alone that is so low is most often dirt.
    """
    seen = looks[-1]
    if len(line) == 1 or _height(line) >= _LOW_LINE * HEIGHT:
        return seen, line
    closer = look(grey, *_nearer(seen, line, HEIGHT), looks[0])
    places = [seen.in_picture(part.box) for part in line]
    parts = [
        part
        for part in closer.parts.parts
        if part.box.height < _TOO_HIGH * HEIGHT
        and any(not place.gap(closer.in_picture(part.box)) for place in places)
    ]
    return (closer, sorted(parts, key=across)) if parts else (seen, line)


def _nearer(seen: Look, parts: Sequence[Part], height: int) -> tuple[int, Box]:
    """Return in how many pixels, and where, to look for digits of some parts to be so high."""
    before = _height(parts)
    box = around([part for part in parts if part.box.height >= _PIECE * before])
    box = box.widened(round(before))
    longest = min(round(box.size * height / before), _LARGEST_LOOK)
    return max(longest, _LEAST_LOOK), seen.in_picture(box)


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
    parts = list(zip(seen.parts.parts, seen.strengths, strict=True))
    strong = [part for part, strength in parts if strength >= least]
    return strong, [part for part, strength in parts if strength < least]


def written_and_faint(seen: Look) -> tuple[list[Part], list[Part]]:
    """Return likewise, but what stands beside writing as its next digit would may be fainter.

    The digits of a number are not all written with the same pressure.
    """
    strong, faint = strong_and_faint(seen)
    largest = sorted(strong, key=lambda part: -part.area)[:_BESIDE]
    least = _FAINTER * _strength(seen)
    strengths = dict(zip(seen.parts.parts, seen.strengths, strict=True))

    def is_beside(part: Part) -> bool:
        return any(are_neighbours(part.box, other.box) for other in largest)

    beside = [part for part in faint if strengths[part] >= least and is_beside(part)]
    left = set(faint).difference(beside)
    return [*strong, *beside], [part for part in faint if part in left]


def _strength(seen: Look) -> float:
    """Return how much the writing stands out from the paper; 0 where there are no parts."""
    heights = [part.box.height for part in seen.parts.parts]
    return _reached(seen.strengths, heights, share=_WRITTEN) if heights else 0.0


def _height(parts: Sequence[Part]) -> float:
    """Return the height that half of the ink reaches: specks are many, but have little of it."""
    return _reached([part.box.height for part in parts], [part.area for part in parts], share=0.5)


def _reached(values: Sequence[float], weights: Sequence[float], *, share: float) -> float:
    """Return the value that a share of all values, by their weights, reaches."""
    order = np.argsort(values)[::-1]
    summed = np.cumsum(np.asarray(weights)[order])
    return float(values[order[np.searchsorted(summed, share * summed[-1])]])
