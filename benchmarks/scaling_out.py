"""What several processes on one machine gain, what their all-reduces cost, and how that scales.

    DIGITNET_DATA=... python benchmarks/scaling_out.py --rounds 5
    python benchmarks/scaling_out.py --quick

The report's recipe on MNIST. Each setting is a job of its own (`scaling_out_job.py`; two processes
by torchrun, on loopback), which times an epoch after a few steps; the settings take turns. A second
table derives from these figures how many hosts still help; two more compare the losses and
accuracies of one and two processes.
"""

from __future__ import annotations

import os
import statistics
from argparse import Namespace
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import harness
import numpy as np
from scaling_out_job import OPTIMIZERS, STEPS, step_size

BATCHES = (64, 256)
SHAPES = ((1, 1), (1, 2), (2, 1))  # processes, and threads of each
TORCHRUN = ("-m", "torch.distributed.run", "--standalone")
# Bandwidth in bytes a second, and latency of a message between two hosts in seconds: typical of
# switched Ethernet with TCP, not measured
NETWORKS = {
    "1 Gbit/s": (1e9 / 8, 1e-4),
    "10 Gbit/s": (1e10 / 8, 5e-5),
    "100 Gbit/s": (1e11 / 8, 2e-5),
}
HOSTS = [2**power for power in range(1, 9)]


@dataclass(frozen=True)
class Setting:
    """Processes, threads of each, and the images of a batch."""

    processes: int
    threads: int
    batch_size: int

    def __str__(self) -> str:
        return f"{self.processes} x {self.threads}, batch {self.batch_size}"


def main() -> None:
    """Print the tables, and write them with the figures."""
    # Options
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each setting")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each accuracy")
    parser.add_argument("--only", choices=["losses"], help="that table alone")
    options = harness.parse(parser)
    if options.quick:
        options.rounds, options.seeds = 1, 2
    settings = [Setting(*shape, batch) for batch, shape in product(BATCHES, SHAPES)]
    pair = settings[-1]
    if options.only:
        _report_losses(pair, options)
        return

    # Speed
    run = partial(_run, quick=options.quick)
    seconds = harness.alternate(
        {str(setting): partial(run, setting, "epoch", setting.batch_size) for setting in settings},
        options.rounds,
    )
    sums = [run(pair, "all_reduce") for _ in range(options.rounds)]
    _report_speed(settings, seconds, sums, options)
    _report_hosts(seconds[str(replace(pair, processes=1, threads=2))], options)

    # Losses and accuracies
    _report_losses(pair, options)
    _report_accuracies(pair, options)


def _report_speed(
    settings: list[Setting], seconds: harness.Seconds, sums: list[float], options: Namespace
) -> None:
    # A row a setting
    n_images = len(harness.mnist(quick=options.quick)[0])
    rows = []
    for setting in settings:
        own, name = seconds[str(setting)], str(setting)
        alone = str(replace(setting, processes=1, threads=1))
        threads = str(replace(setting, processes=1, threads=2))
        steps = -(-n_images // setting.batch_size)
        shares = [100 * each * steps / taken for each, taken in zip(sums, own, strict=True)]
        rows.append(
            (
                f"{setting.processes} of {setting.threads} threads, batch {setting.batch_size}",
                harness.median_and_range(own),
                harness.median_and_range(harness.ratios(seconds, name, alone)),
                harness.median_and_range(harness.ratios(seconds, name, threads)),
                harness.median_and_range(shares, 0) if setting.processes > 1 else "",
            )
        )

    milliseconds = harness.median_and_range([1e3 * each for each in sums])
    harness.report(
        options.out,
        "scaling_out",
        title=f"One epoch of the report's recipe, {n_images:,} pictures; a step's sum over two "
        f"processes ({step_size():,} numbers, {_step_mib():.2f} MiB) takes {milliseconds} ms",
        columns=[
            *("processes", "seconds", "against 1 of 1 thread", "against 1 of 2 threads"),
            "% of it spent on sums",
        ],
        rows=rows,
        figures={"seconds": seconds, "sums": sums},
    )


def _report_hosts(seconds: list[float], options: Namespace) -> None:
    """Derive how many hosts like this one still help."""
    each = statistics.median(seconds) / len(harness.mnist(quick=options.quick)[0])
    rows = []
    for batch, (name, network) in product((256, 1024, 4096), NETWORKS.items()):
        gains = {hosts: _gain(hosts, batch, each, *network) for hosts in HOSTS if hosts <= batch}
        best = max(gains, key=gains.__getitem__)
        worth = [hosts for hosts, gain in gains.items() if gain >= hosts / 2]
        half = f"{max(worth)} ({gains[max(worth)]:.1f} times)" if worth else "none"
        rows.append((f"{batch:,}", name, half, f"{best} ({gains[best]:.1f} times)"))
    harness.report(
        options.out,
        "scaling_out_hosts",
        title=f"Derived, not measured: hosts that take {1e6 * each:.0f} microseconds a picture "
        f"and add {_step_mib():.2f} MiB a step in a ring",
        columns=["batch", "network", "most hosts at half efficiency", "hosts of greatest gain"],
        rows=rows,
        figures={"seconds a picture": each, "networks": NETWORKS},
    )


def _gain(hosts: int, batch: int, each: float, bandwidth: float, latency: float) -> float:
    """Return how many times as fast as on one host a step is.

    In a ring all-reduce, each of N hosts sends 2 (N - 1) messages of an N-th of all numbers
    (Patarasuk and Yuan, 2009). Computing is assumed to divide evenly and not to overlap with it.

    Args:
        hosts: Their number, N.
        batch: Images of a batch, over all hosts.
        each: Seconds an image takes on one host.
        bandwidth: Bytes a second of the network.
        latency: Seconds of a message.
    """
    all_reduce = 2 * (hosts - 1) * (latency + 4 * step_size() / hosts / bandwidth)
    return batch * each / (batch * each / hosts + all_reduce)


def _step_mib() -> float:
    return 4 * step_size() / 2**20  # float32


def _report_losses(pair: Setting, options: Namespace) -> None:
    """Compare the losses of two processes, and of two threads, with those of one thread."""
    one, threads = replace(pair, processes=1), replace(pair, processes=1, threads=2)
    others = {"2 processes of 1 thread": pair, "1 process of 2 threads": threads}
    rows, found = [], {}
    for optimizer in OPTIMIZERS:
        details = ("losses", optimizer, pair.batch_size)
        expected = np.array(_run(one, *details, quick=options.quick))
        for name, setting in others.items():
            losses = np.array(_run(setting, *details, quick=options.quick))
            deviations = np.abs(losses / expected - 1)
            found[f"{optimizer}, {name}"] = deviations.tolist()
            worst = (f"{deviations[:steps].max():.0e}" for steps in (20, 50, STEPS))
            rows.append((f"{optimizer}, {name}", *worst))
    harness.report(
        options.out,
        "scaling_out_losses",
        title="How far the losses of the report's network without dropout are from those of one "
        "process of one thread, as a share of these, at most: float32, batch "
        f"{pair.batch_size}",
        columns=["optimizer, processes", "in 20 steps", "in 50", f"in {STEPS}"],
        rows=rows,
        figures=found,
    )


def _report_accuracies(pair: Setting, options: Namespace) -> None:
    found = {
        setting.processes: [
            _run(setting, "accuracy", seed, quick=options.quick) for seed in range(options.seeds)
        ]
        for setting in (replace(pair, processes=1), pair)
    }
    rows = [
        (str(processes), f"{harness.mean_and_deviation([100 * share for share in accuracies])}%")
        for processes, accuracies in found.items()
    ]
    harness.report(
        options.out,
        "scaling_out_same",
        title=f"Test accuracy of the recipe fast, {options.seeds} seeds",
        columns=["processes", "test accuracy"],
        rows=rows,
        figures={"accuracies": found},
    )


def _run(setting: Setting, job: str, *details: object, quick: bool) -> Any:
    """Run a job of `scaling_out_job.py`, and return what its first process prints."""
    arguments = [job, *map(str, details), *(["--quick"] if quick else [])]
    several = setting.processes > 1
    return harness.run_script(
        str(Path(__file__).with_name("scaling_out_job.py")),
        *arguments,
        launcher=[*TORCHRUN, f"--nproc-per-node={setting.processes}"] if several else [],
        environment={**os.environ, "OMP_NUM_THREADS": str(setting.threads)},
    )


if __name__ == "__main__":
    main()
