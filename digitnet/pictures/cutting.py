"""Touching digits cut apart, where they may be several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from digitnet.pictures.parts import Box, Part, Parts

_WIDE = 0.85  # of its line's height: a part that is wider may be several digits
_APART = 0.3  # of the line's height: how far cuts are from each other and from the ends
_MOST = 5  # cuts of one part
_SIDEWAYS = 0.25  # what a step to the side costs a cut, beside 1 for a pixel of ink

Labels = npt.NDArray[np.int32]


def cut_wide_parts(parts: Parts, line: Sequence[Part], height: float) -> tuple[Parts, list[Part]]:
    """Cut the wide parts of a line where it costs the least ink.

    Whether a cut is right is seen only when the pieces are read: here it is made wherever
    it may be.

    Args:
        parts: All parts of the picture.
        line: Those of one line, from left to right.
        height: How high digits of this line are, in pixels.

    Returns:
        The parts of the picture with pieces as new parts, and those of the line.
    """
    labels = parts.labels.copy()
    pieces: list[Part] = []
    following = int(labels.max()) + 1
    for part in line:
        mask = labels[part.box.slices] == part.number
        seams = _seams(mask, height) if part.box.width > _WIDE * height else []
        for seam in seams:
            right = mask & (np.arange(mask.shape[1]) >= seam[:, None])
            labels[part.box.slices][right] = following
            following += 1
        numbers = [part.number, *range(following - len(seams), following)]
        pieces += [piece for number in numbers for piece in _piece(labels, part.box, number)]
    return Parts(labels, (*parts.parts, *pieces)), pieces


def _seams(mask: npt.NDArray[np.bool_], height: float) -> list[npt.NDArray[np.intp]]:
    """Return the cheapest ways from top to bottom, from left to right: a column for each row."""
    rows, columns = mask.shape
    apart = max(2, round(_APART * height))
    costs, steps = _ways(mask)
    chosen: list[int] = []
    for column in np.argsort(costs, kind="stable").tolist():
        far = all(abs(column - other) >= apart for other in chosen)
        if apart <= column < columns - apart and far:
            chosen.append(column)
        if len(chosen) == min(_MOST, round(columns / apart)):
            break
    seams = []
    for column in sorted(chosen):
        seam = np.empty(rows, dtype=np.intp)
        for row in range(rows - 1, -1, -1):
            seam[row] = column
            column += steps[row, column]
        seams.append(seam)
    return seams


def _ways(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return what the cheapest way to each column of the last row costs, and each way's steps.

    Seam carving (Avidan and Shamir, 2007), with ink as the energy.
    """
    rows, columns = mask.shape
    steps = np.zeros((rows, columns), dtype=np.intp)
    costs = mask[0].astype(np.float64)
    for row in range(1, rows):
        padded = np.pad(costs, 1, constant_values=np.inf)
        from_left, straight, from_right = padded[:-2] + _SIDEWAYS, costs, padded[2:] + _SIDEWAYS
        options = np.stack([straight, from_left, from_right])
        best = options.argmin(axis=0)
        steps[row] = np.array([0, -1, 1])[best]
        costs = options.min(axis=0) + mask[row]
    return costs, steps


def _piece(labels: Labels, box: Box, number: int) -> list[Part]:
    """Return the part of a number within a box, if anything is left of it."""
    mask = labels[box.slices] == number
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return []
    left, top = box.left + int(columns[0]), box.top + int(rows[0])
    right, bottom = box.left + int(columns[-1]) + 1, box.top + int(rows[-1]) + 1
    return [Part(number, Box(left, top, right, bottom), int(mask.sum()))]
