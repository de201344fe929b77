"""Grey pictures made larger or smaller."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Grey: TypeAlias = npt.NDArray[np.floating[Any]]
"""A picture or a map of one: float32 (H, W) in 0..1."""


def resized(grey: Grey, longest: int) -> Grey:
    """Return a picture whose longer side has `longest` pixels, each side at least one.

    Made smaller, pixels are the mean of what they cover; made larger, a smooth curve goes
    through them (Keys, 1981).
    """
    from PIL import Image  # slow to import

    scale = longest / max(grey.shape)
    if scale == 1:
        return grey
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(grey).resize((width, height), how)).clip(0, 1)
