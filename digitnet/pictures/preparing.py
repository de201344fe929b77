"""A real picture of one digit, brought to the form of MNIST's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitnet.pictures.looking import Look, look
from digitnet.pictures.mnist_form import SIZE, to_mnist_form
from digitnet.pictures.one_digit import choose_digit, touches_border
from digitnet.pictures.opening import Source, open_picture
from digitnet.pictures.parts import Box, Part, around, cut_out
from digitnet.pictures.resizing import Grey

# Longer sides in pixels: the ink network was trained on digits 40 to 115 pixels high
LEAST_LOOK, FIRST_LOOK, FAR_LOOK, CLOSE_LOOK = 112, 160, 512, 128
_TINY = 16  # pixels of a digit in the first look below which one from farther sees more
_SMALL = 60  # pixels of a digit below which a closer look sees more
_MARGIN = 0.45  # of the digit's size, on each side, in the closer look
_FAINT = 0.12  # contrast below which ink is hard to tell from paper
_FEW = 8  # pixels of the source that a digit must be high or wide

NOTHING = "nothing written found"
SEVERAL = "several digits: use read()"
EDGE = "touches the edge"
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
    """

    pixels: npt.NDArray[np.uint8]
    box: Box | None
    warnings: tuple[str, ...]
    looks: tuple[Look, ...]
    chosen: tuple[Part, ...] = field(default=())


def prepare(source: Source) -> Prepared:
    """Find the digit in a picture, and bring it to the form of MNIST's.

    Args:
        source: The path of a picture file, or a PIL image.

    Raises:
        InvalidInputError: It is no picture, or one that cannot be read.
    """
    picture = open_picture(source)
    sightings = _sightings(picture.grey)
    looks = tuple(sighting.look for sighting in sightings)
    found = [sighting for sighting in sightings if sighting.chosen]
    if not found:
        blank = np.zeros((SIZE, SIZE), np.uint8)
        return Prepared(blank, None, (*picture.notes, NOTHING), looks)
    # whether it is alone and whole, only a look at the whole picture tells
    whole = next(s for s in reversed(found) if s.look.is_whole)
    last, chosen = found[-1]
    return Prepared(
        to_mnist_form(cut_out(last.ink, last.parts, chosen)),
        last.in_picture(around(chosen)).moved(0, 0, picture.scale),
        (*picture.notes, *_warnings(*whole, picture.scale)),
        looks,
        tuple(chosen),
    )


class _Sighting(NamedTuple):
    """A look, and the parts of the digit that was found in it."""

    look: Look
    chosen: list[Part]

    @property
    def size(self) -> int:
        """The longer side of the digit in pixels; 0 where none was found."""
        return around(self.chosen).size if self.chosen else 0


def _sightings(grey: Grey) -> list[_Sighting]:
    """Look once, again in more pixels if little was found, and closer if that is small."""
    size = max(grey.shape)
    sightings = [_sight(grey, min(max(size, LEAST_LOOK), FIRST_LOOK))]
    if sightings[0].size < _TINY and size > FIRST_LOOK:
        far = _sight(grey, min(FAR_LOOK, size))
        sightings += [far] if far.chosen else []
    last = sightings[-1]
    if 0 < last.size < _SMALL:
        box = around(last.chosen)
        place = last.look.in_picture(box.widened(round(_MARGIN * box.size)))
        close = _sight(grey, CLOSE_LOOK, place)
        sightings += [close] if close.chosen else []
    return sightings


def _sight(grey: Grey, longest: int, place: Box | None = None) -> _Sighting:
    seen = look(grey, longest, place)
    return _Sighting(seen, choose_digit(seen.parts.parts, seen.grey.shape))


def _warnings(seen: Look, chosen: list[Part], scale: float) -> list[str]:
    box = around(chosen)
    others = [
        part
        for part in seen.parts.parts
        if part not in chosen
        and part.box.height >= 0.5 * box.height
        and not touches_border(part.box, seen.grey.shape)
    ]
    found = {
        SEVERAL: bool(others),
        EDGE: touches_border(box, seen.grey.shape),
        FAINT: seen.contrast(chosen) < _FAINT,
        SMALL: box.size * seen.scale * scale < _FEW,
    }
    return [warning for warning, holds in found.items() if holds]
