"""The network that tells which segments of a line are digits, from what is around them."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from digitnet.models.blocks import NormBlock
from digitnet.pictures.in_line import SEEN

# The classes beside the ten digits: parts of digits, and several; and what has no digit's ink, as a
# bracket or dirt
NOT_ONE, NO_DIGIT = 10, 11
_REDUCED = 8  # times lower and narrower than what is seen is what goes to the output


class SegmentNetwork(nn.Module):
    """Map segments and what is around them to the digits, or to what is none.

    Plain 3x3 convolutions of few channels: a page has hundreds of segments. As in `InkNetwork`,
    pixels go in four at a time (Shi et al., 2016), to save the work at full size.
    """

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            NormBlock(2 * 2**2, 40),
            NormBlock(40, 64, pool=True),
            NormBlock(64, 80),
            NormBlock(80, 80, pool=True),
            NormBlock(80, 128),
        )
        rows, columns = (side // _REDUCED for side in SEEN)
        self.output = nn.Linear(128 * rows * columns, NO_DIGIT + 1)

    def forward(self, seen: Tensor) -> Tensor:
        """Map float32 (N, 2, 32, 48) in 0..1 to logits (N, 12): digits, `NOT_ONE`, `NO_DIGIT`."""
        x: Tensor = self.blocks(functional.pixel_unshuffle(seen, 2))
        logits: Tensor = self.output(x.flatten(1))
        return logits
