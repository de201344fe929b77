"""Time the import of a class of digitnet against `import torch`, in new processes by turns.

python benchmarks/import_time.py
"""

from __future__ import annotations

import argparse
import statistics
from functools import partial

import harness

MODULES = ("digitnet.digits", "torch")


def main() -> None:
    """Print medians and the ratio, turn by turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=15)
    turns = parser.parse_args().turns
    imports = {name: partial(harness.python_seconds, f"import {name}") for name in MODULES}
    seconds = harness.alternate(imports, turns)
    for name, times in seconds.items():
        print(f"import {name}: {statistics.median(times):.2f} s (median of {turns})")
    ratios = harness.ratios(seconds, "torch", "digitnet.digits")
    print(f"ratio: {harness.median_and_range(ratios, 3)}")


if __name__ == "__main__":
    main()
