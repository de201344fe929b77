"""One job of `scaling_out.py`, in one process or in several; the first prints the result as JSON.

python benchmarks/scaling_out_job.py losses Adam 256 --quick
torchrun --standalone --nproc-per-node=2 benchmarks/scaling_out_job.py epoch 64 --quick
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import harness
import torch
from torch import nn

from digitnet import DigitClassifier
from digitnet.callbacks import LambdaCallback
from digitnet.processes import current
from digitnet.recipe import FAST, REPORT

STEPS = 200  # whose losses are recorded: most of an epoch of the larger batch
WARM_UP, TIMED = 20, 200  # all-reduces: before the clock starts, and by the clock
OPTIMIZERS = {
    "Adam": {},  # the report's
    "SGD": {"optimizer": "sgd", "learning_rate": 1e-3},
}


def main() -> None:
    """Do the job that is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("details", nargs="*", help="a batch size, a seed, or an optimizer and both")
    parser.add_argument("--quick", action="store_true", help="a trial on little data")
    options = parser.parse_args()
    result = JOBS[options.job](*options.details, quick=options.quick)
    if current().is_first:
        print(json.dumps(result))


def step_size() -> int:
    """Return how many float32 numbers the processes add up in a step of the report's network."""
    network = DigitClassifier()._trained.network
    tensors = [*network.parameters(), *network.buffers()]
    return sum(tensor.numel() for tensor in tensors) + 2  # the loss and the right answers


def _epoch(batch_size: str, *, quick: bool) -> float:
    """Return the seconds of an epoch with the report's recipe, after ten steps."""
    train, _ = harness.mnist(quick=quick)
    size = int(batch_size)
    classifier = DigitClassifier(seed=0)
    classifier.fit(train[: 10 * size], epochs=1, batch_size=size, verbose=0)
    return classifier.fit(train, epochs=1, batch_size=size, verbose=0)[-1].epoch_seconds


def _all_reduce(*, quick: bool) -> float:
    """Return the mean seconds of one all-reduce of a step."""
    row, processes = torch.zeros(step_size()), current()

    def add_up(times: int) -> None:
        for _ in range(times):
            processes.all_reduce(row)

    add_up(WARM_UP)
    return harness.seconds_of(lambda: add_up(TIMED)) / TIMED


def _losses(optimizer: str, batch_size: str, *, quick: bool) -> list[float]:
    """Return the losses of the first steps, without dropout."""
    train, _ = harness.mnist(quick=quick)
    recipe = replace(REPORT, **OPTIMIZERS[optimizer], batch_size=int(batch_size), epochs=1)
    classifier = DigitClassifier(recipe=recipe, seed=0)
    for layer in classifier.model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    losses: list[float] = []
    recorder = LambdaCallback(on_batch_end=lambda state: losses.append(float(state.batch_loss)))
    classifier.fit(train[: STEPS * recipe.batch_size], callbacks=[recorder], verbose=0)
    return losses


def _accuracy(seed: str, *, quick: bool) -> float:
    """Return the test accuracy of the recipe `fast`."""
    train, test = harness.mnist(quick=quick)
    classifier = DigitClassifier(recipe=FAST, seed=int(seed))
    classifier.fit(train, verbose=0)
    return classifier.score(test)


JOBS = {"epoch": _epoch, "all_reduce": _all_reduce, "losses": _losses, "accuracy": _accuracy}


if __name__ == "__main__":
    main()
