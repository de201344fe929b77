"""How well and how fast the pretrained classifier reads real pictures.

    DIGITNET_DATA=... python benchmarks/pictures.py
    python benchmarks/pictures.py --quick

Pictures of `datasets.paper` are drawn from seeds that training did not use; those from MNIST's
digits take its test set. Accuracy counts a digit that is not found as wrong.

The 1,797 digits of 8x8 pixels that come with scikit-learn (Alpaydin and Kaynak's, made in Turkey)
are read too: another country's hands. No network was trained on them, but the path of small
pictures and four forms of the synthetic strokes were developed with half of them in view.

The environment variable DIGITNET_DRAWN can name a folder of people's drawings: `drawings/`
with files named by their digit, `"<digit>-<source>.png"` (20 of them were taken from the
repositories Hui-Hwoo/Recognition-using-Deep-Networks and 7eraflops/mnist-digit-recognition), and
`hwd1000.npz` (niklashenning/hwd-1000-dataset, one writer, dark on light).
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import harness
import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_digits

from digitnet import DigitClassifier, ImageSet
from digitnet.datasets import paper
from digitnet.pictures import Source

SEED = 500_000_000  # far from those of the scripts in examples/ that train
CURVES: Mapping[str, tuple[float, ...]] = {
    "rotation": (0, 10, 20, 30, 45),
    "height": (0.03, 0.06, 0.12, 0.25, 0.5, 0.9),
    "thickness": (0.01, 0.03, 0.06, 0.1, 0.15),
    "noise": (0, 0.02, 0.04, 0.08, 0.12),
    "contrast": (0.1, 0.2, 0.3, 0.5, 0.8),
    "shadow": (0, 0.2, 0.4, 0.6, 0.8),
}
UNITS = {  # as `paper.Style` takes them
    "rotation": "degrees",
    "height": "share of the picture's",
    "thickness": "share of the digit's height",
    "noise": "deviation, share of the range",
    "contrast": "share of the range",
    "shadow": "share of the light",
}
FORM = paper.Style(forms=paper.FORMS)
PARTS = ("accuracy", "refusal", "curves", "times", "memory")
REFUSED = 0.01  # share of true digits that may be refused


def main() -> None:
    """Measure, print tables, and write them with their figures."""
    parser = harness.parser(__doc__)
    parser.add_argument("--pictures", type=int, default=200, help="of each kind")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="what to measure")
    options = harness.parse(parser)
    count = 6 if options.quick else options.pictures
    drawn = Path(os.environ["DIGITNET_DRAWN"]) if os.environ.get("DIGITNET_DRAWN") else None
    if count < 2 or (drawn and not (drawn / "hwd1000.npz").exists()):
        parser.error("expected --pictures of at least 2, and hwd1000.npz in DIGITNET_DRAWN if set")
    classifier = DigitClassifier.pretrained()
    _, test = harness.mnist(quick=options.quick)
    if "accuracy" in options.only:
        _accuracies(classifier, test, count, drawn, options.out)
    if "refusal" in options.only:
        _refusals(classifier, test, count, options.out)
    if "curves" in options.only:
        _curves(classifier, max(count // 4, 2), options.out)
    if "times" in options.only:
        _times(classifier, test, options)
    if "memory" in options.only:
        _memory(options.out)


def _accuracies(
    classifier: DigitClassifier, test: ImageSet, count: int, drawn: Path | None, out: Path
) -> None:
    strokes = paper.digits(count, seed=SEED)
    from_mnist = paper.digits(count, seed=SEED + 1, source=test)
    numbers = paper.numbers(count // 2, seed=SEED + 2)
    pages = paper.numbers(count // 10 or 1, seed=SEED + 3, lines=(2, 6))
    on_forms = paper.numbers(count // 2, seed=SEED + 11, style=FORM)
    one_on_forms = paper.digits(count, seed=SEED + 12, style=FORM)
    signed = paper.numbers(count // 2, seed=SEED + 13, signs=True)
    pasted, labels = _pasted(test[: 20 * count])
    array = float((classifier.predict(test.images[: 20 * count]) == labels).mean())
    rows = [
        ("MNIST's test digits as arrays", len(labels), array),
        (
            "the same, pasted into larger canvases, dark or light",
            len(labels),
            _right(classifier, pasted, labels),
        ),
        ("digits on paper, from strokes", count, _digits_right(classifier, strokes)),
        (
            "the same, dithered to black and white",
            count,
            _digits_right(classifier, list(map(_dithered, strokes))),
        ),
        ("digits on paper, from MNIST's test digits", count, _digits_right(classifier, from_mnist)),
        ("digits on printed forms, from strokes", count, _digits_right(classifier, one_on_forms)),
    ]
    for name, made in (
        ("numbers of 2 to 12 digits", numbers),
        ("the same numbers, dithered to black and white", list(map(_dithered, numbers))),
        ("numbers on printed forms", on_forms),
        ("numbers with a plus or brackets", signed),
        ("pages of 2 to 6 lines", pages),
    ):
        texts = [classifier.read(picture.picture).text for picture in made]
        exact = [text == picture.text for text, picture in zip(texts, made, strict=True)]
        distance = sum(_distance(t, p.text) for t, p in zip(texts, made, strict=True))
        rows.append((f"{name}, exactly right", len(made), statistics.mean(exact)))
        length = sum(len(picture.text) for picture in made)
        rows.append((f"{name}, digits right", length, 1 - distance / length))
        touching = [e for e, p in zip(exact, made, strict=True) if p.traits.touching]
        if touching:
            rows.append(
                (
                    f"{name} with touching digits, exactly right",
                    len(touching),
                    statistics.mean(touching),
                )
            )
    pairs = [p for p in paper.numbers(6 * count, seed=SEED + 10, digits=2) if p.traits.touching]
    if pairs:
        exact = [classifier.read(p.picture).text == p.text for p in pairs]
        rows.append(("touching pairs, exactly right", len(pairs), statistics.mean(exact)))
    rows += _coarse(classifier, test[: 10 * count], 10 * count)
    if drawn:
        rows += _drawn(classifier, drawn)
    harness.report(
        out,
        "pictures",
        title="The pretrained classifier on pictures",
        columns=["pictures", "how many", "right"],
        rows=[(name, f"{many:,}", f"{share:.1%}") for name, many, share in rows],
        figures=[{"pictures": name, "count": many, "right": share} for name, many, share in rows],
    )


def _coarse(
    classifier: DigitClassifier, digits: ImageSet, count: int
) -> list[tuple[str, int, float]]:
    """Return rows for digits of few pixels that fill their picture."""
    fitted = [_fitted(image[0].numpy()) for image, _ in digits]
    binary = [picture.point(lambda grey: 255 * (grey < 110)) for picture in fitted]
    scanned = load_digits()
    small = [Image.fromarray((255 / 16 * pixels).astype(np.uint8)) for pixels in scanned.images]
    enlarged = [picture.resize((32, 32), Image.Resampling.BICUBIC) for picture in small[:count]]
    kinds = (
        ("MNIST's test digits filling 16x16 pixels", [p.resize((16, 16)) for p in fitted]),
        ("the same filling 32x32, black and white", binary),
    )
    labels = digits.labels.numpy()
    rows = [(name, len(labels), _right(classifier, made, labels)) for name, made in kinds]
    right = _right(classifier, enlarged, scanned.target[:count])
    return [*rows, ("scikit-learn's digits of 8x8 pixels, enlarged", len(enlarged), right)]


def _fitted(pixels: np.ndarray) -> Image.Image:
    """Return a digit as a square of 32 pixels that it reaches the border of."""
    rows, columns = (np.flatnonzero(pixels.max(axis=axis) > 60) for axis in (1, 0))
    tight = Image.fromarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    square = Image.new("L", (32, 32))
    scale = 32 / max(tight.size)
    tight = tight.resize([max(1, round(scale * side)) for side in tight.size])
    square.paste(tight, ((32 - tight.width) // 2, (32 - tight.height) // 2))
    return square


def _dithered(made: paper.PaperPicture) -> paper.PaperPicture:
    """Return a picture as a file of one bit a pixel has it: grey is made of dots."""
    return replace(made, picture=made.picture.convert("1"))


def _digits_right(classifier: DigitClassifier, made: Sequence[paper.PaperPicture]) -> float:
    labels = np.array([int(picture.text) for picture in made])
    return _right(classifier, [picture.picture for picture in made], labels)


def _right(classifier: DigitClassifier, sources: Sequence[Source], labels: np.ndarray) -> float:
    digits = [classifier.inspect(source).digit for source in sources]
    return statistics.mean(d == label for d, label in zip(digits, labels.tolist(), strict=True))


def _pasted(digits: ImageSet) -> tuple[list[Image.Image], np.ndarray]:
    """Return digits in canvases of 28 to 80 pixels, every second dark on light."""
    random = np.random.default_rng(0)
    pictures = []
    for number, (image, _) in enumerate(digits):
        canvas = np.zeros(random.integers(28, 81, 2), np.uint8)
        top, left = (random.integers(0, size - 27) for size in canvas.shape)
        canvas[top : top + 28, left : left + 28] = image[0].numpy()
        pictures.append(Image.fromarray(255 - canvas if number % 2 else canvas))
    return pictures, digits.labels.numpy()


def _drawn(classifier: DigitClassifier, folder: Path) -> list[tuple[str, int, float]]:
    """Return rows for a folder of drawings named "<digit>-...", and of arrays dark on light."""
    files = sorted((folder / "drawings").glob("*.png"))
    labels = np.array([int(file.name[0]) for file in files])
    rows = [("drawings of people", len(files), _right(classifier, files, labels))]
    with np.load(folder / "hwd1000.npz") as held:
        pictures = [Image.fromarray(pixels) for pixels in held["X"]]
        share = _right(classifier, pictures, held["y"])
        rows.append(("drawings of one writer", len(pictures), share))
    return rows


def _distance(one: str, other: str) -> int:
    """Return how many digits must be changed, added or left out (Levenshtein, 1966)."""
    costs = list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        previous, costs[0] = costs[0], row
        for column, b in enumerate(other, start=1):
            change = previous + (a != b)
            previous = costs[column]
            costs[column] = min(change, costs[column] + 1, costs[column - 1] + 1)
    return costs[-1]


def _refusals(classifier: DigitClassifier, test: ImageSet, count: int, out: Path) -> None:
    digits = paper.digits(count, seed=SEED + 4) + paper.digits(count, seed=SEED + 5, source=test)
    confidences = np.array([classifier.inspect(p.picture).confidence for p in digits])
    threshold = float(np.quantile(confidences, REFUSED))
    kinds = {
        "blank pages": paper.blanks,
        "blank pages without specks and dashes": partial(
            paper.blanks, style=paper.Style(clutter=0)
        ),
        "empty forms": partial(paper.blanks, style=FORM),
        "scribbles": paper.scribbles,
        "letters": paper.letters,
    }
    shares = {}
    for name, make in kinds.items():
        read = [classifier.inspect(p.picture) for p in make(count, seed=SEED + 6)]
        shares[name] = {
            "at_one_percent": statistics.mean(float(p.confidence < threshold) for p in read),
            "below_0.9": statistics.mean(float(p.confidence < 0.9) for p in read),
        }
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


def _curves(classifier: DigitClassifier, count: int, out: Path) -> None:
    shares = {
        name: [
            _digits_right(
                classifier, paper.digits(count, seed=SEED + 7, style=paper.Style(**{name: amount}))
            )
            for amount in amounts
        ]
        for name, amounts in CURVES.items()
    }
    figure, more = _draw(shares)
    harness.report(
        out,
        "pictures_curves",
        title=f"Accuracy on {count} digits on paper with one amount fixed",
        columns=["fixed", "at", "right"],
        rows=[
            (name, ", ".join(map(str, CURVES[name])), ", ".join(f"{s:.0%}" for s in found))
            for name, found in shares.items()
        ],
        figures={"amounts": CURVES, "right": shares},
        figure=figure,
    )
    more.savefig(out / "pictures_curves_2.png", dpi=150, bbox_inches="tight")


def _draw(shares: Mapping[str, list[float]]) -> list[Figure]:
    """Return two figures of three curves each."""
    (figure, axes), (more, lower) = (harness.chart(height=2.6, columns=3) for _ in range(2))
    for (name, found), place in zip(shares.items(), [*axes, *lower], strict=True):
        place.plot(CURVES[name], [100 * share for share in found], marker="o")
        place.set(xlabel=f"{name}: {UNITS[name]}", ylim=(0, 102))
        place.xaxis.label.set_fontsize(8)
    for first in (axes[0], lower[0]):
        first.set_ylabel("digits read right, %")
    return [figure, more]


def _times(classifier: DigitClassifier, test: ImageSet, options: object) -> None:
    turns = 2 if options.quick else 7
    drawings = [
        Image.fromarray(255 - image[0].numpy()).resize((100, 100)) for image, _ in test[:1000]
    ]
    page = paper.numbers(1, seed=SEED + 8, digits=10, lines=5)[0]
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder, "photo.jpg")
        paper.save(photo, paper.digits(1, seed=SEED + 9)[0], "12 megapixels")
        works = {
            "a photo of 12 megapixels": lambda: classifier.predict(photo),
            f"{len(drawings):,} drawings of 100x100": lambda: classifier.predict(drawings),
            f"a page of {len(page.boxes)} digits": lambda: classifier.read(page.picture),
        }
        seconds = harness.alternate({name: _timed(work) for name, work in works.items()}, turns)
    rows = [
        (name, harness.median_and_range([1000 * s for s in taken], 0))
        for name, taken in seconds.items()
    ]
    harness.report(
        options.out,
        "pictures_times",
        title="From file or image to digits",
        columns=["what", "milliseconds"],
        rows=rows,
        figures=seconds,
    )


def _memory(out: Path) -> None:
    small = paper.digits(1, seed=SEED + 9)[0].picture.convert("RGB")
    large = small.resize((8_000, 8_000))
    with tempfile.TemporaryDirectory() as folder:
        paper.save(Path(folder, "12 megapixels, JPEG"), small, "12 megapixels")
        large.save(Path(folder, "64 megapixels, PNG"), "PNG", compress_level=1)
        deep = Image.fromarray(np.asarray(large.convert("L"), np.uint16) * 257)
        deep.save(Path(folder, "64 megapixels, PNG of 16 bits"), "PNG", compress_level=1)
        added = {}
        for path in sorted(Path(folder).iterdir()):
            # a new process: the peak of one that has read another picture is that one's
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                added[path.name] = process.submit(_added_memory, path).result()
    harness.report(
        out,
        "pictures_memory",
        title="Memory that reading a picture adds at most to a loaded classifier",
        columns=["picture", "MiB"],
        rows=[(name, f"{mib:,.0f}") for name, mib in added.items()],
        figures=added,
    )


def _added_memory(path: Path) -> float:
    classifier = DigitClassifier.pretrained()
    before = harness.machine.peak_memory_mib() or 0.0
    classifier.read(path)
    return (harness.machine.peak_memory_mib() or 0.0) - before


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return run


if __name__ == "__main__":
    main()
