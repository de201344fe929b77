"""The drawing page reads in a browser what digitnet reads in Python."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet import DigitClassifier, datasets
from digitnet.datasets.paper.restroked import thinned
from digitnet.errors import DatasetUnavailableError
from digitnet.pictures.normalization import normalize

sync_api = pytest.importorskip("playwright.sync_api", reason='needs pip install ".[dev]"')
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js"),
]
ROOT = Path(__file__).parents[1]
DIGITS = 100
SIDE = 280  # pixels of the canvas


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the site, built and served."""
    folder = tmp_path_factory.mktemp("site")
    built = os.environ.get("DIGITNET_SITE")  # where it was built already
    if built is None:
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder]
        subprocess.run(command, cwd=ROOT, check=True)
    handler = functools.partial(Quiet, directory=built or folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(site, browser):
    """The page, loaded."""
    opened = browser.new_page()
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.set_default_timeout(30_000)
    opened.goto(f"{site}/draw/")
    opened.wait_for_selector('#draw[data-state="ready"]')
    yield opened
    opened.close()
    assert errors == []


@pytest.fixture(scope="module")
def digits():
    """The first test digits of MNIST."""
    try:
        _, test = datasets.mnist(download=False)
    except DatasetUnavailableError:
        pytest.skip("needs MNIST in the folder that DIGITNET_DATA names")
    return test[:DIGITS]


def strokes(digit):
    """Return the middle lines of a digit as strokes of a pen, points of 84 x 84."""
    large = np.asarray(Image.fromarray(digit).resize((84, 84), Image.Resampling.BICUBIC))
    left = {tuple(place) for place in np.argwhere(thinned(large > 110)).tolist()}
    done = set()
    while left:
        # from an end on; what branches off begins on the line that it branches off from
        start = min(left, key=lambda place: (len(near(place, left)), place))
        stroke = near(start, done)[:1]
        while start is not None:
            stroke.append(start)
            left.discard(start)
            done.add(start)
            start = next(iter(near(start, left)), None)
        yield [*stroke[:-1:3], stroke[-1]]


def near(place, places):
    steps = ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, -1), (-1, 1))
    beside = [(place[0] + down, place[1] + right) for down, right in steps]
    return [other for other in beside if other in places]


def draw(page, digit):
    box = page.locator(".draw-canvas").bounding_box()
    for stroke in strokes(digit):
        for number, (row, column) in enumerate(stroke):
            across, down = (column + 0.5) / 84 * box["width"], (row + 0.5) / 84 * box["height"]
            page.mouse.move(box["x"] + across, box["y"] + down)
            if not number:
                page.mouse.down()
        page.mouse.up()
    page.wait_for_selector('#draw[data-state="ready"]')


def canvas(page):
    """Return what is drawn as a PIL image."""
    address = page.evaluate("document.querySelector('.draw-canvas').toDataURL()")
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_digits_drawn_with_the_mouse_are_read_as_python_reads_their_ink(page, digits):
    classifier = DigitClassifier.pretrained()
    right = same = 0
    milliseconds = []
    for digit, label in zip(digits.images, digits.labels.tolist(), strict=True):
        page.click(".draw-clear")
        draw(page, digit[0].numpy())
        found = page.locator("#draw").get_attribute("data-digit")
        milliseconds.append(float(page.locator("#draw").get_attribute("data-milliseconds")))
        right += found == str(label)
        same += found == str(classifier.predict(normalized(canvas(page)))[0])
    # how lines are drawn differs a little between versions of the browser
    assert (right >= 96, same >= 99) == (True, True), (right, same, np.median(milliseconds))


def test_what_the_network_sees_is_what_python_makes_of_the_canvas(page, digits):
    for digit in digits.images[:5]:
        page.click(".draw-clear")
        draw(page, digit[0].numpy())
        shown = page.evaluate(
            "[...document.querySelector('.draw-seen').getContext('2d')"
            ".getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
        )
        expected = normalized(canvas(page))[0].astype(int)
        assert np.abs(np.reshape(shown, (28, 28)) - expected).mean() < 2  # of 255


def normalized(drawing):
    """Return a drawing's ink in MNIST's format, (1, 28, 28)."""
    ink = 1 - np.asarray(drawing.convert("L"), dtype=np.float32) / 255
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))
    return normalize(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])[None]


def test_an_empty_canvas_is_no_digit_and_a_finger_draws_too(site, browser):
    context = browser.new_context(has_touch=True, viewport={"width": 380, "height": 800})
    page = context.new_page()
    page.goto(f"{site}/draw/")
    page.wait_for_selector('#draw[data-state="ready"]')
    assert page.locator("#draw").get_attribute("data-digit") == ""
    assert page.locator(".draw-answer").inner_text() == "Draw a digit."
    page.locator(".draw-canvas").tap()
    page.wait_for_selector('#draw:not([data-digit=""])')
    sideways = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert sideways <= 0
    context.close()


def test_the_page_needs_nothing_from_elsewhere(site, browser):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/draw/")
    page.wait_for_selector('#draw[data-state="ready"]')
    assert asked
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
    page.close()
