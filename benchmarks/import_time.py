"""Time the import of a class of digitnet against `import torch`, in new processes that take turns.

python benchmarks/import_time.py
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def main() -> None:
    """Print medians and the ratio, turn by turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=15)
    turns = parser.parse_args().turns
    _import("digitnet.digits")  # a first turn that does not count: the files' way into memory
    pairs = [(_import("digitnet.digits"), _import("torch")) for _ in range(turns)]
    for name, times in zip(("digitnet.digits", "torch"), zip(*pairs, strict=True), strict=True):
        print(f"import {name}: {statistics.median(times):.2f} s (median of {turns})")
    ratios = [own / torch for own, torch in pairs]
    print(f"ratio: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


def _import(name: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {name}"], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
