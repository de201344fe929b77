"""The optimizer of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.recipe import Recipe

_MOMENTUM = 0.95  # Muon's own default (Jordan et al., 2024)


class Muon(torch.optim.AdamW):
    """AdamW that steps in another way for the filters of convolutions.

    Their step is the momentum of their gradient, a filter a row, made an orthogonal matrix, so
    that it moves all directions alike and not a few strong ones most (Jordan et al., 2024,
    kellerjordan.github.io/posts/muon). It is made as large as AdamW's steps are (Liu et al.,
    2025, arXiv 2502.16982): so one learning rate and one weight decay serve all weights. In
    bfloat16 the matrices are made orthogonal in half the time; the iteration need not be exact.
    """

    def __init__(
        self, parameters: Iterable[Tensor], *, bfloat16: bool = False, **options: Any
    ) -> None:
        super().__init__(parameters, **options)
        self._precision = torch.bfloat16 if bfloat16 else torch.float32

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take a step; the gradients of the filters are used up."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.ndim == 4 and weight.grad is not None:
                    self._step_filters(weight, weight.grad, group["lr"], group["weight_decay"])
                    weight.grad = None  # AdamW passes over weights without one
        return super().step(closure)

    def _step_filters(
        self, weight: Tensor, gradient: Tensor, learning_rate: float, weight_decay: float
    ) -> None:
        state = self.state[weight]
        if not state:
            # AdamW looks for it when it loads a state
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        ahead = gradient.lerp(momentum, _MOMENTUM)  # Nesterov's
        step = orthogonal(ahead.flatten(1).to(self._precision))
        size = 0.2 * max(step.shape) ** 0.5  # 0.2 is the root mean square of AdamW's steps
        weight.mul_(1 - learning_rate * weight_decay)
        weight.sub_(step.view_as(weight), alpha=learning_rate * size)


def orthogonal(matrix: Tensor) -> Tensor:
    """Return nearly the orthogonal matrix that is nearest to a matrix (M, N).

    Five steps of a Newton-Schulz iteration bring the singular values to 0.7..1.2; its
    coefficients are Jordan's (2024).
    """
    tall = len(matrix) > matrix.shape[1]
    x: Tensor = matrix.t() if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        square = x @ x.t()
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.t() if tall else x


def build_optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of a recipe, whose precision is no longer `"auto"`, for a model.

    Frozen weights are among them, so that they can be unfrozen between two `fit` calls;
    without a gradient the optimizer leaves them alone.
    """
    parameters = [weight for weight in model.parameters() if weight.is_floating_point()]
    options: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    # one kernel for all weights instead of several for each
    options["fused"] = parameters[0].device.type in ("cpu", "cuda")
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, momentum=0.9, nesterov=True, **options)
    if recipe.optimizer == "muon":
        return Muon(parameters, bfloat16=recipe.precision == "bfloat16", **options)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, **options)
    return torch.optim.Adam(parameters, **options)


@contextmanager
def moved_uphill(model: nn.Module, distance: float) -> Iterator[None]:
    """Move a model's weights along its gradient, this far in all: to where the loss is high nearby.

    It is half a step of sharpness-aware minimisation (Foret et al., 2021, arXiv 2010.01412). The
    other half goes down from where the weights were, with the gradient that is found meanwhile:
    it leads to weights around which the loss is low as well, and these generalise better.

    Weights alone come back: the statistics of batch norm go on from what they saw meanwhile.
    """
    weights = [weight.detach() for weight in model.parameters() if weight.grad is not None]
    steps = [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]
    length = torch.stack([step.norm() for step in steps]).norm()
    torch._foreach_mul_(steps, distance / (length + 1e-12))  # 1e-12: no division by 0 at a minimum
    before = [weight.clone() for weight in weights]
    try:
        torch._foreach_add_(weights, steps)
        yield
    finally:
        torch._foreach_copy_(weights, before)  # one call, which no Ctrl-C can divide
