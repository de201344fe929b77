"""Pictures in files as they come from phones, drawing programs and scanners."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from digitnet.artifact import write_atomically
from digitnet.datasets.paper.record import PaperPicture
from digitnet.errors import InvalidInputError

_LONGER = 4000  # pixels of a 12-megapixel picture


def save(path: str | os.PathLike[str], picture: PaperPicture | Image.Image, manner: str) -> None:
    """Write a picture to a file in one of the manners that readers stumble over.

    Args:
        path: The file; its ending is not looked at.
        picture: What to write.
        manner: A name from `MANNERS`:

            - `"jpeg"`, `"png"`, `"bmp"`: in colour, nothing unusual.
            - `"grey png"`, `"grey 16-bit png"`: one channel; of 16 bits, the middle of the
              range is used and no more.
            - `"exif 3"`, `"exif 6"`, `"exif 8"`: a JPEG whose pixels lie turned and whose
              Exif entry says how to turn them back.
            - `"palette png"`: at most 64 colours.
            - `"alpha png"`: the ink alone, on a ground that is transparent.
            - `"cmyk jpeg"`: four inks, as for print.
            - `"12 megapixels"`: a JPEG of 4,000 pixels on the longer side.
            - `"animated gif"`: two frames, the first of which is the picture.

            Bytes do not depend on the ending, so that a PNG named `.jpg` is
            `save("a.jpg", picture, "png")`.

    Raises:
        InvalidInputError: There is no such manner, or the picture is none.
        ArtifactError: The file cannot be written.
    """
    if not isinstance(manner, str) or manner not in _WRITERS:
        raise InvalidInputError(
            f"Expected manner to be one of {', '.join(map(repr, MANNERS))}; received {manner!r}."
        )
    image = picture.picture if isinstance(picture, PaperPicture) else picture
    if not isinstance(image, Image.Image):
        raise InvalidInputError(
            f"Expected a PaperPicture or a PIL image; received {type(image).__name__}."
        )
    buffer = io.BytesIO()
    _WRITERS[manner](image.convert("RGB"), buffer)
    write_atomically(Path(path), buffer.getvalue())


def _plain(kind: str) -> Callable[[Image.Image, io.BytesIO], None]:
    return lambda image, buffer: image.save(buffer, kind)


def _turned(orientation: int, back: Image.Transpose) -> Callable[[Image.Image, io.BytesIO], None]:
    def write(image: Image.Image, buffer: io.BytesIO) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        image.transpose(back).save(buffer, "JPEG", quality=92, exif=exif)

    return write


def _deep(image: Image.Image, buffer: io.BytesIO) -> None:
    grey = np.asarray(image.convert("L"), dtype=np.uint16)
    Image.fromarray(grey * 128 + 16_000).save(buffer, "PNG")


def _transparent(image: Image.Image, buffer: io.BytesIO) -> None:
    """Make opaque what differs from the ground, which is taken to be the commonest grey."""
    grey = np.asarray(image.convert("L"), dtype=np.float32)
    ground = np.bincount(grey.astype(np.uint8).ravel(), minlength=256).argmax()
    away = np.abs(grey - ground)
    alpha = np.clip((away / max(away.max(), 1) - 0.2) / 0.5, 0, 1) * 255
    inked = away >= np.percentile(away, 99.5)
    colour = np.asarray(image)[inked].mean(axis=0)
    pixels = np.empty((*grey.shape, 4), dtype=np.uint8)
    pixels[..., :3], pixels[..., 3] = colour, alpha
    Image.fromarray(pixels).save(buffer, "PNG")


def _large(image: Image.Image, buffer: io.BytesIO) -> None:
    scale = _LONGER / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image.resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=88)


def _animated(image: Image.Image, buffer: io.BytesIO) -> None:
    second = Image.new("RGB", image.size, "white")
    image.save(buffer, "GIF", save_all=True, append_images=[second], duration=400, loop=0)


_WRITERS: dict[str, Callable[[Image.Image, io.BytesIO], None]] = {
    "jpeg": _plain("JPEG"),
    "png": _plain("PNG"),
    "bmp": _plain("BMP"),
    "grey png": lambda image, buffer: image.convert("L").save(buffer, "PNG"),
    "grey 16-bit png": _deep,
    "exif 3": _turned(3, Image.Transpose.ROTATE_180),
    "exif 6": _turned(6, Image.Transpose.ROTATE_90),
    "exif 8": _turned(8, Image.Transpose.ROTATE_270),
    "palette png": lambda image, buffer: image.quantize(64).save(buffer, "PNG"),
    "alpha png": _transparent,
    "cmyk jpeg": lambda image, buffer: image.convert("CMYK").save(buffer, "JPEG", quality=92),
    "12 megapixels": _large,
    "animated gif": _animated,
}
MANNERS = tuple(_WRITERS)
"""The manners in which `save` writes."""
