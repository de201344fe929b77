"""Reading order: boxes of digits become lines, and lines become numbers.

1. `_estimate_skew`: the slope of rows, which rotation, perspective and a bent sheet change.
2. `_link_rows`: boxes that overlap vertically along the skew become neighbours, nearest first.
3. `_split_numbers`: a row is split where a gap is wide.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitnet.pictures.loading import Floats
from digitnet.pictures.settings import SETTINGS, Settings

Line: TypeAlias = tuple[tuple[int, ...], ...]
"""The numbers of a row from left to right; a number is the indices of its digits."""


def reading_order(boxes: npt.ArrayLike, settings: Settings = SETTINGS) -> list[Line]:
    """Group the boxes of digits into lines, and each line into numbers.

    Args:
        boxes: (N, 4) left, top, right and bottom of each digit in pixels.
        settings: The hand-set numbers.

    Returns:
        The lines from top to bottom; each digit is in exactly one.
    """
    left, top, right, bottom = np.asarray(boxes, dtype=np.float32).reshape(-1, 4).T
    if not len(left):
        return []
    size = np.maximum(np.stack([right - left, bottom - top]), 1)  # (2, N) width and height
    # Centres (2, N); the page's middle is (0, 0)
    centre = np.stack([left + right, top + bottom]) / 2
    centre -= (centre.min(axis=1, keepdims=True) + centre.max(axis=1, keepdims=True)) / 2
    x, y = centre
    extent = max(float(np.ptp(centre, axis=1).max()), 1.0) / 2  # px; half the page
    skew = _estimate_skew(x, y, size[1], extent, settings)
    rows = _link_rows(x, y, size, _features(x, y, extent) @ skew, settings)
    # Order rows by where they cross the middle of the page
    level = y - x * (_features(x / 2, y, extent) @ skew)
    rows.sort(key=lambda row: float(level[row].mean()))
    return [_split_numbers(row, x[row], size[:, row], settings) for row in rows]


def _features(x: Floats, y: Floats, extent: float) -> Floats:
    """Return what a row's slope is linear in, (N, 4): 1, y, x and xy.

    Parallel rows of a page meet in the vanishing point of its photo: their slope changes with y.
    Rows on a bent sheet are parabolas: their slope changes with x.
    """
    x, y = x / extent, y / extent
    return np.stack([np.ones_like(x), y, x, x * y], axis=-1)


def _estimate_skew(
    x: Floats, y: Floats, height: Floats, extent: float, settings: Settings
) -> Floats:
    """Estimate the slope of rows as coefficients (4,) of `_features`."""
    # Pairs of near boxes, the left one first
    run, rise = x - x[:, None], y - y[:, None]
    unit = np.minimum(height, height[:, None])
    possible = (run > unit / 4) & (np.abs(rise) < settings.max_slope * run + unit / 2)
    distance = np.where(possible, run + 2 * np.abs(rise), np.inf)
    count = min(settings.neighbours, len(x))
    nearest = np.argpartition(distance, count - 1)[:, :count].ravel()
    pairs = np.repeat(np.arange(len(x)), count), nearest
    i, j = (index[possible[pairs]] for index in pairs)
    if not len(i):
        return np.zeros(4)
    run, rise, unit = run[i, j], rise[i, j], (height[i] + height[j]) / 2
    features = run[:, None] * _features((x[i] + x[j]) / 2, (y[i] + y[j]) / 2, extent)
    # In half heights: a pair of one row has a residual below 1
    features, target = 2 * features / unit[:, None], 2 * rise / unit
    weight = np.minimum(1, unit / run)  # near pairs are more surely of one row
    # Where rows converge, digits become smaller in proportion
    growth = float(run @ np.log(height[j] / height[i])) / float(run @ run)
    few = np.s_[:: 1 + len(i) // 4096]  # bounds the time
    skew = start = _search(features[few], target[few], weight[few], extent * growth, settings)
    # Iteratively reweighted least squares with Tukey's biweight; settles in about four steps
    for _ in range(6):
        residual = target - features @ skew
        inlier = (weight * np.clip(1 - residual**2, 0, None) ** 2)[:, None]
        normal = features.T @ (inlier * features) + np.eye(4)  # ridge: one pair
        skew = start + np.linalg.solve(normal, (inlier * features).T @ (target - features @ start))
    return skew


def _search(
    features: Floats, target: Floats, weight: Floats, growth: float, settings: Settings
) -> Floats:
    """Return the skew (4,), without a bend, by which most pairs are level."""
    slopes = np.linspace(-settings.max_slope, settings.max_slope, 61, dtype=np.float32)
    convergences = slopes[::3]
    votes = []  # (convergences, slopes)
    for convergence in convergences:
        residual = target - convergence * features[:, 1] - slopes[:, None] * features[:, 0]
        votes.append(np.clip(1 - residual**2, 0, None) @ weight)
    unlikely = np.abs(slopes) + np.abs(convergences - np.clip(growth, *slopes[[0, -1]]))[:, None]
    k, best = divmod(int(np.argmax(votes * (1 - settings.skew_cost * unlikely))), len(slopes))
    return np.array([slopes[best], convergences[k], 0, 0])


def _link_rows(
    x: Floats, y: Floats, size: Floats, slope: Floats, settings: Settings
) -> list[list[int]]:
    """Link boxes into rows, each from left to right."""
    width, height = (side + side[:, None] for side in size / 2)  # means of pairs, (N, N)
    run = x - x[:, None]
    drop = np.abs(y - y[:, None] - run * (slope + slope[:, None]) / 2)  # from row to row
    # Vertical intersection over union, which jitter and different sizes lower
    overlap = np.minimum(height - drop, np.minimum(size[1], size[1][:, None]))
    i, j = np.nonzero((overlap >= settings.min_overlap * (2 * height - overlap)) & (run > 0))
    # Links, cheapest first; each box has one neighbour on either side
    gap = np.maximum(run - width, 0)[i, j] / height[i, j]
    cost = gap + (2 * drop[i, j] / height[i, j]) ** 2
    right, left = dict[int, int](), dict[int, int]()
    for k in np.argsort(cost, kind="stable").tolist():
        a, b = int(i[k]), int(j[k])
        if a not in right and b not in left:
            right[a], left[b] = b, a
    # Chains of links
    rows = [[k] for k in range(len(x)) if k not in left]
    for row in rows:
        while row[-1] in right:
            row.append(right[row[-1]])
    return rows


def _split_numbers(row: list[int], x: Floats, size: Floats, settings: Settings) -> Line:
    """Split a row where gaps are wide; comb boxes and grids hold one number."""
    width, height = size
    pitch = np.diff(x)
    unit = settings.number_gap * float(np.median(height))
    gap = pitch - (width[1:] + width[:-1]) / 2
    wide = np.flatnonzero(gap > unit)
    if len(wide) and len(row) > 2:
        # A comb: its gaps are wider than in a number and, but for missing digits, of one pitch
        multiple = pitch / np.median(pitch)
        error = np.abs(multiple - np.maximum(np.rint(multiple), 1)).mean()
        spaced = np.median(gap) > unit / 2 and np.median(pitch) < 3 * unit
        if spaced and error < settings.pitch_error:
            wide = wide[:0]
    cuts = [0, *(wide + 1).tolist(), len(row)]
    return tuple(tuple(row[a:b]) for a, b in pairwise(cuts))
