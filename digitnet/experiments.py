"""Comparison of ways of training, each with the same seeds."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from digitnet.artifact import check_folder, write_atomically
from digitnet.errors import ArtifactError, InvalidInputError, difference
from digitnet.model_file import current_versions
from digitnet.processes import current
from digitnet.recipe import check_count, check_seed
from digitnet.records import read_record

Figures = Mapping[str, float | Sequence[float]]
"""The figures of one training: numbers, or rows of numbers, by name."""


@dataclass(frozen=True)
class Difference:
    """The mean difference between pairs of the same seed, with its confidence interval.

    Attributes:
        mean: The mean difference.
        low: Lower end of its 95% confidence interval, by Student's t (1908) over the seeds;
            NaN with a single seed.
        high: Upper end.
    """

    mean: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1 if the whole interval lies above or below 0; else 0: not significant."""
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True)
class Row:
    """A variant's figure over the seeds.

    Attributes:
        variant: Its name.
        mean: Mean over the seeds.
        deviation: Standard deviation over the seeds; NaN with a single one.
        against: Difference from the baseline; `None` for the baseline itself.
    """

    variant: str
    mean: float
    deviation: float
    against: Difference | None


@dataclass(frozen=True)
class Comparison:
    """The figures of all variants with all seeds.

    Attributes:
        seeds: The seeds.
        figures: For each variant its figures, one mapping a seed.
    """

    seeds: tuple[int, ...]
    figures: Mapping[str, Sequence[Figures]]

    def values(self, variant: str, figure: str) -> npt.NDArray[np.float64]:
        """Return a figure of a variant, (seeds,) or (seeds, numbers in the row).

        Raises:
            InvalidInputError: There is no such variant, or it has no such figure.
        """
        known = self.figures.get(variant)
        if known is None:
            raise InvalidInputError(
                f"Expected a variant of {', '.join(map(repr, self.figures))}; received {variant!r}."
            )
        if any(figure not in of_seed for of_seed in known):
            raise InvalidInputError(
                f"Expected a figure of '{variant}', {', '.join(map(repr, known[0]))}; "
                f"received {figure!r}."
            )
        return np.array([of_seed[figure] for of_seed in known], dtype=np.float64)

    def difference(self, variant: str, baseline: str, figure: str) -> Difference:
        """Return by how much a figure, a single number, is greater than the baseline's.

        Raises:
            InvalidInputError: As for `values`.
        """
        return mean_difference(self.values(variant, figure) - self.values(baseline, figure))

    def rows(self, figure: str, *, baseline: str | None = None) -> list[Row]:
        """Return the table of a figure that is a single number, a row a variant.

        Args:
            figure: Its name.
            baseline: The variant that the others are compared with; `None` takes the first.

        Raises:
            InvalidInputError: As for `values`.
        """
        first = next(iter(self.figures)) if baseline is None else baseline
        rows = []
        for variant in self.figures:
            values = self.values(variant, figure)
            against = None if variant == first else self.difference(variant, first, figure)
            rows.append(Row(variant, float(values.mean()), deviation(values), against))
        return rows


def compare(
    variants: Mapping[str, Callable[[int], Figures]],
    *,
    seeds: int | Iterable[int] = 3,
    path: str | os.PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Comparison:
    """Train every variant with every seed.

    All variants are trained with a seed before the next seed, so a machine that slows down with
    time slows all variants alike.

    Args:
        variants: By name, a function that trains with a seed and returns the figures.
        seeds: The seeds, or how many: 0, 1, ...
        path: A JSON file for the figures of every finished training. An interrupted comparison
            continues from it: what the file holds is not trained again.
        settings: What else the figures depend on, for JSON: the data, the epochs. A file of
            other settings, or of other versions of digitnet, torch or Python, is refused.

    Returns:
        The figures. With several processes, each has all of them.

    Raises:
        InvalidInputError: There is no variant or no seed, a training returned no numbers, or
            the file is of other settings.
        ArtifactError: The file cannot be read or written.

    Examples:
        >>> from functools import partial
        >>> from digitnet import DigitClassifier, datasets
        >>> train, test = datasets.synthetic(train=300, test=100)
        >>> def trained(network, seed):
        ...     clf = DigitClassifier(network, seed=seed)
        ...     clf.fit(train, epochs=1, verbose=0)
        ...     return {"accuracy": clf.score(test)}
        >>> variants = {network: partial(trained, network) for network in ("report", "mlp")}
        >>> [row.variant for row in compare(variants, seeds=2).rows("accuracy")]
        ['report', 'mlp']
    """
    listed = _checked_seeds(seeds)
    if not variants:
        raise InvalidInputError("Expected at least one variant to train; received none.")
    kept = _Kept(path, {**(settings or {}), "versions": current_versions()})
    for seed in listed:
        for name, train in variants.items():
            if kept.figures(name, seed) is None:
                kept.add(name, seed, _checked_figures(train(seed), name))
    return Comparison(
        listed, {name: [kept.figures(name, seed) or {} for seed in listed] for name in variants}
    )


def mean_difference(pairs: npt.NDArray[np.float64]) -> Difference:
    """Return the mean of paired differences (seeds,), and its 95% confidence interval."""
    mean, count = float(pairs.mean()), len(pairs)
    if count == 1:
        return Difference(mean, math.nan, math.nan)
    from scipy.special import stdtrit  # slow to import

    reach = float(stdtrit(count - 1, 0.975)) * deviation(pairs) / math.sqrt(count)
    return Difference(mean, mean - reach, mean + reach)


def deviation(values: npt.NDArray[np.float64]) -> float:
    """Return the standard deviation over the seeds (seeds,); NaN with a single one."""
    return float(values.std(ddof=1)) if len(values) > 1 else math.nan


@dataclass(frozen=True)
class _Training:
    """A finished training."""

    variant: str
    seed: int
    figures: dict[str, Any]


@dataclass(frozen=True)
class _File:
    """What the file of a comparison holds."""

    settings: dict[str, Any]
    trainings: tuple[_Training, ...]


class _Kept:
    """The finished trainings, in memory and, if there is a path, in a file."""

    def __init__(self, path: str | os.PathLike[str] | None, settings: dict[str, Any]) -> None:
        self._path = None if path is None else Path(path)
        # through JSON, as in the file, so that tuples become lists
        self._settings = json.loads(json.dumps(settings))
        self._figures: dict[tuple[str, int], dict[str, Any]] = {}
        if self._path is not None:
            check_folder(self._path)
            if self._path.exists():
                self._read(self._path)

    def figures(self, variant: str, seed: int) -> Figures | None:
        """Return the figures of a training, or `None` before it is finished."""
        return self._figures.get((variant, seed))

    def add(self, variant: str, seed: int, figures: dict[str, Any]) -> None:
        self._figures[variant, seed] = figures
        if self._path is not None and current().is_first:
            trainings = (_Training(*key, found) for key, found in self._figures.items())
            content = _File(self._settings, tuple(trainings))
            write_atomically(self._path, json.dumps(asdict(content)).encode())

    def _read(self, path: Path) -> None:
        try:
            file = read_record(_File, dict(json.loads(path.read_text(encoding="utf-8"))))
            for each in file.trainings:
                key = each.variant, check_seed(each.seed)
                self._figures[key] = _checked_figures(each.figures, each.variant)
        except (OSError, ValueError, TypeError) as error:
            raise ArtifactError(
                f"'{path}' is no file of a comparison ({error}). Give another path, or remove it."
            ) from error
        if file.settings != self._settings:
            raise InvalidInputError(
                f"Expected '{path}' to hold trainings of the same settings; received "
                f"{difference(file.settings, self._settings)}. Give another path, or remove "
                "the file to train all again."
            )


def _checked_seeds(seeds: int | Iterable[int]) -> tuple[int, ...]:
    if not isinstance(seeds, Iterable):
        return tuple(range(check_count("seeds", seeds)))
    listed = tuple(check_seed(seed) for seed in seeds)
    if not listed or len(set(listed)) < len(listed):
        raise InvalidInputError(f"Expected at least one seed, no two alike; received {listed}.")
    return listed


def _checked_figures(figures: Any, variant: str) -> dict[str, Any]:
    """Return figures as Python's own numbers and lists."""
    try:
        return {name: np.asarray(value, dtype=float).tolist() for name, value in figures.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"Expected the training of '{variant}' to return numbers or rows of numbers by name; "
            f"received {figures!r}."
        ) from error
