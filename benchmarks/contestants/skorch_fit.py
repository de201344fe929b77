"""skorch: a scikit-learn classifier on tensors."""

from collections.abc import Callable

import numpy as np
import torch
from skorch import NeuralNetClassifier

from contestants import network


def prepare(images: np.ndarray, labels: np.ndarray) -> Callable[[], None]:
    """Return an epoch."""
    classifier = NeuralNetClassifier(
        network.build(),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=64,
        max_epochs=1,
        train_split=None,
        iterator_train__shuffle=True,
    )
    pictures, targets = network.normalized(images), torch.from_numpy(labels)
    classifier.initialize()
    return lambda: classifier.fit(pictures, targets)
