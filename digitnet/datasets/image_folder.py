"""Pictures from a folder with one sub-folder a class."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from digitnet.data.image_set import ImageSet
from digitnet.data.remedies import first_few
from digitnet.data.spool import Spool
from digitnet.errors import DatasetUnavailableError, InvalidInputError
from digitnet.execution import with_own_settings
from digitnet.pictures.loading import DAMAGE, opaque

if TYPE_CHECKING:
    from PIL import Image

_ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
# Beginnings of names that file managers, archives and Jupyter leave behind
_HIDDEN = (".", "__MACOSX", "@eaDir")
_GREY_MODES = ("1", "L", "LA")


@with_own_settings
def image_folder(
    root: str | os.PathLike[str],
    *,
    size: tuple[int, int] | None = None,
    mode: Literal["L", "RGB"] | None = None,
    name: str | None = None,
) -> ImageSet:
    """Return the pictures of a folder with one sub-folder a class, read once.

    Pictures that would take more than a quarter of the memory go into a temporary file, of
    which the system keeps in memory what it has room for (`TMPDIR` says where it lies).

    Which files are pictures, and that classes are the sub-folders' names in alphabetical
    order, is as in torchvision's `ImageFolder`; hidden files and folders are left out
    (`.ipynb_checkpoints`, `._0.png`, `__MACOSX`). Pictures are turned upright by their EXIF
    tag; transparent parts become white, or black where the ink is light.

    Args:
        root: The folder.
        size: Height and width to resize all pictures to (bilinear, antialiased); `None` takes
            them as they are, which must be of one size.
        mode: `"L"` makes all pictures grey, `"RGB"` makes them colour; `None` takes `"L"`
            where every picture is grey, whatever its file's mode, and else `"RGB"`.
        name: What the set is called; `None` takes the folder's name.

    Returns:
        The set; pictures are (1, H, W) in mode `"L"`, (3, H, W) in mode `"RGB"`.

    Raises:
        DatasetUnavailableError: It is no folder, or a sub-folder has no pictures.
        InvalidInputError: Pictures cannot be read, are of more than 8 bits, or not all of one
            size; the message counts them and names the first. Or an argument is not as above.
    """
    _check_arguments(size, mode)
    listing, folder = picture_files(root), _expanded(root)
    files = [file for files in listing.values() for file in files]
    if mode is None:
        mode = "L" if all(map(_is_grey, files)) else "RGB"
    pictures = Spool()
    kinds: list[tuple[int, int] | str] = []  # each one's height and width, or what is wrong
    for file in files:
        pixels = _read(file, size, mode)
        kinds.append(pixels if isinstance(pixels, str) else pixels.shape[:2])
        if not isinstance(pixels, str) and kinds[-1] == kinds[0]:
            planes = torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1)
            pictures.add(planes[None])
    _check_alike([file.relative_to(folder) for file in files], kinds, folder)
    labels = [label for label, files in enumerate(listing.values()) for _ in files]
    return ImageSet(
        pictures.tensor(), torch.tensor(labels), tuple(listing), name or folder.resolve().name
    )


def _check_arguments(size: Any, mode: Any) -> None:
    whole = isinstance(size, (tuple, list)) and all(type(side) is int for side in size)
    if size is not None and not (whole and len(size) == 2 and min(size) > 0):
        raise InvalidInputError(
            f"Expected size to be (height, width) in pixels; received {size!r}. Pass size=(28, 28)."
        )
    if mode not in (None, "L", "RGB"):
        raise InvalidInputError(
            f"Expected mode to be 'L' for grey, 'RGB' or None; received {mode!r}."
        )


def picture_files(root: str | os.PathLike[str]) -> dict[str, list[Path]]:
    """Return the picture files of each class, as `image_folder` finds them, or raise as it does."""
    folder = _expanded(root)
    exists = os.path.isdir(folder)  # noqa: PTH112 - Path's raises for long names
    classes = sorted(
        place.name
        for place in (folder.iterdir() if exists else ())
        if place.is_dir() and not place.name.startswith(_HIDDEN)
    )
    if not classes:
        raise DatasetUnavailableError(
            f"Expected a folder with one sub-folder of pictures a class; '{folder!s:.200}' is "
            f"{'without sub-folders' if exists else 'no folder'}. Put the pictures of "
            "each class into a sub-folder with the class's name, and pass the folder of these."
        )
    listing = {}
    for name in classes:
        paths = (
            Path(at, file)
            for at, _, files in sorted(os.walk(folder / name, followlinks=True))
            for file in sorted(files)
            if file.lower().endswith(_ENDINGS)
        )
        listing[name] = [
            path
            for path in paths
            if not any(part.startswith(_HIDDEN) for part in path.relative_to(folder).parts)
        ]
        if not listing[name]:
            raise DatasetUnavailableError(
                f"Expected a folder with one sub-folder of pictures a class; '{folder / name}' has "
                f"no picture. Put some into it ({', '.join(_ENDINGS)}), or remove it."
            )
    return listing


def picture_size(file: Path) -> tuple[int, int] | None:
    """Return the height and width that a file's header tells; `None` where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(file) as image:
            return image.height, image.width
    except (*DAMAGE, Image.DecompressionBombError):
        return None


def _expanded(root: str | os.PathLike[str]) -> Path:
    return Path(os.path.expanduser(root))  # noqa: PTH111 - Path's raises for unknown users


def _is_grey(file: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(file) as image:
            if image.mode in _GREY_MODES:
                return True
            pixels = np.asarray(opaque(image).convert("RGB"))
            return bool((pixels == pixels[..., :1]).all())
    except (*DAMAGE, Image.DecompressionBombError):
        return True  # `_read` tells why


def _read(file: Path, size: tuple[int, int] | None, mode: str) -> np.ndarray[Any, Any] | str:
    """Return a picture's pixels, uint8 (H, W) or (H, W, 3); of one that cannot be read, why."""
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            if opened.mode.startswith(("I", "F")):
                return f"more than 8 bits a pixel (mode {opened.mode})"
            image: Image.Image = opened
            with suppress(*DAMAGE):  # of the EXIF data; the pixels are whole
                image = ImageOps.exif_transpose(opened)
            image = opaque(image).convert(mode)
            if size is not None:
                image = image.resize(size[::-1], Image.Resampling.BILINEAR)
            return np.array(image)
    except (*DAMAGE, Image.DecompressionBombError) as error:
        return f"cannot be read ({error})"


def _check_alike(files: list[Path], kinds: list[tuple[int, int] | str], folder: Path) -> None:
    """Raise `InvalidInputError` unless all pictures could be read and are of one size."""
    sizes = Counter(kind for kind in kinds if not isinstance(kind, str))
    wanted = sizes.most_common(1)[0][0] if sizes else None
    odd = [f"{file}: {kind}" for file, kind in zip(files, kinds, strict=True) if kind != wanted]
    if not odd:
        return
    remedies = []
    if any(isinstance(kind, str) for kind in kinds):
        remedies.append("Save those that cannot be read as 8-bit PNGs, or remove them.")
    if len(sizes) > 1:
        call = f"digitnet.datasets.image_folder({str(folder)!r}, size={wanted})"
        remedies.append(f"Bring all to one size: {call}.")
    raise InvalidInputError(
        f"Expected 8-bit pictures of one (height, width){f', {wanted}' if wanted else ''}; of "
        f"{len(files):,} in '{folder}', {len(odd):,} are not: {first_few(odd, '; ')}. "
        + " ".join(remedies)
    )
