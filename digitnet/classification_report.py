"""Precision, recall and F1 of each class, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_HEADINGS = ("precision", "recall", "f1-score", "support")


@dataclass(frozen=True)
class Scores:
    """Figures of one class, or means over all.

    Attributes:
        name: The class's name, or what the mean is called.
        precision: Share of the images read as this class that are of it, in [0, 1].
        recall: Share of the class's images that were read as it, in [0, 1].
        f1: Harmonic mean of the two, in [0, 1].
        support: Images of the class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassificationReport:
    """Figures of each class; `print` shows them as scikit-learn's `classification_report` does.

    Precision is 0 where nothing was read as a class, recall is 0 where there are no images of it,
    and F1 where there is neither.

    Attributes:
        per_class: A row for each class.
        accuracy: Share of images read right, in [0, 1].
        macro_average: Mean over the classes.
        weighted_average: Mean over the classes, each as often as it has images.
    """

    per_class: tuple[Scores, ...]
    accuracy: float
    macro_average: Scores
    weighted_average: Scores

    def to_dict(self) -> dict[str, Any]:
        """Return the figures by name, as scikit-learn does with `output_dict=True`."""
        rows = {
            row.name: dict(
                zip(_HEADINGS, (row.precision, row.recall, row.f1, row.support), strict=True)
            )
            for row in (*self.per_class, self.macro_average, self.weighted_average)
        }
        return rows | {"accuracy": self.accuracy}

    def __str__(self) -> str:
        averages = (self.macro_average, self.weighted_average)
        width = max(len(row.name) for row in (*self.per_class, *averages))

        def line(name: str, cells: tuple[object, ...]) -> str:
            return f"{name:>{width}} " + "".join(f" {cell:>9}" for cell in cells)

        def line_of(row: Scores) -> str:
            shares = (f"{share:.4f}" for share in (row.precision, row.recall, row.f1))
            return line(row.name, (*shares, row.support))

        pictures = self.macro_average.support
        lines = [
            line("", _HEADINGS),
            "",
            *map(line_of, self.per_class),
            "",
            line("accuracy", ("", "", f"{self.accuracy:.4f}", pictures)),
            *map(line_of, averages),
        ]
        return "\n".join(lines) + "\n"
