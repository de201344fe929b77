"""The figures of the page on pictures are drawn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "examples" / "reading_figures.py"


def test_the_figures_are_drawn(tmp_path):
    command = [sys.executable, SCRIPT, "--out", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("digit_explained.png", "entries_read.png", "form_read.png"):
        with Image.open(tmp_path / "out" / name) as figure:
            assert figure.width > 500
