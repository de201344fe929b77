"""A training, one process of which is killed at a step of the first attempt.

torchrun --nproc-per-node=2 --max-restarts=1 tests/jobs/killed.py folder
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import train

from digitnet import DigitClassifier
from digitnet.callbacks import Callback, Checkpoint


class Die(Callback):
    """Kill process 1 in the middle of the second epoch, the first time."""

    def on_batch_end(self, state):
        first = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
        if first and train.RANK == 1 and state.step == 33:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Train, and write the weights."""
    folder = Path(sys.argv[1])
    classifier = DigitClassifier(train.network(), seed=3)
    history = classifier.fit(
        train.pictures()[0],
        epochs=2,
        batch_size=40,
        callbacks=[Checkpoint(folder / "run", every=4), Die()],
        resume=folder / "run",
        verbose=2,
    )
    found = {"weights": train.weights(classifier), "epochs": history.epoch}
    (folder / f"{train.RANK}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
