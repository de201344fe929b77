"""Pictures of handwriting to digits, by one learned reader."""

from digitnet.pictures.explaining import explain
from digitnet.pictures.exporting import export_onnx
from digitnet.pictures.loading import Picture, Source, is_picture, load_picture
from digitnet.pictures.reader import Box, Digit, Found, find_digits, most_prominent
from digitnet.pictures.reading_order import reading_order

__all__ = [
    "Box",
    "Digit",
    "Found",
    "Picture",
    "Source",
    "explain",
    "export_onnx",
    "find_digits",
    "is_picture",
    "load_picture",
    "most_prominent",
    "reading_order",
]
