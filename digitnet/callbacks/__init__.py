"""What happens beside the training: printing, logging, plotting; one concern a file."""

from digitnet.callbacks.base import Callback
from digitnet.callbacks.csv_logger import CSVLogger
from digitnet.callbacks.epoch_printer import EpochPrinter
from digitnet.callbacks.plot_curves import PlotCurves
from digitnet.callbacks.progress_bar import ProgressBar

__all__ = ["CSVLogger", "Callback", "EpochPrinter", "PlotCurves", "ProgressBar"]
