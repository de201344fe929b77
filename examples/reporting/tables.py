"""Tables in Markdown, and the figures in their cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from digitnet.experiments import Difference

Value, Result = TypeVar("Value"), TypeVar("Result")
Column = tuple[str, Mapping[str, str]]
"""A heading, and the cell of each row by the row's name; a row without one stays empty."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def by_name(
    first: str, names: Iterable[str], columns: Sequence[Column]
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a table with one row a name.

    Args:
        first: Heading of the column of names.
        names: The names, from the top.
        columns: The other columns, from the left.
    """
    header = [first, *(heading for heading, _ in columns)]
    return header, [[name, *(cells.get(name, "") for _, cells in columns)] for name in names]


def each(function: Callable[[Value], Result], values: Mapping[str, Value]) -> dict[str, Result]:
    """Return the function of each value, by name."""
    return {name: function(value) for name, value in values.items()}


def percent(shares: np.ndarray) -> str:
    """Return the mean of shares (seeds,) in per cent, ± standard deviation if there are several."""
    text = f"{100 * shares.mean():.2f}%"
    return f"{text} ± {100 * shares.std(ddof=1):.2f}" if len(shares) > 1 else text


def mean(values: np.ndarray, decimals: int) -> str:
    """Return the mean of values (seeds,), ± standard deviation if there are several."""
    text = f"{values.mean():.{decimals}f}"
    return f"{text} ± {values.std(ddof=1):.{decimals}f}" if len(values) > 1 else text


def median_and_range(values: Sequence[float]) -> str:
    """Return "median (least to greatest)" without decimals; of a single value, itself."""
    text = f"{np.median(values):.0f}"
    return f"{text} ({min(values):.0f} to {max(values):.0f})" if len(values) > 1 else text


def count(values: np.ndarray) -> str:
    """Return a count that is the same with all seeds (seeds,)."""
    return f"{values[0]:,.0f}"


def points(
    difference: Difference, unit: str = "points", scale: float = 100, decimals: int = 2
) -> str:
    """Return a difference with its 95% interval; differences of shares in percentage points."""
    mean, low, high = (
        f"{scale * value:+.{decimals}f}"
        for value in (difference.mean, difference.low, difference.high)
    )
    interval = "no interval" if math.isnan(difference.low) else f"{low} to {high}"
    return f"{mean}{unit and ' '}{unit} ({interval})"
