"""Where labelled pictures come from."""

from digitnet.datasets.mnist import mnist
from digitnet.datasets.synthetic import synthetic

__all__ = ["mnist", "synthetic"]
