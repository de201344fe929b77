"""Why a picture was read as it was: every stage, as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digitnet.pictures.mnist_form import Classify
from digitnet.pictures.opening import Source
from digitnet.pictures.preparing import prepare

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def explain(source: Source, classify: Classify | None = None) -> Figure:
    """Draw how a picture becomes what the network sees.

    Each look at the picture, perhaps in an even light, is a pair: what was looked at, and the ink
    found there. Then come the parts that were taken for the digit, and the pixels that are read.
    One more look, by which a classifier makes sure of what it found, is not drawn.

    Args:
        source: The path of a picture file, or a PIL image.
        classify: A classifier's `predict_proba`: of several marks the one is then shown that
            it reads; without it, the likeliest by its ink.

    Raises:
        InvalidInputError: It is no picture, or one that cannot be read.
    """
    from digitnet.plots import stages  # slow to import

    prepared = prepare(source, classify)
    shown = []
    for number, look in enumerate(prepared.looks):
        name = "a closer look" if number else "picture"
        shown += [(name, look.grey), ("its ink", look.ink)]
    last = prepared.looks[-1]
    numbers = [part.number for part in prepared.chosen]
    shown.append(("the digit's parts", np.isin(last.parts.labels, numbers).astype(np.float32)))
    shown.append(("as MNIST has it", prepared.pixels / 255))
    figure = stages([image for _, image in shown], [name for name, _ in shown])
    if prepared.warnings:
        figure.suptitle("; ".join(prepared.warnings), fontsize=10)
    return figure
