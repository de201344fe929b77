"""The folders in which data sets are looked for."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path | None:
    """Return the folder that the environment variable `DIGITNET_DATA` names, if it is set."""
    folder = os.environ.get("DIGITNET_DATA")
    return Path(folder).expanduser() if folder else None


def places(root: str | os.PathLike[str] | None) -> list[Path]:
    """Return the folders to look in, in order: `root` where given, `DIGITNET_DATA`, the cache."""
    own = Path(root).expanduser() if root else None
    return [place for place in (own, data_folder(), cache_folder()) if place]


def cache_folder() -> Path:
    """Return the user's cache folder for digitnet, by the XDG base directory rules."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "digitnet"
