"""Why a picture was read as it was: every stage, as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digitnet.pictures.loading import Source, load_picture
from digitnet.pictures.normalization import Classify
from digitnet.pictures.reader import find_digits, most_prominent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def explain(source: Source, classify: Classify) -> Figure:
    """Draw how a picture becomes what the network sees.

    The view that shows the most prominent digit best, the probabilities of a digit's ink and of a
    digit's centre there, and the digit's mask before and after normalization. Of a picture
    without a digit, the finest view.

    Args:
        source: As for `DigitClassifier.inspect`.
        classify: A classifier's `predict_proba`.

    Raises:
        InvalidInputError: It is no picture, or one that cannot be read.
    """
    from digitnet.plots import stages  # slow to import

    picture = load_picture(source)
    (found,) = find_digits([picture.grey], classify)
    digit = most_prominent(found.digits, picture.grey.shape)
    view, maps = found.views[-1 if digit is None else digit.view]
    shown = {
        f"view of {view.grey.shape[1]}x{view.grey.shape[0]} px": view.grey,
        "digits' ink": maps.digit,
        "digits' centres": maps.centre,
    }
    if digit is not None:
        shown |= {"mask": digit.mask, "normalized": digit.pixels / np.float32(255)}
    return stages([*shown.values()], [*shown])
