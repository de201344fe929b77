"""Every page of the built documentation fits a phone, is legible, and leads nowhere dead."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

pytestmark = pytest.mark.slow

AUDIT = Path(__file__).with_name("audit.js").read_text()
PHONE = {"width": 380, "height": 800}  # px
MOST_BYTES = 1_000_000  # of a page with all that it loads
MODELS = (".onnx", ".wasm")  # of the page "Try it"; their size is not limited


@pytest.fixture(scope="module")
def pages(site, site_folder, browser):
    """What `audit.js` finds on each page, by address, and the bytes that it loads."""
    context = browser.new_context(viewport=PHONE)
    found = {}
    for path in sorted(site_folder.rglob("*.html")):
        name = path.relative_to(site_folder).as_posix().removesuffix("index.html")
        found[f"{site}/{name}"] = audited(context, f"{site}/{name}")
    context.close()
    return found


def audited(context, address):
    page = context.new_page()
    loaded = {}
    page.on("response", lambda response: loaded.update({response.url: size(response)}))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    found = page.evaluate(AUDIT)
    page.close()
    return {**found, "bytes": sum(loaded.values())}


def size(response):
    """Return the bytes of a file as it is served, without compression."""
    counts = not response.url.endswith(MODELS)
    return int(response.headers.get("content-length", 0)) if counts else 0


def those(pages, finding):
    """Return the findings of one kind by page, without the pages that have none."""
    return {address: found[finding] for address, found in pages.items() if found[finding]}


def test_no_page_scrolls_sideways_on_a_phone(pages):
    assert len(pages) > 30
    assert those(pages, "sideways") == {}


def test_all_text_stands_out_from_its_ground_in_both_themes(pages):
    faint = {finding for found in pages.values() for finding in found["faint"]}
    assert faint == set()


def test_every_image_has_an_alternative_text(pages):
    assert those(pages, "without_text") == {}


def test_no_link_within_the_site_is_dead(pages, site, site_folder):
    dead = set()
    for address, found in pages.items():
        for link in found["links"]:
            target, anchor = urldefrag(link)
            path = site_folder / unquote(target.removeprefix(site)).strip("/")
            if not target.startswith(site):
                continue
            there = path.is_file() or (path / "index.html").is_file()
            if not there or (anchor and unquote(anchor) not in pages[target]["anchors"]):
                dead.add((address, link))
    assert dead == set()


def test_no_page_weighs_more_than_a_megabyte_without_its_models(pages):
    heavy = {address: found["bytes"] for address, found in pages.items()}
    assert {name: weight for name, weight in heavy.items() if weight > MOST_BYTES} == {}
    assert min(heavy.values()) > 0
