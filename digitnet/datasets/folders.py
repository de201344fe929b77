"""The folders in which data sets are looked for."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path | None:
    """Return the folder that the environment variable `DIGITNET_DATA` names, if it is set."""
    folder = os.environ.get("DIGITNET_DATA")
    return Path(folder).expanduser() if folder else None


def cache_folder() -> Path:
    """Return the user's cache folder for digitnet, by the XDG base directory rules."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "digitnet"
