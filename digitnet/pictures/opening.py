"""Picture files and PIL images, opened as upright grey pictures of a bounded size."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

import numpy as np

from digitnet.errors import InvalidInputError
from digitnet.pictures.raster import without_raster
from digitnet.pictures.resizing import Grey

if TYPE_CHECKING:
    from PIL import Image

Source: TypeAlias = Union[str, "os.PathLike[str]", "Image.Image"]
"""What is read: the path of a picture file, or a PIL image."""

MOST_PIXELS = 64_000_000  # of a picture before it is decoded; of four bytes each in Pillow: 256 MB
LONGEST_SIDE = 1024  # pixels kept: a digit of a fiftieth of the side still has 20
# A colour's levels must spread so many times as much as luminance's to be read instead: for pens
# that are darker or lighter than what they are on, they do not (`tests/pictures/test_opening.py`)
_CLEARER = 2.0
_UPRIGHT = {  # what brings a picture upright by EXIF's note on how the camera was held
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_TELLING = {  # how files begin that are taken for pictures and cannot be read
    rb"%PDF": "a PDF. Export its page as a PNG",
    rb"<svg": "an SVG. Export it as a PNG",
    rb".{4}ftyp": "a HEIC photo, as phones take them, or a film. Export it as a JPEG",
    rb"\Z": "empty. Save it again",
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as the steps that follow take it.

    Attributes:
        grey: float32 (H, W), luminance or one colour in 0..1, upright, of at most 1024 pixels a
            side, without a raster.
        scale: Pixels of the source for a pixel of `grey`, at least 1.
        notes: What was particular about the source, in plain words.
    """

    grey: Grey
    scale: float
    notes: tuple[str, ...] = ()


def is_picture(source: object) -> bool:
    """Say whether it is what `open_picture` takes, by its type alone."""
    kinds = type(source).mro()  # of PIL's classes by name: importing them takes its time
    is_image = any((kind.__module__, kind.__name__) == ("PIL.Image", "Image") for kind in kinds)
    return is_image or isinstance(source, (str, os.PathLike))


def open_picture(source: Source) -> Picture:
    """Open a picture: upright by its EXIF note, laid on a ground, in grey, without a raster.

    Args:
        source: The path of a file that Pillow reads, or a PIL image. Of a file's frames the
            first is read, and of an image's the one where it stands.

    Raises:
        InvalidInputError: There is no such file, or it is no picture, damaged, or of more
            than 64 million pixels; that is found out before it is decoded.
    """
    with _opened(source) as (image, name):
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise InvalidInputError(
                f"Expected a picture of at most {MOST_PIXELS // 10**6} million pixels; {name} has "
                f"{width}x{height}. Make it smaller, or cut the digits out."
            )
        if not width * height:
            raise InvalidInputError(
                f"Expected a picture of at least one pixel; {name} has {width}x{height}."
            )
        frames = getattr(image, "n_frames", 1)
        notes = (_which(image, frames),) if frames > 1 else ()
        if image is not source:
            # A JPEG decodes to a half, a quarter or an eighth at a fraction of the cost
            image.draft(image.mode, (LONGEST_SIDE, LONGEST_SIDE))
        grey = _upright_grey(image)
    return Picture(without_raster(grey), max(1.0, max(width, height) / max(grey.shape)), notes)


def _which(image: Image.Image, frames: int) -> str:
    frame = image.tell()  # an image may come from the caller with another one than the first
    which = f"frame {frame + 1} of {frames}" if frame else f"the first of {frames} frames"
    return f"{which} was read"


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Image.Image, str]]:
    """Open the source, and turn what Pillow raises meanwhile into our error."""
    from PIL import Image  # slow to import

    if not is_picture(source):
        raise InvalidInputError(
            f"Expected the path of a picture or a PIL image; received {type(source).__name__}. "
            "Make an array an image: PIL.Image.fromarray(array); predict takes arrays of 28x28."
        )
    path = None if isinstance(source, Image.Image) else Path(source)
    name = f"'{path}'" if path else "the image"
    try:
        if isinstance(source, Image.Image):
            yield source, name
        else:
            _check(Path(source))
            with Image.open(source) as image:
                yield image, name
    except InvalidInputError:
        raise
    except Image.DecompressionBombError as error:
        raise InvalidInputError(
            f"Expected a picture of at most {MOST_PIXELS // 10**6} million pixels; {name}: {error} "
            "Make it smaller, or cut the digits out."
        ) from error
    # what Pillow raises for files that are no pictures, cut off, or damaged
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error) as error:
        raise InvalidInputError(f"Expected a picture; {name} is {_what(path, error)}.") from error


def _check(path: Path) -> None:
    if path.is_dir():
        raise InvalidInputError(
            f"Expected a picture file; '{path}' is a folder. Pass the files in it."
        )
    if not path.exists():
        raise InvalidInputError(f"Expected a picture file; there is no '{path}'. Check the path.")


def _what(path: Path | None, error: Exception) -> str:
    start = b"?"
    if path is not None:
        with suppress(OSError), path.open("rb") as file:
            start = file.read(8)
    told = (what for begin, what in _TELLING.items() if re.match(begin, start, re.DOTALL))
    return next(told, f"none that can be read, or is damaged ({error})")


def _upright_grey(image: Image.Image) -> Grey:
    image.load()  # a TIFF is turned by this, and its note taken away
    transparent = image.mode.upper().endswith("A") or "transparency" in image.info
    small = _reduced(image, transparent)
    turned = _turned(small, image)
    if turned.mode in ("I", "F"):
        return _in_range(np.asarray(turned, dtype=np.float32))
    if transparent:
        return _on_ground(np.asarray(turned.convert("LA"), dtype=np.float32) / 255)
    return np.asarray(_clearest(turned), dtype=np.float32) / 255


def _clearest(image: Image.Image) -> Image.Image:
    """Return a picture's luminance, or its red, green or blue if far more is seen there.

    A yellow marker on white, or red on blue, may be as light as what it is on.
    """
    from PIL import ImageStat  # slow to import

    grey = image.convert("L")
    if image.mode == "L":
        return grey

    def spread(band: Image.Image) -> float:
        return ImageStat.Stat(band).stddev[0]

    clearest = max(image.convert("RGB").split(), key=spread)
    return clearest if spread(clearest) > _CLEARER * spread(grey) else grey


def _turned(small: Image.Image, image: Image.Image) -> Image.Image:
    """Turn a picture by the EXIF note of the image that it was made of."""
    from PIL import ExifTags, Image

    try:
        note = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, KeyError, struct.error):
        return small  # the notes are broken, but the pixels are whole
    turn = _UPRIGHT.get(note)
    return small if turn is None else small.transpose(Image.Transpose[turn])


def _reduced(image: Image.Image, transparent: bool) -> Image.Image:
    """Average blocks of pixels, so that no side is longer than `LONGEST_SIDE`.

    First of all: what follows then needs no second copy of a large picture.
    """
    if image.mode.startswith("I"):
        image = image.convert("I")
    elif image.mode not in ("F", "L", "RGB", "CMYK", "YCbCr", "LA", "RGBA"):  # those reduce
        image = image.convert("RGBA" if transparent else "RGB")
    factor = -(-max(image.size) // LONGEST_SIDE)
    return image.reduce(factor) if factor > 1 else image


def _on_ground(pixels: Grey) -> Grey:
    """Lay grey with opacity, (H, W, 2), on white, or on black where its ink is light."""
    grey, opacity = pixels[..., 0], pixels[..., 1]
    light = (grey * opacity).sum() > 0.5 * opacity.sum()
    ground = 0.0 if light and opacity.min() < 0.5 else 1.0
    return grey * opacity + ground * (1 - opacity)


def _in_range(pixels: Grey) -> Grey:
    """Bring 16 or 32 bits to 0..1."""
    pixels = np.nan_to_num(pixels)
    low, high = float(pixels.min()), float(pixels.max())
    if low >= 0 and high <= 1:
        return pixels
    most = next((most for most in (255, 4095, 65535) if high <= most), high)
    return (pixels - min(low, 0)) / (most - min(low, 0))
