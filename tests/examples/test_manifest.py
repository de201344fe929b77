"""The manifest tells how each figure of the documentation was made, and of no other file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from digitnet import machine

ROOT = Path(__file__).parents[2]
CONDITIONS = machine.describe() | {"processor": "A chip", "threads": "2", "torch": "2.9"}


@pytest.fixture
def manifest(monkeypatch, tmp_path):
    """The module, which takes a folder of this test for the documentation's figures."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    from reporting import manifest

    monkeypatch.setattr(manifest, "FIGURES", tmp_path.resolve() / "figures")
    monkeypatch.setattr(machine, "describe", lambda: CONDITIONS)
    monkeypatch.setattr(sys, "argv", [str(ROOT / "benchmarks" / "made.py"), "--rounds", "3"])
    (tmp_path / "figures" / "chip").mkdir(parents=True)
    return manifest


def test_figures_of_the_documentation_are_recorded_by_their_path(manifest, tmp_path):
    assert manifest.record(tmp_path / "figures" / "chip", ["table.md", "chart.png"])
    assert manifest.record(tmp_path / "figures", ["table.md"])
    entries = json.loads((tmp_path / "figures" / "manifest.json").read_text())
    assert list(entries) == ["chip/chart.png", "chip/table.md", "table.md"]
    assert entries["table.md"] == {
        "command": "python benchmarks/made.py --rounds 3",
        "machine": "A chip",
        "threads": "2",
        "torch": "2.9",
        "date": CONDITIONS["date"],
    }


def test_a_figure_that_is_made_again_takes_the_place_of_its_entry(manifest, tmp_path, monkeypatch):
    manifest.record(tmp_path / "figures", ["table.md", "chart.png"])
    monkeypatch.setattr(machine, "describe", lambda: CONDITIONS | {"gpu": "A GPU"})
    manifest.record(tmp_path / "figures", ["table.md"])
    entries = json.loads((tmp_path / "figures" / "manifest.json").read_text())
    assert entries["table.md"]["machine"] == "A GPU, A chip"
    assert entries["chart.png"]["machine"] == "A chip"


def test_what_is_written_elsewhere_is_not_recorded(manifest, tmp_path):
    assert not manifest.record(tmp_path, ["table.md"])
    assert not [*tmp_path.rglob("manifest.json")]


def test_a_benchmark_keeps_single_measurements_outside_the_documentation_alone(
    manifest, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import harness

    for out in (tmp_path / "results", tmp_path / "figures"):
        rows = [["one", "2"]]
        harness.report(out, "made", title="A", columns=["a", "b"], rows=rows, figures=[2.0])
    assert _names(tmp_path / "results") == ["made.json", "made.md"]
    assert _names(tmp_path / "figures") == ["made.md", "manifest.json"]


def _names(folder):
    return sorted(path.name for path in folder.glob("*.*"))
