"""The record of a training."""

from __future__ import annotations

import csv

from digitnet.history import EpochLog, History

LOGS = (
    EpochLog(epoch=1, loss=0.5, accuracy=0.8, learning_rate=0.1, epoch_seconds=2.0),
    EpochLog(
        epoch=2,
        loss=0.25,
        accuracy=0.9,
        val_loss=0.3,
        val_accuracy=0.85,
        learning_rate=0.1,
        epoch_seconds=2.5,
    ),
)


def test_columns_are_kerass_and_leave_validation_out_where_there_was_none():
    assert History(LOGS[:1]).history == {
        "loss": [0.5],
        "accuracy": [0.8],
        "learning_rate": [0.1],
        "epoch_seconds": [2.0],
    }
    assert History(LOGS).history["val_accuracy"] == [None, 0.85]
    assert History(LOGS).epoch == [1, 2]


def test_a_history_is_a_sequence_that_does_not_change():
    history = History()
    longer = history.with_log(LOGS[0])
    assert len(history) == 0
    assert list(longer) == [LOGS[0]]
    assert longer[-1] is LOGS[0]


def test_csv_reads_back(tmp_path):
    History(LOGS).to_csv(tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert rows[0]["val_loss"] == ""
    assert float(rows[1]["val_loss"]) == 0.3
