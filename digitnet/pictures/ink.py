"""What is written, apart from all else: paper, lines, shadows, what shines through."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from digitnet.artifact import read_artifact
from digitnet.pictures.ink_network import STRIDE, InkNetwork
from digitnet.pictures.resizing import Grey

WEIGHTS = Path(__file__).parents[1] / "weights" / "ink.safetensors"


def find_ink(grey: Grey) -> Grey:
    """Return how likely there is ink in each pixel.

    Whether ink is dark or light, and what are only lines, shadows or the paper's edge, is decided
    by a small network, trained on pictures of `datasets.paper` (`examples/train_ink.py`): it
    weighs what rules of thresholds and windows cannot.

    Args:
        grey: float32 (H, W) in 0..1.

    Returns:
        float32 (H, W) in 0..1.
    """
    height, width = grey.shape
    padded = np.pad(grey, ((0, -height % STRIDE), (0, -width % STRIDE)), mode="edge")
    with torch.inference_mode():
        ink: Tensor = _network()(torch.from_numpy(padded)[None, None]).sigmoid()
    return ink[0, 0, :height, :width].numpy()


@cache
def _network() -> InkNetwork:
    """Return the trained network; it is read when it is first needed."""
    network = InkNetwork()
    network.load_state_dict(read_artifact(WEIGHTS).tensors)
    return network.for_inference()
