"""A real picture of one digit, brought to the form of MNIST's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from digitnet.pictures.looking import Look
from digitnet.pictures.mnist_form import SIZE, Classify
from digitnet.pictures.one_digit import touches_border
from digitnet.pictures.opening import Picture, Source, open_picture
from digitnet.pictures.parts import Box, Part, around
from digitnet.pictures.sighting import look_for_digit
from digitnet.pictures.weighing import agreed, weigh

# Of the paper's brightness: ink that differs less may be a fold, a stain or an edge, and is more
# often one where the picture's border cuts it off
_FAINT, _FAINT_AT_EDGE = 0.12, 0.16
_STRIP = 0.35  # width by length up to which a mark is a strip
_FEW = 8  # pixels of the source that a digit must be high or wide

NOTHING = "nothing written found"
SEVERAL = "several digits: use read()"
EDGE = "touches the edge"
STRIP = "a strip along the edge: is it a digit?"
FAINT = "too faint"
SMALL = "too small: fewer than 8 pixels"


@dataclass(frozen=True, eq=False)
class Prepared:
    """A digit as a network can read it.

    Attributes:
        pixels: uint8 (28, 28), light on dark; all 0 where nothing written was found.
        box: Where the digit is, in pixels of the source; `None` where there is none.
        warnings: What may be wrong, in plain words.
        looks: The picture at the sizes at which it was looked at, the last the one that counts.
        chosen: The parts of the last look that are the digit.
        probabilities: float32 (10,), of each digit; `None` where nothing written was found, or
            nothing was said of how to classify it.
    """

    pixels: npt.NDArray[np.uint8]
    box: Box | None
    warnings: tuple[str, ...]
    looks: tuple[Look, ...]
    chosen: tuple[Part, ...] = field(default=())
    probabilities: npt.NDArray[np.float32] | None = None


def prepare(source: Source, classify: Classify | None = None) -> Prepared:
    """Find the digit in a picture, and bring it to the form of MNIST's.

    Args:
        source: The path of a picture file, or a PIL image.
        classify: Tells how likely pictures are each digit. The digit's probabilities are then found
            as `agreed` says, and of several marks that may be meant, or be pieces of one that is,
            what looks like a whole digit is preferred.

    Raises:
        InvalidInputError: It is no picture, or one that cannot be read.
    """
    return prepare_all([source], classify)[0]


def prepare_all(sources: Sequence[Source], classify: Classify | None = None) -> list[Prepared]:
    """Return several pictures as `prepare` does; what needs no choice is judged all at once.

    That is faster, but all looks at all pictures are kept in memory.
    """
    found = [_found_in(open_picture(source), classify) for source in sources]
    places = [k for k, one in enumerate(found) if one.chosen and one.probabilities is None]
    if classify is None or not places:
        return found
    unjudged = [found[place] for place in places]
    alone = classify(np.stack([one.pixels for one in unjudged]))
    beside = weigh(np.concatenate([one.looks[-1].in_line(one.chosen) for one in unjudged]))
    for place, probabilities in zip(places, agreed(alone, beside), strict=True):
        found[place] = replace(found[place], probabilities=probabilities)
    return found


def _found_in(picture: Picture, classify: Classify | None) -> Prepared:
    """Find the digit in a picture; it has no probabilities yet if there was nothing to choose."""
    looks, whole, (chosen, _, probabilities) = look_for_digit(picture.grey, classify)
    if not chosen:
        blank = np.zeros((SIZE, SIZE), np.uint8)
        return Prepared(blank, None, (*picture.notes, NOTHING), looks)
    # whether it is alone and whole, only the look at the whole picture tells
    last = looks[-1]
    strength = last.strength(chosen, all_round=True)
    if last is not looks[0]:
        strength = min(strength, looks[0].strength(whole, all_round=True))
    warnings = _warnings(looks[0], whole, strength, picture.scale)
    return Prepared(
        last.in_mnist_form(chosen),
        last.in_picture(around(chosen)).moved(0, 0, picture.scale),
        (*picture.notes, *warnings),
        looks,
        tuple(chosen),
        probabilities,
    )


def _warnings(seen: Look, chosen: list[Part], strength: float, scale: float) -> list[str]:
    box = around(chosen)
    at_edge = touches_border(box, seen.grey.shape)
    others = [
        part
        for part in seen.parts.parts
        if part not in chosen
        and part.box.height >= 0.5 * box.height
        and not touches_border(part.box, seen.grey.shape)
    ]
    found = {
        SEVERAL: bool(others),
        EDGE: at_edge,
        STRIP: _is_strip_along_border(box, seen.grey.shape),
        FAINT: strength < (_FAINT_AT_EDGE if at_edge else _FAINT),
        SMALL: box.size * seen.scale * scale < _FEW,
    }
    return [warning for warning, holds in found.items() if holds]


def _is_strip_along_border(box: Box, shape: tuple[int, int]) -> bool:
    """Say whether a box is narrow, at the picture's border, and has more room on the other side.

    A table's edge and half a speck do; a 1 in a picture cut out around it does not.
    """
    rows, columns = shape
    if box.width < _STRIP * box.height:
        width, near, far = box.width, *sorted((box.left, columns - box.right))
    elif box.height < _STRIP * box.width:
        width, near, far = box.height, *sorted((box.top, rows - box.bottom))
    else:
        return False
    return near <= 0 and far > width
