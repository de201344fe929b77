"""The light on a picture, evened out."""

from __future__ import annotations

import numpy as np

from digitnet.pictures.resizing import Grey, resized

_COARSE, _WINDOW = 48, 13  # pixels of the longer side, and of those the window of the median
_DARKEST = 0.02  # below it, a ground is too dark to tell light from ink
_UNEVEN = 1.35  # as bright as its dark places are the bright ones of a ground in uneven light


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

    large = Image.fromarray(_ground(grey)).resize(grey.shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(np.clip(0.5 * grey / np.asarray(large), 0, 1), np.float32)


def is_uneven(grey: Grey) -> bool:
    """Say whether the ground is much brighter in some places than in others, as in a shadow.

    Args:
        grey: float32 (H, W) in 0..1.
    """
    dark, bright = np.quantile(_ground(grey), (0.05, 0.95))
    return bool(bright > _UNEVEN * dark)


def _ground(grey: Grey) -> Grey:
    """Return the ground's brightness, at few pixels."""
    from scipy import ndimage  # slow to import

    coarse = ndimage.median_filter(resized(grey, _COARSE), _WINDOW, mode="nearest")
    return np.asarray(np.maximum(coarse, _DARKEST), np.float32)
