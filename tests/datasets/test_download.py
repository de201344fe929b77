"""MNIST is downloaded, from a server of the test's own."""

from __future__ import annotations

import gzip
import hashlib
import socket
import subprocess
import sys
import threading
import time

import pytest
from small_mnist import FILES, Server, check, put
from torchvision.datasets import MNIST

from digitnet import datasets
from digitnet.datasets import download
from digitnet.errors import DatasetUnavailableError

pytestmark = pytest.mark.usefixtures("small_mnist")


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
