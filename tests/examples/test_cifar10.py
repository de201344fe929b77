"""The example learns both recipes, tells what came of it, and goes on where it was interrupted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from digitnet import ImageClassifier, ImageSet
from digitnet.callbacks import Checkpoint
from digitnet.datasets.cifar10 import CLASSES
from digitnet.recipe import REPORT

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "examples" / "cifar10.py"
FIGURES = (
    "accuracy_over_time",
    "confusion_matrix",
    "learning_curves_cifar10",
    "learning_curves_report",
    "mistakes",
    "per_class_accuracy",
    "samples",
)
TABLES = ("classes", "conditions", "confusions", "over_time", "results")


def run(folder, *options):
    """Run the script without CIFAR-10."""
    environment = os.environ | {"DIGITNET_OFFLINE": "1", "XDG_CACHE_HOME": str(folder)}
    environment.pop("DIGITNET_DATA", None)
    command = [sys.executable, SCRIPT, "--quick", "--epochs", "1", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder and the terminal output of a quick run with one seed, then with another."""
    folder = tmp_path_factory.mktemp("cifar10")
    first, second = (run(folder, "--seeds", n, "--out", folder / "out") for n in ("1", "2"))
    for done in (first, second):
        assert done.returncode == 0, done.stderr
    return folder / "out", first.stdout, second.stdout


def test_without_cifar10_it_warns_in_the_terminal_and_on_the_page(made):
    folder, output, _ = made
    assert output.count("NOT COMPARABLE") == 2
    assert "CIFAR-10 was not found" in output
    for name in ("report", "results", "over_time", "classes"):
        text = (folder / f"{name}.md").read_text()
        assert "**NOT COMPARABLE.** These figures are of patterns drawn by a program" in text


def test_the_page_shows_every_table_and_figure(made):
    folder, _, _ = made
    page = (folder / "report.md").read_text()
    for name in FIGURES:
        assert f"]({name}.png)" in page
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    for name in TABLES:
        assert (folder / f"{name}.md").read_text() in page


def test_seeds_that_are_trained_are_not_trained_again(made):
    _, first, second = made
    assert first.count("Epoch 1/1") == 2  # a line for each recipe
    assert second.count("Epoch 1/1") == 2  # the second seed alone


def test_the_tables_say_what_the_results_say(made):
    folder, _, _ = made
    results = json.loads((folder / "results.json").read_text())
    for name, runs in results["runs"].items():
        assert [run["seed"] for run in runs] == [0, 1]
        percent = [100 * run["test_accuracy"] for run in runs]
        cell = f"{np.mean(percent):.2f}% ± {np.std(percent, ddof=1):.2f}"
        (row,) = (line for line in _lines(folder, "results") if line.startswith(f"| `{name}`"))
        assert cell in row
        assert run_seconds(runs) in row
        for label, wanted in enumerate(CLASSES):
            per_class = [100 * run["per_class"][label] for run in runs]
            (row,) = (line for line in _lines(folder, "classes") if f"| {wanted} |" in line)
            assert f"{np.mean(per_class):.2f}% ± " in row
    assert results["machine"]["torch"]
    assert results["recipes"]["cifar10"]["augmentation"]["flip"] == 0.5


def run_seconds(runs):
    seconds = [sum(log["epoch_seconds"] for log in run["history"]) for run in runs]
    return f"{np.median(seconds):.0f} ({min(seconds):.0f} to {max(seconds):.0f})"


def _lines(folder, name):
    return (folder / f"{name}.md").read_text().splitlines()


def test_the_networks_are_there(made):
    folder, _, _ = made
    results = json.loads((folder / "results.json").read_text())
    (path,) = folder.glob("cifar10-1-epochs-*-1.safetensors")
    loaded = ImageClassifier.load(path)
    assert loaded.history.to_rows() == results["runs"]["cifar10"][1]["history"]
    assert not any((folder / "checkpoints").iterdir())


def test_a_trial_on_pictures_in_the_order_of_classes_sees_all_classes(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from reporting.options import _part

    labels = torch.arange(10).repeat_interleave(15)
    images = ImageSet(torch.zeros(150, 1, 2, 2, dtype=torch.uint8), labels, CLASSES)
    for most in (10, 80, 100, 1000):
        part = _part(images, most)
        assert len(part) == min(most, 150)
        assert part.class_counts.min() >= min(most, 150) // 10 - 1
        assert part.class_counts.min() > 0


def test_without_files_cifar10_alone_is_an_error(tmp_path):
    done = run(tmp_path, "--data", "cifar-10", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "CIFAR-10 was not found" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_interrupted_training_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from reporting import colours
    from reporting.options import Data

    class Interrupted(Checkpoint):
        def on_epoch_begin(self, state):
            if state.epoch:
                raise KeyboardInterrupt

    def train(folder):
        return colours.train_once(recipe, data, seed=0, epochs=2, kept=folder)

    recipe = replace(REPORT, network="slim", batch_size=50)
    data = Data(colours.patterns(200, seed=0), colours.patterns(50, seed=1), "")
    whole = train(tmp_path / "whole")
    monkeypatch.setattr(colours, "Checkpoint", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "resumed")
    monkeypatch.setattr(colours, "Checkpoint", Checkpoint)
    capsys.readouterr()
    resumed = train(tmp_path / "resumed")
    assert capsys.readouterr().out.count("Epoch ") == 1
    assert resumed.test.loss == whole.test.loss
    assert [log.loss for log in resumed.classifier.history] == [
        log.loss for log in whole.classifier.history
    ]
