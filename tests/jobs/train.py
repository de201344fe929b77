"""A script as users write them: it does not know how many processes run it.

    torchrun --nproc-per-node=2 tests/jobs/train.py folder

Each process writes what it came to into the folder, as `rank.json`. Only the parts that test
what happens when processes differ look at their rank.
"""

from __future__ import annotations

import atexit
import copy
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from digitnet import DigitClassifier, ImageSet, datasets
from digitnet.callbacks import Callback, Checkpoint, CSVLogger, PlotCurves
from digitnet.errors import DigitNetError
from digitnet.recipe import REPORT, Augmentation

RANK = int(os.environ.get("RANK", "0"))
ALL = Augmentation(
    flip=0.5, crop=1, rotation=10, shift=2, scale=0.1, shear=5, elastic=1, stroke=0.3, blur=0.5,
    noise=0.1, erasing=0.2,
)  # fmt: skip
RECIPES = {
    "report": replace(REPORT, epochs=8),
    "everything": replace(
        REPORT,
        epochs=2,
        optimizer="sgd",
        learning_rate=0.05,
        schedule="one_cycle",
        augmentation=ALL,
        averaging=0.9,
        label_smoothing=0.1,
        sharpness_radius=0.05,
        clip_norm=1.0,
    ),
}


def pictures() -> tuple[ImageSet, ImageSet]:
    """Return sets that no batch divides: the last batch of 40 is one picture."""
    return datasets.synthetic(train=1_001, test=203, seed=1)


def network(*, seed: int = 0) -> nn.Module:
    """Return a small network without dropout and batch norm."""
    torch.manual_seed(seed)
    layers = nn.Conv2d(1, 8, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(1_352, 10)
    return nn.Sequential(*layers)


class Losses(Callback):
    """Note the loss of every step."""

    def on_train_begin(self, state):
        self.losses = []

    def on_batch_end(self, state):
        self.losses.append(float(state.batch_loss))


class StopIn(Callback):
    """Stop the training after an epoch, as one process sees it."""

    def __init__(self, rank):
        self.rank = rank

    def on_epoch_end(self, state):
        if self.rank == RANK:
            state.stop(f"process {self.rank} wants so")


class Broken(StopIn):
    """Raise in the middle of an epoch, in one process."""

    def on_batch_end(self, state):
        if self.rank == RANK and state.step == 3:
            raise KeyError("oops")

    def on_epoch_end(self, state):
        pass


def weights(classifier: DigitClassifier) -> list[float]:
    """Return a few numbers that depend on every weight."""
    row = torch.cat(
        [value.flatten().double() for value in classifier._trained.network.state_dict().values()]
    )
    return [
        row.sum().item(),
        row.square().sum().item(),
        (row * torch.arange(len(row))).sum().item(),
    ]


def outcome(recipe: str, folder: Path, **options) -> dict:
    """Train by a recipe, and return all that came of it."""
    train, test = pictures()
    classifier = DigitClassifier(network(), recipe=RECIPES[recipe], metrics=["f1"], seed=3)
    losses = Losses()
    history = classifier.fit(
        train,
        batch_size=40,
        validation_data=test,
        class_weight={1: 2.0},
        sample_weight=torch.linspace(0, 2, len(train)),
        callbacks=[losses, *options.pop("callbacks", [])],
        verbose=0,
        **options,
    )
    evaluation = classifier.evaluate(test, verbose=0)
    classifier.save(folder / "model.safetensors")
    return {
        "losses": losses.losses,
        "history": history.to_rows(),
        "weights": weights(classifier),
        "evaluation": [*evaluation],
        "confusion": evaluation.confusion.tolist(),
        "read": classifier.predict(test).tolist(),
        "one": classifier.predict_proba(test.images[:1]).tolist(),
        "loaded": DigitClassifier.load(folder / "model.safetensors", model=network()).score(test),
        "copied": copy.deepcopy(classifier).score(test),
        "temperature": classifier.calibrate(test),
    }


def main() -> None:
    """Write all outcomes."""
    folder = Path(sys.argv[1])
    atexit.register(_note_threads, folder / f"{RANK}.threads")  # before all others: called last
    found = {name: outcome(name, folder) for name in RECIPES}
    # written by these processes, for others to go on from; and the other way round
    found["begun"] = outcome(
        "everything", folder, callbacks=[Checkpoint(folder / "ours", every=5), StopIn(1)]
    )
    if (folder / "theirs").exists():
        found["resumed"] = outcome("everything", folder, resume=folder / "theirs")
    found["own"] = _with_weights_and_files_of_its_own(folder)
    found["errors"] = {name: _error(attempt) for name, attempt in _bad_input(folder).items()}
    # after all these errors, the processes work together as before
    found["again"] = outcome("everything", folder)
    (folder / f"{RANK}.json").write_text(json.dumps(found))


def _note_threads(path: Path) -> None:
    """Write the names of this process's threads, where the system tells them."""
    names = [task.read_text().strip() for task in Path("/proc/self/task").glob("*/comm")]
    path.write_text(json.dumps(names))


def _with_weights_and_files_of_its_own(folder: Path) -> list[float]:
    train, _ = pictures()
    own = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2),
        nn.BatchNorm2d(4),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(676, 10),
    )
    for value in own.parameters():
        nn.init.uniform_(value, -0.1, 0.1)  # from a random state that no one seeded
    classifier = DigitClassifier(own)  # draws a seed
    logs = [CSVLogger(folder / f"{RANK}.csv"), PlotCurves(folder / f"{RANK}.png")]
    classifier.fit(train[:100], epochs=2, batch_size=25, callbacks=logs, verbose=2)
    for left_over in (1, 3):  # fewer than two pictures for the batch norm of each process
        classifier.fit(train[: 50 + left_over], epochs=1, batch_size=25, verbose=0)
    return [*weights(classifier), classifier.seed]


def _bad_input(folder: Path) -> dict:
    train, test = pictures()
    other = RANK == 1

    def fit(x=train, *, recipe="report", seed=3, **options):
        return DigitClassifier("mlp", recipe=recipe, seed=seed).fit(x, epochs=1, **options)

    def differently():
        fitted = DigitClassifier(network(), seed=1)
        fitted.fit(train[:50], epochs=1, verbose=0)
        return fitted.evaluate(test, verbose=0) if other else fitted.predict(test)

    def other_pictures():
        fitted = DigitClassifier(network(), seed=1)
        fitted.fit(train[:50], epochs=1, verbose=0)
        return fitted.predict(test.images[RANK : RANK + 9])

    def other_version():
        import digitnet.trained_model

        true = digitnet.trained_model.current_versions
        if other:
            digitnet.trained_model.current_versions = lambda: {**true(), "torch": "1.0"}
        try:
            fit(verbose=0)
        finally:
            digitnet.trained_model.current_versions = true

    def diverge():
        recipe = replace(RECIPES["everything"], learning_rate=1e30, averaging=None)
        fit(recipe=recipe, callbacks=[Checkpoint(folder / "diverged", every=2)], verbose=0)

    def batch_norm():
        own = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.BatchNorm1d(10))
        DigitClassifier(own).fit(train[:40], epochs=1, batch_size=3, verbose=0)

    (folder / "file").write_text("in the way")
    return {
        "batch": lambda: fit(batch_size=1),
        "set": lambda: fit(train[:1]),
        "batch norm": batch_norm,
        "recipe": lambda: fit(recipe=replace(REPORT, learning_rate=0.1 if other else 0.2)),
        "seed": lambda: fit(seed=RANK),
        "data": lambda: fit(train[RANK : RANK + 500]),
        "validation": lambda: fit(validation_data=test[RANK:]),
        "bad data": lambda: fit(train.images.float() if other else train),
        "version": other_version,
        "task": differently,
        "pictures": other_pictures,
        "callback": lambda: fit(callbacks=[Broken(1)], verbose=0),
        "folder": lambda: fit(callbacks=[Checkpoint(folder / "file" / "run")], verbose=0),
        "diverged": diverge,
    }


def _error(attempt) -> list[str]:
    try:
        attempt()
    except DigitNetError as error:
        return [type(error).__name__, str(error)]
    return ["none", ""]


if __name__ == "__main__":
    main()
