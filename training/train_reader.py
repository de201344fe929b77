"""Train the reader network, and write its weights.

    DIGITNET_DATA=... torchrun --nproc-per-node 2 training/train_reader.py --work FOLDER
    python training/train_reader.py --quick --work FOLDER

The crops are made first, in `FOLDER/crops`, by `reader_data.py`. A training that was stopped goes
on from its last checkpoint in `FOLDER/checkpoints`. With the same machine, versions and processes
the weights come out the same, byte for byte.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import torch
from objective import Targets, reader_objective
from reader_data import load_crops, make_crops, settings_digest, split
from score import fit_score
from torch import Tensor

from digitnet import Recipe
from digitnet.artifact import check_folder, write_artifact
from digitnet.callbacks import Callback, Checkpoint
from digitnet.checkpoint import newest
from digitnet.optimizer import build_optimizer
from digitnet.pictures.network import ReaderNetwork
from digitnet.processes import current
from digitnet.state import TrainState
from digitnet.trainer import Trainer

# Steps at a constant rate, which a longer training can go on from, and a last epoch down to 0:
# as good as a schedule that knows the end from the start (Hägele et al., 2024, arXiv 2405.18392)
STEADY = Recipe(
    name="reader",
    network="reader",
    epochs=3,
    batch_size=32,
    optimizer="muon",
    learning_rate=4e-3,
    weight_decay=0.02,
    averaging=0.998,
    precision="auto",
)
COOLING = replace(STEADY, epochs=1, schedule="linear")
SEED = 0


class CropBatches:
    """Crops in batches, as the trainer takes them; see `digitnet.data.batches.Batches`."""

    def __init__(self, crops: Mapping[str, Tensor], kept: Tensor, batch_size: int) -> None:
        self.crops, self.kept, self.batch_size = crops, kept, batch_size

    @property
    def n_images(self) -> int:
        """Crops in all."""
        return len(self.kept)

    def __len__(self) -> int:
        return -(-self.n_images // self.batch_size)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the crops' settings and of all their digits."""
        digits = hashlib.sha256(self.crops["table"].numpy().data).hexdigest()
        return f"{self.n_images} {settings_digest()} {digits}"

    def shuffled(
        self, order: Tensor, share: Callable[[int], slice] = slice
    ) -> Iterator[tuple[Tensor, Targets, int]]:
        """Yield crops (B, 1, H, W), their truth, and the size of the batch they are a part of."""
        for batch in order.split(self.batch_size):
            index = self.kept[batch[share(len(batch))]].sort().values
            grey, ink, owners, table = (
                self.crops[name][index] for name in ("grey", "ink", "owners", "table")
            )
            yield grey[:, None], Targets(ink[:, None], owners[:, None], table), len(batch)


class StepPrinter(Callback):
    """Print loss, accuracy and speed every so many steps."""

    in_every_process = False

    def __init__(self, every: int = 200) -> None:
        self.every, self._started, self._sum = every, time.perf_counter(), 0.0

    def on_batch_end(self, state: TrainState) -> None:
        """Add up the loss, and print its mean."""
        self._sum += float(state.batch_loss)
        if state.step % self.every:
            return
        seconds = time.perf_counter() - self._started
        total = state.epochs * state.steps_per_epoch
        print(
            f"step {state.step:,} of {total:,}: loss {self._sum / self.every:.4f}, "
            f"digits {state.running.read()[1]:.1%}, {1000 * seconds / self.every:.0f} ms a step",
            flush=True,
        )
        self._started, self._sum = time.perf_counter(), 0.0


def main() -> None:
    """Make the crops, train, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder of crops and checkpoints")
    parser.add_argument("--out", type=Path, default=Path("reader.safetensors"))
    parser.add_argument("--epochs", type=int, default=STEADY.epochs, help="at a constant rate")
    parser.add_argument("--data-only", action="store_true", help="make the crops, and stop")
    parser.add_argument("--quick", action="store_true", help="a few crops: does it run?")
    options = parser.parse_args()
    check_folder(options.out)  # now, not after the training
    processes, crops = current(), options.work / "crops"
    share = 0.004 if options.quick else 1.0
    if processes.is_first:
        make_crops(crops, share=share)
    if options.data_only:
        return
    torch.set_num_threads(1 if processes.several else 2)
    torch.manual_seed(SEED)
    with processes.together("make_crops"):
        fields = load_crops(crops)
    held_out, kept = split(share)
    network = ReaderNetwork().to(memory_format=torch.channels_last)
    batches = CropBatches(fields, kept, STEADY.batch_size)
    for seed, phase in enumerate((replace(STEADY, epochs=options.epochs), COOLING), start=SEED):
        folder = options.work / f"checkpoints_{phase.schedule}"
        network = trained(network, phase, batches, folder, seed=seed)
    if processes.is_first:
        score = fit_score(network.eval(), fields, held_out)
        print(f"score: {score}")
        metadata = {
            "made_by": "training/train_reader.py",
            "torch": str(torch.__version__),
            "score": score,
        }
        half = {
            name: value.half() if value.is_floating_point() else value
            for name, value in network.state_dict().items()
        }
        write_artifact(options.out, half, metadata)
        print(f"{options.out}: {options.out.stat().st_size:,} bytes")


def trained(
    network: ReaderNetwork,
    recipe: Recipe,
    batches: CropBatches,
    checkpoints: Path,
    *,
    seed: int,
) -> ReaderNetwork:
    """Train a network, and return it with its weights averaged over the last steps."""
    state = TrainState(
        network, build_optimizer(recipe, network), seed=seed, averaged=copy.deepcopy(network)
    )
    trainer = Trainer(
        state,
        recipe,
        device=torch.device("cpu"),
        callbacks=[Checkpoint(checkpoints, monitor="loss", every=500), StepPrinter()],
        objective=reader_objective,
    )
    trainer.fit(batches, resume=newest(checkpoints))
    averaged = state.evaluated
    assert isinstance(averaged, ReaderNetwork)
    return averaged


if __name__ == "__main__":
    main()
