"""Every exception that digitnet raises on purpose.

Each is a `DigitNetError` and also the built-in that fits, so both
`except DigitNetError` and `except ValueError` work.
"""

import sys
import warnings
from pathlib import Path

_PACKAGE = str(Path(__file__).parent)


class DigitNetError(Exception):
    """Base of every error that digitnet raises on purpose."""


class InvalidInputError(DigitNetError, ValueError):
    """An argument or data set does not have the form that was asked for."""


class NotFittedError(DigitNetError, RuntimeError):
    """A classifier was asked for predictions before `fit` or `load`."""


class ArtifactError(DigitNetError, ValueError):
    """A file could not be written, or is not what it should be."""


class DatasetUnavailableError(DigitNetError, OSError):
    """A data set was found nowhere and could not be downloaded."""


class TrainingDivergedError(DigitNetError, RuntimeError):
    """The loss or the weights were no longer finite."""


class CallbackError(DigitNetError, RuntimeError):
    """A callback raised; its own exception is the cause."""


def warn(message: str) -> None:
    """Warn of the line outside the library that led here."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)
