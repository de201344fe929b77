"""Draw the figures of the home page and the page on pictures: what is read, and the stages.

python examples/reading_figures.py --out read
"""

from __future__ import annotations

import argparse
from pathlib import Path

import read_photo
from reporting.figures import save
from reporting.manifest import record

from digitnet import DigitClassifier
from digitnet.datasets import paper
from digitnet.pictures import explain

DPI = 75  # the grain of paper takes most of the file


def main() -> None:
    """Draw the figures."""
    parser = argparse.ArgumentParser(description="Draw the figures of the page on pictures.")
    parser.add_argument("--out", type=Path, default=Path("read"), help="folder of the figures")
    out = parser.parse_args().out

    classifier = DigitClassifier.pretrained()
    (page,) = paper.entries(1, seed=26, lines=3, kinds=("date", "amount", "time"))
    (digit,) = paper.digits(1, seed=3)
    figures = {
        "form_read.png": classifier.read(read_photo.form()).plot(),
        "entries_read.png": classifier.read(page.picture).plot(),
        "digit_explained.png": explain(digit.picture, classifier.predict_proba),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        save(figure, out / name, dpi=DPI)
    record(out, figures)
    print(f"The figures are in {out}.")


if __name__ == "__main__":
    main()
