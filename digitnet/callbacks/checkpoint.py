"""Files that a training can go on from."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from digitnet.artifact import Artifact, write_artifact
from digitnet.callbacks.base import Callback
from digitnet.callbacks.monitor import Mode, Monitor
from digitnet.checkpoint import file_name, listed
from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.keras_arguments import CHECKPOINT, refuses
from digitnet.recipe import check_count
from digitnet.state import TrainState

_FILES = (".safetensors", ".keras", ".h5", ".hdf5", ".pt", ".pth", ".ckpt")


class Checkpoint(Callback):
    """Write the whole training to files, so that `fit(..., resume=directory)` goes on from it.

    Each file is written whole or not at all. The newest ones and the best one are kept.
    `load` reads a checkpoint as a model.

    Args:
        directory: The folder; it is made if it is not there. It must not hold checkpoints
            of another run.
        monitor: The figure that makes a checkpoint the best.
        mode: Whether `"min"` or `"max"` of it is better; `"auto"` knows.
        save_best_only: Whether only epochs that are the best so far are written.
        every: Steps between two checkpoints; `None` writes one after each epoch.
        keep: How many of the newest are kept, at least 1.

    Raises:
        InvalidInputError: An argument is out of range, or the folder's name is one of a file.
    """

    in_every_process = False

    @refuses(CHECKPOINT)
    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        monitor: str = "val_loss",
        mode: Mode = "auto",
        save_best_only: bool = False,
        every: int | None = None,
        keep: int = 2,
    ) -> None:
        self.directory = Path(directory)
        if "{" in self.directory.name or self.directory.suffix in _FILES:
            raise InvalidInputError(
                f"Expected the name of a folder; received '{directory}', the name of a file. "
                "Checkpoint names its files itself: Checkpoint('checkpoints'). It keeps the best "
                "one and the newest two, or with keep=10 the newest ten."
            )
        self.save_best_only = save_best_only
        self.every = None if every is None else check_count("every", every)
        self.keep = check_count("keep", keep)
        self._monitor = Monitor(monitor, mode=mode)
        self._best_step: int | None = None
        self._run = ""  # the training that wrote the files

    def on_train_begin(self, state: TrainState) -> None:
        """Make the folder, and check that it is ours."""
        if self.save_best_only or state.validates:
            self._monitor.check(self, state)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArtifactError(
                f"Could not make the folder '{self.directory}': {error.strerror}."
            ) from error
        if self._run != state.run:  # the best of another training does not count
            self._run, self._monitor.best, self._best_step = state.run, None, None
        foreign = len(listed(self.directory)) > len(self._own_files())
        if foreign and state.resumed_from != self.directory.resolve():
            raise InvalidInputError(
                f"'{self.directory}' holds checkpoints of an earlier run. Go on from them with "
                f"fit(..., resume={str(self.directory)!r}), or take another folder."
            )

    def on_batch_end(self, state: TrainState) -> None:
        """Write every so many steps."""
        if self.every is not None and state.step % self.every == 0 and not self.save_best_only:
            state.request_checkpoint(partial(self._write, state.step))

    def on_epoch_end(self, state: TrainState) -> None:
        """Write after an epoch, if it is time or the best."""
        best = self._monitor.update(state.history[-1])
        if best:
            self._best_step = state.step
        if best or (self.every is None and not self.save_best_only):
            state.request_checkpoint(partial(self._write, state.step))

    def state_dict(self) -> dict[str, Any]:
        """Return the best so far."""
        return {**self._monitor.state_dict(), "best_step": self._best_step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        if self._monitor.load_state_dict(state):
            self._best_step = state["best_step"]

    def _write(self, step: int, checkpoint: Artifact) -> None:
        written = file_name(step, self._run)
        write_artifact(self.directory / written, *checkpoint)
        names = [path.name for path in self._own_files()]
        # later ones are damaged, or the training was resumed from before them
        kept = [name for name in names if name <= written][: self.keep]
        best = file_name(self._best_step, self._run) if self._best_step is not None else ""
        for name in names:
            if name not in (*kept, best):
                (self.directory / name).unlink(missing_ok=True)

    def _own_files(self) -> list[Path]:
        own = f"-{self._run}.safetensors"
        return [path for path in listed(self.directory) if path.name.endswith(own)]
