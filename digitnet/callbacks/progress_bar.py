"""A progress bar, in terminals and notebooks."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from digitnet.callbacks.base import Callback
from digitnet.callbacks.epoch_printer import EpochPrinter, describe_figures
from digitnet.state import TrainState

if TYPE_CHECKING:
    from tqdm import tqdm

B = TypeVar("B", bound=Sized)

REFRESH_SECONDS = 0.1  # at most ten times a second


class ProgressBar(Callback):
    """Show a bar an epoch: loss, accuracy, images a second, time left (`verbose=1`).

    A line with the figures takes the place of the finished bar. Where the output is neither
    a terminal nor a notebook, there is that line alone.
    """

    in_every_process = False

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._refreshed = 0.0
        self._printer = EpochPrinter()

    def on_epoch_begin(self, state: TrainState) -> None:
        """Open the epoch's bar."""
        if is_interactive():
            self._bar = _bar(
                total=state.pictures_per_epoch, desc=f"Epoch {state.epoch + 1}/{state.epochs}"
            )
            self._bar.update(state.running.n_images)  # after a resume, some are done
            self._refreshed = time.monotonic()

    def on_batch_end(self, state: TrainState) -> None:
        """Move the bar on."""
        if self._bar is None:
            return
        now = time.monotonic()
        if now - self._refreshed >= REFRESH_SECONDS:
            self._refreshed = now
            self._bar.set_postfix_str(describe_figures(*state.running.read()), refresh=False)
        self._bar.update(state.batch_size)
        if self._bar.n == self._bar.total:
            self._bar.refresh()  # full while validation goes on

    def on_epoch_end(self, state: TrainState) -> None:
        """Put a line with the epoch's figures in the place of the bar."""
        self._close()
        self._printer.on_epoch_end(state)

    def on_train_end(self, state: TrainState) -> None:
        """Close a bar that was interrupted; say what stopped the training."""
        self._close()
        self._printer.on_train_end(state)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def track(batches: Iterable[B], *, total: int, task: str) -> Iterator[B]:
    """Yield batches of `total` images in all, and show a bar meanwhile that vanishes at the end."""
    with _bar(total=total, desc=task) as bar:
        for batch in batches:
            yield batch
            bar.update(len(batch))


def is_interactive() -> bool:
    """Say whether a bar can move: in a terminal or a notebook."""
    # a program without a console has no stderr
    terminal = sys.stderr is not None and sys.stderr.isatty()
    return terminal or "ipykernel" in sys.modules


def _bar(**options: Any) -> tqdm[Any]:
    if find_spec("ipywidgets") is None:  # without them, tqdm.auto warns in a notebook
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm  # chooses the notebook's bar in a notebook

    return tqdm(
        unit=" pictures",
        unit_scale=True,
        mininterval=REFRESH_SECONDS,
        dynamic_ncols=True,
        leave=False,
        file=sys.stdout if "ipykernel" in sys.modules else None,  # stderr is red in a notebook
        **options,
    )
