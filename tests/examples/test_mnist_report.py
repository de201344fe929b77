"""The example makes every part of the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitnet import DigitClassifier, Evaluation, History
from digitnet.history import EpochLog

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "examples" / "mnist_report.py"
FIGURES = (
    "class_distribution",
    "confusion_matrix",
    "learning_curves",
    "mistakes",
    "per_class_accuracy",
    "samples",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder and the terminal output of an offline quick run with two seeds."""
    folder = tmp_path_factory.mktemp("report")
    environment = os.environ | {"DIGITNET_OFFLINE": "1", "XDG_CACHE_HOME": str(folder)}
    environment.pop("DIGITNET_DATA", None)
    command = [sys.executable, SCRIPT, "--quick", "--seeds", "2", "--out", folder / "report"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "report", done.stdout


def test_offline_it_warns_in_the_terminal_and_on_top_of_the_report(made):
    folder, output = made
    assert output.count("NOT COMPARABLE") == 2
    assert "not tried, as DIGITNET_OFFLINE is set" in output
    page = (folder / "report.md").read_text()
    assert page.splitlines()[2].startswith("> **NOT COMPARABLE.** MNIST could not be had")


def test_the_report_has_every_section_and_figure(made):
    folder, _ = made
    page = (folder / "report.md").read_text()
    for section in (
        "The data set",
        "Preprocessing",
        "The network",
        "Training",
        "Results",
        "Accuracy of each digit",
        "Confusions",
        "The worst mistakes",
        "The original's claims",
        "How this was made",
    ):
        assert f"\n## {section}\n" in page
    for name in FIGURES:
        assert f"]({name}.png)" in page
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert (
        "| 2 | Conv2d 3x3 (32->64, padding 1) + ReLU + MaxPool 2x2 | 64 x 7 x 7 | 18,496 |" in page
    )


def test_the_page_says_what_the_results_say(made):
    folder, _ = made
    results = json.loads((folder / "results.json").read_text())
    accuracies = [run["history"][1]["val_accuracy"] for run in results["runs"]]
    mean = 100 * sum(accuracies) / 2
    assert f"| 2 | {_mean_loss(results):.4f} | " in (folder / "report.md").read_text()
    assert f"{mean:.2f}% ± " in (folder / "report.md").read_text()
    assert [run["seed"] for run in results["runs"]] == [0, 1]
    assert results["machine"]["torch"]
    assert results["verdicts"] == []  # of two epochs nothing can be said


def _mean_loss(results):
    return sum(run["history"][1]["loss"] for run in results["runs"]) / 2


def test_claims_are_judged_by_the_numbers(fitted, digits, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from reporting import claims, original
    from reporting.runs import Run

    logs = tuple(
        EpochLog(
            epoch=epoch,
            loss=0.1,
            accuracy=0.894,
            val_loss=0.1,
            val_accuracy=0.978 + 0.0015 * (epoch - 1),
            learning_rate=1e-3,
            epoch_seconds=1.0,
        )
        for epoch in range(1, original.FINAL_EPOCH + 1)
    )
    labels = np.repeat(np.arange(10), 100)
    predictions = labels.copy()
    predictions[500:502] = 3  # 5 is read as 3 twice, 4 as 9 thrice: 97% and 98%
    predictions[400:403] = 9
    test = Evaluation(0.1, 0.995, tuple("0123456789"), labels, predictions, np.ones(1000))
    run = Run(0, fitted, History(logs), test, train_accuracy=0.999)
    final, first, every, hardest, pairs, gap = claims.judge([run, run])
    assert (final.found, final.holds) == ("99.15% ± 0.00", "no")
    assert (first.found[:6], first.holds) == ("89.40%", "yes")
    assert every.found.startswith("the lowest has 97.00% ± 0.00, ")
    assert every.holds == "in 0 of 2 seeds"
    assert hardest.found.startswith("4 is the hardest (97.00%) and 0 the easiest (100.00%)")
    assert hardest.holds == "no"
    assert " are 4/9 (6), 3/5 (4)" in pairs.found
    assert pairs.holds == "yes"
    assert (gap.found[:11], gap.holds) == ("0.40 points", "yes")


def test_the_model_of_the_first_seed_is_there(made):
    folder, _ = made
    results = json.loads((folder / "results.json").read_text())
    loaded = DigitClassifier.load(folder / "model.safetensors")
    assert loaded.history.to_rows() == results["runs"][0]["history"]


def test_without_files_mnist_alone_is_an_error(tmp_path):
    environment = os.environ | {"DIGITNET_OFFLINE": "1", "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("DIGITNET_DATA", None)
    command = [sys.executable, SCRIPT, "--data", "mnist", "--out", tmp_path / "report"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "MNIST was not found" in done.stderr
    assert not (tmp_path / "report").exists()
