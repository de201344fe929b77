"""Images that may be too many for memory: then they lie in a file, and are paged in."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from digitnet.errors import InvalidInputError
from digitnet.processes import current

_SHARE = 4  # a set may take a quarter of the memory: training needs some, others too
_UNKNOWN = 8 * 2**30  # bytes, where the system does not tell its memory
_BYTES_AT_ONCE = 2**22  # copied at a time
_DISK = Path("/var/tmp")  # /tmp may be in memory


class Spool:
    """Take images a batch at a time, and give them back as one tensor.

    A set of more bytes than `room()` goes into a temporary file without a name, which vanishes
    with its last user. The tensor is then a map of that file: the system reads in what is
    used, and drops it again where memory is short. Everything that takes a tensor takes it.

    The file lies in the folder that `TMPDIR` names, else in /var/tmp.
    """

    def __init__(self) -> None:
        self._room = room()
        self._parts: list[Tensor] = []
        self._shape: tuple[int, ...] = ()
        self._bytes = 0
        self._file: BinaryIO | None = None

    def add(self, images: Tensor) -> None:
        """Take images, uint8 (B, C, H, W), all of one size."""
        self._shape = tuple(images.shape[1:])
        self._bytes += images.numel()
        self._parts.append(images)
        if self._file is None and self._bytes > self._room:
            folder = _DISK if "TMPDIR" not in os.environ and _DISK.is_dir() else None
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - `tensor` closes it
        if self._file is not None:
            for part in self._parts:
                self._file.write(part.contiguous().numpy().data)
            self._parts.clear()

    def __bool__(self) -> bool:
        return self._bytes > 0

    def tensor(self) -> Tensor:
        """Return all images, uint8 (N, C, H, W)."""
        if self._file is None:
            return torch.cat(self._parts)
        with self._file as file:  # the memory map keeps it open
            file.flush()
            return torch.from_numpy(np.memmap(file, np.uint8, "r+")).view(-1, *self._shape)


class Rows:
    """Take small arrays one after another into one block of memory.

    Kept one by one between the images' large blocks, which come and go, they would split the
    heap, and it would grow with every batch.
    """

    def __init__(self) -> None:
        self._block = bytearray()
        self._first: npt.NDArray[Any] = np.empty(0, np.int64)

    def add(self, rows: npt.NDArray[Any]) -> None:
        """Take rows, (B, ...), all of one type and size, or raise `InvalidInputError`."""
        if not self._block:
            self._first = rows
        if (rows.dtype, rows.shape[1:]) != (self._first.dtype, self._first.shape[1:]):
            raise InvalidInputError(
                f"Expected labels of one type and shape; received {self._first.dtype} "
                f"{self._first.shape} and then {rows.dtype} {rows.shape}."
            )
        self._block += rows.tobytes()

    def array(self) -> npt.NDArray[Any]:
        """Return all rows, (N, ...)."""
        made = np.frombuffer(self._block, self._first.dtype)
        return made.reshape(-1, *self._first.shape[1:])


def taken(images: Tensor, index: Tensor) -> Tensor:
    """Return the images of a mask or of indices, in a file where they are too many."""
    positions = index.nonzero()[:, 0] if index.dtype == torch.bool else index
    if not len(positions) or len(positions) * images[:1].numel() <= room():
        return images[index]
    spool = Spool()
    for part in positions.split(max(1, _BYTES_AT_ONCE // images[:1].numel())):
        spool.add(images[part])
    return spool.tensor()


def room() -> int:
    """Return how many bytes a set of images may take in this process's memory.

    What is chosen by it changes no result, only where the images lie.
    """
    return min(_limits()) // _SHARE // current().local_world_size


def _limits() -> Iterator[int]:
    """Yield what bounds this process's memory, in bytes: the machine, its limits, its cgroups."""
    if not hasattr(os, "sysconf"):  # Windows
        yield _UNKNOWN
        return
    page = os.sysconf("SC_PAGE_SIZE")
    yield page * os.sysconf("SC_PHYS_PAGES")
    import resource

    with suppress(OSError):  # Linux says what of its limits a process has used
        size, *_, data, _ = map(int, Path("/proc/self/statm").read_text().split())
        for what, used in ((resource.RLIMIT_AS, size), (resource.RLIMIT_DATA, data)):
            limit, _ = resource.getrlimit(what)
            if limit != resource.RLIM_INFINITY:
                yield max(limit - page * used, 0)
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            yield from _cgroup_limits(*line.split(":", 2)[1:])


def _cgroup_limits(controller: str, path: str) -> Iterator[int]:
    """Yield the limits of a line of /proc/self/cgroup, its parents' too (cgroups(7))."""
    if controller in ("", "memory"):
        root, name = Path("/sys/fs/cgroup"), "memory.max"
        if controller:
            root, name = root / "memory", "memory.limit_in_bytes"
        place = root / path.lstrip("/")
        for folder in (place, *place.parents):
            with suppress(OSError, ValueError):  # no limit is "max"
                yield int((folder / name).read_text())
