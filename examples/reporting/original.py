"""The figures of the original MNIST report, as it printed them."""

from __future__ import annotations

from typing import NamedTuple


class Epoch(NamedTuple):
    """The original's figures after an epoch; accuracies in [0, 1]."""

    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float


EPOCHS = {
    1: Epoch(0.3421, 0.8941, 0.0712, 0.9782),
    2: Epoch(0.0873, 0.9731, 0.0521, 0.9834),
    3: Epoch(0.0621, 0.9808, 0.0418, 0.9869),
    5: Epoch(0.0428, 0.9868, 0.0332, 0.9896),
    7: Epoch(0.0339, 0.9896, 0.0291, 0.9910),
    10: Epoch(0.0265, 0.9918, 0.0261, 0.9921),
}
FINAL_EPOCH = 10
LOWEST_CLASS_ACCURACY = 0.985
HARDEST, HARDEST_ACCURACY, EASIEST = 5, 0.987, 1
CONFUSED_PAIRS = ((4, 9), (3, 5))
