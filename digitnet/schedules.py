"""Learning rate schedules, as shares of the peak."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

from digitnet.errors import InvalidInputError

Schedule = Literal["constant", "cosine", "linear", "one_cycle", "step"]

# The defaults of torch.optim.lr_scheduler.OneCycleLR, which took them from fastai
ONE_CYCLE_WARMUP = 0.3  # share of the steps
WARMUP_START = 1 / 25  # first learning rate as a share of the peak
# DenseNet's (Huang et al., 2017, arXiv 1608.06993)
MILESTONES = (0.5, 0.75)  # shares of the steps
STEP_FACTOR = 0.1


def share_of_peak(
    schedule: Schedule,
    progress: float,
    *,
    warmup: float,
    milestones: Sequence[float],
    step_factor: float,
) -> float:
    """Return a step's learning rate as a share of the peak, of which the warm-up is the beginning.

    `progress`, `warmup` and `milestones` are shares of the steps; at each milestone, `"step"`
    multiplies the rate by `step_factor`.
    """
    # Warm-up
    if progress < warmup:
        return WARMUP_START + (1 - WARMUP_START) * progress / warmup
    # Decay
    remaining = (1 - progress) / (1 - warmup)
    if schedule == "linear":
        return remaining
    if schedule in ("cosine", "one_cycle"):
        return (1 - math.cos(math.pi * remaining)) / 2
    if schedule == "step":
        return step_factor ** sum(milestone <= progress for milestone in milestones)
    return 1.0


def checked_milestones(milestones: Any, *, warmup: float) -> tuple[float, ...]:
    """Return rising shares of the steps, each between the warm-up and 1, or raise."""
    try:
        shares = tuple(map(float, milestones))
    except (TypeError, ValueError):
        shares = ()
    bounds = (warmup, *shares, 1.0)
    if not shares or not all(low < high for low, high in pairwise(bounds)):
        raise InvalidInputError(
            "Expected milestones to be rising shares of the steps, each between the warm-up's "
            f"{warmup:g} and 1, as {MILESTONES}; received {milestones!r}. Divide epochs by all "
            "epochs: (30 / 90, 60 / 90)."
        )
    return shares
