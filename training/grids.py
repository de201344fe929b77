"""Photos of filled 9x9 sudokus, with the corners of each grid and its digits.

The photos and their digits are the sudoku data set (CC-BY-4.0) of B. Wicht and J. Hennebert,
Camera-based Sudoku recognition with deep belief network, SoCPaR 2014. The corners are annotated
in `grid_corners.json`, beside this module.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

_CORNERS = Path(__file__).with_name("grid_corners.json")
_HEADER, _CELLS = 2, 9  # lines before the rows of digits; cells a side


@dataclass(frozen=True, eq=False)
class GridPhoto:
    """A photo of one filled 9x9 grid.

    Attributes:
        number: The photo's number in the data set.
        image: The photo, upright, in RGB.
        corners: The grid's outer corners (x, y) in pixels, shape (4, 2): top left, top right,
            bottom right, bottom left. On bent paper they are those of the homography that fits
            the grid's lines best, so they may lie beside the printed corners, or just outside
            the photo.
        digits: The digits by row and column, shape (9, 9).
    """

    number: int
    image: Image.Image
    corners: npt.NDArray[np.float64]
    digits: npt.NDArray[np.int64]

    def cells(self) -> npt.NDArray[np.float64]:
        """Return each cell's corners (x, y) in pixels, by row and column: shape (9, 9, 4, 2).

        The order of a cell's corners is that of the grid's.
        """
        ticks = np.arange(_CELLS + 1) / _CELLS
        x, y = np.meshgrid(ticks, ticks)
        mapped = np.stack([x, y, np.ones_like(x)], axis=-1) @ _homography(self.corners).T
        crossings = mapped[..., :2] / mapped[..., 2:]
        return np.stack(
            [crossings[:-1, :-1], crossings[:-1, 1:], crossings[1:, 1:], crossings[1:, :-1]],
            axis=2,
        )


def load_grids(folder: Path, *, held_out: bool) -> Iterator[GridPhoto]:
    """Yield the photos of one part of the data set, in the order of their numbers.

    Args:
        folder: Where `imageK.jpg` and `imageK.dat` lie.
        held_out: Yield only the photos whose number ends in 9, which nothing is trained or
            chosen on; otherwise only the others.
    """
    corners = json.loads(_CORNERS.read_text(encoding="utf-8"))
    for number in sorted(map(int, corners)):
        if (number % 10 == 9) != held_out:
            continue
        with Image.open(folder / f"image{number}.jpg") as file:
            image = ImageOps.exif_transpose(file).convert("RGB")
        lines = (folder / f"image{number}.dat").read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines[_HEADER : _HEADER + _CELLS]]
        yield GridPhoto(
            number,
            image,
            np.array(corners[str(number)], dtype=np.float64),
            np.array(rows, dtype=np.int64),
        )


def _homography(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the 3x3 homography from the unit square to four corners, from the top left."""
    equations = []
    for (x, y), (u, v) in zip([(0, 0), (1, 0), (1, 1), (0, 1)], corners, strict=True):
        equations.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        equations.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solution = np.linalg.solve(np.array(equations, dtype=np.float64), corners.reshape(-1))
    return np.append(solution, 1.0).reshape(3, 3)
