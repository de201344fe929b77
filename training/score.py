"""Fit the score of a digit: logistic regression on crops that the network was not trained on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from crops import IGNORED, READ_HEIGHT
from objective import digit_heights
from torch import Tensor
from torch.nn import functional

from digitnet.pictures.decoding import decode, probabilities
from digitnet.pictures.network import Maps, ReaderNetwork

OVERLAP = 0.5  # intersection over union from which an instance is a digit
BATCH = 32


def fit_score(network: ReaderNetwork, crops: Mapping[str, Tensor], places: Tensor) -> list[float]:
    """Return the weights of `Decoded.features`, and the bias.

    Args:
        network: In eval mode.
        crops: Fields of all crops; see `crops.Crop`.
        places: Which of them to fit to.
    """
    features, labels = [], []
    for batch in places.split(BATCH):
        with torch.inference_mode():
            maps = Maps(*network(crops["grey"][batch][:, None].float() / 255))
        whole = slice(0, crops["grey"].shape[1])
        found_in = probabilities(maps, [(whole, whole)] * len(batch))
        for place, found in zip(batch.tolist(), found_in, strict=True):
            decoded = decode(found)
            for box, mask, feature in zip(
                decoded.boxes, decoded.masks, decoded.features, strict=True
            ):
                label = _is_digit(box, mask, crops["owners"][place], crops["table"][place])
                if label is not None:
                    features.append(feature)
                    labels.append(label)
    if len(set(labels)) < 2:
        return [0.0, 0.0, 0.0]
    x = torch.from_numpy(np.stack(features)).double()
    return _logistic_regression(x, torch.tensor(labels, dtype=torch.float64))


def _is_digit(
    box: npt.NDArray[np.float64], mask: npt.NDArray[np.float32], owners: Tensor, table: Tensor
) -> bool | None:
    """Return whether an instance is a digit; `None` where that is unknown or of no matter."""
    top, left = max(int(box[1]) - 1, 0), max(int(box[0]) - 1, 0)
    place = owners[top : top + mask.shape[0], left : left + mask.shape[1]].numpy()
    mine = mask > 0.5
    counts = np.bincount(place[mine], minlength=IGNORED + 1)
    owner = int(counts.argmax())
    if owner == IGNORED:
        return None
    if owner == 0:
        return False
    height = float(digit_heights(table)[owner - 1])
    if not READ_HEIGHT[0] <= height <= READ_HEIGHT[2]:
        return None
    union = mine.sum() + int((owners == owner).sum()) - counts[owner]
    return bool(counts[owner] > OVERLAP * union)


def _logistic_regression(x: Tensor, y: Tensor) -> list[float]:
    weights = torch.zeros(x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = x @ weights[:-1] + weights[-1]
        value = functional.binary_cross_entropy_with_logits(logits, y) + 1e-4 * (weights**2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    return [round(float(value), 4) for value in weights.detach()]
