"""digitnet reads handwritten digits."""

from digitnet import callbacks, datasets, errors
from digitnet.classifier import ImageClassifier
from digitnet.data import ImageSet
from digitnet.digits import DigitClassifier
from digitnet.evaluation import Evaluation
from digitnet.history import History
from digitnet.prediction import Prediction, Reading
from digitnet.recipe import Augmentation, Recipe
from digitnet.version import __version__

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
