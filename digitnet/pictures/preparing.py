"""A real picture of one digit, brought to the form of MNIST's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitnet.pictures.in_line import in_line
from digitnet.pictures.light import evened
from digitnet.pictures.looking import FAINTEST, Look, look
from digitnet.pictures.mnist_form import SIZE, Classify, to_mnist_form
from digitnet.pictures.one_digit import find_candidates, touches_border
from digitnet.pictures.opening import Picture, Source, open_picture
from digitnet.pictures.parts import Box, Part, around, cut_out
from digitnet.pictures.resizing import Grey
from digitnet.pictures.segment_network import NOT_ONE
from digitnet.pictures.weighing import agreed, weigh

# Longer sides in pixels: the ink network was trained on digits 40 to 115 pixels high
LEAST_LOOK, FIRST_LOOK, FAR_LOOK, CLOSE_LOOK = 112, 160, 512, 128
_TINY = 16  # pixels of a digit in the first look below which one from farther sees more
_SMALL = 60  # pixels of a digit below which a closer look sees more
_MARGIN = 0.45  # of the digit's size, on each side, in the closer look
_LIKELY = 0.8  # a digit that is less so in few pixels is looked for in more
_TRUST = 2  # the power by which likelihood counts against prominence
_SAME = 0.5  # overlap of boxes from which two looks show the same
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
    beside = weigh(
        np.concatenate([_with_all_around(one.looks[-1], one.chosen) for one in unjudged])
    )
    for place, probabilities in zip(places, agreed(alone, beside), strict=True):
        found[place] = replace(found[place], probabilities=probabilities)
    return found


def _found_in(picture: Picture, classify: Classify | None) -> Prepared:
    """Find the digit in a picture; it has no probabilities yet if there was nothing to choose."""
    looks, whole, (chosen, _, probabilities) = _sighting(picture.grey, classify)
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
        _alone(last, chosen),
        last.in_picture(around(chosen)).moved(0, 0, picture.scale),
        (*picture.notes, *warnings),
        looks,
        tuple(chosen),
        probabilities,
    )


class _Choice(NamedTuple):
    """What is taken for the digit in a look.

    Attributes:
        parts: Its parts; none where nothing was found.
        likelihood: How likely it is a whole digit; 0 where nothing was found, 1 where nobody asked.
        probabilities: float32 (10,), of each digit; `None` where nobody asked.
    """

    parts: list[Part]
    likelihood: float
    probabilities: npt.NDArray[np.float32] | None = None


class _Sighting(NamedTuple):
    """Looks at a digit, and what is taken for it.

    Attributes:
        looks: At the whole picture, and perhaps closer.
        whole: The digit's parts in the first look; none where nothing was found.
        choice: What is taken for it in the last look.
    """

    looks: tuple[Look, ...]
    whole: list[Part]
    choice: _Choice


def _sighting(grey: Grey, classify: Classify | None) -> _Sighting:
    """Look at a picture, and where that shows no digit surely, look again in an even light."""
    found = _near_and_far(grey, classify, doubtful=max(grey.shape) > FIRST_LOOK)
    if classify is None or found.choice.likelihood >= _LIKELY:
        return found
    even = _near_and_far(evened(grey), classify, doubtful=True)
    if even.choice.likelihood < _LIKELY:
        return found
    # the edge of a sheet or of a shadow looks like ink there, and is none in the light as it is
    even = even._replace(looks=tuple(seen.in_light_of(grey) for seen in even.looks))
    strength = even.looks[-1].strength(even.choice.parts, all_round=True)
    return even if strength >= FAINTEST else found


def _near_and_far(grey: Grey, classify: Classify | None, *, doubtful: bool) -> _Sighting:
    """Look at few pixels, and at more where that shows nothing, little or what is no digit.

    Args:
        grey: The picture.
        classify: Tells what is likely.
        doubtful: Whether what is without a rival has to look like a digit as well.
    """
    size = max(grey.shape)
    first = _closely(grey, min(max(size, LEAST_LOOK), FIRST_LOOK), classify, doubtful=doubtful)
    little = not first.whole or around(first.whole).size < _TINY
    likelihood = first.choice.likelihood
    if size <= FIRST_LOOK or not (little or likelihood < _LIKELY):
        return first
    far = _closely(grey, min(FAR_LOOK, size), classify, doubtful=doubtful)
    farther = far.choice.likelihood
    better = farther >= likelihood if little else farther > likelihood
    return far if far.whole and better else first


def _closely(grey: Grey, longest: int, classify: Classify | None, *, doubtful: bool) -> _Sighting:
    """Look at a picture, and closer at the digit if it is small there."""
    seen = look(grey, longest)
    choice = _choose(seen, classify, doubtful=doubtful)
    from_afar = _Sighting((seen,), choice.parts, choice)
    if not choice.parts or around(choice.parts).size >= _SMALL:
        return from_afar
    box = around(choice.parts)
    close = look(grey, CLOSE_LOOK, seen.in_picture(box.widened(round(_MARGIN * box.size))))
    closer = _choose(close, classify, doubtful=doubtful)
    if not closer.parts:
        return from_afar
    # from near, too, a stroke may be missed
    overlap = close.in_picture(around(closer.parts)).overlap(seen.in_picture(box))
    if overlap < _SAME and closer.likelihood < choice.likelihood:
        return from_afar
    return _Sighting((seen, close), choice.parts, closer)


def _choose(seen: Look, classify: Classify | None, *, doubtful: bool) -> _Choice:
    """Return what is taken for the digit that is meant.

    Args:
        seen: Where to choose.
        classify: Tells what is likely.
        doubtful: Whether what is without a rival has to look like a digit as well.
    """
    candidates = find_candidates(seen.parts.parts, seen.grey.shape)
    if not candidates:
        return _Choice([], 0.0)
    if classify is None or (len(candidates) == 1 and not doubtful):
        return _Choice(candidates[0].parts, 1.0)
    alone, beside = _judged(seen, [candidate.parts for candidate in candidates], classify)
    # as `agreed`, but what is no whole digit has nothing
    likely = np.cbrt(alone * beside[:, :NOT_ONE] ** 2).max(axis=1)
    # a stain or a fold may be large, but is fainter than ink
    prominent = [candidate.prominence * seen.strength(candidate.parts) for candidate in candidates]
    best = int(np.argmax(prominent * likely**_TRUST))
    return _Choice(candidates[best].parts, float(likely[best]), agreed(alone, beside)[best])


def _judged(
    seen: Look, found: Sequence[Sequence[Part]], classify: Classify
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return how likely what may be digits is each of them: alone, and with what is around it.

    Returns:
        float32 (N, 10), from MNIST's form, and (N, 12), from all ink: see `weigh`.
    """
    alone = np.stack([_alone(seen, parts) for parts in found])
    beside = np.concatenate([_with_all_around(seen, parts) for parts in found])
    return classify(alone), weigh(beside)


def _alone(seen: Look, parts: Sequence[Part]) -> npt.NDArray[np.uint8]:
    """Return some parts in MNIST's form."""
    return to_mnist_form(cut_out(seen.ink, seen.parts, parts))


def _with_all_around(seen: Look, parts: Sequence[Part]) -> npt.NDArray[np.uint8]:
    """Return some parts, and all ink around them, as `weigh` takes them."""
    return in_line(seen.ink, seen.parts, parts, [(0, len(parts))], around(parts).size)


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
