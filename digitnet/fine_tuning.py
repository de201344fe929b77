"""Fine-tuning: a trained network learns one hand, and does not forget the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from digitnet.data.image_set import ImageSet
from digitnet.errors import InvalidInputError
from digitnet.models.modes import exclusive
from digitnet.models.network import Network
from digitnet.randomness import SPLIT, derive_seed, permutation

LEAST = 125  # images of the writer in an epoch; fewer are repeated
OTHERS = 4  # images of others for each of the writer's
INTERPOLATION = 0.5  # share of the weights before in those after


def check_several_digits(own: ImageSet) -> None:
    """Raise `InvalidInputError` where all images are of one class: every image would become it."""
    counts = own.class_counts
    if int((counts > 0).sum()) < 2:
        only = own.classes[int(counts.argmax())]
        raise InvalidInputError(
            f"Expected pictures of at least 2 classes to fine-tune on; received {len(own)} of "
            f"class '{only}' alone. Add pictures of other classes, by the same hand."
        )


def with_rehearsal(own: ImageSet, others: ImageSet, *, seed: int) -> ImageSet:
    """Return images of one hand, at least `LEAST`, and `OTHERS` times as many of others.

    Learning them in turn keeps what is known (rehearsal; Robins, 1995; Rolnick et al., 2019). Few
    images of the hand are repeated, and of others drawn again and again.
    """
    count = max(len(own), LEAST)
    repeated = torch.arange(count) % len(own)
    order = permutation(len(others), derive_seed(seed, SPLIT))
    parts = own[repeated], others[order[torch.arange(OTHERS * count) % len(others)]]
    images = torch.cat([part.images for part in parts])
    labels = torch.cat([part.labels for part in parts])
    weights = torch.cat([_weights(part) for part in parts])
    return ImageSet(images, labels, own.classes, "fine-tuning", weights)


def _weights(images: ImageSet) -> Tensor:
    return torch.ones(len(images)) if images.weights is None else images.weights


@contextmanager
def interpolated(network: Network) -> Iterator[None]:
    """Take the mean of a network's weights before and after it is trained meanwhile.

    It has learnt nearly as much, and forgotten far less (WiSE-FT; Wortsman et al., 2022, arXiv
    2109.01903). The running statistics of batch norm and the temperature, which few images of one
    hand cannot tell, stay.
    """
    modes = [(module, module.training) for module in network.body.modules()]
    temperature = network.temperature.clone()
    weights = [weight.detach().clone() for weight in network.body.parameters()]
    with exclusive(network):
        if not any(mode for _, mode in modes):  # which freezes none
            network.body.train()
        for module, _ in modes:
            if isinstance(module, _BatchNorm):
                module.eval()
    try:
        yield
    finally:
        with exclusive(network), torch.no_grad():
            network.temperature.copy_(temperature)
            for weight, before in zip(network.body.parameters(), weights, strict=True):
                weight.lerp_(before, INTERPOLATION)
            for module, mode in modes:
                module.training = mode
