"""Fine-tuning: a trained network learns one hand, and does not forget the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from digitnet.data.image_set import ImageSet
from digitnet.errors import InvalidInputError
from digitnet.models.modes import exclusive
from digitnet.models.network import Network
from digitnet.randomness import SPLIT, derive_seed, permutation

LEAST = 500  # images of the writer in an epoch; fewer are repeated, each time augmented anew


def check_several_digits(own: ImageSet) -> None:
    """Raise `InvalidInputError` where all images are of one class: every image would become it."""
    counts = own.class_counts
    if int((counts > 0).sum()) < 2:
        only = own.classes[int(counts.argmax())]
        raise InvalidInputError(
            f"Expected pictures of at least 2 classes to fine-tune on; received {len(own)} of "
            f"class '{only}' alone. Add pictures of other classes, by the same hand."
        )


def mixed(own: ImageSet, others: ImageSet, *, seed: int) -> ImageSet:
    """Return as many images of one hand as of others: at least `LEAST` of each.

    Learning them in turn keeps what is known (rehearsal; Robins, 1995; Rolnick et al., 2019).

    Args:
        own: All of them are taken, and repeated where they are few.
        others: What to draw from, again and again where they are few.
        seed: Of that draw.
    """
    count = torch.arange(max(len(own), LEAST))
    drawn = permutation(len(others), derive_seed(seed, SPLIT))[count % len(others)]
    parts = own[count % len(own)], others[drawn]
    images = torch.cat([part.images for part in parts])
    return ImageSet(images, torch.cat([part.labels for part in parts]), own.classes, "fine-tuning")


@contextmanager
def frozen_statistics(network: Network) -> Iterator[None]:
    """Keep the running statistics of batch norm, which are those of all hands."""
    before = [(module, module.training) for module in network.body.modules()]
    with exclusive(network):
        if not any(mode for _, mode in before):  # which freezes none
            network.body.train()
        for module, _ in before:
            if isinstance(module, _BatchNorm):
                module.eval()
    try:
        yield
    finally:
        with exclusive(network):
            for module, mode in before:
                module.training = mode
