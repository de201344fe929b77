"""File formats: pictures saved as phones, drawing programs and scanners do."""

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

_Writer = Callable[[Image.Image, io.BytesIO], None]

_LARGE_SIDE = 4000  # px of the longer side of a photo of 12 megapixels


def save(path: str | os.PathLike[str], picture: PaperPicture | Image.Image, manner: str) -> None:
    """Write a picture to a file in one of the formats that readers stumble over.

    Args:
        path: The file; its ending does not decide the format.
        picture: What to write.
        manner: A name from `MANNERS`:

            - `"jpeg"`, `"png"`, `"bmp"`: RGB.
            - `"grey png"`, `"grey 16-bit png"`: one channel; of 16 bits, the middle of the
              range.
            - `"exif 3"`, `"exif 6"`, `"exif 8"`: a JPEG of rotated pixels with the Exif
              orientation.
            - `"palette png"`: at most 64 colours.
            - `"alpha png"`: the ink alone, on a transparent ground.
            - `"cmyk jpeg"`: CMYK, as for print.
            - `"12 megapixels"`: a JPEG of 4,000 pixels on the longer side.
            - `"animated gif"`: two frames, the first of which is the picture.

            `save("a.jpg", picture, "png")` makes a PNG with a wrong ending.

    Raises:
        InvalidInputError: The manner is unknown, or the picture is neither.
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


def _as(kind: str, mode: str = "RGB", **options: int) -> _Writer:
    return lambda image, buffer: image.convert(mode).save(buffer, kind, **options)


def _turned(orientation: int, back: Image.Transpose) -> _Writer:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return lambda image, buffer: image.transpose(back).save(buffer, "JPEG", quality=92, exif=exif)


def _deep(image: Image.Image, buffer: io.BytesIO) -> None:
    grey = np.asarray(image.convert("L"), dtype=np.uint16)
    Image.fromarray(grey * 128 + 16_000).save(buffer, "PNG")


def _transparent(image: Image.Image, buffer: io.BytesIO) -> None:
    """Make opaque what differs from the ground, which is taken to be the commonest grey."""
    grey = np.asarray(image.convert("L"), dtype=np.float32)
    ground = np.bincount(grey.astype(np.uint8).ravel(), minlength=256).argmax()
    away = np.abs(grey - ground)
    pixels = np.empty((*grey.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.asarray(image)[away >= np.percentile(away, 99.5)].mean(axis=0)  # ink
    pixels[..., 3] = np.clip((away / max(away.max(), 1) - 0.2) / 0.5, 0, 1) * 255
    Image.fromarray(pixels).save(buffer, "PNG")


def _large(image: Image.Image, buffer: io.BytesIO) -> None:
    scale = _LARGE_SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image.resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=88)


def _animated(image: Image.Image, buffer: io.BytesIO) -> None:
    second = Image.new("RGB", image.size, "white")
    image.save(buffer, "GIF", save_all=True, append_images=[second], duration=400, loop=0)


_WRITERS: dict[str, _Writer] = {
    "jpeg": _as("JPEG"),
    "png": _as("PNG"),
    "bmp": _as("BMP"),
    "grey png": _as("PNG", "L"),
    "grey 16-bit png": _deep,
    "exif 3": _turned(3, Image.Transpose.ROTATE_180),
    "exif 6": _turned(6, Image.Transpose.ROTATE_90),
    "exif 8": _turned(8, Image.Transpose.ROTATE_270),
    "palette png": lambda image, buffer: image.quantize(64).save(buffer, "PNG"),
    "alpha png": _transparent,
    "cmyk jpeg": _as("JPEG", "CMYK", quality=92),
    "12 megapixels": _large,
    "animated gif": _animated,
}
MANNERS = tuple(_WRITERS)
"""The manners in which `save` writes."""
