"""Temperatures and calibration errors against scipy and hand calculation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch.nn import functional

from digitnet.calibration import calibration_error, fit_temperature
from digitnet.errors import InvalidInputError


@pytest.fixture
def guesses():
    """Logits that are three times too large for how often they are right."""
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(4000, 5, generator=generator) * 1.5
    labels = torch.multinomial(honest.softmax(dim=1), 1, generator=generator)[:, 0]
    return 3 * honest, labels


def test_the_temperature_is_the_one_that_scipy_finds(guesses):
    logits, labels = guesses
    found = minimize_scalar(
        lambda t: float(functional.cross_entropy(logits.double() / t, labels)),
        bounds=(0.5, 10),
        method="bounded",
        options={"xatol": 1e-8},
    )
    assert fit_temperature(logits, labels) == pytest.approx(found.x, abs=1e-5)
    assert found.x == pytest.approx(3, rel=0.1)


def test_all_right_or_all_wrong_fits_no_temperature():
    logits = 9 * torch.eye(4)
    for labels, wrong in ((torch.arange(4), 0), (torch.tensor([1, 2, 3, 0]), 4)):
        with pytest.raises(InvalidInputError, match=f"received 4, of which {wrong} are read wrong"):
            fit_temperature(logits, labels)


def test_the_calibration_error_is_the_one_by_hand():
    confidences = torch.tensor([0.9, 0.5, 0.6, 1.0])
    correct = torch.tensor([True, False, True, True])
    # by confidence: (0.5 wrong, 0.6 right), (0.9 right, 1.0 right)
    expected = (abs(0.55 - 0.5) + abs(0.95 - 1.0)) / 2
    assert calibration_error(confidences, correct, bins=2) == pytest.approx(expected, abs=1e-7)


def test_bins_hold_as_many_pictures_each():
    generator = np.random.default_rng(0)
    confidences, correct = generator.random(150), generator.random(150) < 0.5
    order = np.argsort(confidences)
    gaps = [abs(confidences[part].mean() - correct[part].mean()) for part in order.reshape(15, 10)]
    found = calibration_error(torch.from_numpy(confidences), torch.from_numpy(correct))
    assert found == pytest.approx(np.mean(gaps))


def test_fewer_pictures_than_bins_are_a_bin_each():
    assert calibration_error(torch.tensor([0.75]), torch.tensor([True])) == 0.25


def test_the_fitted_temperature_mends_the_calibration_error(guesses):
    logits, labels = guesses
    errors = []
    for temperature in (1.0, fit_temperature(logits[:2000], labels[:2000])):
        confidences, predictions = (logits[2000:] / temperature).softmax(dim=1).max(dim=1)
        errors.append(calibration_error(confidences, predictions == labels[2000:]))
    assert errors[0] > 0.2
    assert errors[1] < 0.05
