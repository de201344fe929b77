"""Importing digitnet is cheap."""

from __future__ import annotations

import subprocess
import sys

import digitnet


def test_heavy_packages_are_imported_only_where_they_are_used():
    script = """
import sys, torch
before = set(sys.modules)
import digitnet
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    heavy = {"torchvision", "matplotlib", "rich", "tqdm", "PIL", "scipy", "tensorboard"}
    assert not set(done.stdout.split()) & heavy


def test_every_public_name_is_there_and_documented():
    for name in digitnet.__all__:
        assert getattr(digitnet, name).__doc__


def test_a_checkout_that_is_not_installed_can_be_imported():
    script = """
import importlib.metadata as metadata
def missing(name):
    raise metadata.PackageNotFoundError(name)
metadata.Distribution.from_name = missing
import digitnet, digitnet.model_file
assert digitnet.model_file.current_versions()["digitnet"] == digitnet.__version__
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
