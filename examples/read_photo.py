"""Read the digits of a photo, and draw a box around each with the digit that was read.

    python examples/read_photo.py photo.jpg

Without a file, it reads a generated form: the picture of the home page.
"""

import sys

from PIL import Image, ImageDraw, ImageFont, ImageOps

from digitnet import DigitClassifier
from digitnet.datasets import paper
from digitnet.prediction import Prediction, Reading

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
SEED = 7
BLUE = "#1565c0"


def main() -> None:
    """Read the photo, print its lines, and draw them into `read.jpg`."""
    if len(sys.argv) > 1:
        photo = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
    else:
        photo = form()
        photo.save("form.jpg")

    reading = DigitClassifier.pretrained().read(photo)
    print(reading.text)
    print("\n".join(reading.warnings) or "no warnings")
    draw(photo, reading).save("read.jpg")


def form() -> Image.Image:
    """Return the picture of a form in a hard shadow."""
    (made,) = paper.numbers(1, seed=SEED, digits=(5, 6), lines=4, style=FORM)
    return made.picture.convert("RGB")


def draw(photo: Image.Image, reading: Reading) -> Image.Image:
    """Return the photo, 800 px wide, with what was read."""
    scale = 800 / photo.width
    drawn = photo.resize((800, round(scale * photo.height)), Image.Resampling.LANCZOS)
    canvas, font = ImageDraw.Draw(drawn), ImageFont.load_default(26)
    for digit in reading.digits:
        _label(canvas, digit, scale, font)
    return drawn


def _label(
    canvas: ImageDraw.ImageDraw, digit: Prediction, scale: float, font: ImageFont.FreeTypeFont
) -> None:
    """Draw the box of a digit, and the digit on a tag at its upper left corner."""
    left, top, right, bottom = (scale * edge for edge in digit.box)
    canvas.rectangle((left - 3, top - 3, right + 3, bottom + 3), outline=BLUE, width=3)
    tag = (left - 3, top - 29, left + 18, top - 1)
    canvas.rectangle(tag, fill=BLUE)
    canvas.text((left + 7.5, top - 15), str(digit.digit), fill="white", font=font, anchor="mm")


if __name__ == "__main__":
    main()
