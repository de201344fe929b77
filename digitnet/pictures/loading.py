"""Loading: a file, bytes, a file object, an image or an array becomes an upright grey array."""

from __future__ import annotations

import io
import math
import os
import re
import struct
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from digitnet.data.remedies import PICTURE_KINDS, described, is_url
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
_SIGNATURES = {  # first bytes of files that are often mistaken for pictures -> what they are
    rb"%PDF": "a PDF. Export its page as a PNG",
    rb"<svg": "an SVG. Export it as a PNG",
    rb".{4}ftyp": "a HEIC photo, as phones take them, or a film. Export it as a JPEG",
    rb"\Z": "empty. Save it again",
}
# What Pillow raises for files that are no pictures, cut off, or damaged
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, struct.error)
_REDUCIBLE = ("F", "I", "L", "RGB", "CMYK", "YCbCr", "LA", "RGBA")  # modes that Pillow averages


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
        raise InvalidInputError(f"Expected a picture{_problem(source, error)}.") from error


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


def _problem(source: Any, error: Exception) -> str:
    """Say what is wrong with a source that Pillow cannot read, by its first bytes."""
    is_path, is_file = isinstance(source, (str, os.PathLike)), hasattr(source, "read")
    kind = "data" if isinstance(source, bytes) else "file object" if is_file else "image"
    name = f"'{source!s:.200}'" if is_path else f"the {kind}"
    if type(error).__name__ == "DecompressionBombError":
        name = f" of at most {MAX_PIXELS // 10**6} million pixels; {name} is larger"
        return f"{name}. {error} Make it smaller, or crop it to the digits"
    if is_path and not os.path.exists(source):  # noqa: PTH110 - Path's raises for long names
        url = "; it is a URL. Pass what it holds: urllib.request.urlopen(url).read()"
        return url if is_url(source) else f"; there is no {name}. Check the path"
    start: Any = source[:8] if isinstance(source, bytes) else b"?"
    with suppress(OSError, ValueError):
        if is_path and Path(source).is_dir():
            return f"; {name} is a folder. Pass the files in it"
        if is_path or is_file:
            with Path(source).open("rb") if is_path else nullcontext(source) as file:
                file.seek(0)
                start = file.read(8)
    if isinstance(start, str):
        return f'; {name} is open as text. Open it as bytes: open(path, "rb")'
    kinds = (kind for begin, kind in _SIGNATURES.items() if re.match(begin, start, re.DOTALL))
    return f"; {name} is {next(kinds, f'none that can be read, or is damaged ({error})')}"


def _upright_grey(image: Image.Image, size: tuple[int, int]) -> Grey:
    from PIL import ExifTags
    from PIL import Image as PilImage

    image.load()  # loading a TIFF also turns it and removes its EXIF orientation
    transparent = image.mode.upper().endswith("A") or "transparency" in image.info
    upright = _reduced(image, size, transparent)
    with suppress(*DAMAGE):  # of the EXIF data; the pixels are whole
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        if orientation in range(2, 9):
            upright = upright.transpose(PilImage.Transpose[_TURNS.split()[orientation - 2]])
    if upright.mode in ("I", "F"):
        return _normalized_depth(np.asarray(upright, dtype=np.float32))
    if not transparent:
        return np.asarray(_clearest_channel(upright), dtype=np.float32) / 255
    # Composite on white, or on black where the ink is light
    grey, alpha = (np.asarray(c, np.float32) / 255 for c in upright.convert("LA").split())
    light = (grey * alpha).sum() > 0.5 * alpha.sum() and alpha.min() < 0.5
    return grey * alpha + (0 if light else 1) * (1 - alpha)


def _reduced(image: Image.Image, size: tuple[int, int], transparent: bool) -> Image.Image:
    """Reduce an image to at most `size`; done first, so that all later copies are small."""
    from PIL import Image as PilImage

    mode = image.mode
    if mode not in _REDUCIBLE:
        mode = "I" if mode.startswith("I") else "RGBA" if transparent else "RGB"
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
