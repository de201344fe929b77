"""MNIST is found under the names and in the places that people have, and checked."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from small_mnist import FILES, check, put

from digitnet import datasets
from digitnet.errors import DatasetUnavailableError

pytestmark = pytest.mark.usefixtures("small_mnist")


@pytest.mark.parametrize("subfolder", ["", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("place", ["root", "variable", "cache"])
def test_files_are_found_in_each_place(tmp_path, monkeypatch, subfolder, packed, place):
    base = tmp_path / "cache" / "digitnet" if place == "cache" else tmp_path / place
    put(base / subfolder, packed=packed)
    if place == "variable":
        monkeypatch.setenv("DIGITNET_DATA", str(base))
    check(datasets.mnist(base if place == "root" else None, download=False))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "form",
    ["{dotted}", "{name}/{name}", "{dotted}/{dotted}", "{dotted}/{name}", "{name}.gz/{name}"],
)
def test_files_are_found_under_the_names_that_people_have(tmp_path, form, packed):
    for name, content in FILES.items():
        path = tmp_path / form.format(name=name, dotted=name.replace("-idx", ".idx"))
        path = path.with_name(f"{path.name}.gz") if packed else path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(content) if packed else content)
    check(datasets.mnist(tmp_path, download=False))


def test_a_file_that_a_browser_unpacked_and_still_calls_gz_is_read(tmp_path):
    for name, content in FILES.items():
        (tmp_path / f"{name}.gz").write_bytes(content)
    check(datasets.mnist(tmp_path, download=False))


def arrays():
    """MNIST's small files as Keras's archive has them."""
    found = {}
    for part, short in (("train", "train"), ("t10k", "test")):
        images = np.frombuffer(FILES[f"{part}-images-idx3-ubyte"][16:], np.uint8)
        found[f"x_{short}"] = images.reshape(-1, 28, 28)
        found[f"y_{short}"] = np.frombuffer(FILES[f"{part}-labels-idx1-ubyte"][8:], np.uint8)
    return found


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("name", ["mnist.npz", "mnist/mnist.npz"])
def test_the_archive_of_keras_is_read(tmp_path, write, name):
    (tmp_path / "mnist").mkdir()
    write(tmp_path / name, **arrays())
    check(datasets.mnist(tmp_path, download=False))
    check(datasets.mnist(tmp_path / name, download=False))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>", "a web page; download the file again (21 bytes, expected"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer; run git lfs pull ("),
        (b"\0\0\x08\x03" + bytes(50), "another data set in MNIST's format, or cut off (54 bytes"),
        (b"PK\3\4...", "a zip file without MNIST's arrays, or damaged"),
        (None, "another data set (other contents than MNIST's; Fashion-MNIST and KMNIST"),
    ],
)
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-images.idx3-ubyte.gz"])
def test_a_file_that_is_something_else_is_named(tmp_path, name, content, message):
    of_its_size = bytes(len(FILES["train-images-idx3-ubyte"]))
    (tmp_path / name).write_bytes(of_its_size if content is None else content)
    with pytest.raises(DatasetUnavailableError) as caught:
        datasets.mnist(tmp_path, download=False)
    assert f"{tmp_path}: {name}: " in str(caught.value)
    assert message in str(caught.value)


def test_an_archive_of_other_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "mnist.npz", images=np.zeros(3), labels=np.zeros(3))
    with pytest.raises(DatasetUnavailableError, match="without MNIST's arrays.*x_train"):
        datasets.mnist(tmp_path, download=False)
    changed = arrays()
    np.savez(tmp_path / "mnist.npz", **{**changed, "x_test": changed["x_test"][::-1].copy()})
    with pytest.raises(DatasetUnavailableError, match=r"mnist\.npz: damaged, or another"):
        datasets.mnist(tmp_path, download=False)


def test_a_damaged_file_gives_way_to_a_whole_one(tmp_path, monkeypatch):
    damaged, whole = put(tmp_path / "a"), put(tmp_path / "b", packed=True)
    path = damaged / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (damaged / "t10k-labels-idx1-ubyte").write_bytes(b"short")
    monkeypatch.setenv("DIGITNET_DATA", str(whole))
    check(datasets.mnist(damaged, download=False))


def test_a_damaged_unpacked_file_gives_way_to_the_packed_one_beside_it(tmp_path):
    put(tmp_path / "a", packed=True)
    (tmp_path / "a" / "train-images-idx3-ubyte").write_bytes(b"cut off")
    check(datasets.mnist(tmp_path / "a", download=False))


def test_the_real_files_are_mnists(monkeypatch, request):
    monkeypatch.undo()
    train, test = request.getfixturevalue("real")
    assert train.class_counts.sum() == 60_000
    # the counts of the original report
    assert test.class_counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    mean = train.images.double().mean().item() / 255
    assert mean == pytest.approx(0.1307, abs=5e-5)
