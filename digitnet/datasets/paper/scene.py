"""From marks on a page to a picture: sheet, ink, light, camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.camera import light, taken
from digitnet.datasets.paper.capture import Capture, legible
from digitnet.datasets.paper.fields import Floats, ImageShape
from digitnet.datasets.paper.forms import Cells, print_form
from digitnet.datasets.paper.ink import colour, textured
from digitnet.datasets.paper.layout import bounds
from digitnet.datasets.paper.marks import THINNEST, Mark, Matrix, Tile, drawn
from digitnet.datasets.paper.record import Cover, Owners, PaperPicture, PixelBox, Traits
from digitnet.datasets.paper.sheets import sheet

_BOX_LEVEL = 40  # of 255: what counts as ink in a box


@dataclass(frozen=True, eq=False)
class Page:
    """All that is needed to make one picture.

    Attributes:
        subject: See `Traits`.
        source: See `Traits`.
        marks: What is written, in reading order; those with a digit are the truth.
        lengths: Digits in each line.
        warp: From the page to pixels.
        shape: Rows and columns of the picture.
        cells: Where on the page digits are, or might be, line by line: forms are printed there.
        beside: Specks, which are no part of what is written.
        neighbours: Marks in pixels of which a part comes into view.
    """

    subject: str
    source: str
    marks: Sequence[Mark]
    lengths: Sequence[int]
    warp: Matrix
    shape: ImageShape
    cells: Cells
    beside: Sequence[Mark] = ()
    neighbours: Sequence[Mark] = ()


def picture_of(page: Page, capture: Capture, rng: Generator) -> PaperPicture:
    """Make the picture."""
    seen = [mark.warped(page.warp, THINNEST) for mark in page.marks]
    frame = (0.4 * page.shape[1], 0.4 * page.shape[0], 0.6 * page.shape[1], 0.6 * page.shape[0])
    digits = [mark for mark in seen if mark.digit is not None]
    around = bounds(digits or seen) if seen else frame
    heights = [mark.box[3] - mark.box[1] for mark in digits or seen]
    unit = float(np.median(heights)) if heights else page.shape[0] * capture.height
    capture = legible(capture, unit)
    # each has its own, so that changing one amount leaves the rest of the picture as it was
    of_sheet, of_ink, of_light, of_camera = rng.spawn(4)
    scene = sheet(capture, page.shape, np.linalg.inv(page.warp), around, of_sheet)
    bare = scene
    if capture.form is not None:
        scene = bare.copy()
        print_form(scene, capture, page.warp, page.cells, rng.spawn(1)[0])
    tiles = [drawn(mark, of_ink) for mark in seen]
    others = [mark.warped(page.warp, THINNEST) for mark in page.beside]
    others_drawn = [drawn(mark, of_ink) for mark in (*others, *page.neighbours)]
    cover = _cover([*tiles, *others_drawn], page.shape)
    contrast = _inked(scene, bare, cover, capture, unit, of_ink)
    if capture.shadow or capture.unevenness:
        scene *= light(capture, page.shape, of_light)[..., None]
    truth = [tile for tile, mark in zip(tiles, seen, strict=True) if mark.digit is not None]
    boxes = tuple(_box(tile, page.shape) for tile in truth)
    text = _text([mark.digit for mark in digits], page.lengths)
    traits = _traits(page, capture, boxes, digits, contrast)._replace(touching=_touch(truth))
    owners = _owners(truth, page.shape)
    return PaperPicture(taken(capture, scene, unit, of_camera), text, boxes, traits, cover, owners)


def _cover(tiles: Sequence[Tile], shape: ImageShape) -> Cover:
    """Return how much of each pixel ink covers, uint8 (H, W)."""
    cover = np.zeros(shape, dtype=np.uint8)
    for tile in tiles:
        place, part = _overlap(tile, shape)
        np.maximum(cover[place], tile.ink[part], out=cover[place])
    return cover


def _owners(digits: Sequence[Tile], shape: ImageShape) -> Owners:
    """Return which digit's ink lies in each pixel, counted from 1, uint16 (H, W)."""
    owners = np.zeros(shape, dtype=np.uint16)
    for number, tile in enumerate(digits, start=1):
        place, part = _overlap(tile, shape)
        owners[place][tile.ink[part] >= _BOX_LEVEL] = number
    return owners


def _inked(
    scene: Floats, bare: Floats, cover: Cover, capture: Capture, unit: float, rng: Generator
) -> float:
    """Lay ink on the scene; return its contrast to the bare paper."""
    rows, columns = (np.flatnonzero(cover.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0.0
    place = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    ground = scene[place]
    ink = colour(capture.pen, capture.dark, rng)
    most = float(abs(bare[place].mean() - ink.mean()))
    contrast = min(capture.contrast, most)
    opacity = contrast / max(most, 1e-6)
    covered = textured(cover[place].astype(np.float32) / 255, capture.pen, unit, rng) * opacity
    inked = ground + covered[..., None] * (ink - ground)
    if capture.form is not None:  # print shows through lighter ink
        inked = np.maximum(inked, ground) if capture.dark else np.minimum(inked, ground)
    ground[:] = inked
    return contrast


def _overlap(tile: Tile, shape: ImageShape) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the part of the frame that a tile covers, and the part of the tile inside."""
    height, width = tile.ink.shape
    top, left = max(tile.top, 0), max(tile.left, 0)
    bottom = max(min(tile.top + height, shape[0]), top)
    right = max(min(tile.left + width, shape[1]), left)
    inside = slice(top - tile.top, bottom - tile.top), slice(left - tile.left, right - tile.left)
    return (slice(top, bottom), slice(left, right)), inside


def _box(tile: Tile, shape: ImageShape) -> PixelBox:
    """Return the box of a tile's ink, within the frame."""
    levels = (tile.ink >= _BOX_LEVEL, tile.ink > 0, np.ones(tile.ink.shape, bool))
    ink = next(level for level in levels if level.any())  # a tiny digit may have left none
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return (
        max(0, tile.left + int(columns[0])),
        max(0, tile.top + int(rows[0])),
        min(shape[1], tile.left + int(columns[-1]) + 1),
        min(shape[0], tile.top + int(rows[-1]) + 1),
    )


def _text(digits: Sequence[int | None], lengths: Sequence[int]) -> str:
    ends = np.cumsum(lengths)
    lines = [digits[end - length : end] for end, length in zip(ends, lengths, strict=True)]
    return "\n".join("".join(map(str, line)) for line in lines)


def _traits(
    page: Page, capture: Capture, boxes: Sequence[PixelBox], digits: Sequence[Mark], contrast: float
) -> Traits:
    height = max((bottom - top for _, top, _, bottom in boxes), default=0) / page.shape[0]
    thickness = float(np.median([d.width / (d.box[3] - d.box[1]) for d in digits] or [0]))
    return Traits(
        subject=page.subject,
        paper=capture.paper,
        pen=capture.pen,
        source=page.source,
        camera=capture.camera,
        form=capture.form,
        framing=_framing(height, boxes, page.shape),
        dark=capture.dark,
        touching=False,
        clutter=bool(page.beside or page.neighbours or 0 < len(digits) < len(page.marks)),
        size=max(page.shape),
        height=height,
        thickness=thickness,
        contrast=contrast,
        rotation=capture.rotation,
        tilt=capture.tilt,
        shadow=capture.shadow,
        unevenness=capture.unevenness,
        blur=capture.blur,
        noise=capture.noise,
        quality=capture.quality,
    )


def _framing(height: float, boxes: Sequence[PixelBox], shape: ImageShape) -> str:
    if not boxes:
        return "none"
    rows, columns = shape
    nearest = min(min(x, y, columns - u, rows - v) for x, y, u, v in boxes)
    if nearest <= 2:
        return "border"
    if height >= 0.85:
        return "large"
    return "tiny" if height < 0.08 else "small" if height < 0.3 else "usual"


def _touch(digits: Sequence[Tile]) -> bool:
    """Return whether ink of a digit lies on ink of the next."""
    for left, right in pairwise(digits):
        x, y = right.left - left.left, right.top - left.top
        rows, columns = left.ink[max(y, 0) :, max(x, 0) :], right.ink[max(-y, 0) :, max(-x, 0) :]
        height, width = np.minimum(rows.shape, columns.shape)
        if np.minimum(rows[:height, :width], columns[:height, :width]).max(initial=0) >= _BOX_LEVEL:
            return True
    return False
