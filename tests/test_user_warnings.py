"""Warnings that point to the user's line."""

from __future__ import annotations

import warnings

import pytest

from digitnet import user_warnings
from digitnet.processes import Processes
from digitnet.user_warnings import warn


def test_a_warning_points_to_the_line_that_called_the_library():
    with pytest.warns(UserWarning, match="odd") as found:
        warn("odd")
    assert found[0].filename == __file__


def test_only_rank_0_warns(monkeypatch):
    monkeypatch.setattr(user_warnings, "current", lambda: Processes(1, 2))
    with warnings.catch_warnings(record=True) as found:
        warn("odd")
    assert not found
