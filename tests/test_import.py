"""Importing digitnet is cheap."""

from __future__ import annotations

import subprocess
import sys

import pytest

import digitnet


def test_heavy_packages_are_imported_only_where_they_are_used():
    script = """
import sys, torch
before = set(sys.modules)
from digitnet import *
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    heavy = {"torchvision", "matplotlib", "rich", "tqdm", "PIL", "scipy", "tensorboard", "sklearn"}
    assert not set(done.stdout.split()) & heavy


def test_every_public_name_is_there_and_documented():
    for name in digitnet.__all__:
        assert getattr(digitnet, name).__doc__


def test_modules_are_attributes_too_and_other_names_are_errors():
    assert set(digitnet.__all__) <= set(dir(digitnet))
    assert digitnet.pictures.explain.__doc__
    with pytest.raises(AttributeError, match="module 'digitnet' has no attribute 'photos'"):
        digitnet.photos  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'photos'"):
        from digitnet import photos  # noqa: F401


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
