"""Read the digits of a photo, and draw a box around each with the digit that was read.

    python examples/read_photo.py photo.jpg

Without a file, it reads a generated form: the picture of the home page.
"""

import sys

from PIL import Image

from digitnet import DigitClassifier
from digitnet.datasets import paper

FORM = paper.Style(
    papers=("blank", "grey", "yellowed"),
    pens=("blue", "black"),
    forms=("boxes",),
    size=(1100, 1200),
    height=(0.12, 0.17),
    thickness=(0.06, 0.09),
    rotation=(1, 3),
    tilt=(0.04, 0.1),
    shadow=(0.25, 0.4),
    unevenness=(0.1, 0.25),
    blur=(0, 0.01),
    noise=(0, 0.01),
)


def main() -> None:
    """Read the photo, print its lines, and draw them into `read.png`."""
    if len(sys.argv) > 1:
        photo = sys.argv[1]
    else:
        photo = "form.jpg"
        form().save(photo)

    reading = DigitClassifier.pretrained().read(photo)
    print(reading.text)
    print("\n".join(reading.warnings) or "no warnings")
    reading.plot().savefig("read.png")


def form() -> Image.Image:
    """Return the picture of a form in a hard shadow."""
    (made,) = paper.numbers(1, seed=7, digits=(5, 6), lines=4, style=FORM)
    return made.picture.convert("RGB")


if __name__ == "__main__":
    main()
