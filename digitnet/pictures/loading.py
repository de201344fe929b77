"""Loading: a file, bytes, a file object, an image or an array becomes an upright grey array."""

from __future__ import annotations

import io
import math
import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from digitnet.data.remedies import PICTURE_KINDS, described, unreadable
from digitnet.errors import InvalidInputError

if TYPE_CHECKING:
    from PIL import Image

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Grey: TypeAlias = Floats
"""A grey image or a map: float32 (H, W) in [0, 1]."""

Source: TypeAlias = Union[str, "os.PathLike[str]", bytes, BinaryIO, "Image.Image", npt.NDArray[Any]]
"""A picture: a file's path or bytes, a binary file object, a PIL image, or an array of pixels."""

MAX_PIXELS = 64_000_000  # of the source; Pillow decodes to 4 bytes a pixel: 256 MB
MAX_AREA = 1024 * 1024  # pixels kept: an A4 page at 110 dpi, digits of 3 mm are 13 px high
# Ratio of standard deviations from which a colour replaces the luminance; dark pens stay below it
_MIN_CHANNEL_CONTRAST = 2.0
# Of EXIF orientations 2 to 8, the transposition that makes the image upright
_TURNS = "FLIP_LEFT_RIGHT ROTATE_180 FLIP_TOP_BOTTOM TRANSPOSE ROTATE_270 TRANSVERSE ROTATE_90"
# What Pillow raises for files that are no pictures, cut off, or damaged
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, struct.error)
_REDUCIBLE = ("F", "I", "L", "RGB", "CMYK", "YCbCr")  # modes that Pillow averages


@dataclass(frozen=True, eq=False)
class Picture:
    """A loaded picture.

    Attributes:
        grey: float32 (H, W) in [0, 1], upright, of at most `MAX_AREA` pixels.
        scale: Pixels of the source per pixel of `grey`, at least 1.
        notes: What was particular about the source, in plain words.
    """

    grey: Grey
    scale: float
    notes: tuple[str, ...] = ()


def is_picture(source: object) -> bool:
    """Say whether `load_picture` takes the object, by its type alone and an array's shape."""
    if isinstance(source, np.ndarray):
        return source.dtype == np.uint8 and source.ndim > 1 and source.shape[2:] in ((), (3,), (4,))
    classes = type(source).mro()  # PIL's class by name: importing PIL is slow
    is_image = any((cls.__module__, cls.__name__) == ("PIL.Image", "Image") for cls in classes)
    is_file = callable(getattr(source, "read", None)) and hasattr(source, "seek")
    return is_image or is_file or isinstance(source, (str, os.PathLike, bytes))


def load_picture(source: Source) -> Picture:
    """Load a picture: turned upright by its EXIF tag, composited on a background, in grey.

    Args:
        source: A file that Pillow reads (file objects are read from their beginning and left open),
            a PIL image (its current frame), or a uint8 array (H, W), (H, W, 3) or (H, W, 4).

    Raises:
        InvalidInputError: It does not exist, is no picture, damaged, or over 64 megapixels.
    """
    from PIL import Image  # slow to import

    if not is_picture(source):
        raise InvalidInputError(
            f"Expected {PICTURE_KINDS}; received {described(source, 'picture')}"
        )
    try:
        source = Image.fromarray(source) if isinstance(source, np.ndarray) else source
        if isinstance(source, Image.Image):
            return _loaded(source, draft=False)
        if isinstance(source, (str, os.PathLike)):
            source = os.path.expanduser(source)  # noqa: PTH111 - Path's raises for unknown users
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            return _loaded(image, draft=True)
    except InvalidInputError:
        raise
    except (Image.DecompressionBombError, *DAMAGE) as error:
        raise InvalidInputError(
            f"Expected a picture{unreadable(source, error, MAX_PIXELS)}."
        ) from error


def resize(grey: Grey, shape: tuple[int, int]) -> Grey:
    """Resize an image: area averaging to a smaller one, bicubic to a larger one (Keys, 1981).

    Args:
        grey: float32 (H, W) in [0, 1]; the result is clipped to this range.
        shape: Height and width of the result.
    """
    from PIL import Image  # slow to import

    if grey.shape == shape:
        return grey
    smaller = shape[0] * shape[1] < grey.size
    resampling = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(grey).resize(shape[::-1], resampling)).clip(0, 1)


def _loaded(image: Image.Image, draft: bool) -> Picture:
    from PIL import Image as PilImage

    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PilImage.DecompressionBombError(f"It has {width}x{height} pixels.")
    if not width * height:
        raise InvalidInputError(f"Expected at least one pixel; the image has {width}x{height}.")
    index, frames = image.tell(), getattr(image, "n_frames", 1)
    frame = f"frame {index + 1} of {frames}" if index else f"the first of {frames} frames"
    notes = (f"{frame} was read",) if frames > 1 else ()
    # A strip of one pixel's height cannot get lower: its length is bounded by itself
    factor = min(1.0, math.sqrt(MAX_AREA / (width * height)))
    columns, rows = (min(MAX_AREA, max(1, int(side * factor))) for side in (width, height))
    if draft:  # JPEG: decode at 1/2, 1/4 or 1/8 of the resolution
        image.draft(image.mode, (columns, rows))
    grey = _upright_grey(image, (columns, rows))
    return Picture(grey, max(1.0, max(width, height) / max(grey.shape)), notes)


def _upright_grey(image: Image.Image, size: tuple[int, int]) -> Grey:
    from PIL import ExifTags
    from PIL import Image as PilImage

    image.load()  # loading a TIFF also turns it and removes its EXIF orientation
    upright = _reduced(image, size)
    with suppress(*DAMAGE):  # of the EXIF data; the pixels are whole
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        if orientation in range(2, 9):
            upright = upright.transpose(PilImage.Transpose[_TURNS.split()[orientation - 2]])
    if upright.mode in ("I", "F"):
        return _normalized_depth(np.asarray(upright, dtype=np.float32))
    return np.asarray(_clearest_channel(opaque(upright)), dtype=np.float32) / 255


def opaque(image: Image.Image) -> Image.Image:
    """Return an image without alpha: composited on white, or on black where the ink is light."""
    from PIL import Image as PilImage

    if not _is_transparent(image):
        return image
    image = image.convert("RGBA")
    grey, alpha = (np.asarray(band, np.float32) for band in image.convert("LA").split())
    light = alpha.min() < 128 and (grey * alpha).sum() > 127.5 * alpha.sum()
    ground = PilImage.new("RGBA", image.size, "black" if light else "white")
    return PilImage.alpha_composite(ground, image)


def _is_transparent(image: Image.Image) -> bool:
    return image.mode.upper().endswith("A") or "transparency" in image.info


def _reduced(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Reduce an image to at most `size`; done first, so that all later copies are small."""
    from PIL import Image as PilImage

    if _is_transparent(image) and not image.mode.startswith("I"):
        mode = "RGBA"
    elif image.mode in _REDUCIBLE:
        mode = image.mode
    else:
        mode = "I" if image.mode.startswith("I") else "RGB"
    # Average blocks of factor x factor pixels, in bands: conversions copy a band at a time
    width, height = image.size
    factor = max(1, min(width // size[0], height // size[1]))
    rows = factor * max(1, MAX_AREA // (factor * width))
    small = PilImage.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(top + rows, height)))
        small.paste(band.convert(mode).reduce(factor), (0, top // factor))
    # Hamming's window does the rest: a box would average some pixels and copy others
    return small if small.size == size else small.resize(size, PilImage.Resampling.HAMMING)


def _clearest_channel(image: Image.Image) -> Image.Image:
    """Return the luminance, or a colour that has far more contrast, as yellow has on white."""
    from PIL import ImageStat  # slow to import

    channels = [image.convert("L"), *image.convert("RGB").split()]
    contrasts = [ImageStat.Stat(channel).stddev[0] for channel in channels]
    best = contrasts.index(max(contrasts))
    return channels[best if contrasts[best] > _MIN_CHANNEL_CONTRAST * contrasts[0] else 0]


def _normalized_depth(pixels: Grey) -> Grey:
    """Scale 16-bit, 32-bit or float levels to [0, 1]."""
    pixels = np.nan_to_num(pixels)
    low, high = float(pixels.min()), float(pixels.max())
    if low >= 0 and high <= 1:
        return pixels
    white = next((white for white in (255, 4095, 65535) if high <= white), high)
    return (pixels - min(low, 0)) / (white - min(low, 0))
