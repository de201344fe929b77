"""Which command made each figure of the documentation, on which machine, and when."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from digitnet import machine

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures"


def command() -> str:
    """Return the command of this run, as it is given in the repository's root."""
    script = "/".join(Path(sys.argv[0]).resolve().parts[-2:])
    return shlex.join(["python", script, *sys.argv[1:]])


def record(folder: Path, names: Iterable[str]) -> bool:
    """Enter files in the manifest, if they are figures of the documentation.

    Args:
        folder: Where this run wrote them.
        names: Their names.

    Returns:
        Whether the folder is `docs/figures` or in it. Of any other, nothing is recorded.
    """
    folder = folder.resolve()
    if not folder.is_relative_to(FIGURES):
        return False
    # What made them
    conditions = machine.describe()
    gpu = f"{conditions['gpu']}, " if "gpu" in conditions else ""
    made = {
        "command": command(),
        "machine": f"{gpu}{conditions['processor']}",
        **{key: conditions[key] for key in ("threads", "torch", "date")},
    }

    # The manifest, a line a file
    path = FIGURES / "manifest.json"
    entries = json.loads(path.read_text()) if path.exists() else {}
    entries |= {(folder / name).relative_to(FIGURES).as_posix(): made for name in names}
    lines = [f"{json.dumps(name)}: {json.dumps(entries[name])}" for name in sorted(entries)]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return True
