"""Pictures from a folder with one sub-folder a class."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from digitnet.data.image_set import ImageSet
from digitnet.data.spool import Spool
from digitnet.errors import DatasetUnavailableError, InvalidInputError
from digitnet.execution import own_settings

_MODES = ("L", "RGB")  # Pillow's names of grey and of colour, 8 bits each
_TOLD = 5  # files that a message names


@own_settings()
def image_folder(root: str | os.PathLike[str], *, name: str | None = None) -> ImageSet:
    """Return the pictures of a folder with one sub-folder a class, read once.

    Pictures that would take more than a quarter of the memory go into a temporary file, of
    which the system keeps in memory what it has room for (`TMPDIR` says where it lies).

    Which files are pictures, and that classes are the sub-folders' names in alphabetical
    order, is as in torchvision's `ImageFolder`.

    Args:
        root: The folder.
        name: What the set is called; `None` takes the folder's name.

    Returns:
        The set; pictures are (1, H, W) where all are grey, (3, H, W) where all are RGB.

    Raises:
        DatasetUnavailableError: It is no folder, or a sub-folder has no pictures.
        InvalidInputError: Pictures cannot be read, or are not all of one size and mode; the
            message counts them and names the first.
    """
    from torchvision.datasets import ImageFolder  # slow to import

    folder = Path(root).expanduser()
    try:
        listing = ImageFolder(str(folder))
    except OSError as error:
        raise DatasetUnavailableError(
            f"Expected a folder with one sub-folder of pictures a class; '{folder}': {error}"
        ) from error
    pictures = Spool()
    kinds: list[str] = []
    for path, _ in listing.samples:
        pixels, kind = _read(path)
        kinds.append(kind)
        if kind == kinds[0] and kind.endswith(_MODES):
            planes = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)
            pictures.add(torch.from_numpy(np.array(planes))[None])
    _check_alike([Path(path).relative_to(folder) for path, _ in listing.samples], kinds, folder)
    labels = torch.tensor([label for _, label in listing.samples])
    return ImageSet(
        pictures.tensor(), labels, tuple(listing.classes), name or folder.resolve().name
    )


def _read(path: str) -> tuple[npt.NDArray[np.uint8], str]:
    """Return a picture's pixels and what kind it is; of one that cannot be read, why."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            pixels: npt.NDArray[Any] = np.asarray(picture)
            return pixels, f"{picture.width}x{picture.height} {picture.mode}"
    # Pillow raises SyntaxError for some broken PNGs
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return np.empty(0, np.uint8), f"cannot be read ({error})"


def _check_alike(files: list[Path], kinds: list[str], folder: Path) -> None:
    """Raise `InvalidInputError` unless all pictures are of one size and mode."""
    common = Counter(kind for kind in kinds if kind.endswith(_MODES)).most_common(1)
    wanted = common[0][0] if common else "of one size, in mode L or RGB"
    odd = [f"{file}: {kind}" for file, kind in zip(files, kinds, strict=True) if kind != wanted]
    if odd:
        more = f", and {len(odd) - _TOLD:,} more" if len(odd) > _TOLD else ""
        raise InvalidInputError(
            f"Expected pictures that are all {wanted}; of {len(files):,} in '{folder}', "
            f"{len(odd):,} are not: {'; '.join(odd[:_TOLD])}{more}. Convert or remove them."
        )
