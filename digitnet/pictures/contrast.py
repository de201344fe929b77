"""How much a mark stands out from the paper around it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from digitnet.pictures.resizing import Grey

Mask = npt.NDArray[np.bool_]

_DARKEST = 0.02  # a grey below which shares of it mean nothing
_NEAR, FAR = 2, 4  # pixels: so near is still the stroke's soft edge, farther is not beside it
_FEWEST = 4  # pixels of paper that tell something
_MOST = 0.75  # share of the paper around ink that differs from it: around an edge, half does
_BAR = 0.35  # width by length up to which a mark is a bar: a 1, but also a piece of a line


def contrast(grey: Grey, mask: Mask, others: Mask, *, all_round: bool) -> float:
    """Return how much the ink of a mark differs from the paper around it, in 0..1.

    It is a share of the brighter of the two, and so the same in light and in shadow.

    Args:
        grey: float32 (H, W) in 0..1, the mark and what is around it, as far as `FAR`.
        mask: The mark's pixels, one at least.
        others: Those of other marks: they are no paper.
        all_round: Whether it must differ so from most of the paper, as the edge of a sheet or of
            a shadow does not, and a bar from what is beyond one of its ends, as a piece of a
            ruled line does not.
    """
    from scipy import ndimage  # slow to import

    ink = float(np.median(grey[mask]))
    near = ndimage.binary_dilation(mask, iterations=_NEAR)
    beside = ndimage.binary_dilation(near, iterations=FAR - _NEAR) & ~near & ~others
    if not beside.any():
        return abs(_share(1.0 - round(ink), ink))  # paper is what ink is not
    whole = _share(float(np.median(grey[beside])), ink)
    if not all_round:
        return abs(whole)
    sign = 1 if whole > 0 else -1
    most = np.quantile(sign * grey[beside], 1 - _MOST)
    ends = [np.median(sign * grey[end]) for end in _beyond_ends(mask, beside)]
    least = min(most, max(ends, default=most))
    return max(0.0, sign * _share(sign * float(least), ink))


def _share(paper: float, ink: float) -> float:
    return (paper - ink) / max(ink, paper, _DARKEST)


def _beyond_ends(mask: Mask, beside: Mask) -> list[Mask]:
    """Return the paper beyond each end of a bar where there is enough; of other marks none."""
    points = np.argwhere(mask)
    if len(points) < 2:
        return []
    spread, axes = np.linalg.eigh(np.cov(points.T))
    if spread[0] > _BAR**2 * spread[1]:
        return []
    places = np.indices(mask.shape).transpose(1, 2, 0) - points.mean(axis=0)
    across, along = np.moveaxis(places @ axes, -1, 0)
    in_line = np.abs(across) <= np.abs(across[mask]).max()
    beyond = in_line & (np.abs(along) > np.abs(along[mask]).max()) & beside
    ends = (beyond & (along < 0), beyond & (along > 0))
    return [end for end in ends if end.sum() >= _FEWEST]
