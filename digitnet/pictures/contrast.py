"""How much a mark stands out from the paper around it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from digitnet.pictures.resizing import Grey

Mask = npt.NDArray[np.bool_]

_DARKEST = 0.02  # a grey below which shares of it mean nothing
_NEAR, FAR = 2, 4  # pixels: so near is still the stroke's soft edge, farther is not beside it
_BAR = 0.35  # width by length up to which a mark is a bar: a 1, but also a line or an edge
_FEWEST = 4  # pixels of paper that tell something


def contrast(grey: Grey, mask: Mask, others: Mask, *, all_round: bool) -> float:
    """Return how much the ink of a mark differs from the paper around it, in 0..1.

    It is a share of the brighter of the two, and so the same in light and in shadow.

    Args:
        grey: float32 (H, W) in 0..1, the mark and what is around it, as far as `FAR`.
        mask: The mark's pixels, one at least.
        others: Those of other marks: they are no paper.
        all_round: Whether a bar must differ from the paper on both of its sides, as the edge of a
            sheet or of a shadow does not, and beyond one of its ends, as a piece of a ruled line
            does not.
    """
    from scipy import ndimage  # slow to import

    ink = _median(grey, mask)
    near = ndimage.binary_dilation(mask, iterations=_NEAR)
    beside = ndimage.binary_dilation(near, iterations=FAR - _NEAR) & ~near & ~others
    if not beside.any():
        return abs(_share(1.0 - round(ink), ink))  # paper is what ink is not
    whole = _share(_median(grey, beside), ink)
    if not all_round:
        return abs(whole)
    sign = 1 if whole > 0 else -1
    sides, ends = (
        [sign * _share(_median(grey, region), ink) for region in regions]
        for regions in _around_bar(mask, beside)
    )
    return max(0.0, min(abs(whole), *sides, max(ends, default=abs(whole))))


def _median(grey: Grey, mask: Mask) -> float:
    return float(np.median(grey[mask]))


def _share(paper: float, ink: float) -> float:
    return (paper - ink) / max(ink, paper, _DARKEST)


def _around_bar(mask: Mask, beside: Mask) -> tuple[list[Mask], list[Mask]]:
    """Return the paper on the two sides of a bar, and beyond its two ends; none of other marks."""
    points = np.argwhere(mask)
    if len(points) < 2:
        return [], []
    spread, axes = np.linalg.eigh(np.cov(points.T))
    if spread[0] > _BAR**2 * spread[1]:
        return [], []
    places = np.indices(mask.shape).transpose(1, 2, 0) - points.mean(axis=0)
    across, along = np.moveaxis(places @ axes, -1, 0)
    abreast = np.abs(along) <= np.abs(along[mask]).max()
    in_line = np.abs(across) <= np.abs(across[mask]).max()
    sides = [abreast & ~in_line & (across < 0), abreast & ~in_line & (across > 0)]
    ends = [in_line & ~abreast & (along < 0), in_line & ~abreast & (along > 0)]
    sides, ends = (
        [paper for region in regions if (paper := region & beside).sum() >= _FEWEST]
        for regions in (sides, ends)
    )
    return sides, ends
