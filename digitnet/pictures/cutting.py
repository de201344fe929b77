"""Touching digits cut apart, where they may be several."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from digitnet.pictures.parts import Box, Part, Parts

# Of its line's height: a part that is wider may be several digits, and may be so if one is a 1
WIDE, RATHER_WIDE = 0.5, 0.3
# Of the line's height: the width of a stretch, which has one cut; the first begins so far from the
# left end. A 1 that touches its neighbour is hardly wider
_APART = 0.1
_MOST = 40  # cuts of one part: so many are needed for a chain of about six digits
_SLANTS = (0.0, -0.2, 0.2, -0.4, 0.4)  # columns that a cut moves to the right with each row

Labels = npt.NDArray[np.int32]


def is_wide(part: Part, height: float, least: float = WIDE) -> bool:
    """Say whether a part may be several digits of a line of that height."""
    return part.box.width > least * height


def cut_parts(
    parts: Parts, line: Sequence[Part], wide: Collection[Part], height: float
) -> tuple[Parts, list[Part]]:
    """Cut parts of a line where it costs the least ink.

    Whether a cut is right is seen only when the pieces are read: here it is made wherever
    it may be.

    Args:
        parts: All parts of the picture.
        line: Those of one line, from left to right.
        wide: Those of the line that are cut.
        height: How high digits of this line are, in pixels.

    Returns:
        The parts of the picture with pieces as new parts, and those of the line.
    """
    if not wide:
        return parts, list(line)
    labels = parts.labels.copy()
    pieces: list[Part] = []
    following = int(labels.max()) + 1
    for part in line:
        mask = labels[part.box.slices] == part.number
        cuts = _cuts(mask, height) if part in wide else []
        for cut in cuts:
            right = mask & (np.arange(mask.shape[1]) >= cut[:, None])
            labels[part.box.slices][right] = following
            following += 1
        numbers = [part.number, *range(following - len(cuts), following)]
        pieces += [piece for number in numbers for piece in _piece(labels, part.box, number)]
    return Parts(labels, (*parts.parts, *pieces)), pieces


def _cuts(mask: npt.NDArray[np.bool_], height: float) -> list[npt.NDArray[np.intp]]:
    """Return straight cuts from left to right, each a column for each row.

    In each stretch of columns it is the cut, upright or slanting, that goes through least ink.
    """
    rows, columns = mask.shape
    apart = max(2, round(_APART * height), -(-columns // (_MOST + 1)))
    aside = np.outer(_SLANTS, np.arange(rows) - rows / 2).round().astype(np.intp)
    ways = aside[:, :, None] + np.arange(columns)  # slants, rows, columns
    inside = (ways >= 0) & (ways < columns)
    ink = mask[np.arange(rows)[:, None], ways.clip(0, columns - 1)] & inside
    costs = ink.sum(axis=1)  # slants, columns
    cuts = []
    for start in range(apart, columns - apart + 1, apart):
        stretch = costs[:, start : start + apart]
        slant, column = np.unravel_index(int(stretch.argmin()), stretch.shape)
        cuts.append(ways[slant, :, start + column])
    return cuts


def _piece(labels: Labels, box: Box, number: int) -> list[Part]:
    """Return the part of a number within a box, if anything is left of it."""
    mask = labels[box.slices] == number
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return []
    left, top = box.left + int(columns[0]), box.top + int(rows[0])
    right, bottom = box.left + int(columns[-1]) + 1, box.top + int(rows[-1]) + 1
    return [Part(number, Box(left, top, right, bottom), int(mask.sum()))]
