"""What pictures have in common: papers, pens, forms and ranges of settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from digitnet.errors import InvalidInputError

Setting = float | tuple[float, float] | None

SHEETS = (
    "blank", "lined", "squared", "stained", "yellowed", "crumpled", "grey", "print behind",
    "writing behind", "pasted", "edge",
)  # fmt: skip
"""Papers that a pen writes on."""
PAPERS = (*SHEETS, "board", "canvas")
"""All grounds: papers, a dark board, and the even ground of a drawing program."""
INKS = ("black", "blue", "pencil", "felt")
"""Pens for paper: black and blue ballpoint, pencil, felt tip."""
BRUSHES = ("brush", "hairline", "broken")
"""Pens of a drawing program: very thick, one pixel, and with gaps."""
PENS = (*INKS, "chalk", *BRUSHES)
"""All pens."""
FORMS = ("line", "comb", "boxes", "frame", "table", "squares", "dots")
"""What is printed for digits to be written on or into: a line under them, one with short walls
between them, a box for each, a frame around all, a table, squares across them, or dots."""
_LIMITS = {  # of each setting; units are those of `Style`
    "size": (28, 4000), "height": (0.02, 1), "thickness": (0.005, 0.3), "contrast": (0.02, 1),
    "rotation": (0, 180), "tilt": (0, 0.5), "shadow": (0, 0.95), "unevenness": (0, 0.9),
    "blur": (0, 0.2), "noise": (0, 0.5), "quality": (1, 100), "clutter": (0, 1),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Style:
    """What pictures on paper have in common; the rest is drawn at random for each picture.

    A setting is a number, a pair (least, most) to draw from, or `None` for the default range.

    Args:
        papers: Names from `PAPERS` to choose from.
        pens: Names from `PENS` to choose from. Chalk goes with the board alone, and the
            brushes with the canvas alone.
        forms: Names from `FORMS` to choose from; `None` prints no form.
        size: Pixels of the longer side, in 28..4000.
        height: The digit's height as a share of the picture's, in [0.02, 1]; less where a
            digit would not fit otherwise. In numbers it is the tallest digit's.
        thickness: The pen's width as a share of the digit's height, in [0.005, 0.3], and
            at least about a pixel.
        contrast: Difference of grey between solid ink and paper, in [0.02, 1]; less where
            the paper or the pen has no more to give.
        rotation: Degrees, either way, in 0..180.
        tilt: How much nearer one end of the picture's diagonal is, as a share, in [0, 0.5].
        shadow: How much light a hard shadow takes away, in [0, 0.95].
        unevenness: How much light is missing in the darkest corner, in [0, 0.9].
        blur: Deviation of the blur as a share of the digit's height, in [0, 0.2].
        noise: Deviation of the sensor's noise as a share of the range of grey, in [0, 0.5].
        quality: Of the JPEG compression, in 1..100.
        clutter: Share of pictures with things that are no digits (specks, dashes, a part of
            a neighbour), in [0, 1].

    Raises:
        InvalidInputError: A name is unknown, a setting is out of its range, or no pen goes
            with the papers.
    """

    papers: tuple[str, ...] | None = None
    pens: tuple[str, ...] | None = None
    forms: tuple[str, ...] | None = None
    size: Setting = None
    height: Setting = None
    thickness: Setting = None
    contrast: Setting = None
    rotation: Setting = None
    tilt: Setting = None
    shadow: Setting = None
    unevenness: Setting = None
    blur: Setting = None
    noise: Setting = None
    quality: Setting = None
    clutter: Setting = None

    def __post_init__(self) -> None:
        for field, known in (("papers", PAPERS), ("pens", PENS), ("forms", FORMS)):
            names = getattr(self, field)
            if names is not None:
                object.__setattr__(self, field, _checked_names(field, names, known))
        for field, limits in _LIMITS.items():
            if getattr(self, field) is not None:
                check_setting(field, getattr(self, field), *limits)
        if not self.pairs():
            raise InvalidInputError(
                f"Expected papers and pens that go together; received {self.papers} and "
                f"{self.pens}. Chalk goes with the board, and {', '.join(BRUSHES)} with the canvas."
            )

    def pairs(self) -> dict[str, tuple[str, ...]]:
        """Return the papers to choose from, each with its pens."""
        wanted, fitting = self.pens or PENS, {"board": ("chalk",), "canvas": BRUSHES}
        chosen = {
            paper: tuple(pen for pen in fitting.get(paper, INKS) if pen in wanted)
            for paper in self.papers or PAPERS
        }
        return {paper: pens for paper, pens in chosen.items() if pens}


def _checked_names(field: str, names: Any, known: tuple[str, ...]) -> tuple[str, ...]:
    listed = isinstance(names, (tuple, list)) and len(names) > 0
    if not listed or any(name not in known for name in names):
        raise InvalidInputError(
            f"Expected {field} to be a tuple of names out of {', '.join(map(repr, known))}; "
            f"received {names!r}."
        )
    return tuple(names)


def check_setting(
    field: str, value: Any, low: float, high: float, *, pair: bool = True
) -> tuple[float, float]:
    """Return the ends of a range that is a number or, where allowed, a pair (least, most)."""
    ends = value if pair and isinstance(value, tuple) and len(value) == 2 else (value, value)
    numbers = all(isinstance(end, Real) and not isinstance(end, bool) for end in ends)
    if not numbers or not all(math.isfinite(end) and low <= end <= high for end in ends):
        raise InvalidInputError(
            f"Expected {field} to be a number in {low}..{high}{' or a pair of them' * pair}; "
            f"received {value!r}."
        )
    if ends[0] > ends[1]:
        raise InvalidInputError(f"Expected {field} to be (least, most); received {value!r}.")
    return ends
