"""digitnet reads handwritten digits.

What is public is imported at its first use (PEP 562): importing torch takes seconds, and
`digitnet --help` needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from digitnet.version import __version__

if TYPE_CHECKING:
    from digitnet import callbacks, datasets, errors
    from digitnet.classifier import ImageClassifier
    from digitnet.data import ImageSet
    from digitnet.digits import DigitClassifier
    from digitnet.evaluation import Evaluation
    from digitnet.history import History
    from digitnet.prediction import Prediction, Reading
    from digitnet.recipe import Augmentation, Recipe

__all__ = [
    "Augmentation",
    "DigitClassifier",
    "Evaluation",
    "History",
    "ImageClassifier",
    "ImageSet",
    "Prediction",
    "Reading",
    "Recipe",
    "__version__",
    "callbacks",
    "datasets",
    "errors",
]

_MODULES = {  # class -> the module that it is in
    "Augmentation": "recipe",
    "DigitClassifier": "digits",
    "Evaluation": "evaluation",
    "History": "history",
    "ImageClassifier": "classifier",
    "ImageSet": "data",
    "Prediction": "prediction",
    "Reading": "prediction",
    "Recipe": "recipe",
}

if not TYPE_CHECKING:  # type checkers would take any name

    def __getattr__(name: str) -> object:
        """Import a public class or a module of the package."""
        module = _MODULES.get(name, name)
        if module.startswith("_") or find_spec(f"digitnet.{module}") is None:
            raise AttributeError(f"module 'digitnet' has no attribute {name!r}")
        imported = import_module(f"digitnet.{module}")
        return getattr(imported, name) if name in _MODULES else imported

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
