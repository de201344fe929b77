"""A line divided into pieces, and what of them may be digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitnet.pictures.cutting import RATHER_WIDE, WIDE, cut_parts, is_wide
from digitnet.pictures.in_line import in_line
from digitnet.pictures.lines import LOW
from digitnet.pictures.looking import Look
from digitnet.pictures.mnist_form import SIZE, to_mnist_form
from digitnet.pictures.parts import Box, Part, Parts, around, cut_out
from digitnet.pictures.segment_network import NOT_ONE
from digitnet.pictures.segments import Segment, candidates

Weigh: TypeAlias = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
"""Maps segments as `in_line` shows them to how likely they are of each class (N, 12)."""

# Probabilities from which a wide part, and a rather wide one, is one digit or none and is not cut
_SURE, _UNLIKELY = 0.98, 0.1
# Heights of a line: all parts of a picture that are cut are together no wider. Each has hundreds of
# segments, and a page of text hundreds of words
MOST_CUT = 300.0


@dataclass(frozen=True, eq=False)
class Division:
    """All ways to divide a line into digits.

    Attributes:
        seen: The look that the line is in.
        parts: Those of the look, the line's cut into pieces.
        pieces: Of the line, from left to right.
        height: How high its digits are, in pixels of the look.
        segments: Runs of pieces that may be a digit.
    """

    seen: Look
    parts: Parts
    pieces: Sequence[Part]
    height: float
    segments: Sequence[Segment]

    def box(self, segment: Segment) -> Box:
        """Return where a segment is, in pixels of the look."""
        return around(self.pieces[slice(*segment)])

    def in_mnist_form(self, segments: Sequence[Segment]) -> npt.NDArray[np.uint8]:
        """Return some segments as uint8 (N, 28, 28), each for itself."""
        runs = (self.pieces[slice(*segment)] for segment in segments)
        pixels = [to_mnist_form(cut_out(self.seen.ink, self.parts, run)) for run in runs]
        return np.reshape(pixels, (-1, SIZE, SIZE))

    def in_line(self) -> npt.NDArray[np.uint8]:
        """Return all segments as uint8 (N, 2, 32, 48), each with what is around it."""
        return in_line(self.seen.ink, self.parts, self.pieces, self.segments, self.height)


def divide(
    seen: Look, line: Sequence[Part], weigh: Weigh | None = None, most_cut: float = MOST_CUT
) -> Division:
    """Cut the parts of a line, and find what may be its digits.

    Args:
        seen: The look that the line is in.
        line: Its parts, from left to right.
        weigh: Tells what segments are: what surely is one digit, or has no digit's ink, is not
            cut, and what is only rather wide is cut where it is surely neither. `None` cuts all
            that is wide.
        most_cut: How wide the parts that are cut may be together, in heights of the line; the
            narrowest are cut.
    """
    highest = max(part.box.height for part in line)
    height = float(np.median([p.box.height for p in line if p.box.height > LOW * highest]))
    least = WIDE if weigh is None else RATHER_WIDE
    wide = [place for place, part in enumerate(line) if is_wide(part, height, least)]
    if weigh is not None:
        alone = [(place, place + 1) for place in wide]
        weighed = weigh(in_line(seen.ink, seen.parts, line, alone, height))
        one_or_none = np.delete(weighed, NOT_ONE, axis=1).max(axis=1)
        wide = [
            place
            for place, share in zip(wide, one_or_none, strict=True)
            if share < (_SURE if is_wide(line[place], height) else _UNLIKELY)
        ]
    cut = sorted((line[place] for place in wide), key=lambda part: part.box.width)
    widths = np.cumsum([part.box.width for part in cut])
    cut = cut[: np.searchsorted(widths, most_cut * height, side="right")]
    parts, pieces = cut_parts(seen.parts, line, cut, height)
    return Division(seen, parts, pieces, height, candidates(pieces, height))
