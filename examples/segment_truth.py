"""What the segments of a line truly are, for the scripts that train on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from digitnet.datasets.paper import PaperPicture
from digitnet.pictures.division import Division
from digitnet.pictures.numbers import find_divisions
from digitnet.pictures.opening import open_picture
from digitnet.pictures.segment_network import NO_DIGIT, NOT_ONE

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
# No cut leaves some digits whole, as where strokes of two run together. What then has the most in
# common with one, by intersection over union, is it, from the first of these; what has nearly as
# much, from the second as a share of the most, is left open
NEAREST, NEARLY = 0.5, 0.9


def divisions_with_truth(
    picture: PaperPicture, *, nearest: bool
) -> list[tuple[Division, list[int | None]]]:
    """Return the lines found in a picture, and what each segment is.

    That is its digit, `NOT_ONE`, `NO_DIGIT`, or `None` where that is left open.

    Args:
        picture: Of numbers, of one digit, or of what is none.
        nearest: Whether what is nearest to a digit that no cut leaves whole is it.
    """
    opened = open_picture(picture.picture)
    text = picture.text.replace("\n", "")
    found = []
    for division in find_divisions(opened):
        ink = list(_ink(division, _owners(division, picture.owners, opened.scale)))
        labels = [_label(of_segment, text) for of_segment in ink]
        if nearest:
            _label_nearest(labels, ink, text)
        found.append((division, labels))
    return found


class _Ink(NamedTuple):
    """The ink of a segment.

    Attributes:
        counts: How many of its pixels are of each digit.
        totals: How many pixels of each digit were found.
        area: How many pixels it has.
        added: What share of it is pieces of no digit.
    """

    counts: np.ndarray
    totals: np.ndarray
    area: int
    added: float

    @property
    def best(self) -> int:
        """The digit of which it has the most."""
        return int(self.counts.argmax())

    @property
    def shares(self) -> np.ndarray:
        """Of each digit, what share of it this is."""
        return self.counts / np.maximum(self.totals, 1)

    @property
    def foreign(self) -> float:
        """The largest share of any digit but the best."""
        return float(np.delete(self.shares, self.best).max(initial=0))

    @property
    def overlap(self) -> float:
        """What it has in common with the best digit, as a share of both together."""
        common = self.counts[self.best]
        return float(common / (self.area + self.totals[self.best] - common))


def _owners(division: Division, owners: np.ndarray, scale: float) -> np.ndarray:
    """Return whose ink lies in each pixel of a line's look."""
    seen = division.seen
    places = []
    for size, start, most in zip(seen.ink.shape, (seen.top, seen.left), owners.shape, strict=True):
        place = ((np.arange(size) + 0.5) * seen.scale + start) * scale
        places.append(place.astype(int).clip(0, most - 1))
    return owners[np.ix_(*places)]


def _ink(division: Division, owners: np.ndarray) -> Iterator[_Ink]:
    """Yield the ink of each segment."""
    labels = division.parts.labels
    digits = int(owners.max()) + 1
    counts = np.bincount((labels.astype(np.int64) * digits + owners).ravel())
    counts = np.pad(counts, (0, -len(counts) % digits)).reshape(-1, digits)[:, 1:]
    totals = counts[1:].sum(axis=0)
    for first, end in division.segments:
        numbers = [piece.number for piece in division.pieces[first:end]]
        areas = np.array([piece.area for piece in division.pieces[first:end]])
        added = areas[counts[numbers].sum(axis=1) < _HARDLY * areas].sum() / areas.sum()
        yield _Ink(counts[numbers].sum(axis=0), totals, int(areas.sum()), float(added))


def _label(ink: _Ink, text: str) -> int | None:
    if ink.added == 1:
        return NO_DIGIT
    whole, pure = ink.shares[ink.best], ink.counts[ink.best] / ink.counts.sum()
    if whole >= WHOLE and ink.foreign <= FOREIGN and pure >= PURE and ink.added <= ADDED:
        return int(text[ink.best])
    none = whole < PARTIAL or ink.foreign > SEVERAL or pure < MIXED or ink.added > WITH_MUCH
    return NOT_ONE if none else None


def _label_nearest(labels: list[int | None], ink: Sequence[_Ink], text: str) -> None:
    """Label what is nearest to each digit that none of a line's segments is."""
    nearest: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(ink):
        if one.added <= WITH_MUCH and one.foreign <= SEVERAL:
            nearest[one.best].append(place)
    for digit, places in nearest.items():
        overlaps = [ink[place].overlap for place in places]
        most = max(overlaps)
        if most < NEAREST or any(labels[place] not in (None, NOT_ONE) for place in places):
            continue
        for place, overlap in zip(places, overlaps, strict=True):
            if overlap >= NEARLY * most:
                labels[place] = None
        labels[places[overlaps.index(most)]] = int(text[digit])
