"""CIFAR-10 from wherever it is."""

from __future__ import annotations

import hashlib
import pickle
import shutil
import tarfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import CIFAR10

from digitnet import datasets
from digitnet.datasets.cifar10 import CLASSES
from digitnet.errors import DatasetUnavailableError, InvalidInputError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("DIGITNET_DATA", raising=False)
    monkeypatch.delenv("DIGITNET_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "digitnet"


@pytest.fixture
def pictures(tmp_path):
    """A folder that holds cifar10/ with two pictures a class, and one to test."""
    generator = np.random.default_rng(0)
    for part, count in (("train", 2), ("test", 1)):
        for name in CLASSES:
            folder = tmp_path / "data" / "cifar10" / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.jpg")
    return tmp_path / "data"


@pytest.fixture
def archive(pictures, tmp_path):
    (tmp_path / "packed").mkdir()
    with tarfile.open(tmp_path / "packed" / "cifar10-jpeg.tar.xz", "w:xz") as files:
        for part in ("train", "test"):
            files.add(pictures / "cifar10" / part, part)
    return tmp_path / "packed"


@pytest.mark.parametrize("where", ["root", "DIGITNET_DATA", "cache"])
def test_folders_are_found_and_decoded_once(pictures, cache, where, monkeypatch):
    if where == "DIGITNET_DATA":
        monkeypatch.setenv("DIGITNET_DATA", str(pictures))
    if where == "cache":
        shutil.copytree(pictures, cache)
    root = pictures if where == "root" else None
    train, test = datasets.cifar10(root)
    assert (train.name, test.name) == ("CIFAR-10 train (from JPEG)", "CIFAR-10 test (from JPEG)")
    assert train.classes == CLASSES
    assert train.images.shape == (20, 3, 32, 32)
    assert test.labels.tolist() == list(range(10))
    monkeypatch.setattr(Image, "open", None)  # decoding again would fail
    again, _ = datasets.cifar10(root)
    assert torch.equal(again.images, train.images)
    assert again.name == train.name


def test_a_picture_that_changed_is_read_again(pictures):
    train, _ = datasets.cifar10(pictures)
    Image.new("RGB", (32, 32)).save(pictures / "cifar10/train/airplane/0.jpg")
    assert datasets.cifar10(pictures)[0].images[0].sum() == 0 < train.images[0].sum()


def test_an_archive_gives_the_same_pictures_and_leaves_nothing_else(pictures, archive, cache):
    expected, _ = datasets.cifar10(pictures)
    train, _ = datasets.cifar10(archive)
    assert torch.equal(train.images, expected.images)
    assert {path.suffix for path in cache.iterdir()} == {".safetensors"}


def test_an_archive_that_is_cut_off_is_refused(archive, cache):
    file = archive / "cifar10-jpeg.tar.xz"
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(DatasetUnavailableError, match="damaged or cut off.*Get it again"):
        datasets.cifar10(archive)
    assert not cache.exists()


def test_a_damaged_file_in_the_cache_is_made_again(pictures, cache):
    train, _ = datasets.cifar10(pictures)
    (kept,) = cache.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="is damaged and is made again"):
        again, _ = datasets.cifar10(pictures)
    assert torch.equal(again.images, train.images)


def test_a_cache_that_cannot_be_written_is_told(pictures, cache):
    cache.parent.mkdir()
    cache.write_text("a file where a folder should be")
    with pytest.warns(UserWarning, match="could not be kept for the next time"):
        datasets.cifar10(pictures)


def test_other_classes_and_broken_pictures_are_refused(pictures):
    (pictures / "cifar10/test/cat/0.jpg").write_bytes(b"")
    with pytest.raises(InvalidInputError, match="1 are not: cat.0.jpg: cannot be read"):
        datasets.cifar10(pictures)
    shutil.rmtree(pictures / "cifar10/train/truck")
    with pytest.raises(InvalidInputError, match="Expected CIFAR-10's ten classes"):
        datasets.cifar10(pictures)


def test_nothing_anywhere_tells_where_it_was_looked_for(tmp_path, cache, monkeypatch):
    with pytest.raises(DatasetUnavailableError, match="was not found in '.*cache.digitnet'.*Put"):
        datasets.cifar10(download=False)
    monkeypatch.setenv("DIGITNET_OFFLINE", "1")
    with pytest.raises(DatasetUnavailableError, match="was not found in"):
        datasets.cifar10(tmp_path)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of a small archive in CIFAR-10's own format, which torchvision takes for it."""
    folder = tmp_path / "served" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    batch = {
        "data": generator.integers(0, 256, (3, 3072), dtype=np.uint8),
        "labels": [3, 0, 9],
    }
    contents = {"data_batch_1": batch, "test_batch": batch}
    contents["batches.meta"] = {"label_names": list(CLASSES)}
    sums = {}
    for name, content in contents.items():
        (folder / name).write_bytes(pickle.dumps(content))
        sums[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    packed = folder.parent / CIFAR10.filename
    with tarfile.open(packed, "w:gz") as files:
        files.add(folder, folder.name)
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder.parent))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *args: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{running.server_port}/{packed.name}"
        monkeypatch.setattr(CIFAR10, "url", address)
        monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(packed.read_bytes()).hexdigest())
        train = [["data_batch_1", sums["data_batch_1"]]]
        monkeypatch.setattr(CIFAR10, "train_list", train)
        monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
        meta = CIFAR10.meta | {"md5": sums["batches.meta"]}
        monkeypatch.setattr(CIFAR10, "meta", meta)
        yield batch
        running.shutdown()


def test_it_is_downloaded_checked_and_found_the_next_time(server, cache, monkeypatch):
    train, test = datasets.cifar10()
    assert train.name == "CIFAR-10 train"
    assert train.labels.tolist() == server["labels"]
    assert np.array_equal(test.images.flatten(1), server["data"])
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/")
    assert torch.equal(datasets.cifar10()[0].images, train.images)
    (cache / "cifar-10-batches-py" / "test_batch").write_bytes(b"damaged")
    with pytest.raises(DatasetUnavailableError, match="could not be read from .*Put whole files"):
        datasets.cifar10()


def test_a_download_that_fails_is_a_clear_error(server, monkeypatch, tmp_path):
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    with pytest.raises(DatasetUnavailableError, match="could not be downloaded into"):
        datasets.cifar10(tmp_path / "here")
