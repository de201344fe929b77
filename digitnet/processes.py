"""Several processes that train one network, started by `torchrun`, joined by torch.distributed.

`torchrun` starts, watches and restarts them. Without it there is one process, and everything
here returns what it was given.
"""

from __future__ import annotations

import atexit
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from typing import Any, TypeVar

import torch

# Imported after a process group was made, as the first optimizer does, its default arguments
# would keep the group, and gloo's threads would outlive the interpreter.
import torch.distributed.nn.functional
from torch import Tensor, distributed, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from digitnet import errors
from digitnet.errors import DigitNetError, InvalidInputError, ProcessError, difference

T = TypeVar("T")


@dataclass(eq=False)
class Processes:
    """The processes of a training, seen from one of them.

    All run the same script, so all make the same calls in the same order. One that raises puts
    its error in the store and destroys its process group. That breaks the collectives of the
    others, which raise the same error; the next call joins a new group.
    """

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0  # on its host
    local_world_size: int = 1
    patience: float = 300.0  # seconds for a process that hangs; one that dies is noticed at once
    _store: PrefixStore | None = None  # the process group's, while there is one

    @property
    def several(self) -> bool:
        """Whether there are others."""
        return self.world_size > 1

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0, which prints and writes."""
        return self.rank == 0

    def share(self, count: int, *, least: int = 1) -> slice:
        """Return this process's share of `count` images; shares are equal up to one image.

        With fewer than `least` images for each process, the last ranks have none.
        """
        sharing = max(1, min(self.world_size, count // least))
        start, stop = (count * min(rank, sharing) // sharing for rank in (self.rank, self.rank + 1))
        return slice(start, stop)

    @contextmanager
    def together(self, task: str) -> Iterator[None]:
        """Run what all processes run, named `task`; what one raises, all raise."""
        try:
            self.agree(lambda: {"task": task})
            yield
            self.agree(lambda: {"task": f"end of {task}"})  # none goes on before all are done
        except BaseException as error:
            self._leave(error)
            raise

    def agree(self, values: Callable[[], Mapping[str, Any]]) -> None:
        """Raise InvalidInputError in all processes unless all have the same values, by name."""
        first, *others = self._all_gather(values()) if self.several else [None]
        for rank, other in enumerate(others, start=1):
            if first != other:
                raise InvalidInputError(
                    f"Expected the same in all {self.world_size} processes; received "
                    f"{difference(first, other, 'on rank 0', f'on rank {rank}')}. Start the same "
                    "script, with the same data and versions, everywhere."
                )

    def first_of(self, value: T) -> T:
        """Return the value of the lowest rank whose value is not None."""
        return next((found for found in self._all_gather(value) if found is not None), value)

    def all_reduce(self, sums: Tensor) -> None:
        """Replace a tensor by its sum over all processes; all get the same bits."""
        self._exchange(distributed.all_reduce, sums)

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Replace the values of tensors by those of rank 0."""
        for tensor in tensors:
            self._exchange(distributed.broadcast, tensor, src=0)

    def average(self, model: nn.Module, loss: Tensor, correct: Tensor, *, weight: float) -> None:
        """Bring gradients, mean loss () and count () of a share to those of its batch, in place.

        One all-reduce, weighted by images: DistributedDataParallel averages over processes, so a
        batch that does not divide would count some images more. As there, the running statistics
        of batch norm are those of rank 0. `weight` is the share's part of the batch, in [0, 1].
        """
        if not self.several:
            return
        means = [value.grad for value in model.parameters() if value.grad is not None] + [loss]
        statistics = [value for value in model.buffers() if value.is_floating_point()]
        # scale what is summed; the means of an empty share are NaN
        if weight:
            torch._foreach_mul_(means, weight)
        else:
            torch._foreach_zero_(means)
        if not self.is_first:
            torch._foreach_zero_(statistics)
        # reduce as one tensor: bfloat16 holds counts up to 2**8, float32 up to 2**24
        tensors = [*means, correct, *statistics]
        dtype = torch.promote_types(loss.dtype, torch.float32)
        row = torch.cat([tensor.flatten().to(dtype) for tensor in tensors])
        self.all_reduce(row)
        parts = row.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))

    def _all_gather(self, value: T) -> list[T]:
        values = [value] * self.world_size
        if self.several:
            self._run(distributed.all_gather_object, values, value)
        return values

    def _exchange(self, collective: Callable[..., Any], tensor: Tensor, **options: Any) -> None:
        if self.several:
            # other devices have no backend of their own
            sent = (tensor if tensor.is_cuda else tensor.cpu()).contiguous()
            self._run(collective, sent, **options)
            tensor.copy_(sent)

    def _run(self, collective: Callable[..., Any], *args: Any, **options: Any) -> None:
        """Run a collective; where the process group is broken, raise what broke it."""
        store = self._store or self._join()
        try:
            collective(*args, **options)
        except RuntimeError as broken:
            # in no variable: a frame that holds its own error would keep the process group
            raise self._cause(store, broken) from broken

    def _cause(self, store: PrefixStore, broken: RuntimeError) -> DigitNetError:
        """Leave, and return the error of another process; without one, that process is gone."""
        error: DigitNetError = ProcessError(
            f"Rank {self.rank} of {self.world_size} lost another process, which was killed or did "
            "not answer; its own output says more. To go on after such a loss, give fit "
            "callbacks=[Checkpoint(folder)] and resume=folder, and torchrun --max-restarts. "
            f"torch says: {broken}"
        )
        with suppress(RuntimeError):  # the store may be gone with its host
            if store.check(["error"]):
                rank, kind, message = json.loads(store.get("error"))
                error = getattr(errors, kind, ProcessError)(f"{message} ({kind} on rank {rank})")
        self._leave(error)
        return error

    def _join(self) -> PrefixStore:
        """Join a new process group, and return its store."""
        try:
            store = PrefixStore(f"digitnet/{self._new_key()}", self._job_store)
            distributed.init_process_group(
                "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
                store=store,
                rank=self.rank,
                world_size=self.world_size,
                timeout=timedelta(seconds=self.patience),
            )
        except (RuntimeError, ValueError, TimeoutError) as error:
            raise ProcessError(
                f"Expected rank {self.rank} to meet {self.world_size - 1} others within "
                f"{self.patience:g} s; received: {error}. Start all with torchrun, and with a "
                "--master-port that is free on the first host and open to the others."
            ) from error
        self._store = store
        atexit.register(self._leave)
        return store

    @cached_property
    def _job_store(self) -> Store:
        store: Store
        store, *_ = next(rendezvous("env://", timeout=timedelta(seconds=self.patience)))
        return store

    def _new_key(self) -> str:
        """Return a key that no process group has used: how often each rank has joined one.

        The store of torchrun keeps the keys of earlier attempts of the job, and an attempt has no
        number that all hosts know.
        """
        store, ranks = PrefixStore("digitnet", self._job_store), range(self.world_size)
        deadline = time.monotonic() + self.patience
        store.add(f"joined/{self.rank}", 1)
        while time.monotonic() < deadline:
            counts = store.multi_get([f"joined/{rank}" for rank in ranks])  # waits for all
            key = b"-".join(counts).decode()
            store.set(f"{key}/{self.rank}", "")
            if store.check([f"{key}/{rank}" for rank in ranks]):
                return key
            time.sleep(0.01)
        raise TimeoutError("some of them did not come")

    def _leave(self, error: BaseException | None = None) -> None:
        """Destroy the process group, so that no other process waits for this one; say why."""
        store, self._store = self._store, None
        if store is None:
            return
        if error is not None and not isinstance(error, ProcessError):
            told = json.dumps([self.rank, type(error).__name__, str(error)])
            with suppress(RuntimeError):  # the store may be gone with its host
                store.compare_set("error", "", told)  # the first error stays
        distributed.destroy_process_group()


@cache
def current() -> Processes:
    """Return the processes that `torchrun` started, as the environment says, or this one alone.

    `DIGITNET_PATIENCE` is the number of seconds to wait for a process that hangs.
    """
    get = os.environ.get
    if get("WORLD_SIZE", "1") == "1":
        return Processes()
    return Processes(
        rank=int(get("RANK", "0")),
        world_size=int(get("WORLD_SIZE", "1")),
        local_rank=int(get("LOCAL_RANK", get("RANK", "0"))),
        local_world_size=int(get("LOCAL_WORLD_SIZE", "1")),
        patience=float(get("DIGITNET_PATIENCE", Processes.patience)),
    )


@contextmanager
def together(task: str) -> Iterator[None]:
    """Decorate what all processes run together; see `Processes.together`."""
    with current().together(task):
        yield
