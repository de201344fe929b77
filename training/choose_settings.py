"""How much each setting of the reader matters, on pictures that nothing is reported on.

    DIGITNET_DATA=... python training/choose_settings.py centre=0.1,0.2,0.3 same=0.15,0.25

The pictures are of MNIST's training digits, of Swiss writers 1 to 10 and of photos of grids that
the reader was trained on: those that figures are quoted for are others.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from edit_distance import edit_distance
from grids import load_grids
from PIL import Image

from digitnet import DigitClassifier
from digitnet.datasets import paper
from digitnet.datasets.folders import data_folder
from digitnet.datasets.pen_digits import mnist_handwriting, swiss_numbers
from digitnet.pictures import find_digits, load_picture, reading_order
from digitnet.pictures.settings import SETTINGS, Settings

SEED = 800_000_000
WRITERS = range(1, 11)


def main() -> None:
    """Print, for each value of each setting, the share of pictures read right of each kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("values", nargs="*", help="NAME=VALUE,VALUE,...")
    parser.add_argument("--count", type=int, default=40, help="pictures of each kind")
    options = parser.parse_args()
    kinds = pictures(options.count)
    classifier = DigitClassifier.pretrained()
    print("setting", *kinds, "errors", sep="\t")
    tried = [("as it is", SETTINGS)]
    for assignment in options.values:
        name, _, values = assignment.partition("=")
        kind = type(getattr(SETTINGS, name))
        tried += [
            (f"{name}={value}", replace(SETTINGS, **{name: kind(value)}))
            for value in values.split(",")
        ]
    for name, settings in tried:
        exact, errors = [], 0
        for made in kinds.values():
            distances = [
                edit_distance(text_of(image, classifier, settings), text) for image, text in made
            ]
            exact.append(np.mean([found == 0 for found in distances]))
            errors += sum(distances)
        print(name, *(f"{share:.3f}" for share in exact), errors, sep="\t", flush=True)


def pictures(count: int) -> dict[str, list[tuple[Image.Image, str]]]:
    """Return pictures of each kind with their digits in reading order."""
    mnist, _ = mnist_handwriting()
    form = paper.Style(forms=paper.FORMS)
    made = {
        "scans": swiss_numbers(count, seed=SEED, writers=WRITERS),
        "single": swiss_numbers(count, seed=SEED + 1, writers=WRITERS, digits=(1, 1)),
        "numbers": paper.numbers(count, seed=SEED + 2, source=mnist),
        "forms": paper.numbers(count, seed=SEED + 3, style=form),
        "signs": paper.numbers(count, seed=SEED + 4, signs=True),
        "touching": paper.numbers(count, seed=SEED + 5, digits=(2, 4), gap=0.0),
        "entries": paper.entries(
            count, seed=SEED + 6, kinds=("date", "amount", "time"), source=mnist
        ),
        "pages": paper.numbers(count // 4 or 1, seed=SEED + 7, lines=(2, 6)),
        "far": paper.digits(count, seed=SEED + 8, style=paper.Style(height=(0.02, 0.1))),
    }
    kinds = {name: [(one.picture, one.text) for one in each] for name, each in made.items()}
    photos = load_grids((data_folder() or Path()) / "grids", held_out=False)
    chosen = [photo for number, photo in enumerate(photos) if number % 20 == 3]
    kinds["grids"] = [
        (photo.image, "\n".join("".join(map(str, row)) for row in photo.digits)) for photo in chosen
    ]
    return kinds


def text_of(image: Image.Image, classifier: DigitClassifier, settings: Settings) -> str:
    """Return the digits that are read, line by line."""
    picture = load_picture(image)
    (found,) = find_digits([picture.grey], classifier._probabilities, settings)
    digits = [digit for digit in found.digits if digit.score >= settings.digit]
    lines = reading_order([digit.box for digit in digits])
    return "\n".join(
        "".join(str(digits[index].probabilities.argmax()) for number in line for index in number)
        for line in lines
    )


if __name__ == "__main__":
    main()
