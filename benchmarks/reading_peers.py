"""digitnet and RapidOCR on the same held-out handwriting; digits alone are counted.

    pip install "digitnet[benchmarks]" && DIGITNET_DATA=... python benchmarks/reading_peers.py
    DIGITNET_DATA=... python benchmarks/reading_peers.py --quick

RapidOCR is given what it reads best: pictures turned upright, dark on light, at least 128 px high,
with a margin; where it finds no digit, its recognizer alone reads the whole picture. digitnet is
given the pictures as they are. Spaces are ignored. See `held_out_pictures.py`.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import harness
import held_out_pictures as held_out
import numpy as np
import torch
from held_out_pictures import GridPhoto
from picture_scores import grid_lines, texts_of, timed
from picture_sets import NumberSet
from PIL import Image, ImageOps

from digitnet import DigitClassifier
from digitnet.pictures import reading_order

MIN_HEIGHT = 128  # px of a picture that RapidOCR is given
MARGIN = 0.25  # of the picture's height, around it; chosen on writers 1 to 10
ROW_SIZE = (576, 64)  # px of a grid's row that is cut out
SINGLES, NUMBERS, ENTRIES = 200, 210, 100  # pictures of a kind


class Question(NamedTuple):
    """A picture, and the lines of digits that it holds.

    Attributes:
        picture: As digitnet is given it.
        lines: The digits of each line.
        dark: Whether its background is darker than its ink.
        rotation: Degrees by which its lines are turned, clockwise above 0.
    """

    picture: Image.Image
    lines: Sequence[str]
    dark: bool = False
    rotation: float = 0.0


Reader = Callable[[Question], list[str]]
"""Returns the digits of each line."""


def main() -> None:
    """Let both read, print a table, and write it with the texts."""
    parser = harness.parser(__doc__)
    names = ("digitnet", "RapidOCR")
    parser.add_argument("--readers", nargs="+", choices=names, default=names, help="which read")
    options = harness.parse(parser)
    makers: dict[str, Callable[[], Reader]] = {"digitnet": _digitnet, "RapidOCR": _rapidocr}
    readers = {name: makers[name]() for name in options.readers}
    rows, figures = [], []
    for name, questions in _sets(4 if options.quick else None):
        row = [name, f"{sum(len(question.lines) for question in questions):,}"]
        for reader, read in readers.items():
            answers, seconds = timed(read, questions)
            right = _right(questions, answers)
            row += [f"{right:.1%}", f"{seconds:.3f}"]
            lines = [list(question.lines) for question in questions]
            found = {"right": right, "seconds": seconds, "written": lines, "read": answers}
            figures.append({"pictures": name, "reader": reader, **found})
            print(f"{name}: {reader} {right:.1%}", flush=True)
        rows.append(row)
    harness.report(
        options.out,
        "reading_peers",
        title="Readers of handwritten numbers on held-out handwriting: lines exactly right",
        columns=["pictures", "lines", *(c for name in readers for c in (name, "s a picture"))],
        rows=rows,
        figures=figures,
    )


def _sets(few: int | None) -> Iterator[tuple[str, list[Question]]]:
    """Yield the pictures of each row of the table."""
    name, pictures, labels = held_out.singles()
    chosen = np.random.default_rng(0).permutation(len(pictures))[: few or SINGLES]
    yield name, [Question(pictures[index], [str(labels[index])]) for index in chosen]
    yield _of_numbers(held_out.numbers(few or NUMBERS))
    photos = held_out.grid_photos()[: few and 1]
    yield "rows of photos of 9x9 grids", [Question(p.image, grid_lines(p)) for p in photos]
    rows = [row for photo in photos for row in _cut_rows(photo)]
    yield "the same rows cut out, straight", rows
    for kind in held_out.ENTRIES:
        yield _of_numbers(held_out.entries(kind, few or ENTRIES))


def _of_numbers(numbers: NumberSet) -> tuple[str, list[Question]]:
    return numbers.name, [
        Question(made.picture, made.text.split("\n"), made.traits.dark, made.traits.rotation)
        for made in numbers.pictures
    ]


def _cut_rows(photo: GridPhoto) -> Iterator[Question]:
    """Yield each row of a grid as a straight picture, by the annotated corners."""
    for cells, line in zip(photo.cells(), grid_lines(photo), strict=True):
        corners = [cells[0, 0], cells[0, 3], cells[-1, 2], cells[-1, 1]]  # counter-clockwise
        quad = tuple(np.concatenate(corners).tolist())
        row = photo.image.transform(ROW_SIZE, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
        yield Question(row, [line])


def _right(questions: Sequence[Question], answers: Sequence[list[str]]) -> float:
    """Return the share of lines that are right.

    The one line of a picture is all that was read; of several, each is among those read.
    """
    right = []
    for question, answer in zip(questions, answers, strict=True):
        read = ["".join(answer)] if len(question.lines) == 1 else answer
        right += [line in read for line in question.lines]
    return statistics.fmean(right)


def _digitnet() -> Reader:
    classifier = DigitClassifier.pretrained()
    return lambda question: texts_of(classifier.read(question.picture))


def _rapidocr() -> Reader:
    from rapidocr import RapidOCR

    threads = {
        f"EngineConfig.onnxruntime.{kind}_op_num_threads": torch.get_num_threads()
        for kind in ("intra", "inter")
    }
    engine = RapidOCR(params={"Global.log_level": "critical", **threads})

    def read(question: Question) -> list[str]:
        pixels = np.asarray(_prepared(question))
        found = engine(pixels, use_det=True, use_cls=False, use_rec=True)
        lines = _lines(found) if found.txts else []
        if not lines:
            found = engine(pixels, use_det=False, use_cls=False, use_rec=True)
            lines = [digits for text in found.txts or () if (digits := _digits(text))]
        return lines

    return read


def _prepared(question: Question) -> Image.Image:
    """Return a picture upright, dark on light, large enough, and with a margin."""
    # Dark on light
    picture = question.picture.convert("RGB")
    if question.dark:
        picture = ImageOps.invert(picture)

    # Upright, on the colour of its border
    edges = np.asarray(picture)
    edges = np.concatenate([edges[0], edges[-1], edges[:, 0], edges[:, -1]])
    background = tuple(np.median(edges, axis=0).astype(int).tolist())
    if question.rotation:
        picture = picture.rotate(
            question.rotation, Image.Resampling.BICUBIC, expand=True, fillcolor=background
        )

    # Large enough, with a margin
    scale = max(1.0, MIN_HEIGHT / picture.height)
    size = (round(scale * picture.width), round(scale * picture.height))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    return ImageOps.expand(picture, round(MARGIN * picture.height), background)


def _lines(found: Any) -> list[str]:
    """Return the digits of each line; texts without a digit are left out."""
    corners = np.stack(found.boxes)  # (N, 4, 2)
    digits = [_digits(text) for text in found.txts]
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    own = [index for index, text in enumerate(digits) if text]
    return [
        "".join(digits[own[index]] for number in line for index in number)
        for line in reading_order(boxes[own])
    ]


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


if __name__ == "__main__":
    main()
