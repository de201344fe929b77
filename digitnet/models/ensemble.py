"""Several networks that vote."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from digitnet.errors import InvalidInputError


class Ensemble(nn.Module):
    """A network whose probabilities are the mean of its members'.

    Members that err independently outvote each other's errors (Hansen and Salamon, 1990).

    Args:
        members: Networks that map the same images to logits (N, classes).
        temperatures: What each member's logits are divided by, as `calibrate` fitted it,
            above 0; `None` leaves them.

    Raises:
        InvalidInputError: There are no members, or there is not one temperature for each.
    """

    temperatures: Tensor

    def __init__(
        self, members: Iterable[nn.Module], *, temperatures: Iterable[float] | None = None
    ) -> None:
        super().__init__()
        networks = list(members)
        if not networks or not all(isinstance(network, nn.Module) for network in networks):
            raise InvalidInputError(f"Expected networks that vote; received {networks}.")
        warmth = [1.0] * len(networks) if temperatures is None else list(temperatures)
        if len(warmth) != len(networks) or not all(0 < value < math.inf for value in warmth):
            raise InvalidInputError(
                f"Expected {len(networks)} finite temperatures above 0, one for each member; "
                f"received {warmth}."
            )
        self.members = nn.ModuleList(networks)
        self.register_buffer("temperatures", torch.tensor(warmth, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Map images to the logarithms of mean probabilities, which serve as logits."""
        votes = [
            (member(x).float() / temperature).log_softmax(dim=1)
            for member, temperature in zip(self.members, self.temperatures, strict=True)
        ]
        return torch.stack(votes).logsumexp(dim=0) - math.log(len(votes))
