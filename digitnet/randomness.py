"""Everything random in training is a pure function of (seed, epoch, step)."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import torch
from torch import Tensor

WEIGHTS, ORDER, STEP, SPLIT, READING, PICTURES, PAPER = range(7)  # what a derived seed is for


def draw_seed() -> int:
    """Return a new seed from the operating system, in [0, 2**32)."""
    return secrets.randbits(32)


def derive_seed(seed: int, purpose: int, epoch: int = 0, step: int = 0, process: int = 0) -> int:
    """Return the seed of one purpose at one moment in one process, in [0, 2**63)."""
    path = f"{seed}/{purpose}/{epoch}/{step}{f'/{process}' if process else ''}".encode()
    return int.from_bytes(blake2b(path, digest_size=8).digest(), "little") >> 1


def permutation(count: int, seed: int) -> Tensor:
    """Return the numbers 0 to count - 1 in the order that `seed` gives, int64 (count,)."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed), device="cpu")


def reseed(device: torch.device, seed: int) -> None:
    """Seed the generators that dropout draws from: the CPU's and the device's.

    `torch.manual_seed` does the same for every device there is, at many times the cost.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.default_generators[_index(device)].manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


_turn = threading.RLock()  # torch's random state is one for all threads

if hasattr(os, "register_at_fork"):  # a child begins with the caller's state; not on Windows
    os.register_at_fork(
        before=_turn.acquire, after_in_parent=_turn.release, after_in_child=_turn.release
    )


@contextmanager
def isolated(device: torch.device) -> Iterator[None]:
    """Have torch's random state, on the CPU and on the device, alone, and put it back after.

    Other threads of the library wait meanwhile: what is done here must be short.
    """
    with _turn:
        cpu_state = torch.default_generator.get_state()
        if device.type == "cuda":  # seed and offset: the state as a tensor takes longer
            generator = torch.cuda.default_generators[_index(device)]
            cuda_state = generator.initial_seed(), generator.get_offset()
        elif device.type == "mps":
            mps_state = torch.mps.get_rng_state()
        try:
            yield
        finally:
            torch.default_generator.set_state(cpu_state)
            if device.type == "cuda":
                generator.manual_seed(cuda_state[0])
                generator.set_offset(cuda_state[1])
            elif device.type == "mps":
                torch.mps.set_rng_state(mps_state)


class Stream:
    """A random state of its own for what draws from torch's on the CPU, and takes long in all."""

    def __init__(self, seed: int) -> None:
        self._state = torch.Generator().manual_seed(seed).get_state()

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Have torch draw from the stream meanwhile."""
        with isolated(torch.device("cpu")):
            torch.default_generator.set_state(self._state)
            try:
                yield
            finally:
                self._state = torch.default_generator.get_state()


def _index(device: torch.device) -> int:
    return torch.cuda.current_device() if device.index is None else device.index
