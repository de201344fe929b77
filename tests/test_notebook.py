"""Results show themselves in a notebook, and the notebooks of the examples run."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from digitnet import DigitClassifier, History, notebook

ROOT = Path(__file__).parents[1]


def drawn():
    picture = Image.new("L", (120, 120), 255)
    ImageDraw.Draw(picture).line([(60, 15), (60, 105)], fill=0, width=10)
    return picture


@pytest.fixture(scope="module")
def pretrained():
    return DigitClassifier.pretrained()


def pictures(html):
    return [
        Image.open(io.BytesIO(base64.b64decode(content)))
        for content in re.findall(r'src="data:image/png;base64,(.+?)"', html)
    ]


def test_a_history_is_a_table_with_curves(fitted):
    html = fitted.history._repr_html_()
    assert html.count("<tr>") == 1 + len(fitted.history)
    assert f"<td>{fitted.history[0].loss:.4g}</td>" in html
    assert len(pictures(html)) == 1
    assert "<img" not in History()._repr_html_()  # of no epoch, there is nothing to draw


def test_an_evaluation_shows_its_confusion_matrix(fitted, digits):
    result = fitted.evaluate(digits[1])
    html = result._repr_html_()
    assert f"accuracy={result.accuracy:.4f}" in html
    assert len(pictures(html)) == 1


def test_a_prediction_shows_the_digit_the_pixels_and_the_warnings(pretrained):
    html = pretrained.inspect(drawn())._repr_html_()
    assert html.startswith("<div>1, with ")
    assert len(pictures(html)) == 1
    nothing = pretrained.inspect(Image.new("L", (100, 100), 255))._repr_html_()
    assert nothing.startswith("<div>no digit</div><div>nothing written found</div>")


def test_a_reading_shows_its_lines_and_boxes(pretrained):
    html = pretrained.read(drawn())._repr_html_()
    assert html.startswith("<div>1</div>")
    assert len(pictures(html)) == 1


def test_what_is_shown_is_no_markup():
    assert notebook.table(["<b>"], [["a & b"]]) == (
        "<table><tr><th>&lt;b&gt;</th></tr><tr><td>a &amp; b</td></tr></table>"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "images"), [("first_steps", 4), ("fine_tuning", 4)])
def test_a_notebook_runs_and_shows_what_it_should(name, images, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason='needs pip install ".[dev]"')
    nbformat = pytest.importorskip("nbformat", reason='needs pip install ".[dev]"')
    pytest.importorskip("ipykernel", reason='needs pip install ".[dev]"')
    monkeypatch.setenv("DIGITNET_OFFLINE", "1")
    monkeypatch.delenv("DIGITNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    content = nbformat.read(ROOT / "examples" / f"{name}.ipynb", as_version=4)
    options = {"timeout": 300, "resources": {"metadata": {"path": str(tmp_path)}}}
    nbclient.NotebookClient(content, **options).execute()
    shown = [output for cell in content.cells for output in cell.get("outputs", [])]
    assert not [output for output in shown if output.output_type == "error"]
    html = [output.data["text/html"] for output in shown if "text/html" in output.get("data", {})]
    assert sum("<img" in text for text in html) >= images
