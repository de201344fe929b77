"""Kill trainings with SIGKILL at random moments, resume them, and compare the weights' bytes.

    python benchmarks/kill_and_resume.py --kills 100

Every other run is killed as soon as its folder has an unfinished file, so inside a write. Each
must end in the same weights and the same history (but for the times) as the run that was never
killed. It needs `fork`, so Linux or macOS.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from digitnet import DigitClassifier, datasets
from digitnet.callbacks import Checkpoint
from digitnet.recipe import REPORT, Augmentation

RECIPE = replace(
    REPORT,
    network="report",
    schedule="one_cycle",
    averaging=0.95,
    augmentation=Augmentation(rotation=10, shift=2, scale=0.1),
    epochs=3,
)
TRAIN_IMAGES = 640  # 10 steps an epoch, so that a training takes a second
EVERY = 2  # steps between checkpoints


def main() -> None:
    """Print how many of the killed runs ended in the same weights and history."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        # The run that is not killed
        started = time.perf_counter()
        _wait(_start(Path(folder, "whole")))
        seconds = time.perf_counter() - started
        expected = Path(folder, "whole", "end").read_text()

        # Runs that are killed once, and resumed
        same, inside = 0, 0
        for number in track(range(options.kills), description="Killing"):
            run = Path(folder, str(number))
            in_write = number % 2 == 1
            while not _kill(run, moments, seconds, in_write=in_write):
                shutil.rmtree(run)  # it had ended already: again, and sooner
                seconds *= 0.9
            inside += in_write and any(run.glob(".*.tmp"))
            _wait(_start(run))
            same += (run / "end").read_text() == expected
            shutil.rmtree(run)
    Console().print(
        f"{options.kills} runs were killed, {inside} of them inside a write; "
        f"{same} of {options.kills} ended in identical bytes."
    )
    if same < options.kills or (options.kills > 1 and not inside):
        raise SystemExit(1)


def _kill(run: Path, moments: random.Random, seconds: float, *, in_write: bool) -> bool:
    """Start a run and kill it; say whether it was still going."""
    process = _start(run)
    time.sleep(moments.uniform(0, seconds))
    deadline = time.monotonic() + seconds
    while in_write and time.monotonic() < deadline and not any(run.glob(".*.tmp")):
        pass  # a file is unfinished for a few milliseconds alone, so no sleep
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return os.WIFSIGNALED(status)


def _start(run: Path) -> int:
    """Train in a process of its own; a fork has all modules imported already."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        _train(run)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _wait(process: int) -> None:
    _, status = os.waitpid(process, 0)
    if status:
        raise SystemExit(f"a training ended with status {status}")


def _train(run: Path) -> None:
    warnings.filterwarnings("ignore", message="There is no checkpoint")
    # Train, from the latest checkpoint on
    train, test = datasets.synthetic(TRAIN_IMAGES, 100)
    classifier = DigitClassifier(recipe=RECIPE, seed=1)
    history = classifier.fit(
        train,
        validation_data=test,
        callbacks=[Checkpoint(run, every=EVERY)],
        resume=run,
        verbose=0,
    )

    # Weights and history as text
    digest = hashlib.sha256()
    for name, value in classifier.model.state_dict().items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    rows = [row | {"epoch_seconds": 0} for row in history.to_rows()]
    (run / "end").write_text(digest.hexdigest() + json.dumps(rows))


if __name__ == "__main__":
    main()
