"""The truth about photos of filled grids: each digit's ink, by a threshold in its cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from crops import Truth
from grids import GridPhoto, load_grids
from PIL import Image, ImageDraw
from scipy import ndimage

MARGIN = 0.1  # of a cell, on each side: there its lines may be
PAPER, SOLID = 0.3, 0.7  # of a cell's contrast: up to here is paper, from here on solid ink
FAINT = 0.35  # of solid ink: less belongs to no digit
NEAR = 0.33  # of a cell: a digit's components are as near its middle
LEAST_CONTRAST = 18  # grey levels; cells with less say nothing
LEAST_PART = 0.1  # of the largest component's pixels: a digit may have several
HEIGHT = (0.25, 0.95)  # of a cell: ink that is lower or higher was not found rightly
UNKNOWN = 65535


def grid_truths(folder: Path, *, held_out: bool) -> Iterator[Truth]:
    """Yield the truth about each photo; what is outside its grid is unknown."""
    for photo in load_grids(folder, held_out=held_out):
        yield grid_truth(photo)


def grid_truth(photo: GridPhoto) -> Truth:
    """Return the truth about a photo."""
    grey = photo.image.convert("L")
    pixels = np.asarray(grey).astype(np.float32)
    owners, ink = np.full(pixels.shape, UNKNOWN, np.uint16), np.zeros(pixels.shape, np.uint8)
    owners[_filled(photo.corners, pixels.shape)] = 0
    boxes, labels = [], []
    for corners, digit in zip(photo.cells().reshape(-1, 4, 2), photo.digits.ravel(), strict=True):
        middle = corners.mean(axis=0)
        inner = _filled(middle + (1 - 2 * MARGIN) * (corners - middle), pixels.shape)
        found = _cell_ink(pixels, inner, float(np.ptp(corners[:, 1])))
        if found is None:
            owners[_filled(corners, pixels.shape)] = UNKNOWN
            continue
        cover, (rows, columns) = found
        boxes.append((columns.start, rows.start, columns.stop, rows.stop))
        labels.append(digit)
        ink[rows, columns] = np.maximum(ink[rows, columns], np.rint(255 * cover))
        owners[rows, columns][cover > FAINT] = len(boxes)
    return Truth(grey, ink, owners, np.array(boxes, float), np.array(labels, int), UNKNOWN)


def _cell_ink(
    pixels: npt.NDArray[np.float32], inner: npt.NDArray[np.bool_], height: float
) -> tuple[npt.NDArray[np.float32], tuple[slice, slice]] | None:
    """Return a cell's ink in 0..1 and the rows and columns that it takes."""
    (place,) = ndimage.find_objects(inner.astype(np.uint8))
    part, inside = pixels[place], inner[place]
    paper = _paper(part, inside)
    contrast = float(np.percentile((paper - part)[inside], 98.5))
    if contrast < LEAST_CONTRAST:
        return None
    cover = np.clip(((paper - part) / contrast - PAPER) / (SOLID - PAPER), 0, 1) * inside
    components, count = ndimage.label(cover > 0.6, np.ones((3, 3)))
    if not count:
        return None
    # the digit is the component nearest the middle, with what is as large beside it
    areas = np.bincount(components.ravel())[1:]
    middle = np.array(part.shape) / 2
    centres = np.array(ndimage.center_of_mass(components > 0, components, range(1, count + 1)))
    away = np.hypot(*(centres - middle).T) / height
    kept = 1 + np.flatnonzero((areas >= LEAST_PART * areas.max()) & (away < NEAR))
    own = ndimage.binary_dilation(np.isin(components, kept), np.ones((3, 3)))
    cover = np.where(own, cover, 0)
    if not (cover > FAINT).any():
        return None
    (box,) = ndimage.find_objects((cover > FAINT).astype(np.uint8))
    if not HEIGHT[0] * height <= box[0].stop - box[0].start <= HEIGHT[1] * height:
        return None
    rows, columns = (
        slice(outer.start + own.start, outer.start + own.stop)
        for outer, own in zip(place, box, strict=True)
    )
    return cover[box], (rows, columns)


def _paper(part: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Return a plane through the brighter half of a cell's pixels."""
    rows, columns = np.indices(part.shape)
    terms = np.stack([rows, columns, np.ones_like(rows)], axis=-1).astype(np.float32)
    plane = np.full(part.shape, np.median(part[inside]))
    for _ in range(3):
        bright = inside & (part >= plane)
        plane = terms @ np.linalg.lstsq(terms[bright], part[bright], rcond=None)[0]
    return plane


def _filled(corners: npt.NDArray[np.float64], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    mask = Image.new("1", shape[::-1])
    ImageDraw.Draw(mask).polygon([tuple(corner) for corner in corners.tolist()], fill=1)
    return np.asarray(mask)
