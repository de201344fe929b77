"""digitnet: `fit` with its default callbacks, from call to return."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from digitnet import DigitClassifier
from digitnet.recipe import REPORT


def prepare(images: np.ndarray, labels: np.ndarray, variant: str) -> Callable[[], None]:
    """Return an epoch in the precision `variant`, "float32" or "bfloat16"."""
    classifier = DigitClassifier(recipe=replace(REPORT, precision=variant), device="cpu")
    return lambda: classifier.fit(images, labels, epochs=1)
