"""MNIST, from files that are there or from its mirrors."""

from __future__ import annotations

import hashlib
import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from digitnet.artifact import write_atomically
from digitnet.data.image_set import DIGITS, ImageSet
from digitnet.datasets.download import fetch
from digitnet.datasets.folders import cache_folder, places
from digitnet.errors import DatasetUnavailableError, DigitNetError
from digitnet.execution import with_own_settings

_SUBFOLDERS = ("", "mnist", "MNIST/raw")  # the last is torchvision's
_NPZ = "mnist.npz"  # Keras's
_NPY_HEADER = 4096  # bytes at most; with the size, it bounds what a zip bomb unpacks
_KINDS = {  # first bytes of what is often found under the files' names -> what it is
    rb"\s*<": "a web page; download the file again",
    rb"version https://git-lfs": "a Git LFS pointer; run git lfs pull",
    rb"\0\0\x08[\1\3]": "another data set in MNIST's format, or cut off",
}


class _File(NamedTuple):
    """One of the four files: names, its header's length, size and SHA-256 unpacked."""

    name: str
    array: str  # its name in Keras's archive
    header: int
    size: int
    sha256: str


# SHA-256 and sizes of files whose MD5 sums are those that torchvision lists
_X_TRAIN = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
_Y_TRAIN = "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
_X_TEST = "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
_Y_TEST = "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
_TRAIN = (
    _File("train-images-idx3-ubyte", "x_train", 16, 47_040_016, _X_TRAIN),
    _File("train-labels-idx1-ubyte", "y_train", 8, 60_008, _Y_TRAIN),
)
_TEST = (
    _File("t10k-images-idx3-ubyte", "x_test", 16, 7_840_016, _X_TEST),
    _File("t10k-labels-idx1-ubyte", "y_test", 8, 10_008, _Y_TEST),
)


@with_own_settings
def mnist(
    root: str | os.PathLike[str] | None = None, *, download: bool = True
) -> tuple[ImageSet, ImageSet]:
    """Return MNIST's 60,000 training and 10,000 test digits (LeCun et al., 1998).

    Each of the four files is looked for in `root`, in the folder that the environment
    variable `DIGITNET_DATA` names and in the user's cache folder, there and in the
    sub-folders `mnist/` and `MNIST/raw/`; as it is or with `.gz`, as `train-images-idx3-ubyte`
    or `train-images.idx3-ubyte`, in a folder of its own name, or in Keras's `mnist.npz`.
    Contents are checked by size and SHA-256, and a damaged file is passed over. What is whole
    nowhere is downloaded into `root`, or else into the cache folder.

    Args:
        root: A folder to look in first, or the path of Keras's `mnist.npz`.
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
        for path in _candidates(file, place):
            try:
                if path.is_file():
                    return _payload(file, path.read_bytes())
            except (OSError, ValueError) as error:
                reasons.append(f"{path.relative_to(place)}: {error}")
        misses.append(f"{place}: {'; '.join(reasons) or f'{file.name}[.gz] is not there'}")
    attempts += misses
    return None


def _candidates(file: _File, place: Path) -> Iterator[Path]:
    """Yield the paths under which people have a file."""
    if place.suffix == ".npz":
        yield place
    stems = (file.name, file.name.replace("-idx", ".idx"))
    names = [f"{stem}{ending}" for stem in stems for ending in ("", ".gz")]
    for subfolder in _SUBFOLDERS:
        folder = place / subfolder
        yield from (folder / name for name in names)
        yield from (folder / own / name for own in names for name in names)
        yield folder / _NPZ


def _download(file: _File, target: Path, attempts: list[str]) -> bytes | None:
    """Fetch a file, keep it as it came, and return its pictures or labels."""
    name = f"{file.name}.gz"
    try:
        from torchvision.datasets import MNIST  # slow to import, and knows the mirrors

        urls = [f"{mirror}{name}" for mirror in MNIST.mirrors]
        content = fetch(urls, check=lambda content: _payload(file, content))
        target.mkdir(parents=True, exist_ok=True)
        write_atomically(target / name, content)
    except (ImportError, RuntimeError, OSError, DigitNetError) as error:
        attempts.append(str(error))
        return None
    return _payload(file, content)


def _payload(file: _File, content: bytes) -> bytes:
    """Return what stands behind the header of a file's content, or raise `ValueError`."""
    if content.startswith(b"PK"):
        content = _from_npz(file, content)
    elif content.startswith(b"\x1f\x8b"):  # whatever its name: browsers unpack, and keep .gz
        try:  # one byte over the size is enough to see that it is too large
            content = zlib.decompressobj(wbits=31).decompress(content, file.size + 1)
        except zlib.error as error:
            raise ValueError(f"damaged ({error})") from error
    if len(content) != file.size:
        kinds = (kind for start, kind in _KINDS.items() if re.match(start, content))
        kind = next(kinds, "damaged")
        raise ValueError(f"{kind} ({len(content):,} bytes, expected {file.size:,})")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ValueError(
            "damaged, or another data set (other contents than MNIST's; Fashion-MNIST and KMNIST "
            "have files of the same names: pass torchvision.datasets.FashionMNIST(...) to fit)"
        )
    return content[file.header :]


def _from_npz(file: _File, content: bytes) -> bytes:
    """Return a file's content from Keras's archive of arrays."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)).open(f"{file.array}.npy") as member:
            array = member.read(file.size + _NPY_HEADER)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, zlib.error) as error:
        raise ValueError(f"a zip file without MNIST's arrays, or damaged ({error})") from error
    pixels = file.size - file.header  # the last bytes of an .npy file are the array's
    if file.header == 8:
        return struct.pack(">2I", 2049, pixels) + array[-pixels:]
    return struct.pack(">4I", 2051, pixels // 28**2, 28, 28) + array[-pixels:]


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
        f"Put the four files {names}, or Keras's {_NPZ}, into {folder}, or name their folder in "
        "the environment variable DIGITNET_DATA. datasets.synthetic() needs no files."
    )
