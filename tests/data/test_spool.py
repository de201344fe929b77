"""Sets larger than memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.utils.data import TensorDataset

from digitnet import DigitClassifier, datasets
from digitnet.data import spool
from digitnet.data.spool import Spool, room, taken
from digitnet.processes import Processes

JOBS = Path(__file__).parents[1] / "jobs"


@pytest.fixture
def little_room(monkeypatch):
    """Let a process have room for ten digits, and note the files that it opens."""
    opened = []
    make = spool.tempfile.TemporaryFile
    monkeypatch.setattr(spool, "room", lambda: 10 * 784)
    monkeypatch.setattr(
        spool.tempfile,
        "TemporaryFile",
        lambda **options: opened.append(make(**options)) or opened[-1],
    )
    return opened


def pictures(count):
    return torch.randint(256, (count, 1, 28, 28), dtype=torch.uint8)


def test_few_pictures_stay_in_memory_and_many_go_to_a_file_unchanged(little_room):
    for count, files in ((10, 0), (11, 1), (57, 2)):
        images, spooled = pictures(count), Spool()
        for part in images.split(7):
            spooled.add(part)
        assert torch.equal(spooled.tensor(), images)
        assert len(little_room) == files
        assert all(file.closed for file in little_room)


def test_a_file_that_vanishes_from_the_folder_serves_its_tensor_to_the_end(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(spool.tempfile, "tempdir", None)
    monkeypatch.setattr(spool, "room", lambda: 0)
    images, spooled = pictures(20), Spool()
    spooled.add(images)
    tensor = spooled.tensor()
    assert not list(tmp_path.iterdir())
    assert torch.equal(tensor[5:], images[5:])


@pytest.mark.parametrize("index", [torch.arange(40, 10, -2), torch.arange(57) % 3 > 0])
def test_what_is_taken_is_what_indexing_gives(little_room, index):
    images = pictures(57)
    assert torch.equal(taken(images, index), images[index])
    assert len(little_room) == 1


def test_a_set_in_a_file_trains_to_the_same_bits_as_one_in_memory(digits, tmp_path, monkeypatch):
    train = digits[0][:120]
    for number, (picture, label) in enumerate(
        zip(train.images, train.labels.tolist(), strict=True)
    ):
        (tmp_path / "set" / str(label)).mkdir(parents=True, exist_ok=True)
        path = tmp_path / "set" / str(label) / f"{number:03d}.png"
        Image.fromarray(picture[0].numpy()).save(path)

    def outcomes():
        for data in (TensorDataset(train.images, train.labels), tmp_path / "set"):
            classifier = DigitClassifier("mlp", seed=1)
            history = classifier.fit(data, epochs=1, validation_split=0.2, verbose=0)
            yield history[0].loss, history[0].val_loss, classifier.score(data)

    expected = list(outcomes())
    assert expected[0] != expected[1]  # a folder is in the order of its classes
    monkeypatch.setattr(spool, "room", lambda: 0)
    assert list(outcomes()) == expected
    assert datasets.image_folder(tmp_path / "set").images.shape == train.images.shape


def test_a_limit_and_other_processes_of_the_host_leave_less_room(monkeypatch):
    whole = room()
    monkeypatch.setattr(spool, "current", lambda: Processes(local_world_size=2))
    assert room() == pytest.approx(whole / 2, rel=0.01)
    monkeypatch.setattr(resource, "getrlimit", lambda what: (2**60, 2**60))
    assert room() == pytest.approx(whole / 2, rel=0.01)
    monkeypatch.setattr(resource, "getrlimit", lambda what: (1000, 1000))
    assert room() == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts what the limit is on")
def test_fit_streams_three_times_the_memory_that_the_process_may_take():
    done = subprocess.run(
        [sys.executable, JOBS / "stream.py"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["fits"] is False  # in memory at once it does not
    assert found["accuracy"] == 1
