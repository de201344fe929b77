"""The raster of a print, of a screen, or of pixels that are black or white only."""

from __future__ import annotations

import numpy as np

from digitnet.pictures.resizing import Grey

_SIGMA = 1.0  # pixels of the Gaussian: a raster of two or three goes, a stroke of three stays
# How far pixels stand out from their neighbours: pictures of `datasets.paper` stay below that, and
# most are far above it when they are dithered to black and white (`tests/pictures/test_raster.py`)
_ROUGH = 0.03
_BLOCK = 16  # pixels a side: a raster is in most blocks of a picture, strokes are in few
_EVERY = 3  # of so many rows one is looked at: that is enough, and faster
_LEAST = 100  # pixels of the longer side: in smaller pictures, strokes are in most blocks


def without_raster(grey: Grey) -> Grey:
    """Return a picture in which greys made of dots or fine lines are grey; any other as it is.

    Args:
        grey: float32 (H, W) in 0..1.
    """
    if max(grey.shape) < _LEAST or max(_roughness(grey), _roughness(grey.T)) < _ROUGH:
        return grey
    from scipy import ndimage  # slow to import

    return np.asarray(ndimage.gaussian_filter(grey, _SIGMA, mode="nearest"), np.float32)


def _roughness(grey: Grey) -> float:
    """Return how far pixels are beyond both those left and right of them, 0 where between them.

    The mean of each block's pixels, and of all blocks the median: writing is in few of them.
    """
    lines = grey[::_EVERY]
    before, after = lines[:, 1:-1] - lines[:, :-2], lines[:, 1:-1] - lines[:, 2:]
    beyond = np.maximum(np.minimum(before, after), -np.maximum(before, after)).clip(0)
    rows, columns = (size // _BLOCK for size in beyond.shape)
    if not rows * columns:
        return 0.0
    blocks = beyond[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.median(blocks.mean(axis=(1, 3))))
