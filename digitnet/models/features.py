"""What a layer of a network computes: embeddings."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from digitnet.errors import InvalidInputError
from digitnet.models.ensemble import Ensemble
from digitnet.models.network import Network


class LayerFeatures:
    """Map images (N, C, H, W) in 0..255 to features, float32 (N, D).

    Args:
        network: A network in evaluation mode. It stays as it is: its layers run in a copy that
            shares its weights, so no other thread meets the hooks.
        layer: A name from `network.body.named_modules()`, whose output the features are; `None`
            takes the input of the linear layer that runs last.
    """

    def __init__(self, network: Network, layer: str | None) -> None:
        weights = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
        self._network = copy.deepcopy(network, weights)
        self._network.mirror, self._network.multi_crop = False, 0  # a single view
        self._layer = layer
        self._kept: Any = None
        for module in _chosen(self._network.body, layer):
            module.register_forward_hook(self._keep)

    def _keep(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        kept = output if self._layer is not None else inputs[0] if inputs else None
        # a copy, as the next layer may work in place
        self._kept = kept.to(torch.float32, copy=True) if isinstance(kept, Tensor) else kept

    def __call__(self, images: Tensor) -> Tensor:
        """Run the network on images, and return what was kept of them."""
        self._kept = None
        self._network(images)
        kept = self._kept
        if not isinstance(kept, Tensor) or not kept.ndim or len(kept) != len(images):
            came = tuple(kept.shape) if isinstance(kept, Tensor) else type(kept).__name__
            raise InvalidInputError(
                "Expected a layer that gives a tensor (N, ...) for N pictures; received "
                f"{came} from {self._layer!r} for {len(images)}. {_names(self._network.body)}"
            )
        return kept.reshape(len(kept), -1)


def _chosen(body: nn.Module, layer: str | None) -> list[nn.Module]:
    """Return the layers to keep: the named one, or all linear layers, of which the last counts."""
    modules = dict(body.named_modules())
    if layer is not None:
        if layer not in modules:
            raise InvalidInputError(f"Expected a layer's name; received {layer!r}. {_names(body)}")
        return [modules[layer]]
    linear: list[nn.Module] = [each for each in modules.values() if isinstance(each, nn.Linear)]
    if not linear or isinstance(body, Ensemble):
        kind = "an ensemble" if linear else "a network without a linear layer"
        raise InvalidInputError(
            f"Expected a layer's name, as this is {kind}; received none. {_names(body)}"
        )
    return linear


def _names(body: nn.Module) -> str:
    names = [name for name, _ in body.named_modules() if name]
    return f"Pass layer= one of {', '.join(map(repr, names))}."
