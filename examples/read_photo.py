"""Read the digits in pictures: a table, and the pictures with a box around each digit.

    python examples/read_photo.py photo.jpg postcode.png --out read
    python examples/read_photo.py photo.jpg --explain
    python examples/read_photo.py

Without files, it makes a few pictures of handwriting and reads those.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from digitnet import DigitClassifier
from digitnet.datasets import paper
from digitnet.errors import InvalidInputError
from digitnet.pictures import explain


def main() -> None:
    """Read all files; those that are no pictures are listed, and make the exit status 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="pictures")
    parser.add_argument("--out", type=Path, default=Path("read"), help="folder of the results")
    parser.add_argument("--explain", action="store_true", help="draw the stages as well")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    console = Console()
    classifier = DigitClassifier.pretrained()
    table = Table(title="What was read")
    for column in ("file", "text", "least confidence", "warnings"):
        table.add_column(column)
    names: Counter[str] = Counter()
    unread = 0
    for file in options.files or made(options.out):
        try:
            reading = classifier.read(file)
        except InvalidInputError as error:
            table.add_row(file.name, "-", "-", str(error))
            unread += 1
            continue
        names[file.stem] += 1  # files of one name may lie in several folders
        name = file.stem if names[file.stem] == 1 else f"{file.stem}_{names[file.stem]}"
        least = min((digit.confidence for digit in reading.digits), default=0.0)
        table.add_row(file.name, reading.text, f"{least:.1%}", "; ".join(reading.warnings))
        reading.plot().savefig(options.out / f"{name}_read.png")
        if options.explain:
            stages = explain(file, classifier.predict_proba)
            stages.savefig(options.out / f"{name}_explained.png")
    console.print(table)
    console.print(f"The pictures are in [bold]{options.out}[/bold].")
    if unread:
        raise SystemExit(1)


def made(folder: Path) -> list[Path]:
    """Return files of generated pictures: a digit, a number, entries with signs, a table."""
    pictures = {
        "digit": paper.digits(1, seed=3),
        "number": paper.numbers(1, seed=3, digits=5),
        "entries": paper.entries(1, seed=3, lines=3, kinds=("date", "amount", "time")),
        "table": paper.tables(1, seed=3, rows=4, columns=3),
    }
    files = []
    for name, (picture,) in pictures.items():
        files.append(folder / f"{name}.jpg")
        paper.save(files[-1], picture, "jpeg")
    return files


if __name__ == "__main__":
    main()
