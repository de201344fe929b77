"""Time one epoch of the report's recipe: digitnet against its peers and hand-written loops.

    pip install ".[benchmarks]"
    DIGITNET_DATA=... python benchmarks/training.py
    python benchmarks/training.py --only digitnet Keras --rounds 9
    python benchmarks/training.py --quick

Each contestant waits in a process of its own and all take turns, so that a machine that is
slower for a while is so for all of them; ratios are taken turn by turn.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import charts
import harness
import numpy as np

# Name in the table: module in `contestants` and variant, required package
CONTESTANTS = {
    "digitnet, bfloat16": ("digitnet_fit:bfloat16", "digitnet"),
    "careful loop, bfloat16": ("careful_loop:bfloat16", "torch"),
    "digitnet, float32": ("digitnet_fit:float32", "digitnet"),
    "careful loop, float32": ("careful_loop:float32", "torch"),
    "careful loop with torch.compile, bfloat16": ("careful_loop:bfloat16+compile", "torch"),
    "careful loop with torch.compile, float32": ("careful_loop:float32+compile", "torch"),
    "Keras on TensorFlow": ("keras_fit:tensorflow", "tensorflow"),
    "Keras on TensorFlow with XLA": ("keras_fit:tensorflow+xla", "tensorflow"),
    "plain loop on tensors": ("plain_loop", "torch"),
    "fastai": ("fastai_fit", "fastai"),
    "Lightning": ("lightning_fit", "lightning"),
    "skorch": ("skorch_fit", "skorch"),
    "torchvision + DataLoader": ("tutorial", "torchvision"),
    "Keras on torch": ("keras_fit:torch", "keras"),
    "Keras on JAX": ("keras_fit:jax", "jax"),
}


def main() -> None:
    """Print a table, and write it with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="those whose name has a word")
    options = harness.parse(parser)
    rounds = 1 if options.quick else options.rounds
    train, _ = harness.mnist(quick=options.quick)

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.npz")
        np.savez(data, images=train.images[:, 0].numpy(), labels=train.labels.numpy())
        workers = {name: _start(CONTESTANTS[name][0], data) for name in _chosen(options)}
        try:
            runs = {name: partial(_turn, name, worker) for name, worker in workers.items()}
            seconds = harness.alternate(runs, rounds)
        finally:
            for worker in workers.values():
                worker.kill()
                worker.wait()
    _report(seconds, len(train), options.out)


def _chosen(options: argparse.Namespace) -> list[str]:
    words = options.only or [""]
    wanted = [name for name in CONTESTANTS if any(word in name for word in words)]
    missing = [name for name in wanted if find_spec(CONTESTANTS[name][1]) is None]
    for name in missing:
        print(f'{name}: not installed, left out; pip install ".[benchmarks]"')
    return [name for name in wanted if name not in missing]


def _start(contestant: str, data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "contestants", contestant, str(data)],
        cwd=Path(__file__).parent,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _turn(name: str, worker: subprocess.Popen[str]) -> float:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()
    answer = worker.stdout.readline()
    if not answer:
        raise SystemExit(f"{name} ended without an answer; its messages are above.")
    return float(answer)


def _report(seconds: dict[str, list[float]], pictures: int, out: Path) -> None:
    baselines = [
        name for name in ("torchvision + DataLoader", "Keras on TensorFlow") if name in seconds
    ]
    rows = []
    for name, times in seconds.items():
        ratios = [harness.ratios(seconds, name, baseline) for baseline in baselines]
        rows.append((name, *(harness.median_and_range(values) for values in (times, *ratios))))
    by_speed = {name: seconds[name] for name in sorted(seconds, key=lambda n: min(seconds[n]))}
    harness.report(
        out,
        "training",
        title=f"One epoch of the report's recipe, {pictures:,} pictures, batch 64",
        columns=["contestant", "seconds", *(f"times as fast as {base}" for base in baselines)],
        rows=rows,
        figures=seconds,
        figure=charts.bars(by_speed, "seconds for one epoch"),
    )


if __name__ == "__main__":
    main()
