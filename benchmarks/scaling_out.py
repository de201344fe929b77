"""What several processes gain on one machine, what they say to each other, and how far that goes.

    DIGITNET_DATA=... python benchmarks/scaling_out.py --rounds 5
    python benchmarks/scaling_out.py --quick

The report's recipe on MNIST. Each setting is a job of its own (two processes by torchrun, on
loopback), which says how long an epoch took after a first one on a few pictures; the settings
take turns. A second table derives from these figures where more hosts stop helping; two
more compare the losses and accuracies of one and two processes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import harness
import numpy as np
import torch
from torch import nn

from digitnet import DigitClassifier, ImageSet
from digitnet.callbacks import LambdaCallback
from digitnet.processes import current
from digitnet.recipe import FAST, REPORT

BATCHES = (64, 256)
STEPS = 200  # whose losses are compared
OPTIMIZERS = {
    "Adam": {},  # the report's
    "SGD": {"optimizer": "sgd", "learning_rate": 1e-3},
}
# Bytes a second of the wire, and seconds of a message between two hosts: typical of switched
# Ethernet with TCP, not measured
NETWORKS = {
    "1 Gbit/s": (1e9 / 8, 1e-4),
    "10 Gbit/s": (1e10 / 8, 5e-5),
    "100 Gbit/s": (1e11 / 8, 2e-5),
}
HOSTS = [2**power for power in range(1, 9)]


@dataclass(frozen=True)
class Setting:
    """How many processes of how many threads train with what batch."""

    processes: int
    threads: int
    batch_size: int

    def __str__(self) -> str:
        return f"{self.processes} x {self.threads}, batch {self.batch_size}"


def main() -> None:
    """Print the tables, and write them with the figures."""
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each setting")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each accuracy")
    parser.add_argument("--only", choices=["losses"], help="that table alone")
    parser.add_argument("--job", help="what to do in this process (used inside)")
    options = harness.parse(parser)
    if options.job:
        _work(options)
        return
    harness.relaunch()
    rounds, seeds = (1, 2) if options.quick else (options.rounds, options.seeds)
    if options.only:
        _report_losses(Setting(2, 1, BATCHES[-1]), options)
        return
    settings = [
        Setting(*shape, batch) for batch, shape in product(BATCHES, ((1, 1), (1, 2), (2, 1)))
    ]
    seconds = harness.alternate(
        {str(s): partial(_job, s, options, "epoch", "seconds") for s in settings}, rounds
    )
    pair = settings[-1]
    sums = [_job(pair, options, "sum", "seconds") for _ in range(rounds)]
    _report_speed(settings, seconds, sums, options)
    _report_hosts(seconds[str(replace(pair, processes=1, threads=2))], options)
    _report_losses(pair, options)
    _report_accuracies(pair, seeds, options)


def _report_speed(settings, seconds, sums, options: argparse.Namespace) -> None:
    pictures = len(harness.mnist(quick=options.quick)[0])
    rows = []
    for setting in settings:
        own, name = seconds[str(setting)], str(setting)
        alone = str(replace(setting, processes=1, threads=1))
        threads = str(replace(setting, processes=1, threads=2))
        steps = -(-pictures // setting.batch_size)
        carried = [100 * each * steps / taken for each, taken in zip(sums, own, strict=True)]
        rows.append(
            (
                f"{setting.processes} of {setting.threads} threads, batch {setting.batch_size}",
                harness.median_and_range(own),
                harness.median_and_range(harness.ratios(seconds, name, alone)),
                harness.median_and_range(harness.ratios(seconds, name, threads)),
                harness.median_and_range(carried, 0) if setting.processes > 1 else "",
            )
        )
    milliseconds = harness.median_and_range([1e3 * each for each in sums])
    harness.report(
        options.out,
        "scaling_out",
        title=f"One epoch of the report's recipe, {pictures:,} pictures; a step's sum over two "
        f"processes ({_numbers():,} numbers, {_numbers() * 4 / 2**20:.2f} MiB) takes "
        f"{milliseconds} ms",
        columns=[
            *("processes", "seconds", "against 1 of 1 thread", "against 1 of 2 threads"),
            "% of it spent on sums",
        ],
        rows=rows,
        figures={"seconds": seconds, "sums": sums},
    )


def _report_hosts(seconds: list[float], options: argparse.Namespace) -> None:
    """Derive where hosts like this one stop helping."""
    pictures = len(harness.mnist(quick=options.quick)[0])
    each = statistics.median(seconds) / pictures
    rows = []
    for batch, (name, wire) in product((256, 1024, 4096), NETWORKS.items()):
        gains = {hosts: _gain(hosts, batch, each, *wire) for hosts in HOSTS if hosts <= batch}
        best = max(gains, key=gains.__getitem__)
        worth = [hosts for hosts, gain in gains.items() if gain >= hosts / 2]
        half = f"{max(worth)} ({gains[max(worth)]:.1f} times)" if worth else "none"
        rows.append((f"{batch:,}", name, half, f"{best} ({gains[best]:.1f} times)"))
    harness.report(
        options.out,
        "scaling_out_hosts",
        title=f"Derived, not measured: hosts that take {1e6 * each:.0f} microseconds a picture "
        f"and add {_numbers() * 4 / 2**20:.2f} MiB a step in a ring",
        columns=["batch", "network", "most hosts at half efficiency", "hosts of greatest gain"],
        rows=rows,
        figures={"seconds a picture": each, "networks": NETWORKS},
    )


def _gain(hosts: int, batch: int, each: float, wire: float, latency: float) -> float:
    """Return how many times as fast a step is on so many hosts.

    In a ring, each host sends 2 (N - 1) messages of an N-th of all numbers (Patarasuk and
    Yuan, 2009); computing is taken to divide evenly, and not to overlap with them.
    """
    sums = 2 * (hosts - 1) * (latency + 4 * _numbers() / hosts / wire)
    return batch * each / (batch * each / hosts + sums)


def _report_losses(pair: Setting, options: argparse.Namespace) -> None:
    """Compare steps with those of one process, beside what the number of threads changes."""
    one, threads = replace(pair, processes=1), replace(pair, processes=1, threads=2)
    others = {"2 processes of 1 thread": pair, "1 process of 2 threads": threads}
    rows, found = [], {}
    for optimizer in OPTIMIZERS:
        job = f"losses {optimizer}"
        expected = np.array(_job(one, options, job, "losses"))
        for name, setting in others.items():
            apart = np.abs(np.array(_job(setting, options, job, "losses")) / expected - 1)
            found[f"{optimizer}, {name}"] = apart.tolist()
            worst = (f"{apart[:steps].max():.0e}" for steps in (20, 50, STEPS))
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


def _report_accuracies(pair: Setting, seeds: int, options: argparse.Namespace) -> None:
    found = {
        s.processes: [_job(s, options, f"accuracy {seed}", "accuracy") for seed in range(seeds)]
        for s in (replace(pair, processes=1), pair)
    }
    rows = [
        (str(count), f"{100 * np.mean(of):.2f} ± {100 * np.std(of, ddof=1):.2f}%")
        for count, of in found.items()
    ]
    harness.report(
        options.out,
        "scaling_out_same",
        title=f"Test accuracy of the recipe fast, {seeds} seeds",
        columns=["processes", "test accuracy"],
        rows=rows,
        figures={"accuracies": found},
    )


def _numbers() -> int:
    """Return how many numbers a step of the report's network adds up."""
    network = DigitClassifier()._network
    buffers = sum(value.numel() for value in network.buffers())
    return sum(value.numel() for value in network.parameters()) + buffers + 2


def _job(setting: Setting, options: argparse.Namespace, job: str, wanted: str):
    """Start a job, and return what its first process says."""
    launch = [
        "-m",
        "torch.distributed.run",
        "--standalone",
        f"--nproc-per-node={setting.processes}",
    ]
    command = [
        sys.executable,
        *(launch if setting.processes > 1 else ()),
        __file__,
        *("--job", f"{job} {setting.batch_size}"),
        *(["--quick"] if options.quick else ()),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": str(setting.threads)}
    done = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=1800
    )
    return json.loads(done.stdout)[wanted]


def _work(options: argparse.Namespace) -> None:
    """Do a job, and let the first process say what came of it."""
    kind, *details = options.job.split()
    train, test = harness.mnist(quick=options.quick)
    if kind == "epoch":
        said = {"seconds": _epoch(train, int(details[0]))}
    elif kind == "sum":
        said = {"seconds": _sum()}
    elif kind == "losses":
        said = {"losses": _losses(train, *details)}
    else:
        classifier = DigitClassifier(recipe=FAST, seed=int(details[0]))
        classifier.fit(train, verbose=0)
        said = {"accuracy": classifier.score(test)}
    if current().is_first:
        print(json.dumps(said))


def _epoch(train: ImageSet, batch_size: int) -> float:
    classifier = DigitClassifier(seed=0)
    classifier.fit(train[: 10 * batch_size], epochs=1, batch_size=batch_size, verbose=0)
    history = classifier.fit(train, epochs=1, batch_size=batch_size, verbose=0)
    return history[-1].epoch_seconds


def _sum(turns: int = 200) -> float:
    row, processes = torch.zeros(_numbers()), current()
    for _ in range(20):
        processes.all_reduce(row)
    started = time.perf_counter()
    for _ in range(turns):
        processes.all_reduce(row)
    return (time.perf_counter() - started) / turns


def _losses(train: ImageSet, optimizer: str, batch_size: str) -> list[float]:
    recipe = replace(REPORT, **OPTIMIZERS[optimizer], batch_size=int(batch_size), epochs=1)
    classifier = DigitClassifier(recipe=recipe, seed=0)
    for layer in classifier.model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    losses: list[float] = []
    note = LambdaCallback(on_batch_end=lambda state: losses.append(float(state.batch_loss)))
    classifier.fit(train[: STEPS * recipe.batch_size], callbacks=[note], verbose=0)
    return losses


if __name__ == "__main__":
    main()
