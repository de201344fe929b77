"""The light on a picture, evened out."""

from __future__ import annotations

import numpy as np

from digitnet.pictures.resizing import Grey, resized

_COARSE, _WINDOW = 48, 13  # pixels of the longer side, and of those the window of the median
_DARKEST = 0.02  # below it, a ground is too dark to tell light from ink


def evened(grey: Grey) -> Grey:
    """Return a picture as if its ground were lit everywhere alike.

    The ground is the median around each pixel, as that follows the edge of a shadow, and not ink
    that fills less than half of a window (Huang et al., 1979).

    Args:
        grey: float32 (H, W) in 0..1.

    Returns:
        float32 (H, W) in 0..1, 0.5 where there is nothing but ground.
    """
    from PIL import Image  # slow to import
    from scipy import ndimage  # likewise

    coarse = ndimage.median_filter(resized(grey, _COARSE), _WINDOW, mode="nearest")
    large = Image.fromarray(coarse).resize(grey.shape[::-1], Image.Resampling.BILINEAR)
    ground = np.maximum(np.asarray(large), _DARKEST)
    return np.asarray(np.clip(0.5 * grey / ground, 0, 1), np.float32)
