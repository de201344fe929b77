"""Ink on paper of a single grey: a drawing on a canvas, a clean scan.

There, ink is what differs from the paper. The network that finds ink in photos is not needed, and
could be misled: a straight line of one width is a ruled line to it, and a "1" to who drew it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from digitnet.pictures.resizing import Grey

_SAME = 4 / 255  # greys that are no more apart are the same: JPEG changes flat ones that much
_BORDER = 0.5  # share of the border that must be paper; the rest may be a digit that reaches it
_PAPER = 0.3  # share of the picture that must be paper, in the thickest drawings
_SOFT = 0.2  # of the contrast: what is fainter may be an edge's end, out of focus
_LEAST = 0.1  # contrast below which it is no drawing but dirt
_OTHER = 0.02  # share of what is written that may be something else
_BESIDE = 7  # pixels from ink that are its soft edge


def clean_ink(grey: Grey, enlarged: float = 1.0) -> Grey | None:
    """Return the ink of a picture on paper of a single grey; `None` where it is no such picture.

    Args:
        grey: float32 (H, W) in 0..1.
        enlarged: How many times as large it was made: edges are so much softer.

    Returns:
        float32 (H, W) in 0..1: how far each pixel is from the paper to the ink.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    apart = grey - paper
    written = np.abs(apart) > _SAME
    if (np.abs(border - paper) > _SAME).mean() > 1 - _BORDER:
        return None
    if not written.any():
        return np.zeros_like(grey)
    darker = bool(np.abs(apart.min()) > apart.max())
    apart = -apart if darker else apart
    contrast = float(apart.max())
    if contrast < _LEAST or (apart[written] < 0).mean() > _OTHER:
        return None
    if (apart > _SOFT * contrast).mean() > 1 - _PAPER:
        return None
    alone = _is_ink_alone(apart, written, contrast, max(enlarged, 1))
    return np.clip(apart / contrast, 0, 1) if alone else None


def _is_ink_alone(
    apart: Grey, written: npt.NDArray[np.bool_], contrast: float, enlarged: float
) -> bool:
    """Say whether nothing but ink and its soft edges differs from the paper.

    Ruled lines, stains and print that shines through are fainter than ink and lie elsewhere too;
    a shadow, a second sheet or a coloured field is flat, and of another grey than ink.
    """
    from scipy import ndimage  # slow to import

    ink = apart >= 0.5 * contrast
    beside, near = (2 * round(reach * enlarged) + 1 for reach in (_BESIDE, 1))
    elsewhere = written & ~ndimage.maximum_filter(ink, beside)
    range_around = ndimage.maximum_filter(apart, near) - ndimage.minimum_filter(apart, near)
    between = (apart > _SOFT * contrast) & (apart < 0.75 * contrast)
    field = between & (range_around <= _SAME)
    return bool((elsewhere | field).sum() <= _OTHER * written.sum())
