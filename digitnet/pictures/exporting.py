"""The reader network as an ONNX file, for other programs and languages."""

from __future__ import annotations

import os

from torch import Tensor, nn

from digitnet.export import write_maps_onnx
from digitnet.pictures.decoding import LEAST_AREA, Probabilities, probability_maps
from digitnet.pictures.loading import MAX_AREA
from digitnet.pictures.network import STRIDE, UNIT_HEIGHT, Maps
from digitnet.pictures.reader import reader_network, score_weights
from digitnet.pictures.settings import SETTINGS


class _ProbabilityMaps(nn.Module):
    """Map grey images to the maps of `Probabilities`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, grey: Tensor) -> tuple[Tensor, ...]:
        return probability_maps(Maps(*self.network(grey)))


def export_onnx(path: str | os.PathLike[str]) -> None:
    """Write the reader network as ONNX; see `DigitClassifier.export_reader_onnx`."""
    weights, bias = score_weights()
    settings = vars(SETTINGS) | {
        "stride": STRIDE,
        "unit_height": UNIT_HEIGHT,
        "max_area": MAX_AREA,
        "least_area": LEAST_AREA,
        "score": [*weights.tolist(), bias],
    }
    write_maps_onnx(
        _ProbabilityMaps(reader_network()),
        path,
        outputs=Probabilities._fields,
        stride=STRIDE,
        metadata={"settings": settings},
    )
