"""A benchmark that was stopped goes on after what it has measured."""

from __future__ import annotations

import pytest
from measurement_cache import MeasurementCache


def test_what_was_measured_before_a_stop_is_not_measured_again(tmp_path):
    path, made = tmp_path / "cache.json", []

    def measure(value):
        made.append(value)
        if value == "stopped":
            raise KeyboardInterrupt
        return [value, 0.25]

    stopped = MeasurementCache(path, quick=True)
    assert stopped.measured("first", lambda: measure("a")) == ["a", 0.25]
    with pytest.raises(KeyboardInterrupt):
        stopped.measured("second", lambda: measure("stopped"))
    resumed = MeasurementCache(path, quick=True)
    assert resumed.measured("first", lambda: measure("b")) == ["a", 0.25]
    assert resumed.measured("second", lambda: measure("c")) == ["c", 0.25]
    assert made == ["a", "stopped", "c"]


def test_measurements_with_other_settings_are_an_error_and_stay(tmp_path):
    path = tmp_path / "cache.json"
    MeasurementCache(path, quick=True).measured("first", lambda: 1)
    with pytest.raises(SystemExit, match="received another measurement"):
        MeasurementCache(path, quick=False)
    assert MeasurementCache(path, quick=True).measured("first", lambda: 2) == 1


def test_without_a_file_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert MeasurementCache(None).measured("first", lambda: 1) == 1
    assert not list(tmp_path.iterdir())
