"""Labelled images in memory: what users pass, how it is kept, how it is handed out."""

from digitnet.data.image_set import ImageSet

__all__ = ["ImageSet"]
