"""The experiments make their pages, go on where they stopped, and say what came out."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet import datasets
from digitnet.experiments import Difference

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
VARIANTS = {"convolution": 4, "normalization": 6, "augmentation": 6, "deeper_network": 10}
UP, DOWN, NEITHER = Difference(0.01, 0.005, 0.015), Difference(-0.01, -0.02, -0.005), Difference(
    0.0, -0.01, 0.01
)  # fmt: skip


def save(images, folder):
    for number, (picture, label) in enumerate(
        zip(images.images, images.labels.tolist(), strict=True)
    ):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[0].numpy()).save(folder / str(label) / f"{number}.png")


def run(name, *options):
    command = [sys.executable, EXAMPLES / f"{name}.py", "--quick", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of few pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    train, test = datasets.synthetic(train=300, test=200)
    save(train, folder / "train")
    save(test, folder / "test")
    return folder


@pytest.fixture(scope="module")
def pages(pictures, tmp_path_factory):
    """The folders that all experiments have written."""
    out = tmp_path_factory.mktemp("out")
    for name in VARIANTS:
        done = run(name, "--data", pictures, "--out", out / name)
        assert done.returncode == 0, done.stderr
    return out


@pytest.mark.parametrize("name", VARIANTS)
def test_page_figures_and_results_are_there(pages, name):
    folder = pages / name
    page = (folder / "index.md").read_text()
    results = json.loads((folder / "results.json").read_text())
    assert f"**Found:** {results['found']}" in page
    assert f"`{results['command']}`" in page
    assert "NOT COMPARABLE" in page.splitlines()[2]
    shown = re.findall(r"\]\((.+?\.png)\)", page)
    assert sorted(shown) == sorted(path.name for path in folder.glob("*.png"))
    trainings = json.loads((folder / "trainings.json").read_text())["trainings"]
    assert len(trainings) == 2 * VARIANTS[name]
    assert "nan" not in page


def test_the_page_says_what_the_trainings_say(pages):
    page = (pages / "convolution" / "index.md").read_text()
    content = json.loads((pages / "convolution" / "trainings.json").read_text())
    ends = [
        100 * training["figures"]["test accuracy"][-1]
        for training in content["trainings"]
        if training["variant"] == "mlp"
    ]
    assert f"| mlp | 421,398 | {np.mean(ends):.2f}% ± {np.std(ends, ddof=1):.2f} |" in page


def test_a_finished_experiment_trains_nothing_again(pages, pictures):
    kept = pages / "convolution" / "trainings.json"
    before = kept.stat().st_mtime_ns
    page = (pages / "convolution" / "index.md").read_text().split("## How")[0]
    done = run("convolution", "--data", pictures, "--out", pages / "convolution")
    assert done.returncode == 0, done.stderr
    assert "seed 0:" not in done.stdout
    assert kept.stat().st_mtime_ns == before
    assert (pages / "convolution" / "index.md").read_text().split("## How")[0] == page


def test_one_seed_gives_the_same_accuracies_again(pages, pictures, tmp_path):
    done = run("convolution", "--data", pictures, "--seeds", "1", "--out", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    again, before = (
        json.loads((folder / "trainings.json").read_text())["trainings"]
        for folder in (tmp_path / "again", pages / "convolution")
    )
    for training in (*again, *before):
        assert training["figures"].pop("seconds") > 0
    assert again == [training for training in before if training["seed"] == 0]


def test_pictures_of_another_shape_are_an_error_before_anything_is_trained(tmp_path):
    for part in ("train", "test"):
        for label in range(10):
            folder = tmp_path / part / str(label)
            folder.mkdir(parents=True)
            Image.new("RGB", (32, 32), "red").save(folder / "0.png")
    done = run("convolution", "--data", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "received 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 in pictures of (3, 32, 32)" in done.stderr
    assert "ImageClassifier" in done.stderr
    assert not (tmp_path / "out").exists()


def test_conclusions_follow_from_the_numbers(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    found = runpy.run_path(str(EXAMPLES / "convolution.py"))["_found"]
    assert "the claim holds." in found(UP, NEITHER, DOWN, NEITHER)
    assert "not borne out" in found(DOWN, NEITHER, NEITHER, NEITHER)
    assert "cannot be told from" in found(NEITHER, NEITHER, NEITHER, NEITHER)

    found = runpy.run_path(str(EXAMPLES / "normalization.py"))["_found"]
    for sign, claim in ((UP, "holds"), (NEITHER, "is not borne out"), (DOWN, "does not hold")):
        kinds = ("unsteadiness", "steps to settle", "first loss", "first accuracy")
        costs = {rate: dict.fromkeys(kinds, sign) for rate in ("0.001", "0.003", "0.01")}
        assert f"the claim {claim}." in found(costs, NEITHER)

    script = runpy.run_path(str(EXAMPLES / "deeper_network.py"))
    names = [script["_name"](10, 32, norm) for norm in (True, False)]
    falling, rising = dict.fromkeys(names, DOWN), dict.fromkeys(names, UP)
    assert "over-fitting shows in 10 conv" in script["_found"](falling, falling, rising)
    assert "over-fitting does not show" in script["_found"](rising, rising, rising)


@pytest.mark.parametrize("depth", [2, 4, 6, 10])
def test_a_deeper_network_has_as_many_convolutions_as_it_says(monkeypatch, depth):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    network = runpy.run_path(str(EXAMPLES / "deeper_network.py"))["network"](depth, 32, True)
    convolutions = [layer for layer in network.modules() if type(layer).__name__ == "Conv2d"]
    assert len(convolutions) == depth


def test_the_shallowest_is_the_reports_network(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    network = runpy.run_path(str(EXAMPLES / "deeper_network.py"))["network"](2, 32, False)
    assert sum(parameter.numel() for parameter in network.parameters()) == 421_642
