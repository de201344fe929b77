"""What a generated picture comes with: its truth and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from digitnet.datasets.paper.geometry import Bytes, PixelBox


class Traits(NamedTuple):
    """Settings and properties of a picture, to tabulate accuracy by.

    Attributes:
        subject: `"digit"`, `"number"`, `"blank"`, `"scribble"` or `"letter"`.
        paper: A name from `PAPERS`.
        pen: A name from `PENS`.
        source: `"strokes"`, or the name of the set that the ink is from.
        camera: `"photo"`, `"scan"` or `"screen"`.
        form: A name from `FORMS`, or `None`.
        framing: By the tallest digit's share of the picture's height: `"tiny"` below 8%,
            `"small"` below 30%, `"large"` from 85% on, else `"usual"`; `"border"` where a
            digit comes within 2 pixels of the border; `"none"` without digits.
        dark: Whether the ground is darker than the ink.
        touching: Whether ink of two digits meets.
        clutter: Whether there are specks, dashes, signs or a part of a neighbour.
        size: Pixels of the longer side.
        height: The tallest digit's height as a share of the picture's.
        thickness: The pen's width as a share of a digit's height.
        contrast: Difference of grey between solid ink and paper, before light and lens.
        rotation: Degrees, clockwise above 0.
        tilt: See `Style`, as all that follow.
        shadow: See `Style`.
        unevenness: See `Style`.
        blur: See `Style`.
        noise: See `Style`.
        quality: Of the JPEG compression; `None` where there was none.
    """

    subject: str
    paper: str
    pen: str
    source: str
    camera: str
    form: str | None
    framing: str
    dark: bool
    touching: bool
    clutter: bool
    size: int
    height: float
    thickness: float
    contrast: float
    rotation: float
    tilt: float
    shadow: float
    unevenness: float
    blur: float
    noise: float
    quality: int | None


@dataclass(frozen=True, eq=False)
class PaperPicture:
    """A generated picture of handwriting and the truth about it.

    Attributes:
        picture: RGB.
        text: Its digits in reading order, lines joined by a line break; empty without any.
        boxes: Left, top, right and bottom of each digit's ink in the picture's pixels, in
            the order of the text; right and bottom are the first pixels outside.
        traits: Its settings and properties.
        ink: uint8 (H, W), coverage of each pixel by what is written on this side, specks and
            parts of neighbours too.
        owners: uint16 (H, W), whose ink that is: 1 for the first digit of the text, and so on;
            0 for no digit's.
    """

    picture: Image.Image
    text: str
    boxes: tuple[PixelBox, ...]
    traits: Traits
    ink: Bytes
    owners: npt.NDArray[np.uint16]
