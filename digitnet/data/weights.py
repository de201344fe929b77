"""What each image counts in a loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from digitnet.data.coercion import to_array
from digitnet.errors import InvalidInputError


def to_weights(sample_weight: Any, *, count: int) -> Tensor:
    """Return what each image counts, float32 (N,), or raise `InvalidInputError` with a remedy.

    It is given as finite numbers (N,) of at least 0, not all 0, of `count` images.
    """
    array = to_array(sample_weight, "sample_weight")
    if array.shape != (count,):
        remedy = "Pass one for each, in the order of the pictures."
        if array.size == count:
            remedy = "Pass numpy.ravel(sample_weight)."
        raise InvalidInputError(
            f"Expected sample_weight of shape ({count},), a number for each picture; received "
            f"{array.shape}. {remedy}"
        )
    with np.errstate(over="ignore"):
        weights = array.astype(np.float32)
    given = "numpy.asarray(sample_weight, 'float32')"
    for bad, found, remedy in (
        (~np.isfinite(weights), "NaN or infinity", f"nan_to_num({given}, posinf=0, neginf=0)"),
        (weights < 0, "negative ones", f"maximum({given}, 0)"),
    ):
        if bad.any():
            raise InvalidInputError(
                f"Expected sample_weight of finite numbers of at least 0; received {found}, the "
                f"first at index {int(bad.argmax())}. To leave those out, pass numpy.{remedy}."
            )
    return check_not_all_zero(torch.from_numpy(weights), "the pictures")


def check_not_all_zero(weights: Tensor, part: str) -> Tensor:
    """Return weights, or raise `InvalidInputError` where all of a part are 0."""
    if not weights.any():
        raise InvalidInputError(
            f"Expected a sample_weight above 0; received 0 for all of {part}, which would teach "
            "nothing. Leave sample_weight out, or give some pictures more."
        )
    return weights
