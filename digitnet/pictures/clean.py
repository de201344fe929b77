"""Ink on paper of a single grey: a drawing on a canvas, a clean scan.

There, ink is what differs from the paper. The network that finds ink in photos is not needed, and
could be misled: a straight line of one width is a ruled line to it, and a "1" to who drew it. But
lines and boxes of a form can be as dark as ink, and those only the network tells from it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitnet.pictures.resizing import Grey

Mask = npt.NDArray[np.bool_]

_SAME = 4 / 255  # greys that are no more apart are the same: JPEG changes flat ones that much
_BORDER = 0.5  # share of the border that must be paper; the rest may be a digit that reaches it
_PAPER = 0.3  # share of the picture that must be paper, in the thickest drawings
_SOFT = 0.2  # of the contrast: what is fainter may be an edge's end, out of focus
_LEAST = 0.1  # contrast below which it is no drawing but dirt
_OTHER = 0.02  # share of what is written that may be something else
_BESIDE = 7  # pixels from ink that are its soft edge
_RUN = 1 / 12  # of the longer side: a straight line is at least so long,
_THIN = 0.35  # and so much of that wide at most
_LINED = 0.05  # of all ink: less is what is left of thick strokes
_OTHERS = 0.1  # ink beside upright lines, as a share of theirs, for them to be no digits


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


def _is_ink_alone(apart: Grey, written: Mask, contrast: float, enlarged: float) -> bool:
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


class Lines(NamedTuple):
    """Where thin straight lines are: bool (H, W) each."""

    level: Mask
    upright: Mask


def straight_lines(ink: Grey, enlarged: float = 1.0) -> Lines | None:
    """Return the thin straight lines of ink, a digit's or a form's; `None` where are hardly any.

    Lines that are tilted a little are found as well, as several that touch.

    Args:
        ink: float32 (H, W) in 0..1.
        enlarged: How many times as large it was made: a pixel is so wide.
    """
    dark = ink >= 0.5
    run = 2 * round(0.5 * _RUN * max(ink.shape)) + 1
    wide = 2 * round(max(0.5 * _THIN * run, 0.75 * enlarged)) + 1
    thin = dark & ~_opened(dark, (wide, wide))
    level, upright = (_opened(dark, size) & thin for size in ((1, run), (run, 1)))
    enough = (level | upright).sum() > _LINED * dark.sum()
    return Lines(level, upright) if enough else None


def _opened(dark: Mask, size: tuple[int, int]) -> Mask:
    """Return where rectangles of odd sides lie in ink whole."""
    from scipy import ndimage  # slow to import

    eroded = ndimage.minimum_filter(dark, size, mode="constant", cval=0)
    return np.asarray(ndimage.maximum_filter(eroded, size, mode="constant", cval=0))


def are_of_form(lines: Lines, ink: Grey, found: Grey) -> bool:
    """Say whether the straight lines of a clean picture are a form's, as the network has it.

    Upright lines and nothing else may be a "1", or several.

    Args:
        lines: From `straight_lines`.
        ink: float32 (H, W) in 0..1, from `clean_ink`.
        found: The same, from the network.
    """
    left_out = found < 0.5
    if not _most(lines.level | lines.upright, left_out):
        return False
    others = (ink >= 0.5) & ~lines.level & ~lines.upright & ~left_out
    return _most(lines.level, left_out) or bool(others.sum() > _OTHERS * lines.upright.sum())


def _most(lines: Mask, left_out: Mask) -> bool:
    return bool(2 * (lines & left_out).sum() > lines.sum())
