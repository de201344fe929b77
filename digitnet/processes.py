"""Several processes that train one network: the group that `torchrun` starts.

Without `torchrun` there is one process, and everything here returns what it was given.
"""

from __future__ import annotations

import atexit
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, distributed
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from digitnet import errors
from digitnet.errors import DigitNetError, InvalidInputError, ProcessError, difference

P = ParamSpec("P")
T = TypeVar("T")

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun sets
_ERROR = "error"  # the store's key under which a process says why it left


class Processes:
    """The processes of a training, seen from one of them.

    All of them run the same script, so all come to the same calls in the same order; where one
    does not, or differs in something that must be the same, every process raises. A process
    that leaves with an error says so to the others, which raise it too.

    Args:
        rank: The number of this process, from 0 on.
        size: How many there are.
        local_rank: Its number among the processes of its host.
        patience: How long to wait for the others.
    """

    def __init__(
        self, rank: int = 0, size: int = 1, *, local_rank: int = 0, patience: timedelta
    ) -> None:
        self.rank = rank
        self.size = size
        self.local_rank = local_rank
        self._patience = patience
        self._root: Store | None = None
        self._store: Store | None = None  # of the group, while there is one
        self._groups = 0  # started so far

    @property
    def several(self) -> bool:
        """Whether there are others."""
        return self.size > 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that prints and writes."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return this process's part of so many pictures: an equal one, up to a picture."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    @contextmanager
    def together(self, task: str) -> Iterator[None]:
        """Do something that all processes do; what one raises, all raise.

        Args:
            task: What it is, for the messages.

        Raises:
            ProcessError: The others do something else, or are gone.
        """
        if not self.several:
            yield
            return
        try:
            self.agree({"task": task})
            yield
            self.agree({"end": task})  # none goes on before all have done it
        except BaseException as error:
            self._leave(error)
            raise

    def agree(self, values: Mapping[str, Any]) -> None:
        """Raise in all processes unless all of them have the same values.

        Args:
            values: By name, for JSON.

        Raises:
            InvalidInputError: They differ; the message names the first that does.
        """
        if not self.several:
            return
        first, *others = self._gather(dict(values))
        for rank, other in enumerate(others, start=1):
            for name in first | other:
                theirs, ours = first.get(name), other.get(name)
                if theirs != ours:
                    raise InvalidInputError(
                        f"Expected the same {name} in all {self.size} processes; received "
                        f"{difference(theirs, ours, 'in process 0', f'in process {rank}')}. "
                        "Start the same script, with the same data and versions, everywhere."
                    )

    def first_of(self, value: T) -> T:
        """Return the value, for JSON, of the first process that has one."""
        if not self.several:
            return value
        given: list[T] = [found for found in self._gather(value) if found is not None]
        return given[0] if given else value

    def add_up(self, sums: Tensor) -> None:
        """Replace a tensor by its sum over all processes; all get the same bits."""
        if not self.several:
            return
        with self._talking():
            # the CPU's connections serve other devices than CUDA too
            carried = sums if sums.device.type in ("cpu", "cuda") else sums.cpu()
            distributed.all_reduce(carried)
            sums.copy_(carried)

    def copy_first(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by those of the first process."""
        for tensor in tensors if self.several else ():
            if self.rank:
                tensor.zero_()
            self.add_up(tensor)

    def average_step(
        self, model: torch.nn.Module, loss: Tensor, correct: Tensor, *, weight: float
    ) -> tuple[Tensor, Tensor]:
        """Average the gradients of a batch that the processes divided among them.

        One sum over the processes carries everything: gradients and loss, each times what the
        process's share of the batch weighs, so that a batch that does not divide counts each
        picture once; right answers; and, of the first process alone, the statistics of batch
        norm, which all others take over, as with DistributedDataParallel.

        Args:
            model: Its gradients are of the mean loss over this process's share.
            loss: That mean loss, ().
            correct: Pictures of the share that were read right, ().
            weight: The share's part of the batch, in [0, 1].

        Returns:
            Mean loss and right answers of the whole batch.
        """
        if not self.several:
            return loss, correct
        means = [value.grad for value in model.parameters() if value.grad is not None] + [loss]
        buffers = [value for value in model.buffers() if value.is_floating_point()]
        sums = _flat([*means, *buffers, correct])
        sizes = [value.numel() for value in (*means, *buffers)]
        of_means, of_buffers = sums[: sum(sizes[: len(means)])], sums[sum(sizes[: len(means)]) : -1]
        if weight:
            of_means *= weight
        else:
            of_means.zero_()  # means over no pictures are not numbers
        if not self.is_first:
            of_buffers.zero_()
        self.add_up(sums)
        for target, part in zip((*means, *buffers), sums[:-1].split(sizes), strict=True):
            target.copy_(part.view(target.shape))
        return loss, sums[-1].round().to(correct.dtype)

    def _start(self) -> None:
        """Meet the other processes, if there is no group yet."""
        if self._store is not None:
            return
        try:
            if self._root is None:
                self._root, _, _ = next(iter(rendezvous("env://", timeout=self._patience)))
            self._groups += 1
            store = PrefixStore(f"digitnet/{self._groups}", self._root)
            distributed.init_process_group(
                "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
                store=store,
                rank=self.rank,
                world_size=self.size,
                timeout=self._patience,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ProcessError(
                f"Process {self.rank} of {self.size} could not meet the others at "
                f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']} within "
                f"{self._patience.total_seconds():g} s: {error} Expected that port to be free on "
                "the first host and open to the others; choose another with --master-port."
            ) from error
        self._store = store
        atexit.register(self._close)

    def _leave(self, error: BaseException) -> None:
        """Say why, and close the connections, so that no other process waits for this one."""
        if self._store is not None and not isinstance(error, ProcessError):
            text = json.dumps([self.rank, type(error).__name__, str(error)])
            with suppress(RuntimeError):  # the store may be gone with its process
                self._store.compare_set(_ERROR, "", text)  # the first error stays
        self._close()

    def _close(self) -> None:
        atexit.unregister(self._close)
        if self._store is not None:
            self._store = None
            distributed.destroy_process_group()

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """Turn a lost connection into the error that another process left with."""
        self._start()
        try:
            yield
        except RuntimeError as error:
            raise self._why(str(error)) from error

    def _why(self, lost: str) -> DigitNetError:
        """Return the error that another process left with; without any, that one is gone."""
        found = b""
        with suppress(RuntimeError):
            if self._store is not None and self._store.check([_ERROR]):
                found = self._store.get(_ERROR)
        if not found:
            return ProcessError(
                f"Process {self.rank} of {self.size} lost another one, which was killed or did "
                "not answer; what it wrote itself says more. To go on after such a loss, give "
                "fit callbacks=[Checkpoint(folder)] and resume=folder, and torchrun "
                f"--max-restarts. torch says: {lost}"
            )
        rank, kind, message = json.loads(found)
        known = getattr(errors, kind, None)
        if isinstance(known, type) and issubclass(known, DigitNetError):
            return known(f"{message} (This was in process {rank}.)")
        return ProcessError(f"Process {rank} of {self.size} raised {kind}: {message}")

    def _gather(self, value: Any) -> list[Any]:
        """Return the values, for JSON, of all processes, by rank."""
        with self._talking():
            text = torch.tensor(list(json.dumps(value).encode()), dtype=torch.uint8)
            sizes = torch.zeros(self.size, dtype=torch.int64)
            sizes[self.rank] = len(text)
            distributed.all_reduce(sizes)
            texts = torch.zeros(self.size, int(sizes.max()), dtype=torch.uint8)
            texts[self.rank, : len(text)] = text
            distributed.all_reduce(texts)
            rows = zip(texts, sizes.tolist(), strict=True)
            return [json.loads(bytes(row[:size].tolist())) for row, size in rows]


@cache
def current() -> Processes:
    """Return the processes that this one was started with, by the environment.

    Raises:
        InvalidInputError: It says that there are several, but not where they meet.
    """
    patience = timedelta(seconds=float(os.environ.get("DIGITNET_PATIENCE", 300)))
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return Processes(patience=patience)
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        raise InvalidInputError(
            f"Expected the environment variables {', '.join(_NEEDED)}, as WORLD_SIZE is "
            f"{os.environ['WORLD_SIZE']}; received no {' and no '.join(missing)}. Start the "
            "script with torchrun, which sets them."
        )
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    local_rank = int(os.environ.get("LOCAL_RANK", rank))
    return Processes(rank, size, local_rank=local_rank, patience=patience)


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    """Return the numbers of all tensors in one row."""
    # counts are whole in float32 up to 2**24, but not in bfloat16
    common = torch.promote_types(tensors[0].dtype, torch.float32)
    return torch.cat([tensor.reshape(-1).to(common) for tensor in tensors])


def together(verb: Callable[P, T]) -> Callable[P, T]:
    """Decorate what all processes do together; see `Processes.together`."""

    @wraps(verb)
    def shared(*args: P.args, **kwargs: P.kwargs) -> T:
        with current().together(verb.__name__.strip("_")):
            return verb(*args, **kwargs)

    return shared
