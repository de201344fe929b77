"""The callbacks that come with the library."""

from __future__ import annotations

import csv
import io
import sys
from types import SimpleNamespace

import pytest

from digitnet import DigitClassifier
from digitnet.callbacks import (
    Callback,
    CSVLogger,
    EpochPrinter,
    LambdaCallback,
    PlotCurves,
    ProgressBar,
    progress_bar,
)
from digitnet.errors import CallbackError, InvalidInputError


@pytest.fixture
def classifier(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # another test may import it
    return DigitClassifier("mlp", seed=0)


def test_a_misspelt_hook_is_an_error_when_the_class_is_defined():
    with pytest.raises(InvalidInputError, match=r"Typo.on_epoch_ends is no hook .* on_epoch_end,"):

        class Typo(Callback):
            def on_epoch_ends(self, state):
                pass


def test_the_csv_log_holds_the_whole_history_after_each_epoch(classifier, digits, tmp_path):
    path = tmp_path / "log.csv"
    rows_seen = []

    class Watch(Callback):
        def on_epoch_end(self, state):
            rows_seen.append(len(path.read_text().splitlines()) - 1)

    callbacks = [CSVLogger(path), Watch()]
    classifier.fit(digits[0][:50], epochs=2, callbacks=callbacks, verbose=0)
    classifier.fit(
        digits[0][:50], epochs=1, callbacks=callbacks, validation_data=digits[1], verbose=0
    )
    assert rows_seen == [1, 2, 3]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == classifier.history.history["loss"]
    assert [row["val_loss"] != "" for row in rows] == [False, False, True]


def test_a_log_that_cannot_be_written_names_the_callback(classifier, digits, tmp_path):
    with pytest.raises(CallbackError, match=r"CSVLogger.on_train_begin .* there is no folder"):
        classifier.fit(digits[0][:50], epochs=1, callbacks=[CSVLogger(tmp_path / "no" / "log")])


def test_curves_are_drawn_after_each_epoch(classifier, digits, tmp_path):
    path = tmp_path / "curves.png"
    classifier.fit(digits[0][:50], epochs=1, callbacks=[PlotCurves(path)], verbose=0)
    first = path.read_bytes()
    assert first.startswith(b"\x89PNG")
    classifier.fit(digits[0][:50], epochs=1, callbacks=[PlotCurves(path)], verbose=0)
    assert path.read_bytes() != first


@pytest.mark.parametrize("verbose", [1, 2, "auto"])
def test_without_a_terminal_there_is_a_line_an_epoch(classifier, digits, capsys, verbose):
    classifier.fit(digits[0][:50], epochs=2, validation_data=digits[1], verbose=verbose)
    out, error = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("Epoch 2/2: ")
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert f" {name} " in lines[1]
    assert error == ""


def test_verbose_0_is_silent(classifier, digits, capsys):
    classifier.fit(digits[0][:50], epochs=1, verbose=0)
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_in_a_terminal_there_is_a_bar_an_epoch_and_then_a_line(
    classifier, digits, monkeypatch, capsys
):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress_bar, "REFRESH_SECONDS", 0.0)
    train = digits[0][:100]
    classifier.fit(train, epochs=2, validation_data=digits[1], verbose=1)
    shown = terminal.getvalue()
    assert "Epoch 2/2: 100%" in shown
    assert "100/100" in shown
    assert "pictures/s, loss " in shown
    assert shown.endswith("\r")  # the bar has gone
    lines = capsys.readouterr().out.splitlines()
    assert [line[:11] for line in lines] == ["Epoch 1/2: ", "Epoch 2/2: "]
    assert "val_accuracy" in lines[1]


def test_a_notebook_without_ipywidgets_has_a_plain_bar_and_no_warning(
    classifier, digits, monkeypatch, capsys
):
    kernel = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: kernel))
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    for name in ("tqdm.auto", "tqdm.autonotebook", "tqdm.notebook"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    classifier.fit(digits[0][:100], epochs=1, verbose=1)
    shown = capsys.readouterr()
    assert "Epoch 1/1: " in shown.out
    assert "100/100" in shown.out
    assert shown.err == ""


def test_a_bar_is_closed_by_ctrl_c(classifier, digits, monkeypatch):
    class Interrupt(Callback):
        def on_batch_end(self, state):
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stderr", Terminal())
    bar = ProgressBar()
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(digits[0][:100], epochs=1, callbacks=[bar, Interrupt()], verbose=0)
    assert bar._bar is None


def test_a_bar_reads_the_loss_at_most_ten_times_a_second(classifier, digits, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    clock = iter(range(10_000))
    monkeypatch.setattr("time.monotonic", lambda: next(clock) * 0.01)  # 10 ms a step
    reads = []

    class Watch(Callback):
        def on_epoch_begin(self, state):
            read = state.running.read
            state.running.read = lambda: reads.append(state.step) or read()

    classifier.fit(
        digits[0][:100], epochs=1, batch_size=1, callbacks=[Watch(), ProgressBar()], verbose=0
    )
    assert 1 <= len(reads) <= 11


def test_evaluating_shows_a_bar_that_vanishes(fitted, digits, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    fitted.evaluate(digits[1], verbose=1)
    assert "Evaluating" in terminal.getvalue()
    assert terminal.getvalue().rstrip(" ").endswith("\r")


def test_one_printer_serves_two_fits(classifier, digits, capsys):
    printer = EpochPrinter()
    for _ in range(2):
        classifier.fit(digits[0][:20], epochs=1, callbacks=[printer], verbose=0)
    assert [line[:11] for line in capsys.readouterr().out.splitlines()] == [
        "Epoch 1/1: ",
        "Epoch 2/2: ",
    ]


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_what_stops_a_training_is_printed(verbose, classifier, digits, capsys):
    stop = LambdaCallback(on_batch_end=lambda state: state.stop("enough"))
    history = classifier.fit(digits[0][:20], epochs=3, callbacks=[stop], verbose=verbose)
    assert len(history) == 1
    printed = capsys.readouterr().out
    assert printed.endswith("Stopped after epoch 1: enough\n") == (verbose > 0)


def test_a_log_that_another_program_has_open_goes_on(small, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("old")
    with path.open() as other:
        DigitClassifier("mlp").fit(small[0], epochs=2, callbacks=[CSVLogger(path)], verbose=0)
        assert other.read() == "old"  # what it had opened is as it was
    assert len(path.read_text().splitlines()) == 3
