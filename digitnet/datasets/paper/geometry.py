"""Pixel arrays, boxes and perspective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
ImageShape = tuple[int, int]  # rows and columns
Points = Floats  # (P, 2): x to the right, y down
Matrix = Floats  # (3, 3), for homogeneous coordinates
Box = tuple[float, float, float, float]  # left, top, right, bottom
PixelBox = tuple[int, int, int, int]


def union(boxes: Sequence[Box]) -> Box:
    """Return the bounding box of boxes."""
    sides = np.array(boxes)
    left, top = sides[:, :2].min(axis=0)
    right, bottom = sides[:, 2:].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def box_of(mask: Mask) -> PixelBox | None:
    """Return the bounding box of a mask's True pixels; `None` without any."""
    return Image.fromarray(mask.view(np.uint8)).getbbox()


def project(warp: Matrix, points: Points) -> Points:
    """Return points after a perspective transform."""
    mapped = points @ warp[:2, :2].T + warp[:2, 2]
    return np.asarray(mapped / (points @ warp[2, :2] + warp[2, 2])[:, None])


def local_scale(warp: Matrix, points: Points) -> float:
    """Return the factor by which lengths grow in the middle of points."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    corners = project(warp, middle + np.array([[0, 0], [1e-3, 0], [0, 1e-3]]))
    along, down = (corners[1:] - corners[0]) * 1e3
    return float(abs(along[0] * down[1] - along[1] * down[0]) ** 0.5)
