"""A table of figures can say what it was measured on."""

from __future__ import annotations

import platform
import sys

import numpy as np
import pytest
import torch

from digitnet import __version__, machine


def test_the_description_names_machine_and_versions_as_text():
    described = machine.describe()
    assert all(isinstance(value, str) and value for value in described.values())
    assert described["threads"] == str(torch.get_num_threads())
    assert described["python"] == platform.python_version()
    assert described["digitnet"] == __version__


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say it")
def test_the_peak_of_memory_is_in_mebibytes_and_stays():
    block = np.ones(64 * 2**20 // 8)  # 64 MiB of float64
    peak = machine.peak_memory_mib()
    assert 64 < peak < 2**20  # a tebibyte
    del block
    assert machine.peak_memory_mib() > peak - 1  # Linux counts pages a few late
