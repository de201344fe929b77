"""The optimizer of a recipe."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from digitnet.recipe import Recipe


def build_optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """Return the recipe's optimizer of the model's weights.

    Frozen weights are among them, so that they can be unfrozen between two `fit` calls;
    without a gradient the optimizer leaves them alone.
    """
    parameters = [weight for weight in model.parameters() if weight.is_floating_point()]
    options: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    # one kernel for all weights instead of several for each
    options["fused"] = parameters[0].device.type in ("cpu", "cuda")
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, momentum=0.9, nesterov=True, **options)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, **options)
    return torch.optim.Adam(parameters, **options)
