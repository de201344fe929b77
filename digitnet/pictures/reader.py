"""The reader: a picture of handwriting to its digits.

Views of the picture at several scales go through the network, its maps are decoded to masks, and
each mask is normalized to 28x28 and classified.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from digitnet.artifact import read_artifact
from digitnet.models.construction import first_weights
from digitnet.pictures.decoding import Decoded, Probabilities, decode, probabilities
from digitnet.pictures.loading import Grey
from digitnet.pictures.network import STRIDE, Maps, ReaderNetwork
from digitnet.pictures.normalization import Classify, normalize
from digitnet.pictures.scales import View, best_views, closer, overview_scales, seen
from digitnet.pictures.settings import SETTINGS, Settings
from digitnet.records import read_record

READER_FILE = Path(__file__).parent.parent / "weights" / "reader.safetensors"
_BATCH_AREA = 512**2  # px of views that the network sees at once: bounds the memory


@dataclass(frozen=True)
class ReaderInfo:
    """What the metadata of the reader's file say: the weights of the score, the bias last."""

    score: tuple[float, ...]


class Box(NamedTuple):
    """Edges in px of a picture; right and bottom are the first pixels outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def size(self) -> float:
        """The longer side."""
        return max(self.right - self.left, self.height)

    def scaled(self, scale: float) -> Box:
        """Return the box in a picture that is so many times as large."""
        return Box(*(scale * edge for edge in self))


class Digit(NamedTuple):
    """A digit that was found in a picture.

    Attributes:
        box: Around its ink, in px of the picture.
        score: Probability that it is a digit, and no other mark.
        contrast: Difference of grey between its ink and what is around it, in 0..1.
        mask: float32 (h, w) in 0..1, its ink in the view that shows it best.
        pixels: uint8 (28, 28), the mask in MNIST's format.
        probabilities: float32 (10,), of each digit.
        view: Number of that view in `Found.views`.
    """

    box: Box
    score: float
    contrast: float
    mask: Grey
    pixels: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float32]
    view: int


class Found(NamedTuple):
    """What was found in a picture.

    Attributes:
        digits: In no order.
        other: Ink that belongs to no digit.
        views: What the network has seen, and what it found there.
    """

    digits: list[Digit]
    other: list[Box]
    views: list[tuple[View, Probabilities]]


def find_digits(
    pictures: Sequence[Grey], classify: Classify, settings: Settings = SETTINGS
) -> list[Found]:
    """Return the digits of each picture; the network sees views of all pictures together.

    Args:
        pictures: Each float32 (H, W) in 0..1.
        classify: Maps digits in MNIST's format (N, 28, 28) to probabilities (N, 10).
        settings: See `Settings`.
    """
    views: list[list[tuple[View, Probabilities]]] = [[] for _ in pictures]
    # overviews of all pictures, then closer views where there are digits too small to read
    waiting = [
        (number, seen(picture, scale), not finer)
        for number, picture in enumerate(pictures)
        for finer, scale in enumerate(overview_scales(picture.shape, settings))
    ]
    while waiting:
        closer_views = []
        found_in_all = _maps([view for _, view, _ in waiting], settings)
        for (number, view, is_finest), found in zip(waiting, found_in_all, strict=True):
            views[number].append((view, found))
            shape = pictures[number].shape
            wanted = closer(found.smaller, view, shape, settings) if is_finest else None
            if wanted is not None:
                closer_views.append((number, seen(pictures[number], *wanted), True))
        waiting = closer_views
    decoded = [[decode(found, settings) for _, found in each] for each in views]
    chosen = [_chosen(*pair, settings) for pair in zip(views, decoded, strict=True)]
    fused = iter(_fused([digit for digits in chosen for digit in digits], classify, settings))
    return [
        Found([next(fused) for _ in digits], _other(each, found), each)
        for digits, each, found in zip(chosen, views, decoded, strict=True)
    ]


def _maps(views: Sequence[View], settings: Settings) -> list[Probabilities]:
    """Return what the network says of each view; those of one size are seen together."""
    sizes: dict[tuple[int, ...], list[int]] = defaultdict(list)
    padded = [_padded(view.grey, settings.least_side) for view in views]
    for number, (grey, _) in enumerate(padded):
        sizes[grey.shape].append(number)
    found: dict[int, Probabilities] = {}
    for (rows, columns), numbers in sizes.items():
        step = max(1, _BATCH_AREA // (rows * columns))
        for start in range(0, len(numbers), step):
            batch = numbers[start : start + step]
            grey = np.stack([padded[number][0] for number in batch]).astype(np.float32)
            places = [padded[number][1] for number in batch]
            with torch.inference_mode():
                maps = Maps(*reader_network()(torch.from_numpy(grey)[:, None]))
                found |= zip(batch, probabilities(maps, places), strict=True)
    return [found[number] for number in range(len(views))]


def _padded(grey: Grey, least: int) -> tuple[Grey, tuple[slice, slice]]:
    """Return a view with its edges repeated around it, and its place there.

    The network has learned from crops of that size, around which there is always something.
    """
    pads, place = [], []
    for size in grey.shape:
        whole = -(-max(size, least) // STRIDE) * STRIDE
        before = (whole - size) // 2 // 8 * 8  # the coarsest map's stride
        pads.append((before, whole - size - before))
        place.append(slice(before, before + size))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    padded = np.pad(grey, pads, constant_values=np.median(border))
    return padded, (place[0], place[1])


def _chosen(
    views: Sequence[tuple[View, Probabilities]], decoded: Sequence[Decoded], settings: Settings
) -> list[Digit]:
    """Return the digits of all views, each once: as the view shows it that shows it best.

    Their probabilities are the reader's own.
    """
    boxes = np.concatenate(
        [view.to_picture(found.boxes) for (view, _), found in zip(views, decoded, strict=True)]
    )
    within = np.concatenate([found.boxes for found in decoded])
    heights = np.maximum(within[:, 3] - within[:, 1], 0.7 * (within[:, 2] - within[:, 0])).clip(1)
    scores = digit_score(np.concatenate([found.features for found in decoded]))
    own = torch.from_numpy(np.concatenate([found.logits for found in decoded])).softmax(1)
    places = [(n, k) for n, found in enumerate(decoded) for k in range(len(found.boxes))]
    digits = []
    for index in best_views(boxes, heights, scores, settings):
        view, number = places[index]
        mask = decoded[view].masks[number]
        contrast = _contrast(views[view][0].grey, decoded[view].boxes[number], mask)
        box, likely = Box(*boxes[index].tolist()), own[index].numpy()
        digits.append(
            Digit(box, float(scores[index]), contrast, mask, normalize(mask), likely, view)
        )
    return digits


def _contrast(grey: Grey, box: npt.NDArray[np.float64], mask: Grey) -> float:
    """Return how far the mean grey of a mask is from that beside it."""
    top, left = max(int(box[1]) - 1, 0), max(int(box[0]) - 1, 0)
    part = grey[top : top + mask.shape[0], left : left + mask.shape[1]]
    beside = 1 - mask
    return abs(float((part * mask).sum() / mask.sum() - (part * beside).sum() / beside.sum()))


def _fused(digits: Sequence[Digit], classify: Classify, settings: Settings) -> list[Digit]:
    """Return digits with probabilities that are the classifier's and the reader's own.

    They are the weighted geometric mean of both; what is perhaps no digit has a part of a tenth
    each.
    """
    if not digits:
        return []
    classified = torch.from_numpy(classify(np.stack([digit.pixels for digit in digits])))
    own = torch.from_numpy(np.stack([digit.probabilities for digit in digits]))
    logs = [probabilities.clamp(min=1e-6).log() for probabilities in (classified, own)]
    fused = logs[0].lerp(logs[1], settings.own_weight).softmax(1)
    scores = torch.tensor([digit.score for digit in digits], dtype=torch.float32)[:, None]
    likely = (scores * fused + (1 - scores) / 10).numpy()
    return [digit._replace(probabilities=each) for digit, each in zip(digits, likely, strict=True)]


def digit_score(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the probability that marks are digits, from `Decoded.features`.

    Logistic regression on held-out crops; its weights are in the metadata of the reader's file.
    """
    weights, bias = score_weights()
    return np.asarray(1 / (1 + np.exp(-(features @ weights + bias))), np.float32)


def _other(views: Sequence[tuple[View, Probabilities]], decoded: Sequence[Decoded]) -> list[Box]:
    """Return ink outside all digits, each mark once: from the finest view of its place."""
    boxes = np.zeros((0, 4))
    regions: list[npt.NDArray[np.float64]] = []
    for (view, _), found in sorted(
        zip(views, decoded, strict=True), key=lambda pair: -pair[0][0].scale[0]
    ):
        own = view.to_picture(found.other)
        middle = (own[:, :2] + own[:, 2:]) / 2
        for left, top, right, bottom in regions:
            inside = (middle >= (left, top)).all(axis=1) & (middle < (right, bottom)).all(axis=1)
            own, middle = own[~inside], middle[~inside]
        boxes = np.concatenate([boxes, own])
        rows, columns = view.grey.shape
        regions.append(view.to_picture(np.array([0.0, 0.0, columns, rows])))
    return [Box(*box) for box in boxes.tolist()]


def most_prominent(digits: Sequence[Digit], shape: tuple[int, int]) -> Digit | None:
    """Return the digit that a picture (H, W) is of: likely a digit, large, and near the middle."""
    rows, columns = shape

    def prominence(digit: Digit) -> float:
        left, top, right, bottom = digit.box
        away = np.hypot((left + right) / 2 / columns - 0.5, (top + bottom) / 2 / rows - 0.5)
        return float(digit.score**2 * digit.box.size * (1 - 0.5 * away))

    return max(digits, key=prominence, default=None)


def reader_network() -> ReaderNetwork:
    """Return the network, for inference."""
    return _weights()[0]


def score_weights() -> tuple[npt.NDArray[np.float32], float]:
    """Return the weights and the bias of `digit_score`."""
    return _weights()[1]


@cache
def _weights() -> tuple[ReaderNetwork, tuple[npt.NDArray[np.float32], float]]:
    """Return the network, and the weights and the bias of the score."""
    artifact = read_artifact(READER_FILE)
    with first_weights(0):  # which are replaced
        network = ReaderNetwork()
    network.load_state_dict(artifact.tensors)  # from half precision
    *weights, bias = read_record(ReaderInfo, artifact.metadata, among_others=True).score
    return network.for_inference(), (np.array(weights, np.float32), bias)
