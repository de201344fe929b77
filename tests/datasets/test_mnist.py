"""MNIST is found, checked, and downloaded from a server of the test's own."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import socket
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import MNIST

from digitnet import datasets
from digitnet.datasets import download
from digitnet.errors import DatasetUnavailableError

module = importlib.import_module("digitnet.datasets.mnist")  # the name alone is the function


def _files() -> dict[str, bytes]:
    """Four small files in MNIST's format."""
    generator = torch.Generator().manual_seed(0)
    files = {}
    for part, count in (("train", 30), ("t10k", 10)):
        pixels = torch.randint(256, (count, 28, 28), generator=generator, dtype=torch.uint8)
        labels = torch.randint(10, (count,), generator=generator, dtype=torch.uint8)
        header = struct.pack(">IIII", 2051, count, 28, 28)
        files[f"{part}-images-idx3-ubyte"] = header + pixels.numpy().tobytes()
        files[f"{part}-labels-idx1-ubyte"] = struct.pack(">II", 2049, count) + bytes(
            labels.tolist()
        )
    return files


FILES = _files()


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Let the small files pass for MNIST, and nothing outside the test be looked at."""
    for name in ("_TRAIN", "_TEST"):
        specs = tuple(
            spec._replace(size=len(content), sha256=hashlib.sha256(content).hexdigest())
            for spec in getattr(module, name)
            for content in [FILES[spec.name]]
        )
        monkeypatch.setattr(module, name, specs)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DIGITNET_DATA", raising=False)
    monkeypatch.delenv("DIGITNET_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(MNIST, "mirrors", [])


def put(folder: Path, *, packed: bool = False, leave_out: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        if name != leave_out:
            path = folder / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)
    return folder


def check(found) -> None:
    train, test = found
    assert (len(train), len(test)) == (30, 10)
    assert train.images.numpy().tobytes() == FILES["train-images-idx3-ubyte"][16:]
    assert bytes(test.labels.tolist()) == FILES["t10k-labels-idx1-ubyte"][8:]


class Server:
    """Serve files on loopback; note what was asked for."""

    def __init__(self) -> None:
        self.files = {f"{name}.gz": gzip.compress(content) for name, content in FILES.items()}
        self.asked: list[str] = []
        self.length: dict[str, int] = {}
        self.status: dict[str, int] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.lstrip("/")
                server.asked.append(name)
                if name not in server.files or name in server.status:
                    self.send_error(server.status.get(name, 404))
                    return
                content = server.files[name]
                self.send_response(200)
                self.send_header("Content-Length", str(server.length.get(name, len(content))))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


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


def test_downloads_into_the_cache_once(server, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(MNIST, "mirrors", [server.url])
    check(datasets.mnist())
    assert sorted(server.asked) == sorted(server.files)
    assert "train-images-idx3-ubyte.gz" in capsys.readouterr().err  # the progress bar
    check(datasets.mnist())
    assert len(server.asked) == 4
    raw = tmp_path / "cache" / "digitnet" / "MNIST" / "raw"
    assert sorted(path.name for path in raw.iterdir()) == sorted(server.files)


def test_downloads_into_the_root_only_what_is_missing(server, monkeypatch, tmp_path):
    monkeypatch.setattr(MNIST, "mirrors", [server.url])
    put(tmp_path / "a", leave_out="t10k-labels-idx1-ubyte")
    check(datasets.mnist(tmp_path / "a"))
    assert server.asked == ["t10k-labels-idx1-ubyte.gz"]
    assert (tmp_path / "a" / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz").exists()
    assert not (tmp_path / "cache").exists()


def test_a_mirror_that_lies_fails_or_cuts_off_gives_way_to_the_next(server, monkeypatch):
    bad = Server()
    names = list(bad.files)
    bad.files[names[0]] = gzip.compress(b"something else")
    bad.status[names[1]] = 503
    bad.length[names[2]] = len(bad.files[names[2]]) + 5
    bad.files[names[3]] = b"no gzip"
    monkeypatch.setattr(MNIST, "mirrors", [bad.url, server.url])
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 1.0)
    check(datasets.mnist())
    assert sorted(server.asked) == sorted(names)
    assert bad.asked == [name for name in names for _ in range(download.ATTEMPTS)]
    bad.http.shutdown()
    bad.http.server_close()


def test_a_server_that_talks_nonsense_is_given_up(monkeypatch):
    nonsense = socket.create_server(("127.0.0.1", 0))

    def answer():
        for _ in range(download.ATTEMPTS):
            connection, _ = nonsense.accept()
            connection.recv(1000)
            connection.sendall(b"GARBAGE\r\n\r\n")
            connection.close()

    threading.Thread(target=answer, daemon=True).start()
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{nonsense.getsockname()[1]}/"])
    with pytest.raises(DatasetUnavailableError, match="GARBAGE"):
        datasets.mnist()
    nonsense.close()


def test_a_server_that_never_answers_is_given_up(monkeypatch):
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{silent.getsockname()[1]}/"])
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(DatasetUnavailableError, match="timed out"):
        datasets.mnist()
    silent.close()


def test_a_server_that_trickles_is_given_up(server, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", [server.url])
    monkeypatch.setattr(download, "LIMIT_SECONDS", 0.0)
    with pytest.raises(DatasetUnavailableError, match="not finished after 0 seconds"):
        datasets.mnist()


def test_the_error_names_each_place_reason_folder_and_file(server, monkeypatch, tmp_path):
    monkeypatch.setattr(MNIST, "mirrors", [server.url])
    server.files.clear()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train-images-idx3-ubyte").write_bytes(b"x")
    monkeypatch.setenv("DIGITNET_DATA", str(tmp_path / "data"))
    with pytest.raises(DatasetUnavailableError) as caught:
        datasets.mnist(tmp_path / "root")
    message = str(caught.value)
    assert f"{tmp_path / 'root'}: train-images-idx3-ubyte[.gz] is not there" in message
    assert "train-images-idx3-ubyte: damaged (1 bytes, expected" in message
    assert f"{tmp_path / 'cache' / 'digitnet'}: train-images-idx3-ubyte[.gz] is not" in message
    assert f"{server.url}train-images-idx3-ubyte.gz: HTTP Error 404" in message
    assert f"into {tmp_path / 'root'}" in message
    for name in FILES:
        assert f"{name}.gz" in message
    assert not (tmp_path / "root").exists()


def test_the_network_can_be_forbidden(server, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", [server.url])
    with pytest.raises(DatasetUnavailableError, match="not tried, as download=False"):
        datasets.mnist(download=False)
    monkeypatch.setenv("DIGITNET_OFFLINE", "1")
    with pytest.raises(DatasetUnavailableError, match="not tried, as DIGITNET_OFFLINE is set"):
        datasets.mnist()
    assert server.asked == []


def test_a_folder_that_takes_no_files_is_an_error(server, monkeypatch, tmp_path):
    monkeypatch.setattr(MNIST, "mirrors", [server.url])
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetUnavailableError, match="Not a directory|File exists"):
        datasets.mnist(tmp_path / "file")


@pytest.mark.slow
def test_two_processes_may_start_at_once(server, tmp_path):
    script = """
import importlib, sys
from torchvision.datasets import MNIST
from digitnet import datasets
module = importlib.import_module("digitnet.datasets.mnist")
specs = eval(sys.argv[2])
for name in ("_TRAIN", "_TEST"):
    setattr(module, name, tuple(s._replace(size=specs[s.name][0], sha256=specs[s.name][1])
                                for s in getattr(module, name)))
MNIST.mirrors = [sys.argv[1]]
train, test = datasets.mnist(sys.argv[3])
print(len(train), len(test))
"""
    specs = {name: (len(c), hashlib.sha256(c).hexdigest()) for name, c in FILES.items()}
    command = [sys.executable, "-c", script, server.url, repr(specs), str(tmp_path / "root")]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        out, error = process.communicate(timeout=120)
        assert out == "30 10\n", error
    raw = tmp_path / "root" / "MNIST" / "raw"
    assert sorted(path.name for path in raw.iterdir()) == sorted(server.files)


@pytest.mark.slow
def test_nothing_is_downloaded_on_import(server, tmp_path):
    script = (
        "from torchvision.datasets import MNIST; MNIST.mirrors = ['{}']; from digitnet import *"
    )
    subprocess.run([sys.executable, "-c", script.format(server.url)], check=True)
    time.sleep(0.1)
    assert server.asked == []


def test_the_real_files_are_mnists(monkeypatch, request):
    monkeypatch.undo()
    train, test = request.getfixturevalue("real")
    assert train.class_counts.sum() == 60_000
    # the counts of the original report
    assert test.class_counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    mean = train.images.double().mean().item() / 255
    assert mean == pytest.approx(0.1307, abs=5e-5)
