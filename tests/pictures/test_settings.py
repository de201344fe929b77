"""The reader's hand-set numbers agree with one another."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from digitnet.pictures.network import UNIT_HEIGHT
from digitnet.pictures.settings import SETTINGS, Settings


def test_there_are_at_most_25_hand_set_numbers_and_none_can_be_changed_by_accident():
    assert len(fields(Settings)) <= 25
    with pytest.raises(FrozenInstanceError):
        SETTINGS.ink = 0


def test_a_digit_of_any_height_is_readable_in_one_of_two_neighbouring_scales():
    # scales are octaves apart: of a range of under one octave, some heights would be missed
    assert SETTINGS.most_height / SETTINGS.least_height >= 2
    assert SETTINGS.least_height < UNIT_HEIGHT < SETTINGS.most_height
