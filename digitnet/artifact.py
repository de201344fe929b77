"""Files of digitnet: named tensors and JSON metadata in one safetensors file.

Nothing is pickled, and reading runs no code that a file could choose.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from digitnet.errors import ArtifactError

FORMAT_VERSION = 1
_METADATA = "digitnet"  # the entry that holds our JSON
_DIGEST = "sha256"  # the entry that holds the digest of that JSON and of all tensors


class Artifact(NamedTuple):
    """What a file holds."""

    tensors: dict[str, Tensor]
    metadata: dict[str, Any]


def write_artifact(
    path: str | os.PathLike[str], tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]
) -> None:
    """Write a file that is either whole or not there; an old file survives a failure.

    The metadata are anything that JSON can hold; the format version is added.

    Raises:
        ArtifactError: The file could not be written.
    """
    text = json.dumps({**metadata, "format_version": FORMAT_VERSION}, sort_keys=True)
    stored = {  # clones, because safetensors refuses weights that share memory
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    entries = {_METADATA: text, _DIGEST: _digest(text, stored)}
    write_atomically(path, _in_order(safetensors.torch.save(stored, entries)))


def read_artifact(path: str | os.PathLike[str]) -> Artifact:
    """Read a file that `write_artifact` made, onto the CPU.

    Raises:
        ArtifactError: There is no such file, or it is damaged, not ours, or newer.
    """
    path = Path(path)
    if path.is_dir():
        raise ArtifactError(f"Expected a digitnet file; '{path}' is a folder.")
    try:
        # Into memory at once: tensors mapped from a file would change with the file
        content = path.read_bytes()
        tensors = safetensors.torch.load(content)
        entries = _header(content)[0].get("__metadata__") or {}
    except FileNotFoundError as error:
        raise ArtifactError(f"There is no file '{path}'. Check the path.") from error
    except (OSError, SafetensorError, ValueError, RuntimeError, TypeError, KeyError) as error:
        raise ArtifactError(
            f"'{path}' is not a safetensors file, or it was cut off or damaged ({error}). "
            "Take another copy, or save the model again."
        ) from error
    if not {_METADATA, _DIGEST} <= entries.keys():
        raise ArtifactError(
            f"'{path}' is a safetensors file without digitnet's metadata. "
            "Load it with safetensors.torch.load_file."
        )
    if entries[_DIGEST] != _digest(entries[_METADATA], tensors):
        raise ArtifactError(
            f"'{path}' was changed after it was written: its SHA-256 digest does not fit. "
            "Take another copy, or save the model again."
        )
    return Artifact(tensors, _parse(entries[_METADATA], path))


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write to a temporary sibling, flush it to disk, then replace `path`.

    Raises:
        ArtifactError: The file could not be written; an old file is as it was.
    """
    path = Path(path)
    check_folder(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ArtifactError(
            f"Could not write '{path}': {error.strerror or error}. "
            "Nothing was changed; check the folder, its permissions and the space left."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    _flush_folder(path.parent)


def check_folder(path: Path) -> None:
    """Raise `ArtifactError` unless a file could stand at `path`."""
    if path.is_dir():
        raise ArtifactError(f"Could not write '{path}': it is a folder. Add a file name.")
    if not path.parent.is_dir():
        raise ArtifactError(
            f"Could not write '{path}': there is no folder '{path.parent}'. Make it first."
        )


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    """Return the header of a safetensors file, which the library has checked, and its end."""
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), end


def _in_order(content: bytes) -> bytes:
    """Return a safetensors file with its metadata in order, so that like files are the same bytes.

    The library writes the entries in an order that changes from one call to the next.
    """
    header, end = _header(content)
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the data begins at a multiple of eight
    return len(text).to_bytes(8, "little") + text + content[end:]


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        metadata = json.loads(text)
        version = metadata["format_version"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError(f"The metadata of '{path}' cannot be read ({error}).") from error
    if version != FORMAT_VERSION:
        remedy = "Install a newer digitnet." if str(version) > str(FORMAT_VERSION) else ""
        raise ArtifactError(
            f"'{path}' has format version {version!r}; this digitnet reads {FORMAT_VERSION}. "
            + remedy
        )
    return dict(metadata)


def _flush_folder(folder: Path) -> None:
    """Make the replacement itself survive a power cut, where the system can do that."""
    with suppress(OSError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
