"""How likely each segment of a line is one whole digit, and which."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from digitnet.artifact import read_artifact
from digitnet.pictures.segment_network import NO_DIGIT, NOT_ONE, SegmentNetwork

WEIGHTS = Path(__file__).parents[1] / "weights" / "segments.safetensors"
_BATCH = 256  # segments at a time: a page may have thousands


def weigh(seen: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return how likely segments are each of the digits, and not only a part of one, or several.

    A small network decides, trained on pictures of `datasets.paper`
    (`examples/train_segments.py`).

    Args:
        seen: uint8 (N, 2, 32, 48), see `in_line`.

    Returns:
        float32 (N, 12): the digits, `NOT_ONE`, `NO_DIGIT`.
    """
    if not len(seen):
        return np.zeros((0, NO_DIGIT + 1), np.float32)
    with torch.inference_mode():
        logits: list[Tensor] = [
            _network()(part.float() / 255) for part in torch.from_numpy(seen).split(_BATCH)
        ]
        return torch.cat(logits).softmax(dim=1).numpy()


def agreed(
    alone: npt.NDArray[np.float32], beside: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return the geometric mean of the probabilities (N, 10) without and with what is around.

    Those with what is around count twice: on numbers and digits of `datasets.paper` that no network
    learned from, fewer are then misread than with equal weights. What is no digit among all that is
    around it has a tenth of that for each of the ten.

    Args:
        alone: float32 (N, 10), of each digit in MNIST's form.
        beside: float32 (N, 12), as `weigh` returns them.
    """
    digits = beside[:, :NOT_ONE]
    none = np.clip(1 - digits.sum(axis=1, keepdims=True), 0, None)
    both = np.cbrt(alone * (digits + none / NOT_ONE) ** 2)
    return np.asarray(both / both.sum(axis=1, keepdims=True))


@cache
def _network() -> SegmentNetwork:
    """Return the trained network; it is read when it is first needed."""
    network = SegmentNetwork()
    network.load_state_dict(read_artifact(WEIGHTS).tensors)
    return network.eval().to(memory_format=torch.channels_last)
