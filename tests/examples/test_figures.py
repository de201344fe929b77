"""Figures of the example scripts are small, and look as they were drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_a_figure_with_few_colours_is_as_it_was_drawn_and_smaller(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from reporting.figures import save

    figure = Figure(figsize=(4, 3))
    figure.subplots().plot([1, 3, 2])
    figure.savefig(tmp_path / "drawn.png")
    save(figure, tmp_path / "saved.png")
    drawn, saved = (
        np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB"), dtype=np.int16)
        for name in ("drawn", "saved")
    )
    assert np.abs(drawn - saved).max() < 16
    assert (tmp_path / "saved.png").stat().st_size < (tmp_path / "drawn.png").stat().st_size
