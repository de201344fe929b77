"""fastai: a Learner with its DataLoaders on tensors."""

from collections.abc import Callable
from functools import partial

import fastai.callback.progress  # noqa: F401 - adds no_bar to Learner
import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.optimizer import Adam
from torch.utils.data import TensorDataset

from contestants import network


def prepare(images: np.ndarray, labels: np.ndarray) -> Callable[[], None]:
    """Return an epoch; fastai wants validation data too, and gets one batch."""
    pictures, targets = network.normalized(images), torch.from_numpy(labels)
    train = TensorDataset(pictures, targets)
    valid = TensorDataset(pictures[:64], targets[:64])
    loaders = DataLoaders.from_dsets(
        train, valid, bs=64, device=torch.device("cpu"), num_workers=0, drop_last=False
    )
    adam = partial(Adam, sqr_mom=0.999, eps=1e-8, wd=0.0)  # the settings of the others
    learner = Learner(loaders, network.build(), loss_func=CrossEntropyLossFlat(), opt_func=adam)

    def run() -> None:
        with learner.no_bar(), learner.no_logging():
            learner.fit(1, lr=1e-3)

    return run
