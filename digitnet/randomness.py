"""Everything random in training is a pure function of (seed, epoch, step)."""

from __future__ import annotations

import secrets
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
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def reseed(device: torch.device, seed: int) -> None:
    """Seed the generators that dropout draws from: the CPU's and the device's.

    `torch.manual_seed` does the same for every device there is, at many times the cost.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.default_generators[_index(device)].manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


@contextmanager
def isolated(device: torch.device) -> Iterator[None]:
    """Put torch's random state, on the CPU and on the device, back as it was found."""
    cpu_state = torch.default_generator.get_state()
    if device.type == "cuda":
        device_state = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        device_state = torch.mps.get_rng_state()
    try:
        yield
    finally:
        torch.default_generator.set_state(cpu_state)
        if device.type == "cuda":
            torch.cuda.set_rng_state(device_state, device)
        elif device.type == "mps":
            torch.mps.set_rng_state(device_state)


def _index(device: torch.device) -> int:
    return torch.cuda.current_device() if device.index is None else device.index
