"""Lightning: a module, a Trainer, a DataLoader on tensors."""

import logging
import warnings
from collections.abc import Callable

import lightning
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from contestants import network

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", module="lightning")  # it advises worker processes


class Report(lightning.LightningModule):
    """The report's network and its step."""

    def __init__(self) -> None:
        super().__init__()
        self.network = network.build()

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss."""
        x, y = batch
        return functional.cross_entropy(self.network(x), y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def prepare(images: np.ndarray, labels: np.ndarray) -> Callable[[], None]:
    """Return an epoch."""
    data = TensorDataset(network.normalized(images), torch.from_numpy(labels))
    loader = DataLoader(data, batch_size=64, shuffle=True)
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
    )
    module = Report()
    return lambda: trainer.fit(module, loader)
