"""The example makes every part of the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from digitnet import DigitClassifier

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
        "What was taken for what",
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
    assert len(results["verdicts"]) == 6


def _mean_loss(results):
    return sum(run["history"][1]["loss"] for run in results["runs"]) / 2


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
