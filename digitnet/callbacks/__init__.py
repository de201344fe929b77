"""What happens beside the training: printing, logging, plotting; one concern a file."""

from digitnet.callbacks.base import Callback
from digitnet.callbacks.checkpoint import Checkpoint
from digitnet.callbacks.csv_logger import CSVLogger
from digitnet.callbacks.early_stopping import EarlyStopping
from digitnet.callbacks.epoch_printer import EpochPrinter
from digitnet.callbacks.lambda_callback import LambdaCallback
from digitnet.callbacks.learning_rate_scheduler import LearningRateScheduler
from digitnet.callbacks.plot_confusion_matrix import PlotConfusionMatrix
from digitnet.callbacks.plot_curves import PlotCurves
from digitnet.callbacks.progress_bar import ProgressBar
from digitnet.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from digitnet.callbacks.tensor_board_logger import TensorBoardLogger

__all__ = [
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "EpochPrinter",
    "LambdaCallback",
    "LearningRateScheduler",
    "PlotConfusionMatrix",
    "PlotCurves",
    "ProgressBar",
    "ReduceLROnPlateau",
    "TensorBoardLogger",
]
