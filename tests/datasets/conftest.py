"""Fixtures of MNIST's small files."""

from __future__ import annotations

import hashlib
import importlib

import pytest
from small_mnist import FILES, Server
from torchvision.datasets import MNIST

module = importlib.import_module("digitnet.datasets.mnist")  # the name alone is the function


@pytest.fixture
def small_mnist(monkeypatch, tmp_path):
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


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()
