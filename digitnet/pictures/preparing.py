"""A real picture of one digit, brought to the form of MNIST's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitnet.pictures.looking import Look
from digitnet.pictures.mnist_form import SIZE, Classify
from digitnet.pictures.one_digit import touches_border
from digitnet.pictures.opening import Picture, Source, open_picture
from digitnet.pictures.parts import Box, Part, around
from digitnet.pictures.sighting import Sighting, look_again, look_for_digit
from digitnet.pictures.weighing import agreed, weigh

# Of the paper's brightness: ink that differs less may be a fold, a stain or an edge, and is more
# often one where the picture's border cuts it off
_FAINT, _FAINT_AT_EDGE = 0.12, 0.16
_STRIP = 0.35  # width by length up to which a mark is a strip
_SHORT = 0.1  # of the picture's longer side: a stroke that is shorter may be a dash
_STRAIGHT = 0.3  # width by length up to which it is straight, as most that are drawn for a 1
_FEW = 8  # pixels of the source that a digit must be high or wide
_ANY = np.full(10, 0.1, np.float32)  # of a look that does not show the digit: any is as likely

NOTHING = "nothing written found"
SEVERAL = "several digits: use read()"
EDGE = "touches the edge"
STRIP = "a strip along the edge: is it a digit?"
STROKE = "a short stroke: a 1, or a dash?"
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
            as `agreed` says, of two looks unless its ground is clean, and of several marks that may
            be meant, or be pieces of one that is, what looks like a whole digit is preferred.

    Raises:
        InvalidInputError: It is no picture, or one that cannot be read.
    """
    return prepare_all([source], classify)[0]


def prepare_all(sources: Sequence[Source], classify: Classify | None = None) -> list[Prepared]:
    """Return several pictures as `prepare` does; their digits are judged all at once.

    That is faster, but all looks at all pictures are kept in memory.
    """
    found = [_found_in(open_picture(source), classify) for source in sources]
    prepared, views = [one for one, _ in found], [seen for _, seen in found]
    if classify is None or not any(views):
        return prepared
    likely = _likely(views, classify)
    return [replace(one, probabilities=each) for one, each in zip(prepared, likely, strict=True)]


class _View(NamedTuple):
    """A digit in one look, as the networks take it.

    Attributes:
        alone: uint8 (28, 28), see `Look.in_mnist_form`.
        beside: uint8 (1, 2, 32, 48), see `Look.in_line`.
    """

    alone: npt.NDArray[np.uint8]
    beside: npt.NDArray[np.uint8]


def _found_in(picture: Picture, classify: Classify | None) -> tuple[Prepared, list[_View | None]]:
    """Find the digit in a picture; it has no probabilities yet.

    Returns:
        The digit, and how one look or two show it, `None` if the second does not; nothing if none
        was found, or nothing was said of how to classify it.
    """
    found = look_for_digit(picture.grey, classify)
    chosen, last = found.choice.parts, found.looks[-1]
    if not chosen:
        blank = np.zeros((SIZE, SIZE), np.uint8)
        return Prepared(blank, None, (*picture.notes, NOTHING), found.looks), []
    prepared = Prepared(
        last.in_mnist_form(chosen),
        last.in_picture(around(chosen)).moved(0, 0, picture.scale),
        (*picture.notes, *_warnings(found, picture.scale)),
        found.looks,
        tuple(chosen),
    )
    if classify is None:
        return prepared, []
    views = [(last, chosen)] if last.is_clean else [(last, chosen), look_again(found)]
    return prepared, [
        _View(seen.in_mnist_form(parts), seen.in_line(parts)) if parts else None
        for seen, parts in views
    ]


def _likely(
    views: Sequence[Sequence[_View | None]], classify: Classify
) -> Iterator[npt.NDArray[np.float32] | None]:
    """Yield how likely each digit is: its views' geometric mean, or `None` where it has none."""
    every = [view for seen in views for view in seen if view]
    alone = classify(np.stack([view.alone for view in every]))
    beside = weigh(np.concatenate([view.beside for view in every]))
    likely = iter(agreed(alone, beside))
    for seen in views:
        each = [next(likely) if view else _ANY for view in seen]
        both = np.prod(each, axis=0) ** (1 / max(len(each), 1))
        yield both / both.sum() if each else None


def _warnings(found: Sighting, scale: float) -> list[str]:
    # whether it is alone and whole, only the look at the whole picture tells
    first, last = found.looks[0], found.looks[-1]
    strength = last.strength(found.choice.parts, all_round=True)
    if last is not first:
        strength = min(strength, first.strength(found.whole, all_round=True))
    box, shape = around(found.whole), first.grey.shape
    at_edge = touches_border(box, shape)
    others = [
        part
        for part in first.parts.parts
        if part not in found.whole
        and part.box.height >= 0.5 * box.height
        and not touches_border(part.box, shape)
    ]
    short = box.size < _SHORT * max(shape)
    holding = {
        SEVERAL: bool(others),
        EDGE: at_edge,
        STRIP: _is_strip_along_border(box, shape),
        STROKE: short and last.width_by_length(found.choice.parts) < _STRAIGHT,
        FAINT: strength < (_FAINT_AT_EDGE if at_edge else _FAINT),
        SMALL: box.size * first.scale * scale < _FEW,
    }
    return [warning for warning, holds in holding.items() if holds]


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
