"""What `fit` with its default callbacks adds to the best loop by hand, in many processes.

    DIGITNET_DATA=... python benchmarks/overhead.py
    python benchmarks/overhead.py --quick

The memory layout of weights and images makes a process some per cent faster or slower for as long
as it lives. Therefore many processes are started. In each of them `fit`, the loop, and a second
copy of the loop take turns, each first by turns: what the copy adds is noise. What the first `fit`
of a classifier does once, such as measuring its normalisation, is left out.
"""

from __future__ import annotations

import contextlib
import io
import statistics
from multiprocessing import get_context

import harness
import numpy as np
from contestants import careful_loop, digitnet_fit

PRECISIONS = ("float32", "bfloat16")
EPOCH_IMAGES = 12_800  # 200 batches of 64, so that turns are short


def main() -> None:
    """Print a table, and write it with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--processes", type=int, default=10, help="started for each precision")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each in a process")
    options = harness.parse(parser)
    if options.quick:
        options.processes, options.rounds = 2, 1

    # Processes, one after the other
    train, _ = harness.mnist(quick=options.quick)
    part = train[:EPOCH_IMAGES]
    images, labels = part.images[:, 0].numpy(), part.labels.numpy()
    added: dict[str, list[dict[str, float]]] = {precision: [] for precision in PRECISIONS}
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for number in range(options.processes):
            for precision in PRECISIONS:
                found = pool.apply(_added, (images, labels, precision, options.rounds))
                added[precision].append(found)
                shown = ", ".join(f"{who} {value:.1f}%" for who, value in found.items())
                print(f"process {number + 1}, {precision}: {shown}", flush=True)

    # The report
    harness.report(
        options.out,
        "overhead",
        title=f"What an epoch of {len(part):,} pictures takes longer than with the careful loop: "
        f"per cent, {options.processes} processes, {options.rounds} turns of each in each",
        columns=["precision", *found],
        rows=[
            (
                precision,
                *(harness.median_and_range([each[who] for each in found_in], 1) for who in found),
            )
            for precision, found_in in added.items()
        ],
        figures=added,
    )


def _added(images: np.ndarray, labels: np.ndarray, precision: str, rounds: int) -> dict[str, float]:
    """Return the median per cent that each takes longer than the loop in this process."""
    loop = "loop"
    runs = {
        "`fit`": digitnet_fit.prepare(images, labels, precision),
        loop: careful_loop.prepare(images, labels, precision),
        "a copy of the loop": careful_loop.prepare(images, labels, precision),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    for turn in range(rounds + 1):
        names.append(names.pop(0))
        for name in names:
            with contextlib.redirect_stdout(io.StringIO()):
                taken = harness.seconds_of(runs[name])
            if turn:  # the first is a warm-up
                seconds[name].append(taken)
    return {
        name: 100 * (1 / statistics.median(harness.ratios(seconds, name, loop)) - 1)
        for name in runs
        if name != loop
    }


if __name__ == "__main__":
    main()
