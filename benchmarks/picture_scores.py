"""Scores of a classifier's readings: digits, numbers, grids, and the order of tables."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from held_out_pictures import GridPhoto, edit_distance
from picture_sets import DigitSet, NumberSet

from digitnet import DigitClassifier
from digitnet.prediction import Reading

MIN_IOU = 0.3  # of a box that was read and the digit's own


Picture, Result = TypeVar("Picture"), TypeVar("Result")


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        pictures: What was read.
        count: How many were.
        right: The share read right, in 0..1.
        seconds: The median time of a picture, where it is of interest.
        note: Shown beside the share.
    """

    pictures: str
    count: int
    right: float
    seconds: float | None = None
    note: str = ""


def timed(
    read: Callable[[Picture], Result], pictures: Sequence[Picture]
) -> tuple[list[Result], float]:
    """Return what is read in each picture, and the median seconds of one."""
    results, seconds = [], []
    for picture in pictures:
        started = time.perf_counter()
        results.append(read(picture))
        seconds.append(time.perf_counter() - started)
    return results, statistics.median(seconds)


def texts_of(reading: Reading) -> list[str]:
    """Return the digits of each line, without the spaces between numbers."""
    return [line.replace(" ", "") for line in reading.lines]


def predict_row(classifier: DigitClassifier, digits: DigitSet, name: str = "") -> Row:
    """Return how many digits `predict` names right; one that is not found is wrong."""
    predictions, seconds = timed(classifier.inspect, digits.pictures)
    right = [
        prediction.digit == label
        for prediction, label in zip(predictions, digits.labels.tolist(), strict=True)
    ]
    return Row(name or digits.name, len(right), statistics.fmean(right), seconds)


def read_row(classifier: DigitClassifier, digits: DigitSet, name: str) -> Row:
    """Return in how many pictures `read` finds the digit and no other."""
    readings, seconds = timed(classifier.read, digits.pictures)
    right = [
        reading.text == str(label)
        for reading, label in zip(readings, digits.labels.tolist(), strict=True)
    ]
    return Row(name, len(right), statistics.fmean(right), seconds)


def number_rows(classifier: DigitClassifier, numbers: NumberSet) -> Iterator[Row]:
    """Yield how many pictures are right, how many digits, and how many with touching ones."""
    # Whole pictures
    name, made = numbers
    readings, seconds = timed(classifier.read, [picture.picture for picture in made])
    texts = ["\n".join(texts_of(reading)) for reading in readings]
    exact = [text == picture.text for text, picture in zip(texts, made, strict=True)]
    yield Row(f"{name}, exactly right", len(made), statistics.fmean(exact), seconds)

    # Digits
    wrong = sum(edit_distance(t, p.text) for t, p in zip(texts, made, strict=True))
    length = sum(len(picture.text) for picture in made)
    yield Row(f"{name}, digits right", length, 1 - wrong / length)

    # Pictures whose digits touch
    touching = [e for e, p in zip(exact, made, strict=True) if p.traits.touching]
    if touching:
        name = f"{name} with touching digits, exactly right"
        yield Row(name, len(touching), statistics.fmean(touching))


def order_rows(classifier: DigitClassifier, tables: NumberSet) -> Iterator[Row]:
    """Yield how many pictures are right, and how many of those whose digits all were found.

    The order is right where the boxes of the digits follow each other, and break into lines, as
    those written do, whatever digits were read.
    """
    readings, seconds = timed(classifier.read, [picture.picture for picture in tables.pictures])
    exact, in_order = [], []
    for reading, made in zip(readings, tables.pictures, strict=True):
        lines, written = texts_of(reading), made.text.split("\n")
        exact.append(lines == written)
        found = _matches(reading, made.boxes)
        if sorted(found) == list(range(len(made.boxes))):
            breaks = [len(line) for line in lines] == [len(line) for line in written]
            in_order.append(breaks and found == sorted(found))
    yield Row(f"{tables.name}, exactly right", len(exact), statistics.fmean(exact), seconds)
    if in_order:
        name = "the order of those whose digits all were found, and nothing else"
        yield Row(name, len(in_order), statistics.fmean(in_order))


def grid_rows(classifier: DigitClassifier, photos: Sequence[GridPhoto]) -> Iterator[Row]:
    """Yield how many rows of the grids are right, how many cells, and how many whole grids.

    A row is right where a line has its nine digits and no more. A cell is right where one digit
    alone has its middle in it, the right one.
    """
    readings, seconds = timed(classifier.read, [photo.image for photo in photos])
    rows, grids, cells = [], [], []
    for reading, photo in zip(readings, photos, strict=True):
        lines, written = texts_of(reading), grid_lines(photo)
        rows += [row in lines for row in written]
        grids.append(is_subsequence(written, lines))
        cells.append(_cells_right(reading, photo))
    yield Row("photos of 9x9 grids: rows exactly right", len(rows), statistics.fmean(rows), seconds)
    yield Row("photos of 9x9 grids: cells right", 81 * len(cells), statistics.fmean(cells))
    name = "photos of 9x9 grids: all nine rows right, in their order"
    yield Row(name, len(grids), statistics.fmean(grids))


def false_positive_row(classifier: DigitClassifier, pages: NumberSet) -> Row:
    """Return in how many pages without a digit none is found."""
    readings, seconds = timed(classifier.read, [page.picture for page in pages.pictures])
    counts = [len(reading.digits) for reading in readings]
    share = statistics.fmean(not count for count in counts)
    note = f" ({statistics.fmean(counts):.2f} digits a page)"
    return Row(f"{pages.name}, none found", len(counts), share, seconds, note)


def grid_lines(photo: GridPhoto) -> list[str]:
    """Return the nine digits of each row."""
    return ["".join(map(str, row)) for row in photo.digits.tolist()]


def is_subsequence(wanted: Iterable[str], lines: Iterable[str]) -> bool:
    """Return whether all wanted lines are among the lines, in their order."""
    rest = iter(lines)
    return all(any(line == one for line in rest) for one in wanted)


def _matches(reading: Reading, boxes: Sequence[tuple[int, int, int, int]]) -> list[int]:
    """Return the index of the written digit that each one read matches; -1 is none."""
    written = np.array(boxes, float)
    found = []
    for digit in reading.digits:
        shares = _iou(written, np.array(digit.box, float))
        found.append(int(shares.argmax()) if shares.max(initial=0) >= MIN_IOU else -1)
    return found


def _iou(boxes: npt.NDArray[np.float64], box: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the intersection over union of boxes (N, 4) and one."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    common = np.prod((high - low).clip(0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return common / (areas - common)


def _cells_right(reading: Reading, photo: GridPhoto) -> float:
    """Return the share of a grid's cells that hold one digit alone, the right one."""
    read = np.array([digit.digit for digit in reading.digits], int)
    boxes = np.array([digit.box for digit in reading.digits], float).reshape(-1, 4)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    corners = photo.cells()  # (9, 9, 4, 2), clockwise
    sides = np.roll(corners, -1, axis=2) - corners
    away = middles - corners[..., None, :]  # (9, 9, 4, N, 2)
    cross = sides[..., None, 0] * away[..., 1] - sides[..., None, 1] * away[..., 0]
    inside = (cross >= 0).all(axis=2)  # (9, 9, N)
    right = (inside & (read == photo.digits[..., None])).sum(axis=-1) == 1
    return float((right & (inside.sum(axis=-1) == 1)).mean())
