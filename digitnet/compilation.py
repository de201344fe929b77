"""A network's forward and backward pass, built by torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.user_warnings import warn

Forward = Callable[[Tensor], Tensor]


def compiled(model: nn.Module) -> Forward:
    """Return a function that computes what a network does, in fewer and larger kernels.

    On CUDA they are recorded as graphs, so that Python launches one thing a pass instead of
    dozens: on a network of this size the launches take longer than the computing. Random
    numbers are drawn as without, so dropout's masks are the same. Where it cannot be built, for
    want of a compiler, a warning says so, and the network runs as it is.
    """
    on_cuda = next(model.parameters()).device.type == "cuda"
    options: dict[str, Any] = {"fallback_random": True, "triton.cudagraphs": on_cuda}
    fast: Forward = torch.compile(model, dynamic=False, options=options)
    failed = False

    def forward(x: Tensor) -> Tensor:
        nonlocal failed
        if not failed and len(x):  # nothing is compiled for an empty share of a batch
            from torch._dynamo.exc import TorchDynamoException  # slow to import

            try:
                return fast(x)
            except TorchDynamoException as error:
                failed = True
                warn(
                    "Expected to compile the network; torch.compile failed, and it runs as it "
                    f"is: {str(error).strip().splitlines()[0]} Leave compile out, or install "
                    "what torch.compile needs."
                )
        result: Tensor = model(x)
        return result

    return forward
