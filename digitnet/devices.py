"""Where computing happens, and what the hardware there can do."""

from __future__ import annotations

import torch

from digitnet.errors import InvalidInputError
from digitnet.processes import current
from digitnet.recipe import Precision


def choose_device(device: str | torch.device) -> torch.device:
    """Return the device to compute on; raise `InvalidInputError` where there is no such one here.

    `"auto"` takes CUDA, else Apple's MPS, else the CPU; anything else is what `torch.device` takes.
    Of several processes on a host, each takes a GPU of its own.
    """
    available = [name for name in ("cuda", "mps") if _is_available(name)] + ["cpu"]
    if device == "auto":
        return _own_gpu() if available[0] == "cuda" else torch.device(available[0])
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)  # an index that is not there fails only when used
    except (RuntimeError, AssertionError, TypeError) as error:
        raise InvalidInputError(
            f"Expected device to be 'auto' or one of {available}; received {device!r}. "
            "Use device='auto' for the best one here."
        ) from error
    return chosen


def _own_gpu() -> torch.device:
    processes = current()
    if not processes.several:
        return torch.device("cuda")
    if processes.local_rank >= torch.cuda.device_count():
        raise InvalidInputError(
            f"Expected a GPU for each process of this host; received {torch.cuda.device_count()} "
            f"for {processes.local_world_size}. Start fewer with torchrun --nproc-per-node, or "
            "take device='cpu'."
        )
    return torch.device("cuda", processes.local_rank)


def resolve_precision(precision: Precision, device: torch.device) -> Precision:
    """Return what `"auto"` means on the device; other precisions come back as they are."""
    if precision != "auto":
        return precision
    return "bfloat16" if has_native_bfloat16(device) else "float32"


def has_native_bfloat16(device: torch.device) -> bool:
    """Say whether the device computes in bfloat16 natively, by its capabilities."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)  # Ampere and later
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):  # older torch cannot tell
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def prediction_batch(device: torch.device) -> int:
    """Return how many small images to predict at a time.

    On a CPU 128: the activations of more leave its caches. Elsewhere 4,096, so that the
    device computes while Python prepares the next call; other sizes were not measured there.
    """
    return 128 if device.type == "cpu" else 4_096


def _is_available(name: str) -> bool:
    return torch.cuda.is_available() if name == "cuda" else torch.backends.mps.is_available()
