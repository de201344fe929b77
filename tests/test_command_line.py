"""The command `digitnet` in terminals, pipes and scripts."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from digitnet import DigitClassifier, ImageClassifier, __version__
from digitnet.command_line import main
from digitnet.models import NETWORKS
from digitnet.pictures import Box, Digit, Found

ROOT = Path(__file__).parents[1]


def found_digit(label, left, top):
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[label] = 0.91
    pixels = np.full((28, 28), label, np.uint8)
    box = Box(left, top, left + 20, top + 40)
    return Digit(box, 0.99, 0.8, None, pixels, probabilities, 0)


@pytest.fixture
def finding(monkeypatch, tmp_path):
    """Go to a folder of pictures; in light ones a stand-in finds 12, and 3 below."""
    digits = [found_digit(1, 20, 20), found_digit(2, 50, 20), found_digit(3, 20, 100)]

    def find(greys, classify):
        return [Found(digits if grey.mean() > 0.5 else [], [], []) for grey in greys]

    monkeypatch.setattr("digitnet.digits.find_digits", find)
    monkeypatch.chdir(tmp_path)
    for name, level in (("photo.jpg", 255), ("other.png", 255), ("blank.png", 0)):
        Image.new("L", (200, 200), level).save(name)
    Path("broken.jpg").write_text("no picture")


def test_in_a_pipe_each_file_is_a_line(finding, capsys):
    assert main(["read", "photo.jpg", "blank.png"]) == 0
    assert capsys.readouterr().out == (
        "photo.jpg\t12 | 3\t0.9100\t\nblank.png\t\t0.0000\tnothing written found\n"
    )
    assert main(["predict", "photo.jpg", "blank.png"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "photo.jpg\t2\t0.9100\tseveral digits: use read()"
    assert second == "blank.png\t\t0.0000\tnothing written found"


def test_csv_and_json_hold_what_was_read(finding, capsys):
    assert main(["read", "photo.jpg", "blank.png", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["text"] for row in rows] == ["12\n3", ""]
    assert rows[1]["warnings"] == "nothing written found"
    assert main(["read", "photo.jpg", "blank.png", "--json"]) == 0
    photo, blank = map(json.loads, capsys.readouterr().out.splitlines())
    assert photo["file"] == "photo.jpg"
    assert photo["text"] == "12\n3"
    assert [number["text"] for number in photo["numbers"]] == ["12", "3"]
    assert photo["numbers"][0]["box"] == [20, 20, 70, 60]
    assert [one["digit"] for one in photo["numbers"][0]["digits"]] == [1, 2]
    assert blank["numbers"] == []
    assert main(["predict", "photo.jpg", "blank.png", "--json"]) == 0
    photo, blank = map(json.loads, capsys.readouterr().out.splitlines())
    assert (photo["digit"], blank["digit"]) == (2, None)
    assert photo["probabilities"][2] == pytest.approx(0.91)


def test_in_a_terminal_there_is_a_table(finding, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Path("photo.jpg").rename("[red]photo.jpg")  # no markup
    assert main(["read", "[red]photo.jpg"]) == 0
    out = capsys.readouterr().out
    assert "confidence" in out
    assert re.search(r"\[red\]photo.jpg +│ 12 +│ 0.9100", out)


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(finding, capsys):
    assert main(["read", "gone.jpg", "photo.jpg", "broken.jpg", ".", "other.png"]) == 1
    out, err = capsys.readouterr()
    assert [line.split("\t")[0] for line in out.splitlines()] == ["photo.jpg", "other.png"]
    first, second, third = err.splitlines()
    assert (
        first == "digitnet: gone.jpg: Expected a picture; there is no 'gone.jpg'. Check the path."
    )
    assert second.startswith("digitnet: broken.jpg: Expected a picture; 'broken.jpg' is none")
    assert "is a folder" in third


def test_a_dash_is_standard_input(finding, capsys, monkeypatch):
    stdin = SimpleNamespace(buffer=io.BytesIO(Path("photo.jpg").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["read", "-"]) == 0
    assert capsys.readouterr().out == "-\t12 | 3\t0.9100\t\n"
    assert main(["read", "-"]) == 1
    assert "digitnet: -: Expected a picture; the data is empty" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="the system decides on names")
def test_any_name_of_a_file_stays_on_its_line(finding, capsys):
    names = ["two\nlines\tand a tab.jpg", os.fsdecode(b"\xff.jpg"), "ü.jpg"]
    for name in names:
        os.link("photo.jpg", name)
    assert main(["read", *names]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [
        "two | lines and a tab.jpg",
        "\\udcff.jpg",
        "ü.jpg",
    ]
    assert main(["read", *names, "--json"]) == 0
    assert [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()] == names


def is_png(path):
    with Image.open(path) as image:
        return image.format == "PNG"


def test_boxes_and_stages_are_drawn(finding, capsys):
    assert main(["read", "photo.jpg", "--boxes", "boxes.png", "--explain", "stages.png"]) == 0
    assert is_png("boxes.png")
    assert is_png("stages.png")
    assert main(["read", "photo.jpg", "broken.jpg", "other.png", "--boxes", "new/boxes"]) == 1
    assert sorted(path.name for path in Path("new/boxes").iterdir()) == ["other.png", "photo.png"]
    assert main(["predict", "photo.jpg", "--explain", "new"]) == 0
    assert is_png("new/photo.png")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("read photo.jpg other.png --boxes boxes.png", "Write --boxes boxes."),
        ("read photo.jpg --boxes boxes.jpg", "Write --boxes boxes.png."),
        ("read photo.jpg --boxes one.png --explain one.png", "would be overwritten"),
        ("read other.png --boxes other.png", "would be overwritten"),
        ("read other.png photo.jpg --boxes .", "would be overwritten"),
        ("read photo.jpg sub/photo.jpg --explain stages", "would be overwritten"),
        ("read photo.jpg --boxes broken.jpg/boxes", "Could not make the folder"),
        ("read photo.jpg --json --csv", "not allowed with"),
        ("read", "required"),
        ("", "required"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(
    finding, capsys, arguments, message
):
    before = {path: path.read_bytes() for path in Path().iterdir()}
    with pytest.raises(SystemExit) as caught:
        main(arguments.split())
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_a_drawing_that_cannot_be_written_is_an_error_after_the_text(finding, capsys):
    assert main(["read", "photo.jpg", "--boxes", "none/boxes.png"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("photo.jpg\t12 | 3")
    assert "digitnet: photo.jpg: Could not write" in err


def test_a_classifier_of_ones_own_reads(finding, fitted, capsys, monkeypatch):
    fitted.save("own.safetensors")
    seeds = []
    read = DigitClassifier.read
    monkeypatch.setattr(
        DigitClassifier, "read", lambda self, file: seeds.append(self.seed) or read(self, file)
    )
    assert main(["read", "photo.jpg", "--model", "own.safetensors"]) == 0
    assert seeds == [fitted.seed]
    assert main(["read", "photo.jpg", "--model", "broken.jpg"]) == 1
    assert "digitnet: 'broken.jpg' is not a safetensors file" in capsys.readouterr().err


def described(path, capsys):
    assert main(["info", str(path)]) == 0
    return dict(line.split("\t") for line in capsys.readouterr().out.splitlines())


def test_info_describes_a_saved_classifier(fitted, digits, tmp_path, capsys):
    path = tmp_path / "digits.safetensors"
    fitted.save(path)
    info = described(path, capsys)
    assert info["network"] == "report"
    assert info["parameters"] == "421,642"
    assert info["classes"] == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert info["input shape"] == "1 x 28 x 28"
    assert info["recipe"].startswith("report, batch size 64")
    assert info["epochs"] == "2"
    assert info["training accuracy"] == f"{fitted.history[-1].accuracy:.2%}"
    assert info["validation accuracy"] == f"{fitted.history[-1].val_accuracy:.2%}"
    assert info["temperature"] == "1"
    assert f"digitnet {__version__}" in info["versions"]
    assert f"torch {torch.__version__}" in info["versions"]


def own_network():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(2704, 2))


@pytest.mark.parametrize("network", [*NETWORKS, "slim*3", own_network])
def test_info_counts_the_parameters_of_every_network(network, tmp_path, capsys):
    network = network if isinstance(network, str) else network()
    classifier = ImageClassifier(network, classes=["a", "b"], input_shape=(1, 28, 28), seed=0)
    classifier.fit(torch.randint(256, (4, 28, 28)), [0, 1, 0, 1], epochs=1, verbose=0)
    classifier.save(tmp_path / "model")
    parameters = sum(weights.numel() for weights in classifier.model.parameters())
    info = described(tmp_path / "model", capsys)
    assert info["parameters"] == f"{parameters:,}"
    assert info["validation accuracy"] == "unknown"


def test_info_of_other_files_is_an_error(tmp_path, capsys):
    (tmp_path / "other").write_text("no model")
    for name in ("gone", "other"):
        assert main(["info", str(tmp_path / name)]) == 1
        assert name in capsys.readouterr().err


def test_ctrl_c_ends_quietly(finding, capsys, monkeypatch):
    def interrupt(self, source):
        raise KeyboardInterrupt

    monkeypatch.setattr(DigitClassifier, "read", interrupt)
    assert main(["read", "photo.jpg"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_closed_pipe_ends_quietly(finding, capsys, monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(sys, "stdout", os.fdopen(writer, "w"))
    assert main(["read", "photo.jpg", "other.png"]) == 141
    sys.stdout.close()
    assert capsys.readouterr().err == ""


def test_help_and_version_import_no_torch():
    for option, text in (("--help", "digitnet read postcode.jpg"), ("--version", __version__)):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "digitnet", option],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        assert text in done.stdout
        modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "digitnet.command_line" in modules
        assert not {"torch", "numpy", "rich", "PIL"} & modules


def test_the_commands_of_the_page_run(finding, fitted, capsys):
    """Each line of its `bash` blocks that begins with the command, up to a pipe."""
    page = (ROOT / "docs" / "command_line.md").read_text()
    blocks = "".join(re.findall(r"```bash\n(.*?)```", page, re.S))
    commands = re.findall(r"^digitnet ([^|>#\n]+)", blocks, re.M)
    assert len(commands) >= 5
    Path("scans").mkdir()
    for name in ("postcode.jpg", "form.jpg", "digit.png", "scans/1.png", "scans/2.png"):
        Image.new("L", (200, 200), 255).save(name)
    fitted.save("digits.safetensors")
    for command in commands:
        arguments = [
            name
            for word in shlex.split(command)
            for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])
        ]
        assert main(arguments) == 0, command
