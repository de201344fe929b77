"""Several processes that train one network: what `torchrun` starts.

Without `torchrun` there is one process, and everything here returns what it was given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from digitnet.connection import Connection
from digitnet.errors import InvalidInputError, difference

P = ParamSpec("P")
T = TypeVar("T")

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun sets
_PATIENCE = 300  # seconds; a process that dies is noticed at once, one that stands still is not


class Processes:
    """The processes of a training, seen from one of them.

    All of them run the same script, so all come to the same calls in the same order; where one
    does not, or differs in something that must be the same, every process raises.

    Args:
        rank: The number of this process, from 0 on.
        size: How many there are.
        local_rank: Its number among the processes of its host.
        patience: Seconds to wait for the others.
    """

    def __init__(
        self, rank: int = 0, size: int = 1, *, local_rank: int = 0, patience: float = _PATIENCE
    ) -> None:
        self.rank = rank
        self.size = size
        self.local_rank = local_rank
        self._connection = Connection(rank, size, timedelta(seconds=patience))

    def __reduce__(self) -> tuple[Callable[[], Processes], tuple[()]]:
        return current, ()  # a copy is of the process that makes it

    @property
    def several(self) -> bool:
        """Whether there are others."""
        return self.size > 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that prints and writes."""
        return self.rank == 0

    def share(self, count: int, *, least: int = 1) -> slice:
        """Return this process's part of so many pictures; parts are equal up to a picture.

        Args:
            count: How many there are.
            least: Pictures that a part must have, where there are so many; where they are too
                few for all processes, the first ones divide them, and the others have none.
        """
        sharing = max(1, min(self.size, count // least))
        first, end = (count * min(rank, sharing) // sharing for rank in (self.rank, self.rank + 1))
        return slice(first, end)

    @contextmanager
    def together(self, task: str) -> Iterator[None]:
        """Do something that all processes do; what one raises, all raise.

        Args:
            task: What it is, for the messages.

        Raises:
            InvalidInputError: The others do something else.
            ProcessError: The others are gone.
        """
        if not self.several:
            yield
            return
        try:
            self.agree({"task": task})
            yield
            self.agree({"task": f"end of {task}"})  # none goes on before all are done
        except BaseException as error:
            self._connection.leave(error)
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
        first, *others = self._connection.gather(dict(values))
        for rank, other in enumerate(others, start=1):
            for name in first | other:
                if first.get(name) != other.get(name):
                    told = difference(
                        first.get(name), other.get(name), "in process 0", f"in process {rank}"
                    )
                    raise InvalidInputError(
                        f"Expected the same {name} in all {self.size} processes; received {told}. "
                        "Start the same script, with the same data and versions, everywhere."
                    )

    def first_of(self, value: T) -> T:
        """Return the value, for JSON, of the first process that has one."""
        if not self.several:
            return value
        given = [found for found in self._connection.gather(value) if found is not None]
        return given[0] if given else value

    def add_up(self, sums: Tensor) -> None:
        """Replace a tensor by its sum over all processes; all get the same bits."""
        if self.several:
            self._connection.add_up(sums)

    def copy_first(self, tensors: Sequence[Tensor]) -> None:
        """Replace the numbers in tensors by those of the first process."""
        if not self.several:
            return
        row = _row(tensors)
        if self.rank:
            row.zero_()
        self.add_up(row)
        _put_back(row, tensors)

    def average_step(
        self, model: nn.Module, loss: Tensor, correct: Tensor, *, weight: float
    ) -> tuple[Tensor, Tensor]:
        """Average the gradients of a batch that the processes divided among them.

        One sum over the processes carries everything: gradients and loss, times what this
        process's share of the batch weighs, so that each picture counts once also where a
        batch does not divide; right answers; and the first process's statistics of batch norm,
        which the others take over, as with DistributedDataParallel. That class averages over
        processes, not pictures, and needs a backward pass of each; hence not it.

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
        row = _row([*means, *buffers, correct])
        end = sum(value.numel() for value in means)
        if weight:
            row[:end] *= weight
        else:
            row[:end] = 0  # means over no pictures are not numbers
        if not self.is_first:
            row[end:-1] = 0
        self.add_up(row)
        _put_back(row[:-1], [*means, *buffers])
        return loss, row[-1].round().to(correct.dtype)


@cache
def current() -> Processes:
    """Return the processes that this one was started with, as the environment says.

    `DIGITNET_PATIENCE` is the number of seconds to wait for a process that stands still.

    Raises:
        InvalidInputError: There are several, but the environment does not say where they meet.
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return Processes()
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        raise InvalidInputError(
            f"Expected the environment variables {', '.join(_NEEDED)}, as WORLD_SIZE is "
            f"{os.environ['WORLD_SIZE']}; received no {' and no '.join(missing)}. Start the "
            "script with torchrun, which sets them."
        )
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    return Processes(
        rank,
        size,
        local_rank=int(os.environ.get("LOCAL_RANK", rank)),
        patience=float(os.environ.get("DIGITNET_PATIENCE", _PATIENCE)),
    )


def together(verb: Callable[P, T]) -> Callable[P, T]:
    """Decorate what all processes do together; see `Processes.together`."""

    @wraps(verb)
    def shared(*args: P.args, **kwargs: P.kwargs) -> T:
        with current().together(verb.__name__):
            return verb(*args, **kwargs)

    return shared


def _row(tensors: Sequence[Tensor]) -> Tensor:
    """Return the numbers of all tensors in one row."""
    # counts are whole in float32 up to 2**24, but not in bfloat16
    common = torch.promote_types(tensors[0].dtype, torch.float32)
    return torch.cat([tensor.reshape(-1).to(common) for tensor in tensors])


def _put_back(row: Tensor, tensors: Sequence[Tensor]) -> None:
    """Give all tensors their numbers out of one row."""
    parts = row.split([tensor.numel() for tensor in tensors])
    for tensor, part in zip(tensors, parts, strict=True):
        tensor.copy_(part.view(tensor.shape))
