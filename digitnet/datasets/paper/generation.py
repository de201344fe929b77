"""Generation of pictures from seeds, and checks of arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.random import Generator, default_rng

from digitnet.data.image_set import DIGITS, ImageSet
from digitnet.datasets.paper.capture import Capture, draw_capture
from digitnet.datasets.paper.handwriting import Handwriting
from digitnet.datasets.paper.record import PaperPicture
from digitnet.datasets.paper.style import Style
from digitnet.errors import InvalidInputError
from digitnet.execution import float32_by_default, with_own_settings
from digitnet.randomness import PAPER, derive_seed
from digitnet.recipe import check_count, check_seed

_GENERATED = ("digit", "number", "blank", "scribble", "letter", "entry", "table", "text")
_MAX_COUNT = 100  # digits of a line, lines of a page, rows and columns of a table


@with_own_settings
@float32_by_default()
def generate(
    count: int,
    seed: int,
    kind: str,
    style: Style | None,
    make: Callable[[Capture, Generator], PaperPicture],
) -> list[PaperPicture]:
    """Return pictures of one kind, each with random numbers of its own."""
    check_count("count", count)
    check_seed(seed)
    style = Style() if style is None else style
    if not isinstance(style, Style):
        raise InvalidInputError(f"Expected style to be a paper.Style or None; received {style!r}.")
    made = []
    for index in range(count):
        # no two kinds share a seed
        rng = default_rng(derive_seed(seed, PAPER, _GENERATED.index(kind), index))
        made.append(make(draw_capture(style, rng), rng))
    return made


def check_source(source: Any) -> None:
    """Raise an error unless digits' ink can come from a source."""
    if source is None or isinstance(source, Handwriting):
        return
    if not isinstance(source, ImageSet) or source.classes != DIGITS or not len(source):
        raise InvalidInputError(
            "Expected source to be a Handwriting, an ImageSet of at least one picture with the "
            f"classes '0' to '9', or None; received {source!r}."
        )


def check_range(name: str, value: Any) -> tuple[int, int]:
    """Return the ends of a range that is a count or a pair of counts, of at most 100."""
    ends = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    low, high = (check_count(name, end) for end in ends)
    if not low <= high <= _MAX_COUNT:
        raise InvalidInputError(
            f"Expected {name} to be a number in 1..{_MAX_COUNT} or a pair (least, most); "
            f"received {value!r}."
        )
    return low, high
