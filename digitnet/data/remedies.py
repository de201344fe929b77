"""What values are that are no pictures as they stand, and what to do with them.

Remedies are expressions that run as they are, with the user's values under the name in the message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from digitnet.data.image_set import Shape

PICTURE_KINDS = (
    "a picture: a path, bytes, a binary file object, a PIL image, or a uint8 array (H, W), "
    "(H, W, 3) or (H, W, 4)"
)
"""What is taken as a picture."""

_SIGNATURES = {  # first bytes of files that are often mistaken for pictures -> what they are
    rb"%PDF": "a PDF. Export its page as a PNG",
    rb"<svg": "an SVG. Export it as a PNG",
    rb".{4}ftyp": "a HEIC photo, as phones take them, or a film. Export it as a JPEG",
    rb"\Z": "empty. Save it again",
}


def is_url(text: str | os.PathLike[str]) -> bool:
    """Say whether a text is a URL, a data URL too, and no path."""
    return re.match(r"data:|\w{2,}:/", str(text)) is not None


def described(value: Any, name: str = "pictures") -> str:
    """Say what a value is that is neither numbers nor a picture, and how to pass what it holds.

    In the remedy it is called `name`.
    """
    kind = type(value).__name__
    if value is None:
        imread = "Check the path: cv2.imread returns it for a file that it cannot read."
        of_a_picture = name in ("labels", "sample_weight")
        return f"None. {'Leave its picture out.' if of_a_picture else imread}"
    if hasattr(value, "toarray"):
        return f"a sparse {kind}. Convert it: {name}.toarray()."
    if isinstance(value, Iterator):
        return f"a {kind}. Read it first: list({name})."
    if isinstance(value, (np.ndarray, Tensor)):
        return (
            f"{value.dtype} {tuple(value.shape)}. Pass one picture at a time, as bytes: "
            f"{_as_bytes(np.asarray(value), name)}."
        )
    if isinstance(value, (list, tuple)):
        return f"a {kind}. Pass its items one at a time."
    return f"{kind}. Pass an array, a tensor or a list."


def unreadable(source: Any, error: Exception, most: int) -> str:
    """Say why Pillow, which raised an error, cannot read a picture of at most so many pixels."""
    is_path, is_file = isinstance(source, (str, os.PathLike)), hasattr(source, "read")
    kind = "data" if isinstance(source, bytes) else "file" if is_file else "image"
    name = f"'{source!s:.200}'" if is_path else f"the {kind}"
    if type(error).__name__ == "DecompressionBombError":
        name = f" of at most {most // 10**6} million pixels; {name} is larger"
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
    # what Pillow says of an unknown format is only the object's address
    why = "" if type(error).__name__ == "UnidentifiedImageError" else f" ({error})"
    return f"; {name} is {next(kinds, f'none that can be read, or is damaged{why}')}"


def _as_bytes(array: np.ndarray[Any, Any], name: str) -> str:
    """Return what makes levels of 0..255 of an array, which is passed by a name."""
    values = f"numpy.asarray({name})"
    high = float(array.max()) if array.size and array.dtype.kind in "biuf" else 0
    if 0 < high <= 1 or high > 255:
        values = f"({255 / high:.6g} * {values})"
    return f"{values}.astype('uint8')"


def described_picture(value: Any, input_shape: Shape) -> str | None:
    """Say what kind of picture a value is, and how to make numbers of a list; `None` if none."""
    channels, height, width = input_shape
    if isinstance(value, (str, os.PathLike)):
        url = is_url(value)
        found = "a URL" if url else f"the path '{value!s:.200}'"
        opened = f"PIL.Image.open({'urllib.request.urlopen(picture)' if url else 'picture'})"
    elif isinstance(value, bytes):
        found, opened = "bytes", "PIL.Image.open(io.BytesIO(picture))"
    elif isinstance(value, (bytearray, memoryview)):
        return f"a {type(value).__name__}. Pass bytes: bytes(picture)."
    elif hasattr(value, "read"):
        found, opened = "a file object", "PIL.Image.open(picture)"
    elif type(value).__module__.startswith("PIL."):
        found, opened = "a PIL image", "picture"
    else:
        return None
    mode = "L" if channels == 1 else "RGB"
    converted = f"{opened}.convert('{mode}').resize(({width}, {height}))"
    photos = "[found.pixels for found in DigitClassifier.pretrained().inspect(pictures)]"
    return (
        f"{found}. Convert a list of these: "
        f"numpy.stack([numpy.asarray({converted}) for picture in pictures])"
        + (f"; photos of digits: {photos}." if input_shape == (1, 28, 28) else ".")
    )


def described_names(labels: Any, classes: tuple[str, ...]) -> str:
    """Say which classes' names labels are, and how to make indices of them."""
    names = np.ravel(np.asarray(labels, object)).tolist()
    unknown = [name for name in names if name not in classes]
    if unknown:
        return f"{unknown[0]!r}, none of the classes {list(classes)}. Correct it, or leave it out."
    return f"{names[0]!r}. Convert names: [clf.classes.index(name) for name in labels]."


def first_odd(values: Any, array: np.ndarray[Any, Any] | None = None) -> Any:
    """Return the first item of values, or of an array of them, that is no number; else them all."""
    listed = isinstance(values, (list, tuple))
    items = values if listed else () if array is None else array.ravel()
    numeric = (Number, np.ndarray, Tensor, list, tuple)
    return next((item for item in items if not isinstance(item, numeric)), values)


def first_few(items: Sequence[str], separator: str = ", ", most: int = 5) -> str:
    """Return items as text; of many the first, and how many more there are."""
    more = f", and {len(items) - most:,} more" if len(items) > most else ""
    return separator.join(items[:most]) + more


def shape_remedy(array: np.ndarray[Any, Any], input_shape: Shape) -> str:
    """Return what makes pictures of an array of another shape, passed as `images`.

    Where several things are to be done, it is the first of them.
    """
    channels, height, width = input_shape
    shape, sides = array.shape, (height, width)
    images = "numpy.asarray(images)"
    # one picture, or another order of the axes
    flat = channels * height * width
    if shape in (input_shape, sides, (*sides, channels), (flat,)):
        return f"Add a batch axis: {images}[None]."
    if shape[2:] in ((3,), (4,)):
        return f"Add a batch axis: {images}[None].{_photo_remedy(array, input_shape)}"
    if shape[1:] == (flat + 1,):
        return f"Where the labels are the first column, leave it out: {images}[:, 1:]."
    if height != width and shape[1:] in ((width, height), (channels, width, height)):
        return f"Swap height and width: {images}.swapaxes(-1, -2)."
    if shape[:-1] in (sides, input_shape, (*sides, channels)):
        return f"The pictures lie along the last axis: numpy.moveaxis({images}, -1, 0)."
    if array.ndim not in (2, 3, 4):
        return "Bring them to that shape."
    # another number of channels
    last = array.ndim == 4 and shape[3] <= 4
    rows, columns = shape[1:3] if last else shape[-2:]
    found = 1 if array.ndim < 4 else shape[3 if last else 1]
    if channels == 1 and found in (3, 4):
        colours, axis = ("[..., :3]", 3) if last else ("[:, :3]", 1)
        photo = "" if (rows, columns) == sides else _photo_remedy(array, input_shape)
        grey = f"{images}{colours}.mean(axis={axis}).astype('{array.dtype}')"
        return f"Make them grey: {grey}.{photo}"
    if channels > 1 and found == 1:
        one = f"{images}.reshape(-1, 1, {rows}, {columns})"
        return f"Repeat the channel: {one}.repeat({channels}, axis=1)."
    # another size
    planes = "permute(0, 3, 1, 2)" if last else f"reshape(-1, {found}, {rows}, {columns})"
    resized = f"torch.as_tensor(numpy.array(images)).{planes}.float(), {sides}, mode='area'"
    levels = ".byte()" if array.dtype.kind in "iu" else ""
    return (
        f"Bring them to {height}x{width}: torch.nn.functional.interpolate({resized}){levels}."
        + _photo_remedy(array, input_shape)
    )


def _photo_remedy(array: np.ndarray[Any, Any], input_shape: Shape) -> str:
    if input_shape != (1, 28, 28):
        return ""
    photos = _as_bytes(array, "images")
    if array.ndim == 3 and array.shape[0] in (3, 4):  # torchvision's order
        photos = f"numpy.moveaxis({photos}, 0, -1)"
    elif array.ndim != 2 and array.shape[2:] not in ((3,), (4,)):
        photos = f"list({photos})"
    return f" DigitClassifier.predict takes uint8 photos of any size: {photos}."
