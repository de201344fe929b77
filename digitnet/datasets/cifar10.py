"""CIFAR-10, from its own files, from pictures in folders, or from an archive of these."""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from digitnet.artifact import read_artifact, write_artifact
from digitnet.data.image_set import ImageSet
from digitnet.datasets.download import is_offline
from digitnet.datasets.folders import cache_folder, places
from digitnet.datasets.image_folder import image_folder
from digitnet.errors import ArtifactError, DatasetUnavailableError, InvalidInputError
from digitnet.execution import with_own_settings
from digitnet.records import read_record
from digitnet.user_warnings import warn

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
_PARTS = ("train", "test")
_FOLDER, _ARCHIVE = "cifar10", "cifar10-jpeg.tar.xz"


@with_own_settings
def cifar10(
    root: str | os.PathLike[str] | None = None, *, download: bool = True
) -> tuple[ImageSet, ImageSet]:
    """Return CIFAR-10's 50,000 training and 10,000 test pictures (Krizhevsky, 2009).

    It is looked for in `root`, in the folder that the environment variable `DIGITNET_DATA`
    names and in the user's cache folder: CIFAR-10's own files as torchvision keeps them
    (`cifar-10-batches-py/`, whose MD5 sums are checked), a folder `cifar10/` with `train/`
    and `test/` and in each a folder of pictures a class, or such folders in the archive
    `cifar10-jpeg.tar.xz`. Pictures are decoded once and kept as one file in the cache
    folder. What is nowhere is downloaded by torchvision into `root`, or else into the cache
    folder.

    Args:
        root: A folder to look in first.
        download: Whether to download it where it is missing. `DIGITNET_OFFLINE=1` forbids
            it too.

    Returns:
        Training and test set, pictures uint8 (N, 3, 32, 32). Where they were JPEG files,
        the sets' names say so: accuracies on them are a little lower.

    Raises:
        DatasetUnavailableError: It is nowhere to be had; the message tells where it was
            looked for.
        InvalidInputError: The folders or the archive hold other classes, or pictures that
            cannot be read or differ in size or mode.
    """
    looked = places(root)
    for place in looked:
        if (place / "cifar-10-batches-py").is_dir():
            return _torchvisions(place, download=False)
        if all((place / _FOLDER / part).is_dir() for part in _PARTS):
            return _kept(place / _FOLDER)
        if (place / _ARCHIVE).is_file():
            return _kept(place / _ARCHIVE)
    if download and not is_offline():
        return _torchvisions(looked[0] if root else cache_folder(), download=True)
    names = ", ".join(f"'{place}'" for place in looked)
    raise DatasetUnavailableError(
        f"CIFAR-10 was not found in {names}, and was not to be downloaded. Put {_FOLDER}/, "
        f"{_ARCHIVE} or cifar-10-batches-py/ into one of them, or name their folder in the "
        "environment variable DIGITNET_DATA."
    )


def _torchvisions(folder: Path, *, download: bool) -> tuple[ImageSet, ImageSet]:
    """Return what torchvision reads, checks and downloads."""
    from torchvision.datasets import CIFAR10  # slow to import

    sets = []
    for part in _PARTS:
        try:
            data = CIFAR10(str(folder), train=part == "train", download=download)
        except (OSError, RuntimeError) as error:
            raise DatasetUnavailableError(
                f"CIFAR-10 could not be {'downloaded into' if download else 'read from'} "
                f"'{folder}': {error} Put whole files there, or name a folder that has them in "
                "the environment variable DIGITNET_DATA."
            ) from error
        images = torch.from_numpy(np.asarray(data.data)).permute(0, 3, 1, 2).contiguous()
        sets.append(ImageSet(images, torch.tensor(data.targets), CLASSES, f"CIFAR-10 {part}"))
    return sets[0], sets[1]


@dataclass(frozen=True)
class _Names:
    """The metadata of a file of decoded pictures."""

    names: tuple[str, str]


def _kept(source: Path) -> tuple[ImageSet, ImageSet]:
    """Return the pictures of folders or of an archive, decoded at most once."""
    file = cache_folder() / f"cifar10-{_fingerprint(source)}.safetensors"
    if file.exists():
        try:
            tensors, metadata = read_artifact(file)
            names = read_record(_Names, metadata, among_others=True).names
            train, test = (
                ImageSet(tensors[f"{part}/images"], tensors[f"{part}/labels"], CLASSES, name)
                for part, name in zip(_PARTS, names, strict=True)
            )
            return train, test
        except (ArtifactError, KeyError, InvalidInputError) as error:
            warn(f"'{file}' is damaged and is made again: {error}")
    train, test = _from_archive(source) if source.is_file() else _from_folders(source)
    tensors = {
        f"{part}/{what}": getattr(images, what)
        for part, images in zip(_PARTS, (train, test), strict=True)
        for what in ("images", "labels")
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_artifact(file, tensors, asdict(_Names((train.name, test.name))))
    except (OSError, ArtifactError) as error:
        warn(f"The decoded pictures could not be kept for the next time: {error}")
    return train, test


def _from_archive(archive: Path) -> tuple[ImageSet, ImageSet]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(archive) as files:
                files.extractall(folder, filter="data")  # nothing outside the folder
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            raise DatasetUnavailableError(
                f"'{archive}' is damaged or cut off ({error}). Get it again."
            ) from error
        return _from_folders(Path(folder))


def _from_folders(folder: Path) -> tuple[ImageSet, ImageSet]:
    sets = []
    for part in _PARTS:
        jpeg = any(file.suffix.lower() in (".jpg", ".jpeg") for file in _files(folder / part))
        name = f"CIFAR-10 {part}{' (from JPEG)' if jpeg else ''}"
        images = image_folder(folder / part, mode="RGB", name=name)
        if images.classes != CLASSES or images.images.shape[1:] != (3, 32, 32):
            raise InvalidInputError(
                f"Expected CIFAR-10's ten classes in RGB pictures of 32x32; '{folder / part}' has "
                f"{list(images.classes)} in pictures {tuple(images.images.shape[1:])}."
            )
        sets.append(images)
    return sets[0], sets[1]


def _fingerprint(source: Path) -> str:
    """Return what changes when a file of the source does."""
    digest = hashlib.sha256(str(source.resolve()).encode())
    for file in [source] if source.is_file() else _files(source):
        status = file.stat()
        digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    return (Path(at, name) for at, _, names in sorted(os.walk(folder)) for name in sorted(names))
