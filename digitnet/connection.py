"""The connection between the processes that `torchrun` starts: torch.distributed, with words."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Thread
from typing import Any

import torch

# Where this module is imported after a group was made, as the first optimizer does, its default
# arguments keep the group; gloo's threads then outlive the interpreter, and some end in abort().
import torch.distributed.nn.functional
from torch import Tensor, distributed
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from digitnet import errors
from digitnet.errors import DigitNetError, ProcessError

_ERROR = "error"  # the key under which the process that leaves first says why


class Connection:
    """Sums and messages between processes, made at the first one.

    The connection of the others breaks when one leaves or dies, so none waits for it. After an
    error the next sum or message makes a new connection.

    Args:
        rank: The number of this process, from 0 on.
        size: How many there are.
        patience: How long to wait for the others.
    """

    def __init__(self, rank: int, size: int, patience: timedelta) -> None:
        self._rank = rank
        self._size = size
        self._patience = patience
        self._root: Store | None = None
        self._store: Store | None = None  # of the connection, while there is one

    def add_up(self, sums: Tensor) -> None:
        """Replace a tensor by its sum over all processes; all get the same bits.

        Raises:
            DigitNetError: What another process left with.
            ProcessError: There was no meeting the others, or one is gone.
        """
        with self._talking():
            # the CPU's connection serves devices that have none of their own
            carried = sums if sums.device.type in ("cpu", "cuda") else sums.cpu()
            distributed.all_reduce(carried)
            if carried is not sums:
                sums.copy_(carried)

    def gather(self, value: Any) -> list[Any]:
        """Return the values, for JSON, of all processes, by rank.

        Raises:
            DigitNetError: As for `add_up`.
        """
        text = torch.tensor(list(json.dumps(value).encode()), dtype=torch.uint8)
        sizes = torch.zeros(self._size, dtype=torch.int64)
        sizes[self._rank] = len(text)
        self.add_up(sizes)
        texts = torch.zeros(self._size, int(sizes.max()), dtype=torch.uint8)
        texts[self._rank, : len(text)] = text
        self.add_up(texts)
        rows = zip(texts, sizes.tolist(), strict=True)
        return [json.loads(bytes(row[:size].tolist())) for row, size in rows]

    def leave(self, error: BaseException) -> None:
        """Say why, and break the connection, so that no other process waits for this one."""
        if self._store is not None and not isinstance(error, ProcessError):
            text = json.dumps([self._rank, type(error).__name__, str(error)])
            with suppress(RuntimeError):  # the store may be gone with its process
                self._store.compare_set(_ERROR, "", text)  # the first error stays
        self._close()

    def _close(self) -> None:
        atexit.unregister(self._close)
        if self._store is not None:
            self._store = None
            distributed.destroy_process_group()

    def _make(self) -> None:
        try:
            if self._root is None:
                self._root = self._store_of_all()
            store = PrefixStore(self._new_name(self._root), self._root)
            distributed.init_process_group(
                "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
                store=store,
                rank=self._rank,
                world_size=self._size,
                timeout=self._patience,
            )
        except (RuntimeError, ValueError, OSError) as error:
            where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
            raise ProcessError(
                f"Expected process {self._rank} of {self._size} to meet the others at {where} "
                f"within {self._patience.total_seconds():g} s; received: {error}. That port must "
                "be free on the first host, and open to the others. Choose another with "
                "--master-port."
            ) from error
        self._store = store
        atexit.register(self._close)

    def _store_of_all(self) -> Store:
        """Return the store of this job, or raise where nothing like it answers in time."""
        found: Future[Store] = Future()

        def meet() -> None:
            try:
                found.set_result(next(iter(rendezvous("env://", timeout=self._patience)))[0])
            except Exception as error:
                found.set_exception(error)

        # torch waits without end for another program that took the port and says nothing
        Thread(target=meet, daemon=True).start()
        try:
            return found.result(2 * self._patience.total_seconds())
        except FutureTimeout as error:
            raise TimeoutError("what answers there is no torch.distributed store") from error

    def _new_name(self, root: Store) -> str:
        """Return a name for a connection that all processes know and none has used before.

        The store may hold what earlier connections left, of earlier attempts of this job too.
        So the others ask under a word of their own, and the first answers until all have heard.
        """
        word = f"digitnet/{secrets.token_hex(8)}"
        if self._rank:
            root.set(f"digitnet/ask/{self._rank}", word)
            name = root.get(f"{word}/answer").decode()  # waits
            root.set(f"{name}/heard/{self._rank}", "")
            return name
        absent = list(range(1, self._size))
        deadline = time.monotonic() + self._patience.total_seconds()
        while absent:
            for other in absent:
                if root.check([f"digitnet/ask/{other}"]):
                    root.set(f"{root.get(f'digitnet/ask/{other}').decode()}/answer", word)
            absent = [other for other in absent if not root.check([f"{word}/heard/{other}"])]
            if time.monotonic() > deadline:
                raise TimeoutError(f"no word from the processes {absent}")
            time.sleep(0.01)
        return word

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """Turn a broken connection into the error that another process left with."""
        if self._store is None:
            self._make()
        try:
            yield
        except RuntimeError as error:
            raise self._reason(str(error)) from error

    def _reason(self, lost: str) -> DigitNetError:
        """Return the error that another process left with; without one, it is gone."""
        found = b""
        with suppress(RuntimeError):
            if self._store is not None and self._store.check([_ERROR]):
                found = self._store.get(_ERROR)
        if not found:
            return ProcessError(
                f"Process {self._rank} of {self._size} lost another one, which was killed or "
                "did not answer; what that one wrote says more. To go on after such a loss, "
                "give fit callbacks=[Checkpoint(folder)] and resume=folder, and torchrun "
                f"--max-restarts. torch says: {lost}"
            )
        rank, kind, message = json.loads(found)
        known = getattr(errors, kind, None)
        if isinstance(known, type) and issubclass(known, DigitNetError):
            return known(f"{message} (This was in process {rank}.)")
        return ProcessError(f"Process {rank} of {self._size} raised {kind}: {message}")
