"""Write a callback of your own, use those that come with digitnet, and resume a training.

python examples/callbacks.py --out run --epochs 3
python examples/callbacks.py --out run --epochs 6   # goes on from there
"""

from __future__ import annotations

import argparse
from pathlib import Path

from digitnet import DigitClassifier, datasets
from digitnet.callbacks import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    PlotConfusionMatrix,
    PlotCurves,
)


class HardestDigit(Callback):
    """Print after each epoch which digit has the lowest accuracy, and how often each had it."""

    def __init__(self) -> None:
        self.counts = {}

    def on_epoch_end(self, state):
        worst = str(state.validation.per_class.argmin())
        self.counts[worst] = self.counts.get(worst, 0) + 1
        print(f"  hardest: {worst}, so far {self.counts}")

    def state_dict(self):  # saved in checkpoints
        return {"counts": self.counts}

    def load_state_dict(self, state):
        self.counts = state["counts"]


def main() -> None:
    """Train with callbacks; a second call goes on where the first one ended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("run"))
    parser.add_argument("--epochs", type=int, default=5, help="in all, with those of earlier calls")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    train, _ = datasets.synthetic(train=3_000, test=1)
    classifier = DigitClassifier(seed=0)
    history = classifier.fit(
        train,
        epochs=options.epochs,
        validation_split=0.1,
        callbacks=[
            HardestDigit(),
            LambdaCallback(on_train_begin=lambda state: print(f"from epoch {state.epoch + 1} on")),
            EarlyStopping("val_loss", patience=3, restore_best_weights=True),
            CSVLogger(options.out / "log.csv"),
            PlotCurves(options.out / "curves.png"),
            PlotConfusionMatrix(options.out / "confusion.png"),
            Checkpoint(options.out),
        ],
        resume=options.out,
    )
    print(f"{len(history)} epochs, best {max(history.history['val_accuracy']):.2%}")


if __name__ == "__main__":
    main()
