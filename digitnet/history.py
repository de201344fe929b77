"""What training recorded, a row an epoch."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from digitnet import notebook
from digitnet.artifact import write_atomically
from digitnet.records import read_record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class EpochLog:
    """The figures of one epoch.

    Attributes:
        epoch: Its number, from 1 on.
        loss: Mean training loss over the epoch, while the weights changed.
        accuracy: Training accuracy likewise, in [0, 1].
        val_loss: Validation loss after the epoch; `None` without validation.
        val_accuracy: Validation accuracy likewise, in [0, 1].
        val_metrics: The classifier's `metrics` likewise, by their names.
        learning_rate: The learning rate of the last step.
        epoch_seconds: Time of the epoch's training steps, validation not included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_metrics: dict[str, float] | None = None
    learning_rate: float
    epoch_seconds: float


@dataclass(frozen=True)
class History:
    """The epochs of a classifier so far, all `fit` calls together.

    A history is a value: it does not change after `fit` has returned it.
    """

    logs: tuple[EpochLog, ...] = ()

    def __len__(self) -> int:
        return len(self.logs)

    def __iter__(self) -> Iterator[EpochLog]:
        return iter(self.logs)

    def __getitem__(self, index: int) -> EpochLog:
        return self.logs[index]

    def with_log(self, log: EpochLog) -> History:
        """Return this history and one epoch more."""
        return History((*self.logs, log))

    @property
    def epoch(self) -> list[int]:
        """The epochs' numbers, from 1 on."""
        return [log.epoch for log in self.logs]

    @property
    def history(self) -> dict[str, list[float | None]]:
        """One list a figure, as in Keras; without any validation, no `val_` lists."""
        columns: dict[str, list[float | None]] = {}
        for name in (field.name for field in fields(EpochLog) if field.name != "epoch"):
            if name == "val_metrics":
                figures = [log.val_metrics or {} for log in self.logs]
                for metric in dict.fromkeys(metric for each in figures for metric in each):
                    columns[f"val_{metric}"] = [each.get(metric) for each in figures]
            else:
                columns[name] = [getattr(log, name) for log in self.logs]
        return {
            name: values
            for name, values in columns.items()
            if not (name.startswith("val_") and all(value is None for value in values))
        }

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a comma-separated table, a row an epoch, under a header.

        Raises:
            ArtifactError: The file could not be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        columns = self.history
        writer.writerow(["epoch", *columns])
        writer.writerows(zip(self.epoch, *columns.values(), strict=True))
        write_atomically(path, text.getvalue().encode())

    def plot(self) -> Figure:
        """Draw loss and accuracy over the epochs."""
        from digitnet.plots import learning_curves  # matplotlib is slow to import

        return learning_curves(self.epoch, self.history)

    def _repr_html_(self) -> str:
        columns = self.history
        rows = zip(self.epoch, *columns.values(), strict=True)
        shown = [["" if value is None else f"{value:.4g}" for value in row] for row in rows]
        curves = notebook.picture(self.plot()) if self.logs else ""
        return notebook.table(["epoch", *columns], shown) + curves

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> History:
        """Return the history that `to_rows` was given.

        Raises:
            ArtifactError: A row has other names, or something that is no number.
        """
        return cls(tuple(read_record(EpochLog, row) for row in rows))

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one plain dictionary an epoch, for JSON."""
        return [asdict(log) for log in self.logs]
