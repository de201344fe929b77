"""Every exception that digitnet raises on purpose.

Each is a `DigitNetError` and also the built-in that fits, so both
`except DigitNetError` and `except ValueError` work.
"""


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


class ProcessError(DigitNetError, RuntimeError):
    """The processes of a training could not work together."""


def difference(found: object, expected: object, there: str = "there", here: str = "here") -> str:
    """Say in which value two settings differ, and how."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for name in expected:
            if found.get(name) != expected[name]:
                return f"{name} {difference(found.get(name), expected[name], there, here)}"
    return f"{found!r} {there}, {expected!r} {here}"
