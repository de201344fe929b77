"""Where labelled images come from."""

from digitnet.datasets.cifar10 import cifar10
from digitnet.datasets.image_folder import image_folder
from digitnet.datasets.mnist import mnist
from digitnet.datasets.synthetic import synthetic

__all__ = ["cifar10", "image_folder", "mnist", "synthetic"]
