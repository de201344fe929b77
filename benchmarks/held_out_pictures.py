"""The project's own test set: handwriting of held-out writers, and held-out photos of grids.

Nothing is trained or chosen on it. The Swiss digits are those of writers 11 to 14, MNIST's those
of its test set, the photos those whose number ends in 9; the README of `DIGITNET_DATA` names
their licences. Tables and lines with signs are generated, with these writers' digits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from functools import cache, partial
from pathlib import Path

import numpy as np
from picture_sets import SEED, DigitSet, NumberSet
from PIL import Image

from digitnet.datasets import paper
from digitnet.datasets.folders import places
from digitnet.datasets.pen_digits import mnist_handwriting, swiss_digits, swiss_numbers
from digitnet.errors import DatasetUnavailableError

sys.path.append(str(Path(__file__).parents[1] / "training"))  # which loads the photos, too
from edit_distance import edit_distance as edit_distance
from grids import GridPhoto, load_grids

WRITERS = range(11, 15)  # of the Swiss digits
ENTRIES = {"dates": "date", "amounts of money": "amount", "times": "time"}


def singles(writers: Collection[int] = WRITERS) -> DigitSet:
    """Return the scans of writers' single digits as they are, about 100 px high."""
    with np.load(_found("swiss/swiss.npz")) as file:
        (own,) = np.nonzero(np.isin(file["writers"], list(writers)))
        images, heights, widths = file["images"], file["heights"], file["widths"]
        scans = [Image.fromarray(images[n, : heights[n], : widths[n]]) for n in own]
        labels = file["labels"][own].astype(np.int64)
    return DigitSet("scans of pen digits", scans, labels)


def numbers(count: int) -> NumberSet:
    """Return scans of numbers of 2 to 8 digits, each of one writer's."""
    made = swiss_numbers(count, seed=SEED + 20, writers=WRITERS)
    return NumberSet("numbers of 2 to 8 digits of one writer", made)


def grid_photos() -> list[GridPhoto]:
    """Return the photos of filled 9x9 grids."""
    return list(load_grids(_found("grids"), held_out=True))


def entries(kind: str, count: int) -> NumberSet:
    """Return lines with signs: half with digits of the Swiss writers, half with MNIST's.

    Args:
        kind: A name from `ENTRIES`.
        count: Pictures.
    """
    seed = SEED + 30 + 2 * list(ENTRIES).index(kind)
    return NumberSet(kind, _by_both(partial(paper.entries, kinds=[ENTRIES[kind]]), count, seed))


def tables(count: int) -> NumberSet:
    """Return tables with 1 to 12 digit heights between their columns, of the same writers."""
    made = _by_both(partial(paper.tables, gap=(1, 12)), count, SEED + 40)
    return NumberSet("tables with columns 1 to 12 digit heights apart", made)


def printed_pages(count: int) -> NumberSet:
    """Return pages of print without a digit."""
    made = paper.texts(count, seed=SEED + 50, lines=(4, 12), printed=1.0)
    return NumberSet("pages of print without a digit", made)


def _by_both(
    make: Callable[..., list[paper.PaperPicture]], count: int, seed: int
) -> list[paper.PaperPicture]:
    """Return pictures with digits of the one collection, then as many with the other's."""
    sources = zip((seed, seed + 1), _handwritings(), strict=True)
    return [
        picture for own, source in sources for picture in make(count // 2, seed=own, source=source)
    ]


@cache
def _handwritings() -> tuple[paper.Handwriting, paper.Handwriting]:
    return swiss_digits().of_writers(WRITERS), mnist_handwriting()[1]


def _found(name: str) -> Path:
    """Return the path of a file or a folder of the data."""
    for place in places(None):
        if (place / name).exists():
            return place / name
    raise DatasetUnavailableError(
        f"Expected {name} in one of {', '.join(map(str, places(None)))}; it is in none. Name its "
        "folder's parent in the environment variable DIGITNET_DATA."
    )
