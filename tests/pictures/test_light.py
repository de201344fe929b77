"""A shadow goes, and what is written stays."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.pictures.light import evened, is_uneven


def page(*, ground=0.8, ink=0.3):
    """A line across a page, whose right half lies in a shadow."""
    grey = np.full((160, 120), ground, np.float32)
    grey[70:76, 10:110] = ink
    grey[:, 60:] *= 0.4
    return grey


@pytest.mark.parametrize(("ground", "ink"), [(0.8, 0.3), (0.3, 0.5)])
def test_ground_in_a_hard_shadow_is_as_bright_as_elsewhere(ground, ink):
    even = evened(page(ground=ground, ink=ink))
    assert even.dtype == np.float32
    assert even.shape == (160, 120)
    for side in (even[:, :50], even[:, 70:]):
        assert np.median(side) == pytest.approx(0.5, abs=0.01)
        assert side[73, 20:40] == pytest.approx(0.5 * ink / ground, abs=0.02)


def test_black_ground_is_no_error():
    assert not evened(np.zeros((20, 30), np.float32)).any()


def test_light_is_uneven_in_a_hard_shadow_and_not_for_ink():
    shadowed = page()
    assert is_uneven(shadowed)
    assert not is_uneven(shadowed[:, :60])
    assert not is_uneven(np.zeros((20, 30), np.float32))
