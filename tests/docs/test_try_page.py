"""The page "Try it" reads in a browser what digitnet reads in Python."""

from __future__ import annotations

import base64
import io
import runpy
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet import DigitClassifier, datasets
from digitnet.datasets import paper
from digitnet.datasets.paper.restroked import skeleton
from digitnet.errors import DatasetUnavailableError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js"),
]
DIGITS = 20
ROOT = Path(__file__).parents[2]


@pytest.fixture
def page(site, browser):
    """The page, loaded."""
    opened = browser.new_page()
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.set_default_timeout(60_000)
    opened.goto(f"{site}/try/")
    opened.wait_for_selector('#try[data-state="ready"]')
    yield opened
    opened.close()
    assert errors == []


def text_of(page):
    page.wait_for_selector('#try[data-state="ready"]')
    return page.locator("#try").get_attribute("data-text")


def strokes(digit):
    """Return the middle lines of a digit as strokes of a pen, points of 84 x 84."""
    large = np.asarray(Image.fromarray(digit).resize((84, 84), Image.Resampling.BICUBIC))
    left = {tuple(place) for place in np.argwhere(skeleton(large > 110)).tolist()}
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
    """Draw a digit in the middle of the canvas, almost as high."""
    box = page.locator("#try canvas").first.bounding_box()
    left = box["x"] + (box["width"] - box["height"]) / 2
    for stroke in strokes(digit):
        for number, (row, column) in enumerate(stroke):
            across, down = ((place + 0.5) / 84 * box["height"] for place in (column, row))
            page.mouse.move(left + across, box["y"] + down)
            if not number:
                page.mouse.down()
        page.mouse.up()


def canvas(page):
    """Return what is drawn as a PIL image."""
    address = page.evaluate("document.querySelector('#try canvas').toDataURL()")
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_digits_drawn_with_the_mouse_are_read_as_python_reads_them(page):
    digits = mnist_digits()
    classifier = DigitClassifier.pretrained()
    right = same = 0
    for digit, label in zip(digits.images, digits.labels.tolist(), strict=True):
        page.click(".try-clear")
        draw(page, digit[0].numpy())
        found = text_of(page)
        right += found == str(label)
        same += found == classifier.read(canvas(page)).text
    assert right >= DIGITS - 2
    assert same >= DIGITS - 1


def test_pictures_are_read_as_python_reads_them(page, tmp_path):
    wide = paper.Style(size=(200, 900))
    made = [
        *paper.digits(15, seed=1),
        *paper.numbers(20, seed=2, style=wide),
        *paper.numbers(5, seed=3, lines=(2, 4), style=wide),
        *paper.entries(10, seed=4, style=wide),
        *paper.tables(5, seed=5, style=wide),
        *paper.blanks(5, seed=6),
    ]
    classifier = DigitClassifier.pretrained()
    others = []
    for number, one in enumerate(made):
        path = tmp_path / f"{number}.{'png' if number % 2 else 'jpg'}"
        one.picture.save(path)
        page.evaluate("document.querySelector('#try').dataset.state = 'asked'")
        page.set_input_files("#try input", path)
        found, expected = text_of(page), classifier.read(path).text
        if found != expected:
            others.append((number, found, expected))
    assert len(made) == 60
    assert len(others) <= 2, others


def test_a_large_photo_is_turned_upright_and_read(page, tmp_path):
    (made,) = paper.numbers(1, seed=11, style=paper.Style(size=(600, 900)))
    photo = made.picture.resize((3600, 3600 * made.picture.height // made.picture.width))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees, clockwise
    path = tmp_path / "photo.jpg"
    photo.rotate(90, expand=True).save(path, exif=exif)
    page.set_input_files("#try input", path)
    page.wait_for_function("document.querySelector('#try').dataset.text !== ''")
    assert text_of(page) == DigitClassifier.pretrained().read(path).text == made.text


def test_what_is_no_picture_is_said_so(page, tmp_path):
    path = tmp_path / "words.jpg"
    path.write_text("no picture")
    page.set_input_files("#try input", path)
    page.wait_for_selector('#try[data-state="failed"]')
    assert "no picture" in page.locator(".try-answer").inner_text()
    page.click(".try-clear")
    assert text_of(page) == ""


def test_an_empty_canvas_has_no_digit_and_a_finger_draws_too(site, browser):
    context = browser.new_context(has_touch=True, viewport={"width": 380, "height": 800})
    page = context.new_page()
    page.goto(f"{site}/try/")
    assert text_of(page) == ""
    assert "No digit yet" in page.locator(".try-answer").inner_text()
    before = canvas(page).tobytes()
    page.locator("#try canvas").first.tap()
    assert text_of(page) is not None
    assert canvas(page).tobytes() != before
    sideways = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert sideways <= 0
    context.close()


def test_the_page_needs_nothing_from_elsewhere(site, browser):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/try/")
    page.wait_for_selector('#try[data-state="ready"]')
    assert asked
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
    page.close()


def test_mkdocs_serve_lets_the_page_use_several_threads(site_folder, browser):
    livereload = pytest.importorskip("mkdocs.livereload", reason='needs pip install ".[dev]"')
    hook = runpy.run_path(str(ROOT / "docs" / "hooks" / "try_page.py"))
    server = livereload.LiveReloadServer(
        lambda: None, host="127.0.0.1", port=0, root=str(site_folder)
    )
    hook["on_serve"](server)
    server.server_bind()
    server.server_activate()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.socket.getsockname()[1]}/try/")
    page.wait_for_selector('#try[data-state="ready"]')
    assert page.evaluate("crossOriginIsolated")
    page.close()
    server.shutdown()


def mnist_digits():
    """Return the first test digits of MNIST."""
    try:
        _, test = datasets.mnist(download=False)
    except DatasetUnavailableError:
        pytest.skip("needs MNIST in the folder that DIGITNET_DATA names")
    return test[:DIGITS]
