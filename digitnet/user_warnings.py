"""Warnings that point to the user's line."""

from __future__ import annotations

import contextlib
import sys
import warnings
from pathlib import Path

from digitnet.processes import current

_BETWEEN = (str(Path(__file__).parent), contextlib.__file__)  # files that the user did not write


def warn(message: str) -> None:
    """Warn of the line outside the library that led here; of several processes, rank 0 warns."""
    if not current().is_first:
        return
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)
