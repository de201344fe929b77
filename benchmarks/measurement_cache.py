"""Measurements kept in a file as soon as they are made, so that a stopped benchmark goes on."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import digitnet
from digitnet import machine
from digitnet.artifact import write_atomically


class MeasurementCache:
    """Measurements by name; those that the file has are not made again.

    Args:
        path: The file; `None` keeps nothing.
        settings: What the measurements depend on, beside the machine, the versions and the code.
    """

    def __init__(self, path: Path | None, **settings: object) -> None:
        self._path, self._measured = path, dict[str, Any]()
        self._conditions = {**settings, **machine.describe(), "digest": _digest()}
        del self._conditions["date"]
        if path is None or not path.exists():
            return
        content = json.loads(path.read_text())
        if content["conditions"] != self._conditions:
            raise SystemExit(
                f"Expected in {path} what was measured with the same settings, machine, versions, "
                "code and weights; received another measurement. Delete it, or name another file."
            )
        self._measured = content["measured"]

    def measured(self, name: str, measure: Callable[[], Any]) -> Any:
        """Return the measurement of that name as JSON has it; it is made where there is none."""
        if name not in self._measured:
            self._measured[name] = measure()
            if self._path is not None:
                content = {"conditions": self._conditions, "measured": self._measured}
                write_atomically(self._path, json.dumps(content).encode())
        return self._measured[name]


def add_cache_option(parser: argparse.ArgumentParser) -> None:
    """Add the option `--cache`."""
    text = "keep each row in this file, and go on after those that it has"
    parser.add_argument("--cache", type=Path, metavar="FILE", help=text)


def _digest() -> str:
    """Return a digest of the package, weights included, and of the benchmarks."""
    digest = hashlib.sha256()
    for folder in (Path(digitnet.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".safetensors"):
                digest.update(path.read_bytes())
    return digest.hexdigest()
