"""Photos of grids: where their cells are, and which photos are held out."""

from __future__ import annotations

import json

import grid_truth
import grids
import numpy as np
import pytest
from PIL import Image, ImageDraw

SQUARE = [(10, 20), (100, 20), (100, 110), (10, 110)]


def photo(corners, image=None):
    digits = np.arange(81).reshape(9, 9) % 9 + 1
    return grids.GridPhoto(1, image, np.array(corners, float), digits)


def test_cells_of_a_square_are_ninths_of_it():
    cells = photo(SQUARE).cells()
    assert cells.shape == (9, 9, 4, 2)
    assert cells[0, 0].ravel() == pytest.approx([10, 20, 20, 20, 20, 30, 10, 30])
    assert cells[8, 8].ravel() == pytest.approx([90, 100, 100, 100, 100, 110, 90, 110])
    assert cells[1, 3].ravel() == pytest.approx([40, 30, 50, 30, 50, 40, 40, 40])


def test_a_homography_by_hand_maps_cells_in_perspective():
    # (x, y) -> (4 x, 2 y) / (1 + x): the corners are (0, 0), (2, 0), (2, 1), (0, 2), and
    # x = 3 / 9 lies at 4/3 / (4/3) = 1, there y = 3 / 9 at 2/3 / (4/3) = 1/2
    cells = photo([(0, 0), (2, 0), (2, 1), (0, 2)]).cells()
    assert cells[3, 3, 0] == pytest.approx([1, 0.5])
    assert cells[0, 3, 0] == pytest.approx([1, 0])
    assert cells[8, 2, 2] == pytest.approx([1, 1.5])
    for row, column, corner, expected in (
        (0, 0, 0, (0, 0)), (0, 8, 1, (2, 0)), (8, 8, 2, (2, 1)), (8, 0, 3, (0, 2)),
    ):  # fmt: skip
        assert cells[row, column, corner] == pytest.approx(expected, abs=1e-9)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of photos 8, 9, 10 and 19 with their digits."""
    numbers = (9, 10, 8, 19)
    for number in numbers:
        Image.new("RGB", (120, 120), "white").save(tmp_path / f"image{number}.jpg")
        rows = [" ".join(str((number + row + c) % 9 + 1) for c in range(9)) for row in range(9)]
        text = "\n".join(["phone", "120x120:24 JPG", *rows])
        (tmp_path / f"image{number}.dat").write_text(text + "\n")
    corners = tmp_path / "corners.json"
    corners.write_text(json.dumps(dict.fromkeys(numbers, SQUARE)))
    monkeypatch.setattr(grids, "_CORNERS", corners)
    return tmp_path


def test_photos_whose_number_ends_in_9_are_held_out(folder):
    assert [grid.number for grid in grids.load_grids(folder, held_out=True)] == [9, 19]
    assert [grid.number for grid in grids.load_grids(folder, held_out=False)] == [8, 10]


def test_digits_are_read_row_by_row(folder):
    grid = next(grids.load_grids(folder, held_out=False))
    assert grid.digits.shape == (9, 9)
    assert grid.digits[0, :3].tolist() == [9, 1, 2]  # 8 + 0 + c
    assert grid.digits[1, 0] == 1
    assert grid.corners.tolist() == [list(corner) for corner in SQUARE]
    assert grid.image.mode == "RGB"


def drawn_grid(faint=()):
    """A photo of a grid of 40 px cells whose digits are bars of 6x22 px; some are faint."""
    image = Image.new("RGB", (400, 400), (225, 225, 225))
    pen = ImageDraw.Draw(image)
    for k in range(10):
        pen.line([(20 + 40 * k, 20), (20 + 40 * k, 380)], (60, 60, 60), 2)
        pen.line([(20, 20 + 40 * k), (380, 20 + 40 * k)], (60, 60, 60), 2)
    for row in range(9):
        for column in range(9):
            level = 220 if (row, column) in faint else 40
            x, y = 20 + 40 * column + 17, 20 + 40 * row + 9
            pen.rectangle([x, y, x + 5, y + 21], (level, level, level))
    return photo([(20, 20), (380, 20), (380, 380), (20, 380)], image)


def test_the_ink_in_the_middle_of_a_cell_is_its_digits():
    found = grid_truth.grid_truth(drawn_grid())
    assert found.labels.tolist() == [n % 9 + 1 for n in range(81)]
    for number, box in enumerate(found.boxes):
        x, y = 20 + 40 * (number % 9) + 17, 20 + 40 * (number // 9) + 9
        assert box == pytest.approx((x, y, x + 6, y + 22), abs=1)
        assert (found.owners == number + 1).sum() == pytest.approx(6 * 22, abs=30)
    assert (found.ink[found.owners == 1] > 100).all()


def test_nothing_is_known_outside_the_grid_and_lines_are_no_digits():
    found = grid_truth.grid_truth(drawn_grid())
    assert (found.owners[:18] == grid_truth.UNKNOWN).all()
    assert (found.owners[:, 383:] == grid_truth.UNKNOWN).all()
    assert set(np.unique(found.owners[59:62, 22:378])) == {0}  # a line of the grid


def test_a_cell_that_shows_too_little_is_unknown():
    found = grid_truth.grid_truth(drawn_grid(faint={(0, 0)}))
    assert len(found.labels) == 80
    assert found.labels[0] == 2
    assert (found.owners[25:55, 25:55] == grid_truth.UNKNOWN).all()
