"""A recipe is checked when it is made."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import torch

from digitnet.errors import InvalidInputError
from digitnet.recipe import REPORT, Augmentation, Recipe, resolve_recipe


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"epochs": -1},
        {"epochs": 1.5},
        {"epochs": True},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": "fast"},
        {"weight_decay": -1.0},
        {"optimizer": "adm"},
        {"schedule": "cosine"},
        {"precision": "float16"},
        {"averaging": 1.0},
        {"label_smoothing": 1.0},
        {"label_smoothing": -0.1},
        {"sharpness_radius": -0.1},
        {"sharpness_radius": float("inf")},
        {"averaging": 0},
        {"mirror": 1},
        {"multi_crop": -1},
        {"multi_crop": 1.0},
        {"multi_crop": True},
        {"compile": "yes"},
    ],
)
def test_a_value_out_of_range_is_refused_by_name(change):
    (name,) = change
    with pytest.raises(InvalidInputError, match=f"Expected {name} to be .*; received"):
        replace(REPORT, **change)


def test_a_recipe_comes_back_from_plain_values():
    recipe = replace(REPORT, augmentation=Augmentation(shift=2, crop=2), averaging=0.9, mirror=True)
    assert Recipe.from_dict(asdict(recipe)) == recipe


def test_an_augmentation_of_another_type_is_refused():
    with pytest.raises(InvalidInputError, match="Expected an Augmentation or None"):
        replace(REPORT, augmentation={"shift": 2})


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        InvalidInputError, match="one of 'report', 'fast', 'best', 'cifar10'; received 'reprot'"
    ):
        resolve_recipe("reprot")


def test_a_linear_schedule_falls_to_zero_in_a_straight_line():
    recipe = Recipe(name="x", network="report", schedule="linear", learning_rate=0.1)
    rates = [recipe.learning_rate_at(progress) for progress in (0, 0.25, 0.5, 1)]
    assert rates == pytest.approx([0.1, 0.075, 0.05, 0])


def test_one_cycle_follows_torchs_own_schedule_down_and_is_linear_up():
    recipe = Recipe(name="x", network="report", schedule="one_cycle", learning_rate=0.1)
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    steps = 100
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=70)
    for step in range(30, steps):
        expected = optimizer.param_groups[0]["lr"]
        assert recipe.learning_rate_at(step / steps) == pytest.approx(expected, abs=1e-9)
        optimizer.step()
        schedule.step()
    assert recipe.learning_rate_at(0) == pytest.approx(0.1 / 25)
    assert recipe.learning_rate_at(0.15) == pytest.approx((0.1 + 0.1 / 25) / 2)
