"""Each schedule is torch's own of that name, and rises as it says."""

from __future__ import annotations

import pytest
import torch
from torch.optim import lr_scheduler

from digitnet.recipe import Recipe

STEPS = 100


def scheduled(schedule, **options):
    recipe = Recipe(name="x", network="mlp", schedule=schedule, learning_rate=0.1, **options)
    return [recipe.learning_rate_at(step / STEPS) for step in range(STEPS)]


def reference(scheduler, steps=STEPS, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = scheduler(optimizer, **options)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def test_a_constant_rate_stays():
    assert scheduled("constant") == [0.1] * STEPS


def test_a_linear_schedule_falls_to_zero_in_a_straight_line():
    expected = reference(lr_scheduler.LinearLR, start_factor=1, end_factor=0, total_iters=STEPS)
    assert scheduled("linear") == pytest.approx(expected)


def test_a_cosine_schedule_is_torchs():
    expected = reference(lr_scheduler.CosineAnnealingLR, T_max=STEPS)
    assert scheduled("cosine") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("options", "milestones", "gamma"),
    [
        ({}, [50, 75], 0.1),
        ({"milestones": [0.29, 0.58, 0.99], "step_factor": 0.5}, [29, 58, 99], 0.5),
    ],
)
def test_a_schedule_of_steps_is_torchs(options, milestones, gamma):
    expected = reference(lr_scheduler.MultiStepLR, milestones=milestones, gamma=gamma)
    assert scheduled("step", **options) == pytest.approx(expected)


def test_one_cycle_is_cosine_after_a_warmup_and_falls_as_torchs():
    rates = scheduled("one_cycle")
    assert rates == scheduled("cosine", warmup=0.3)
    assert rates[30:] == pytest.approx(reference(lr_scheduler.CosineAnnealingLR, 70, T_max=70))
    assert scheduled("one_cycle", warmup=0.1) == scheduled("cosine", warmup=0.1)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "linear", "one_cycle", "step"])
def test_a_warmup_rises_in_a_straight_line_and_the_schedule_follows(schedule):
    rates = scheduled(schedule, warmup=0.2)
    rise = reference(lr_scheduler.LinearLR, 20, start_factor=1 / 25, total_iters=20)
    assert rates[:20] == pytest.approx(rise)
    if schedule == "step":  # milestones are shares of all steps
        assert rates[20:] == pytest.approx([0.1] * 30 + [0.01] * 25 + [0.001] * 25)
    else:
        assert rates[20::4] == pytest.approx(scheduled(schedule, warmup=0)[::5])
