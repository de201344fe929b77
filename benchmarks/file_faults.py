"""Provoke real faults of file systems: a full disk, a read-only folder.

    sudo "$(which python)" benchmarks/file_faults.py

It mounts small file systems in memory, so it needs Linux and root. Each case checks that the error
is the documented one, that the files before it still load, and that no unfinished file is left.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digitnet import DigitClassifier, datasets
from digitnet.callbacks import Checkpoint, CSVLogger
from digitnet.checkpoint import listed
from digitnet.errors import ArtifactError, CallbackError, DigitNetError

TRAIN, TEST = datasets.synthetic(400, 100)


def main() -> None:
    """Run each case and print its error."""
    for case in (
        save_on_a_full_disk,
        checkpoint_on_a_full_disk,
        save_into_a_read_only_folder,
        checkpoint_into_a_folder_that_becomes_read_only,
    ):
        print(f"{case.__name__.replace('_', ' ')}:\n  {case()}")
    print("4 of 4 cases: clear errors, nothing lost, nothing left behind")


def save_on_a_full_disk() -> str:
    """A model of 1.7 MB goes onto a disk of 2 MB once, and the second save finds it full."""
    classifier = _trained()
    with _disk("size=2500k") as folder:
        classifier.save(folder / "model")
        classifier.fit(TRAIN, epochs=1, verbose=0)
        error = _error(ArtifactError, lambda: classifier.save(folder / "model"))
        assert len(DigitClassifier.load(folder / "model").history) == 1
        assert [path.name for path in folder.iterdir()] == ["model"]
    return error


def checkpoint_on_a_full_disk() -> str:
    """The first checkpoints fit, a later one does not; the training resumes elsewhere."""
    with _disk("size=12m") as folder:
        error = _error(
            CallbackError,
            lambda: _trained(epochs=5, callbacks=[Checkpoint(folder, keep=5)]),
        )
        kept = listed(folder)
        assert kept
        assert not list(folder.glob(".*"))
        resumed = DigitClassifier("mlp", seed=0)
        history = resumed.fit(TRAIN, epochs=5, resume=folder, verbose=0)
        whole = _trained(epochs=5)
        assert (resumed.predict_proba(TEST) == whole.predict_proba(TEST)).all()
        assert len(history) == 5
    return error


def save_into_a_read_only_folder() -> str:
    """Root may write everywhere but on a file system that is mounted read-only."""
    with _disk("size=4m") as folder:
        _remount(folder, "ro")
        return _error(ArtifactError, lambda: _trained().save(folder / "model"))


def checkpoint_into_a_folder_that_becomes_read_only() -> str:
    """The log and the checkpoints before it stay."""
    with _disk("size=40m") as folder:
        log = CSVLogger(folder / "log.csv")
        classifier = _trained(callbacks=[log, Checkpoint(folder)])
        _remount(folder, "ro")
        before = (folder / "log.csv").read_text()
        error = _error(
            CallbackError, lambda: classifier.fit(TRAIN, epochs=1, callbacks=[log], verbose=0)
        )
        assert (folder / "log.csv").read_text() == before
        assert len(DigitClassifier.load(listed(folder)[0]).history) == 1
    return error


def _trained(*, epochs: int = 1, callbacks: list | None = None) -> DigitClassifier:
    classifier = DigitClassifier("mlp", seed=0)
    classifier.fit(TRAIN, epochs=epochs, callbacks=callbacks or [], verbose=0)
    return classifier


def _error(kind: type[DigitNetError], function) -> str:
    try:
        function()
    except kind as error:
        return str(error)
    raise SystemExit(f"expected {kind.__name__}, and nothing was raised")


@contextmanager
def _disk(options: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def _remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


if __name__ == "__main__":
    main()
