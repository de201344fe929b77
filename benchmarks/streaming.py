"""What training on a memory-mapped file costs, against images in memory.

    DIGITNET_DATA=... python benchmarks/streaming.py --rounds 5
    python benchmarks/streaming.py --quick

MNIST is written once as a folder of PNG files. The report's recipe trains on it in a process of its
own: with the images in memory, and in a file although memory has room. Both take turns. Where
memory has room for the file, the second epoch does not read from the disk. It needs Linux.
(`tests/jobs/stream.py` trains under a memory limit.)
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import harness
from PIL import Image

from digitnet import DigitClassifier, ImageSet, datasets
from digitnet.data import spool


def main() -> None:
    """Print a table, and write it with the figures."""
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each")
    parser.add_argument("--job", nargs=2, help="a folder, and where its pictures lie (used inside)")
    options = harness.parse(parser)
    if options.job:
        print(json.dumps(_measure(*options.job)))
        return
    harness.relaunch()
    train, _ = harness.mnist(quick=options.quick)
    with tempfile.TemporaryDirectory() as folder:
        _write(train, Path(folder))
        _compare(train, folder, options)


def _compare(train: ImageSet, folder: str, options: argparse.Namespace) -> None:
    # Turns
    said: dict[str, list[dict[str, float]]] = {"memory": [], "file": []}
    turns = {kind: partial(_start, kind, folder, said[kind]) for kind in said}
    harness.alternate(turns, 1 if options.quick else options.rounds)
    found = {kind: of[1:] for kind, of in said.items()}  # the first turn is a warm-up

    # The report
    seconds = {kind: [one["seconds"] for one in of] for kind, of in found.items()}
    rows = [
        (
            {"memory": "in memory", "file": "in a file"}[kind],
            harness.median_and_range([one["reading"] for one in of]),
            harness.median_and_range(seconds[kind]),
            harness.median_and_range([100 * r for r in harness.ratios(seconds, kind, "memory")], 0),
            f"{statistics.median(one['data_mib'] for one in of):,.0f}",
        )
        for kind, of in found.items()
    ]
    harness.report(
        options.out,
        "streaming",
        title=f"The report's recipe on a folder of {len(train):,} PNG files, "
        f"{train.images.numel() / 2**20:.0f} MiB as pictures",
        columns=[
            *("pictures", "seconds to read", "seconds of the second epoch", "% of the throughput"),
            "MiB held beside files",
        ],
        rows=rows,
        figures=found,
    )


def _write(train: ImageSet, folder: Path) -> None:
    for label in range(len(train.classes)):
        (folder / str(label)).mkdir()
    for number, (picture, label) in enumerate(
        zip(train.images, train.labels.tolist(), strict=True)
    ):
        Image.fromarray(picture[0].numpy()).save(folder / str(label) / f"{number:05d}.png")


def _start(kind: str, folder: str, said: list[dict[str, float]]) -> float:
    said.append(harness.run_script(__file__, "--job", folder, kind))
    return said[-1]["seconds"]


def _measure(folder: str, kind: str) -> dict[str, float]:
    warm, _ = datasets.synthetic(train=640, test=10)
    DigitClassifier(seed=0).fit(warm, epochs=1, verbose=0)
    if kind == "file":
        spool.room = lambda: 0  # bytes of memory to spare
    started = time.perf_counter()
    train = datasets.image_folder(folder)
    reading = time.perf_counter() - started
    history = DigitClassifier(seed=0).fit(train, epochs=2, verbose=0)
    seconds = history[-1].epoch_seconds
    return {"reading": reading, "seconds": seconds, "data_mib": harness.held_mib("RssAnon")}


if __name__ == "__main__":
    main()
