"""Real pictures, photos, scans and drawings, brought to the form of MNIST's."""

from digitnet.pictures.explaining import explain
from digitnet.pictures.numbers import find_numbers
from digitnet.pictures.opening import Source, is_picture, open_picture
from digitnet.pictures.parts import Box
from digitnet.pictures.preparing import Prepared, prepare

__all__ = [
    "Box",
    "Prepared",
    "Source",
    "explain",
    "find_numbers",
    "is_picture",
    "open_picture",
    "prepare",
]
