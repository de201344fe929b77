"""How well the pretrained classifier reads pictures: generated, held-out, and without a digit.

    DIGITNET_DATA=... python benchmarks/pictures.py
    DIGITNET_DATA=... python benchmarks/pictures.py --cache results/pictures.json
    python benchmarks/pictures.py --quick

A run with `--cache` that was stopped goes on from its file.

Pictures of `datasets.paper` are drawn from seeds that training did not use; those from MNIST's
digits take its test set. A digit that is not found counts as wrong. The spaces that `read` puts
between numbers are ignored.

The part `held_out` is read from real handwriting that nothing was trained or chosen on; see
`held_out_pictures.py`. Rows whose data are not in the folder `DIGITNET_DATA` are left out.

The 1,797 digits of 8x8 pixels that come with scikit-learn (Alpaydin and Kaynak's, made in Turkey)
are read too, as handwriting of another country. No network was trained on them, but four shapes of
the synthetic strokes were developed with half of them in view.

The environment variable DIGITNET_DRAWN can name a folder of people's drawings: `drawings/`
with files named by their digit, `"<digit>-<source>.png"` (20 of them were taken from the
repositories Hui-Hwoo/Recognition-using-Deep-Networks and 7eraflops/mnist-digit-recognition), and
`hwd1000.npz` (niklashenning/hwd-1000-dataset, one writer, dark on light).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import harness
import held_out_pictures as held_out
import numpy as np
import numpy.typing as npt
import picture_sets as sets
from measurement_cache import MeasurementCache, add_cache_option
from picture_scores import (
    Row,
    false_positive_row,
    grid_rows,
    number_rows,
    order_rows,
    predict_row,
    read_row,
)

from digitnet import DigitClassifier, ImageSet
from digitnet.datasets import paper
from digitnet.datasets.paper import PaperPicture
from digitnet.errors import DatasetUnavailableError

SEED = sets.SEED
PARTS = ("accuracy", "held_out", "refusal")
REFUSED = 0.01  # share of true digits that the first threshold refuses

Named = tuple[str, Callable[[], Iterable[Row]]]
"""The name of a set of pictures, and what reads it."""


def main() -> None:
    """Measure, print tables, and write them with their figures."""
    # Options
    parser = harness.parser(__doc__)
    parser.add_argument("--pictures", type=int, default=200, help="of each generated kind")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="what to measure")
    add_cache_option(parser)
    options = harness.parse(parser)
    count = 6 if options.quick else options.pictures
    drawn = Path(os.environ["DIGITNET_DRAWN"]) if os.environ.get("DIGITNET_DRAWN") else None
    if count < 2 or (drawn and not (drawn / "hwd1000.npz").exists()):
        parser.error("expected --pictures of at least 2, and hwd1000.npz in DIGITNET_DRAWN if set")

    # Parts
    classifier = DigitClassifier.pretrained()
    _, test = harness.mnist(quick=options.quick)
    store = MeasurementCache(options.cache, quick=options.quick, pictures=count)
    if "accuracy" in options.only:
        rows = _rows(_generated(classifier, test, count, drawn), store)
        _report(options.out, "pictures", "The pretrained classifier on pictures", rows)
    if "held_out" in options.only:
        rows = _rows(_held_out(classifier, quick=options.quick), store)
        title = "The pretrained classifier on held-out handwriting"
        _report(options.out, "pictures_held_out", title, rows, timed=True)
    if "refusal" in options.only:
        _refusals(classifier, test, count, options.out, store)


def _rows(sets_to_read: Iterable[Named], store: MeasurementCache) -> Iterator[Row]:
    """Yield the rows of each set; a set whose data are missing is left out."""
    for name, read in sets_to_read:
        try:
            measured = store.measured(name, lambda read=read: list(read()))
        except DatasetUnavailableError as error:
            print(f"left out: {error}")
        else:
            yield from (Row(*row) for row in measured)


def _generated(
    classifier: DigitClassifier, test: ImageSet, count: int, drawn: Path | None
) -> Iterator[Named]:
    yield "arrays", lambda: [_array_row(classifier, test[: 20 * count])]
    for digits in sets.digit_sets(test, count):
        yield digits.name, lambda digits=digits: [predict_row(classifier, digits)]
    for numbers in sets.number_sets(count):
        yield numbers.name, partial(number_rows, classifier, numbers)
    pairs = sets.touching_pairs(count)
    if pairs.pictures:
        yield pairs.name, lambda: [next(number_rows(classifier, pairs))]
    low, drawings = sets.low_resolution_sets(test, count), sets.drawn_sets(drawn) if drawn else ()
    for digits in chain(low, drawings):
        yield digits.name, lambda digits=digits: [predict_row(classifier, digits)]


def _array_row(classifier: DigitClassifier, digits: ImageSet) -> Row:
    right = float((classifier.predict(digits.images) == digits.labels.numpy()).mean())
    return Row("MNIST's test digits as arrays", len(digits), right)


def _held_out(classifier: DigitClassifier, *, quick: bool) -> Iterator[Named]:
    few = 4 if quick else None
    yield "held-out digits", partial(_single_rows, classifier, few)
    yield "held-out numbers", lambda: number_rows(classifier, held_out.numbers(few or 300))
    yield "held-out grids", lambda: grid_rows(classifier, held_out.grid_photos()[:few])
    for kind in held_out.ENTRIES:
        yield f"held-out {kind}", partial(_entry_rows, classifier, kind, few or 100)
    yield "held-out tables", lambda: order_rows(classifier, held_out.tables(few or 100))
    yield (
        "printed pages",
        lambda: [false_positive_row(classifier, held_out.printed_pages(few or 100))],
    )


def _single_rows(classifier: DigitClassifier, few: int | None) -> Iterator[Row]:
    name, pictures, labels = held_out.singles()
    digits = sets.DigitSet(name, pictures[:few], labels[:few])
    yield predict_row(classifier, digits, f"{name}: the digit that predict names")
    yield read_row(classifier, digits, f"{name}: read finds that digit and no other")


def _entry_rows(classifier: DigitClassifier, kind: str, count: int) -> Iterator[Row]:
    name, made = held_out.entries(kind, count)
    yield next(number_rows(classifier, sets.NumberSet(f"{name} with signs, digits alone", made)))


def _report(out: Path, name: str, title: str, rows: Iterable[Row], *, timed: bool = False) -> None:
    """Write a table of rows, with the seconds of a picture where it is `timed`."""
    rows = list(rows)
    cells = [(row.pictures, f"{row.count:,}", f"{row.right:.1%}{row.note}") for row in rows]
    columns = ["pictures", "how many", "right"]
    if timed:
        columns.append("seconds a picture, median")
        seconds = ["" if row.seconds is None else f"{row.seconds:.3f}" for row in rows]
        cells = [(*before, last) for before, last in zip(cells, seconds, strict=True)]
    harness.report(
        out,
        name,
        title=title,
        columns=columns,
        rows=cells,
        figures=[row._asdict() for row in rows],
    )


def _refusals(
    classifier: DigitClassifier, test: ImageSet, count: int, out: Path, store: MeasurementCache
) -> None:
    # The threshold that refuses one true digit in a hundred
    digits = paper.digits(count, seed=SEED + 4) + paper.digits(count, seed=SEED + 5, source=test)
    confidences = _confidences(classifier, "digits", digits, store)
    threshold = float(np.quantile(confidences, REFUSED))

    # What it refuses of pictures without a digit
    kinds = {
        "blank pages": paper.blanks,
        "blank pages without specks and dashes": partial(
            paper.blanks, style=paper.Style(clutter=0)
        ),
        "empty forms": partial(paper.blanks, style=sets.FORM),
        "scribbles": paper.scribbles,
        "letters": paper.letters,
    }
    shares = {}
    for name, make in kinds.items():
        read = _confidences(classifier, name, make(count, seed=SEED + 6), store)
        shares[name] = {
            "at_one_percent": float((read < threshold).mean()),
            "below_0.9": float((read < 0.9).mean()),
        }

    # The report
    refused = float((confidences < 0.9).mean())
    rows = [
        (name, f"{s['at_one_percent']:.1%}", f"{s['below_0.9']:.1%}") for name, s in shares.items()
    ]
    rows.append(("digits", f"{REFUSED:.1%}", f"{refused:.1%}"))
    harness.report(
        out,
        "pictures_refused",
        title=f"What is refused: {count} pictures of each kind, {2 * count} of digits",
        columns=["pictures", f"reject_below={threshold:.3f}", "reject_below=0.9"],
        rows=rows,
        figures={"threshold": threshold, "shares": shares, "digits_below_0.9": refused},
    )


def _confidences(
    classifier: DigitClassifier, name: str, made: Sequence[PaperPicture], store: MeasurementCache
) -> npt.NDArray[np.float64]:
    def inspected() -> list[float]:
        return [float(classifier.inspect(each.picture).confidence) for each in made]

    return np.array(store.measured(f"confidences: {name}", inspected))


if __name__ == "__main__":
    main()
