"""The figure of embeddings is drawn from what principal components are."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_figure_is_drawn(tmp_path):
    out = tmp_path / "figure.png"
    command = [sys.executable, EXAMPLES / "embeddings.py", "--data", "synthetic", "--quick"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--out", out], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with Image.open(out) as figure:
        assert figure.size == (1000, 500)


def test_principal_components_are_scikit_learns(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    components = runpy.run_path(str(EXAMPLES / "embeddings.py"))["principal_components"]
    table = np.random.default_rng(0).random((50, 8)) * np.arange(1, 9)
    points, share = components(table, 2)
    reference = PCA(2).fit(table)
    assert np.abs(points) == pytest.approx(np.abs(reference.transform(table)))
    assert share == pytest.approx(reference.explained_variance_ratio_.sum())
