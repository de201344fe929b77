"""Probabilities that mean what they say."""

from __future__ import annotations

from torch import Tensor

from digitnet.errors import InvalidInputError

_COLDEST, _HOTTEST = 0.05, 20.0


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """Return what logits must be divided by for the least cross-entropy (Guo et al., 2017).

    Args:
        logits: (N, C), of images that the network was not trained on.
        labels: int64 (N,).

    Raises:
        InvalidInputError: No temperature in 0.05..20 is the best, as where every image is read
            right: then the coldest is, and says nothing.
    """
    logits = logits.double()
    right = logits.gather(1, labels[:, None])[:, 0]

    def slope(inverse: float) -> float:
        """Return the derivative of the cross-entropy, which grows with 1 / temperature."""
        expected = (logits * (inverse * logits).softmax(dim=1)).sum(dim=1)
        return float((expected - right).mean())

    low, high = 1 / _HOTTEST, 1 / _COLDEST
    if not slope(low) < 0 < slope(high):
        wrong = int((logits.argmax(dim=1) != labels).sum())
        raise InvalidInputError(
            f"Expected held-out pictures that are read mostly, but not all, right; received "
            f"{len(labels):,}, of which {wrong:,} are read wrong: no temperature in "
            f"{_COLDEST:g}..{_HOTTEST:g} fits them. Hold out more pictures, or train longer."
        )
    for _ in range(60):  # bisection to the last digit
        middle = (low * high) ** 0.5
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / low


def calibration_error(confidences: Tensor, correct: Tensor, *, bins: int = 15) -> float:
    """Return the expected calibration error in bins of equal mass, in [0, 1].

    The images are sorted by confidence (N,) and divided into bins of as many each; the error is
    the mean distance of confidence and accuracy over them (Naeini et al., 2015; bins of equal mass
    after Nguyen and O'Connor, 2015). `correct`, bool (N,), says which were read right.
    """
    order = confidences.argsort(stable=True)
    gaps = (confidences - correct.to(confidences.dtype)).double()[order]
    parts = gaps.tensor_split(bins)
    return float(sum(part.sum().abs() for part in parts)) / len(gaps)
