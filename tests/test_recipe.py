"""A recipe is checked when it is made."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

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
        {"schedule": "cosinus"},
        {"warmup": -0.1},
        {"warmup": 1},
        {"warmup": float("nan")},
        {"step_factor": 0},
        {"step_factor": 1},
        {"milestones": ()},
        {"milestones": 0.5},
        {"milestones": (30, 60)},
        {"milestones": (0.5, 0.5)},
        {"milestones": (0.75, 0.5)},
        {"milestones": (0.5, float("nan"))},
        {"precision": "float16"},
        {"averaging": 1.0},
        {"label_smoothing": 1.0},
        {"label_smoothing": -0.1},
        {"sharpness_radius": -0.1},
        {"sharpness_radius": float("inf")},
        {"averaging": 0},
        {"clip_norm": 0},
        {"clip_norm": float("nan")},
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


def test_an_unknown_schedule_lists_the_known_ones():
    known = "'constant', 'cosine', 'linear', 'one_cycle', 'step'"
    with pytest.raises(InvalidInputError, match=f"one of {known}; received 'exponential'"):
        replace(REPORT, schedule="exponential")


@pytest.mark.parametrize("change", [{"milestones": (0.3,)}, {"step_factor": 0.5}])
def test_a_setting_of_steps_is_refused_beside_another_schedule(change):
    with pytest.raises(InvalidInputError, match="alone; received schedule='cosine'. Leave them"):
        replace(REPORT, schedule="cosine", **change)
    assert replace(REPORT, schedule="step", **change) != replace(REPORT, schedule="step")


def test_milestones_lie_after_the_warmup():
    with pytest.raises(InvalidInputError, match=r"between the warm-up's 0\.5 and 1, .* epochs"):
        replace(REPORT, schedule="step", warmup=0.5)
    assert replace(REPORT, schedule="cosine", warmup=0.5).warmup == 0.5


def test_milestones_come_back_from_json():
    recipe = replace(REPORT, schedule="step", milestones=(0.25, 0.5), warmup=0.1)
    assert Recipe.from_dict(json.loads(json.dumps(asdict(recipe)))) == recipe


def test_a_rate_is_constant_without_a_schedule_and_a_warmup():
    assert REPORT.has_constant_rate
    assert replace(REPORT, warmup=0).has_constant_rate
    assert not replace(REPORT, warmup=0.1).has_constant_rate
    assert not replace(REPORT, schedule="step").has_constant_rate
    assert not replace(REPORT, schedule="one_cycle", warmup=0).has_constant_rate
