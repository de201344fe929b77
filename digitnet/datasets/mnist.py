"""MNIST, from files that are there or from its mirrors."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path
from typing import NamedTuple

import torch

from digitnet.artifact import write_atomically
from digitnet.data.image_set import DIGITS, ImageSet
from digitnet.datasets.download import fetch
from digitnet.datasets.folders import cache_folder, places
from digitnet.errors import DatasetUnavailableError, DigitNetError
from digitnet.execution import own_settings

_SUBFOLDERS = ("", "mnist", "MNIST/raw")  # the last is torchvision's


class _File(NamedTuple):
    """One of the four files: its name, its header's length, size and SHA-256 unpacked."""

    name: str
    header: int
    size: int
    sha256: str


# Sizes and digests were taken from files whose MD5 sums are those that torchvision lists.
_TRAIN = (
    _File(
        "train-images-idx3-ubyte",
        16,
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    _File(
        "train-labels-idx1-ubyte",
        8,
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
)
_TEST = (
    _File(
        "t10k-images-idx3-ubyte",
        16,
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    _File(
        "t10k-labels-idx1-ubyte",
        8,
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


@own_settings()
def mnist(
    root: str | os.PathLike[str] | None = None, *, download: bool = True
) -> tuple[ImageSet, ImageSet]:
    """Return MNIST's 60,000 training and 10,000 test digits (LeCun et al., 1998).

    Each of the four files is looked for in `root`, in the folder that the environment
    variable `DIGITNET_DATA` names and in the user's cache folder, there and in the
    sub-folders `mnist/` and `MNIST/raw/`; as it is or with `.gz`. Contents are checked by
    size and SHA-256, and a damaged file is passed over. What is whole nowhere is
    downloaded into `root`, or else into the cache folder.

    Args:
        root: A folder to look in first.
        download: Whether to download what is missing. `DIGITNET_OFFLINE=1` forbids it too.

    Returns:
        Training and test set, pictures uint8 (N, 1, 28, 28).

    Raises:
        DatasetUnavailableError: A file is nowhere to be had; the message tells each place
            that was tried, why it failed, and where to put the files.
    """
    looked = places(root)
    target = (looked[0] if root else cache_folder()) / _SUBFOLDERS[-1]
    attempts: list[str] = []
    payloads = []
    for file in (*_TRAIN, *_TEST):
        payload = _find(file, looked, attempts)
        if payload is None and download:
            payload = _download(file, target, attempts)
        if payload is None:
            if not download:
                attempts.append("download: not tried, as download=False")
            raise DatasetUnavailableError(_advice(attempts, looked[0]))
        payloads.append(payload)
    return _image_set("MNIST train", *payloads[:2]), _image_set("MNIST test", *payloads[2:])


def _find(file: _File, looked: list[Path], attempts: list[str]) -> bytes | None:
    """Return a file's pictures or labels from the first place that has it whole."""
    misses = []
    for place in looked:
        reasons = []
        for subfolder in _SUBFOLDERS:
            for name in (file.name, f"{file.name}.gz"):
                try:
                    return _payload(file, name, (place / subfolder / name).read_bytes())
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except (OSError, ValueError) as error:
                    reasons.append(f"{Path(subfolder, name)}: {error}")
        misses.append(f"{place}: {'; '.join(reasons) or f'{file.name}[.gz] is not there'}")
    attempts += misses
    return None


def _download(file: _File, target: Path, attempts: list[str]) -> bytes | None:
    """Fetch a file, keep it as it came, and return its pictures or labels."""
    name = f"{file.name}.gz"
    try:
        from torchvision.datasets import MNIST  # slow to import, and knows the mirrors

        urls = [f"{mirror}{name}" for mirror in MNIST.mirrors]
        content = fetch(urls, check=lambda content: _payload(file, name, content))
        target.mkdir(parents=True, exist_ok=True)
        write_atomically(target / name, content)
    except (ImportError, RuntimeError, OSError, DigitNetError) as error:
        attempts.append(str(error))
        return None
    return _payload(file, name, content)


def _payload(file: _File, name: str, content: bytes) -> bytes:
    """Return what stands behind the header of a file's content, or raise `ValueError`."""
    if name.endswith(".gz"):
        try:  # one byte over the size is enough to see that it is too large
            content = zlib.decompressobj(wbits=31).decompress(content, file.size + 1)
        except zlib.error as error:
            raise ValueError(f"damaged ({error})") from error
    if len(content) != file.size:
        raise ValueError(f"damaged ({len(content):,} bytes, expected {file.size:,})")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ValueError("damaged (other contents than MNIST's)")
    return content[file.header :]


def _image_set(name: str, images: bytes, labels: bytes) -> ImageSet:
    # frombuffer warns of read-only memory, which a bytearray is not
    pixels = torch.frombuffer(bytearray(images), dtype=torch.uint8).view(-1, 1, 28, 28)
    digits = torch.frombuffer(bytearray(labels), dtype=torch.uint8).long()
    return ImageSet(pixels, digits, DIGITS, name)


def _advice(attempts: list[str], folder: Path) -> str:
    names = ", ".join(f"{file.name}.gz" for file in (*_TRAIN, *_TEST))
    tried = "\n".join(f"  {line}" for attempt in attempts for line in attempt.splitlines())
    return (
        f"MNIST was not found and could not be downloaded. Tried:\n{tried}\n"
        f"Put the four files {names} into {folder}, or name their folder in the environment "
        "variable DIGITNET_DATA. datasets.synthetic() needs no files."
    )
