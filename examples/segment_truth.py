"""What the segments of a line truly are, for the scripts that train on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from digitnet.datasets.paper import PaperPicture
from digitnet.pictures.division import Division
from digitnet.pictures.numbers import find_divisions
from digitnet.pictures.opening import open_picture
from digitnet.pictures.segment_network import NONE

# Of MNIST's training digits, which the networks of digits and segments do not learn from: the
# temperature of the first is fitted to them
HELD_OUT = 5_000 / 60_000

# Shares of ink. What has so much of a digit, so little of any other, and is so much of that digit
# is one; what has less or more of one of them is none. What lies between is left open. Pieces with
# hardly any digit's ink, as a bracket or a wall, may be so much of a digit, and so much of what is
# left open
WHOLE, FOREIGN, PURE, ADDED = 0.85, 0.3, 0.85, 0.1
PARTIAL, SEVERAL, MIXED, WITH_MUCH = 0.7, 0.5, 0.75, 0.25
_HARDLY = 0.1  # of a piece's pixels


def divisions_with_truth(picture: PaperPicture) -> list[tuple[Division, list[int | None]]]:
    """Return the lines found in a picture, and for each segment its digit, `NONE`, or `None`.

    Args:
        picture: Of a number.
    """
    opened = open_picture(picture.picture)
    text = picture.text.replace("\n", "")
    found = []
    for division in find_divisions(opened):
        ink = _ink(division, _owners(division, picture.owners, opened.scale))
        found.append((division, [_label(*of_segment, text) for of_segment in ink]))
    return found


def _owners(division: Division, owners: np.ndarray, scale: float) -> np.ndarray:
    """Return whose ink lies in each pixel of a line's look."""
    seen = division.seen
    places = []
    for size, start, most in zip(seen.ink.shape, (seen.top, seen.left), owners.shape, strict=True):
        place = ((np.arange(size) + 0.5) * seen.scale + start) * scale
        places.append(place.astype(int).clip(0, most - 1))
    return owners[np.ix_(*places)]


def _ink(division: Division, owners: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Yield for each segment how many pixels of each digit it has, and how many were found.

    Also what share of it is pieces of no digit.
    """
    labels = division.parts.labels
    digits = int(owners.max()) + 1
    counts = np.bincount((labels.astype(np.int64) * digits + owners).ravel())
    counts = np.pad(counts, (0, -len(counts) % digits)).reshape(-1, digits)[:, 1:]
    totals = counts[1:].sum(axis=0)
    for first, end in division.segments:
        numbers = [piece.number for piece in division.pieces[first:end]]
        areas = np.array([piece.area for piece in division.pieces[first:end]])
        added = areas[counts[numbers].sum(axis=1) < _HARDLY * areas].sum() / areas.sum()
        yield counts[numbers].sum(axis=0), totals, float(added)


def _label(counts: np.ndarray, totals: np.ndarray, added: float, text: str) -> int | None:
    if not counts.any():
        return NONE
    shares = counts / np.maximum(totals, 1)
    best = int(counts.argmax())
    whole, pure = shares[best], counts[best] / counts.sum()
    foreign = np.delete(shares, best).max(initial=0)
    if whole >= WHOLE and foreign <= FOREIGN and pure >= PURE and added <= ADDED:
        return int(text[best])
    none = whole < PARTIAL or foreign > SEVERAL or pure < MIXED or added > WITH_MUCH
    return NONE if none else None
