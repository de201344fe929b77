"""Muon against the singular values that it stands for, and AdamW for the rest."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from digitnet.optimizer import Muon, build_optimizer, moved_uphill, orthogonal
from digitnet.recipe import REPORT


@pytest.mark.parametrize("shape", [(16, 16), (8, 30), (30, 8), (1, 9)])
def test_all_singular_values_come_near_one_and_the_directions_stay(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert values.min() > 0.6
    assert values.max() < 1.25
    inside = left.T @ orthogonal(matrix) @ right.T  # diagonal, where the directions are the same
    assert torch.allclose(inside, inside.diagonal().diag(), atol=1e-4)


def test_a_gradient_of_zero_is_no_step():
    assert torch.equal(orthogonal(torch.zeros(3, 4)), torch.zeros(3, 4))


def test_filters_take_orthogonal_steps_of_adamws_size():
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(8, 4, 3, 3).to(memory_format=torch.channels_last))
    before, gradient = weight.detach().clone(), torch.randn(8, 4, 3, 3)
    weight.grad = gradient.clone()
    Muon([weight], lr=0.01, weight_decay=0.5).step()
    step = before * (1 - 0.01 * 0.5) - weight.detach()
    left, _, right = torch.linalg.svd(gradient.flatten(1), full_matrices=False)
    inside = left.T @ step.flatten(1) @ right.T / (0.01 * 0.2 * 36**0.5)
    assert torch.allclose(inside.diagonal(), torch.ones(8), atol=0.4)
    assert torch.allclose(inside, inside.diagonal().diag(), atol=1e-3)
    # an orthogonal 8 x 36 matrix has a root mean square of 1 / 6
    assert step.square().mean().sqrt() == pytest.approx(0.01 * 0.2, rel=0.25)


def test_in_bfloat16_the_steps_are_nearly_the_same():
    torch.manual_seed(0)
    gradient, steps = torch.randn(8, 4, 3, 3), []
    for precision in ("float32", "bfloat16"):
        model = nn.Conv2d(4, 8, 3, bias=False)
        model.weight.data.zero_()
        recipe = replace(REPORT, optimizer="muon", learning_rate=1.0, precision=precision)
        model.weight.grad = gradient.clone()
        build_optimizer(recipe, model).step()
        steps.append(model.weight.detach().clone())
    assert not torch.equal(*steps)
    assert (steps[0] - steps[1]).norm() < 0.05 * steps[0].norm()


def test_momentum_is_kept_and_looked_ahead_along():
    weight = nn.Parameter(torch.zeros(1, 1, 1, 2))
    optimizer = Muon([weight], lr=1.0, weight_decay=0.0)
    gradients = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    momentum = torch.zeros(2)
    for gradient in gradients:
        before = weight.detach().clone()
        weight.grad = gradient.view(1, 1, 1, 2).clone()
        optimizer.step()
        momentum = 0.95 * momentum + 0.05 * gradient
        ahead = 0.05 * gradient + 0.95 * momentum
        step = (before - weight.detach()).flatten()
        assert torch.allclose(step / step.norm(), ahead / ahead.norm(), atol=1e-5)
    assert torch.allclose(optimizer.state[weight]["momentum"].flatten(), momentum)


def test_all_other_weights_take_adamws_steps():
    def trained(optimizer):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
        model[0].weight.requires_grad_(False)  # frozen: then AdamW sees the same gradients
        made = build_optimizer(replace(REPORT, optimizer=optimizer, weight_decay=0.1), model)
        for _ in range(3):
            made.zero_grad()
            model(
                torch.ones(4, 1, 4, 4) * torch.arange(4).view(4, 1, 1, 1)
            ).square().sum().backward()
            made.step()
        return [value.detach() for value in model.parameters()]

    pairs = zip(trained("muon"), trained("adamw"), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_weights_move_uphill_by_the_distance_and_come_back_also_from_an_error():
    torch.manual_seed(0)
    model = nn.Linear(5, 3)
    model.bias.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    model(torch.randn(4, 5)).square().sum().backward()

    def move() -> None:
        with moved_uphill(model, 0.3):
            step = model.weight.detach() - before["weight"]
            assert float(step.norm()) == pytest.approx(0.3)
            along = torch.cosine_similarity(step.flatten(), model.weight.grad.flatten(), dim=0)
            assert float(along) == pytest.approx(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_at_a_minimum_no_weight_moves():
    model = nn.Linear(2, 1)
    (model.weight.sum() * 0).backward()
    before = model.weight.detach().clone()
    with moved_uphill(model, 0.3):
        assert torch.equal(model.weight, before)
