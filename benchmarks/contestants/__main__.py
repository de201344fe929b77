"""A contestant in a process of its own: `go` in, seconds out."""

import importlib
import sys
import time
from pathlib import Path

import numpy as np


def main() -> None:
    """Train an epoch for every line that comes in."""
    name, path = sys.argv[1:]
    with np.load(Path(path)) as data:
        images, labels = data["images"], data["labels"]
    module, _, variant = name.partition(":")
    prepare = importlib.import_module(f"contestants.{module}").prepare
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer
    for _ in sys.stdin:
        train = prepare(images, labels, *([variant] if variant else []))
        started = time.perf_counter()
        train()
        print(time.perf_counter() - started, file=answers, flush=True)


if __name__ == "__main__":
    main()
