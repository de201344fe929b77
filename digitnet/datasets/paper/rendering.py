"""Rendering: from a page to its picture and the truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitnet.datasets.paper.background import background
from digitnet.datasets.paper.camera import illumination, photograph
from digitnet.datasets.paper.capture import Capture, legible
from digitnet.datasets.paper.forms import print_form
from digitnet.datasets.paper.geometry import Bytes, Floats, ImageShape, PixelBox, box_of
from digitnet.datasets.paper.ink import colour, textured
from digitnet.datasets.paper.layout import flat
from digitnet.datasets.paper.marks import MIN_LINE_WIDTH, Mark, Tile, bounds, rasterize
from digitnet.datasets.paper.page import Page
from digitnet.datasets.paper.record import PaperPicture, Traits

_MIN_COVERAGE = 40  # of 255; the least coverage of a digit's ink in boxes and owners


def render(page: Page, rng: Generator) -> PaperPicture:
    """Return the picture of a page."""
    # marks in pixels, and the height of a digit
    seen = [mark.warped(page.warp, MIN_LINE_WIDTH) for mark in flat(page.lines)]
    digits = [mark for mark in seen if mark.digit is not None]
    heights = [mark.box[3] - mark.box[1] for mark in digits or seen]
    rows, columns = page.shape
    unit = float(np.median(heights)) if heights else rows * page.capture.height
    middle = (0.4 * columns, 0.4 * rows, 0.6 * columns, 0.6 * rows)
    written = bounds(digits or seen) if seen else middle
    capture = legible(page.capture, unit)
    # each has its own, so that fixing one setting leaves the rest of the picture as it was
    paper_rng, ink_rng, light_rng, camera_rng = rng.spawn(4)
    # paper, form, ink and light
    paper = background(capture, page.shape, np.linalg.inv(page.warp), written, paper_rng)
    scene = paper
    if capture.form is not None:
        scene = paper.copy()
        print_form(scene, capture, page.warp, page.cells, rng.spawn(1)[0])
    tiles = [rasterize(mark, ink_rng) for mark in seen]
    specks = [mark.warped(page.warp, MIN_LINE_WIDTH) for mark in page.specks]
    beside = [rasterize(mark, ink_rng) for mark in (*specks, *page.neighbours)]
    ink = np.zeros(page.shape, dtype=np.uint8)
    for tile in (*tiles, *beside):
        under, over = _common(Tile(ink, 0, 0), tile)
        np.maximum(under, over, out=under)
    contrast = _lay_ink(scene, paper, ink, capture, unit, ink_rng)
    if capture.shadow or capture.unevenness:
        scene *= illumination(capture, page.shape, light_rng)[..., None]
    # the truth
    truth = [tile for tile, mark in zip(tiles, seen, strict=True) if mark.digit is not None]
    owners = np.zeros(page.shape, dtype=np.uint16)
    for number, tile in enumerate(truth, start=1):
        owned, over = _common(Tile(owners, 0, 0), tile)
        owned[over >= _MIN_COVERAGE] = number
    boxes = tuple(_box(tile, page.shape) for tile in truth)
    traits = _traits(page, capture, boxes, digits, contrast, _touching(truth))
    picture = photograph(capture, scene, unit, camera_rng)
    return PaperPicture(picture, _text(page), boxes, traits, ink, owners)


def _lay_ink(
    scene: Floats, paper: Floats, ink: Bytes, capture: Capture, unit: float, rng: Generator
) -> float:
    """Lay ink on a scene; return its contrast to the paper without a form."""
    box = box_of(ink > 0)
    if box is None:
        return 0.0
    place = np.s_[box[1] : box[3], box[0] : box[2]]
    ground = scene[place]
    # opacity by contrast
    tone = colour(capture.pen, capture.dark, rng)
    most = float(abs(paper[place].mean() - tone.mean()))
    contrast = min(capture.contrast, most)
    opacity = contrast / max(most, 1e-6)
    covered = textured(ink[place].astype(np.float32) / 255, capture.pen, unit, rng) * opacity
    inked = ground + covered[..., None] * (tone - ground)
    if capture.form is not None:  # print shows through lighter ink
        inked = np.maximum(inked, ground) if capture.dark else np.minimum(inked, ground)
    ground[:] = inked
    return contrast


def _common(*tiles: Tile) -> list[NDArray[Any]]:
    """Return the pixels of tiles where they overlap."""
    top, left = max(tile.top for tile in tiles), max(tile.left for tile in tiles)
    bottom = max(top, min(tile.top + tile.pixels.shape[0] for tile in tiles))
    right = max(left, min(tile.left + tile.pixels.shape[1] for tile in tiles))
    return [
        tile.pixels[top - tile.top : bottom - tile.top, left - tile.left : right - tile.left]
        for tile in tiles
    ]


def _box(tile: Tile, shape: ImageShape) -> PixelBox:
    """Return the bounding box of a tile's ink, within the frame."""
    # a tiny digit may have left little ink or none
    found = (
        box_of(tile.pixels >= _MIN_COVERAGE)
        or box_of(tile.pixels > 0)
        or (0, 0, *tile.pixels.shape[::-1])
    )
    left, top, right, bottom = found
    return (
        max(0, tile.left + left),
        max(0, tile.top + top),
        min(shape[1], tile.left + right),
        min(shape[0], tile.top + bottom),
    )


def _text(page: Page) -> str:
    """Return the digits of a page, its lines joined by a line break."""
    lines = ["".join(str(m.digit) for m in line if m.digit is not None) for line in page.lines]
    return "\n".join(filter(None, lines))


def _traits(
    page: Page,
    capture: Capture,
    boxes: Sequence[PixelBox],
    digits: Sequence[Mark],
    contrast: float,
    touching: bool,
) -> Traits:
    height = max((bottom - top for _, top, _, bottom in boxes), default=0) / page.shape[0]
    # settings of the capture, then what is measured
    settings = Traits._make(getattr(capture, name, None) for name in Traits._fields)
    return settings._replace(
        subject=page.subject,
        source=page.source,
        framing=_framing(height, boxes, page.shape),
        touching=touching,
        clutter=bool(page.specks or page.neighbours or 0 < len(digits) < len(flat(page.lines))),
        size=max(page.shape),
        height=height,
        thickness=float(np.median([d.width / (d.box[3] - d.box[1]) for d in digits] or [0])),
        contrast=contrast,
    )


def _framing(height: float, boxes: Sequence[PixelBox], shape: ImageShape) -> str:
    if not boxes:
        return "none"
    rows, columns = shape
    if min(min(x, y, columns - u, rows - v) for x, y, u, v in boxes) <= 2:
        return "border"
    if height >= 0.85:
        return "large"
    return "tiny" if height < 0.08 else "small" if height < 0.3 else "usual"


def _touching(digits: Sequence[Tile]) -> bool:
    """Return whether ink of a digit lies on ink of the next."""
    overlaps = (np.minimum(*_common(left, right)) for left, right in pairwise(digits))
    return any(overlap.max(initial=0) >= _MIN_COVERAGE for overlap in overlaps)
