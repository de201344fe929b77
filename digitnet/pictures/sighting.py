"""Looking for the one digit of a picture: near, from farther, closer, and in an even light."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitnet.pictures.light import evened
from digitnet.pictures.looking import FAINTEST, Look, look
from digitnet.pictures.mnist_form import Classify
from digitnet.pictures.one_digit import find_candidates
from digitnet.pictures.parts import Part, around
from digitnet.pictures.resizing import Grey
from digitnet.pictures.segment_network import NOT_ONE
from digitnet.pictures.weighing import weigh

# Longer sides in pixels: the ink network was trained on digits 40 to 115 pixels high
LEAST_LOOK, FIRST_LOOK, FAR_LOOK, CLOSE_LOOK, OTHER_LOOK = 112, 160, 512, 128, 112
_TINY = 16  # pixels of a digit in the first look below which one from farther sees more
_SMALL = 60  # pixels of a digit below which a closer look sees more
_MARGIN = 0.45  # of the digit's size, on each side, in the closer look
_OTHER_MARGIN, _LEAST_MARGIN = 0.6, 2  # likewise in one more, and pixels that it has at least
_LIKELY = 0.8  # a digit that is less so in few pixels is looked for in more
_TRUST = 2  # the power by which likelihood counts against prominence
_SAME = 0.5  # overlap of boxes from which two looks show the same


class Choice(NamedTuple):
    """What is taken for the digit in a look.

    Attributes:
        parts: Its parts; none where nothing was found.
        likelihood: How likely it is a whole digit; 0 where nothing was found, 1 where nobody asked.
    """

    parts: list[Part]
    likelihood: float


class Sighting(NamedTuple):
    """Looks at a digit, and what is taken for it.

    Attributes:
        looks: At the whole picture, and perhaps closer.
        whole: The digit's parts in the first look; none where nothing was found.
        choice: What is taken for it in the last look.
        light: float32 (H, W) in 0..1, the picture, perhaps in an even light, that was looked at.
    """

    looks: tuple[Look, ...]
    whole: list[Part]
    choice: Choice
    light: Grey


def look_for_digit(grey: Grey, classify: Classify | None) -> Sighting:
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


def look_again(found: Sighting) -> tuple[Look, list[Part]]:
    """Look once more at a digit that was found, with more around it.

    Returns:
        That look, and the parts that are the digit there; none where nothing like it is.
    """
    box = found.looks[-1].in_picture(around(found.choice.parts))
    margin = max(round(_OTHER_MARGIN * box.size), _LEAST_MARGIN)
    seen = look(found.light, OTHER_LOOK, box.widened(margin))
    same = [
        (overlap, candidate.parts)
        for candidate in find_candidates(seen.parts.parts, seen.grey.shape)
        if (overlap := seen.in_picture(around(candidate.parts)).overlap(box)) >= _SAME
    ]
    return seen, max(same, key=itemgetter(0), default=(0.0, []))[1]


def _near_and_far(grey: Grey, classify: Classify | None, *, doubtful: bool) -> Sighting:
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


def _closely(grey: Grey, longest: int, classify: Classify | None, *, doubtful: bool) -> Sighting:
    """Look at a picture, and closer at the digit if it is small there."""
    seen = look(grey, longest)
    choice = _choose(seen, classify, doubtful=doubtful)
    from_afar = Sighting((seen,), choice.parts, choice, grey)
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
    return Sighting((seen, close), choice.parts, closer, grey)


def _choose(seen: Look, classify: Classify | None, *, doubtful: bool) -> Choice:
    """Return what is taken for the digit that is meant.

    Args:
        seen: Where to choose.
        classify: Tells what is likely.
        doubtful: Whether what is without a rival has to look like a digit as well.
    """
    candidates = find_candidates(seen.parts.parts, seen.grey.shape)
    if not candidates:
        return Choice([], 0.0)
    if classify is None or (len(candidates) == 1 and not doubtful):
        return Choice(candidates[0].parts, 1.0)
    alone, beside = _judged(seen, [candidate.parts for candidate in candidates], classify)
    # as `agreed`, but what is no whole digit has nothing
    likely = np.cbrt(alone * beside[:, :NOT_ONE] ** 2).max(axis=1)
    # a stain or a fold may be large, but is fainter than ink
    prominent = [candidate.prominence * seen.strength(candidate.parts) for candidate in candidates]
    best = int(np.argmax(prominent * likely**_TRUST))
    return Choice(candidates[best].parts, float(likely[best]))


def _judged(
    seen: Look, found: Sequence[Sequence[Part]], classify: Classify
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return how likely what may be digits is each of them: alone, and with what is around it.

    Returns:
        float32 (N, 10), from MNIST's form, and (N, 12), from all ink: see `weigh`.
    """
    alone = np.stack([seen.in_mnist_form(parts) for parts in found])
    beside = np.concatenate([seen.in_line(parts) for parts in found])
    return classify(alone), weigh(beside)
