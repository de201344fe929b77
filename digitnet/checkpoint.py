"""A whole training as tensors and metadata, in files that it can go on from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from digitnet.artifact import Artifact, read_artifact
from digitnet.data.image_set import Shape
from digitnet.errors import ArtifactError, InvalidInputError, difference
from digitnet.history import EpochLog, History
from digitnet.model_file import ModelInfo
from digitnet.recipe import Recipe, check_count, check_seed
from digitnet.records import read_record
from digitnet.state import Place, TrainState
from digitnet.user_warnings import warn

_NAME = re.compile(r"checkpoint-(\d+)-([0-9a-f]+)\.safetensors")
_PREFIX = "checkpoint/"  # of all tensors beside the network's own


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """What must be the same when a training goes on, and in all its processes.

    Attributes:
        network: As in a model file, like `network_type`, `classes`, `input_shape`, `loss` and
            `normalization`; of no classifier's training, the recipe's.
        effective_recipe: The recipe, with what its `"auto"` precision became.
        seed: The seed of the training.
        epochs: The epoch that it ends with; `None` where nothing depends on that.
        data: Fingerprint of the training set, sample weights included.
        shuffle: Whether each epoch has a new order.
        class_weight: What each class's images count in the loss.
    """

    network: str | None = None
    network_type: str | None = None
    classes: tuple[str, ...] | None = None
    input_shape: Shape | None = None
    effective_recipe: Recipe
    loss: str = "cross_entropy"
    normalization: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    seed: int
    epochs: int | None
    data: str
    shuffle: bool
    class_weight: tuple[float, ...] | None

    def __post_init__(self) -> None:
        check_seed(self.seed)


@dataclass(frozen=True, kw_only=True)
class CheckpointInfo(TrainingSettings):
    """What the metadata of a checkpoint say of its training.

    Attributes:
        history: The finished epochs' figures.
        checkpoint: Where the training stands.
    """

    history: tuple[EpochLog, ...]
    checkpoint: Place

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("checkpoint.epoch", self.checkpoint.epoch, least=len(self.history))


class SavedTraining(NamedTuple):
    """A checkpoint that was read."""

    tensors: dict[str, Tensor]
    info: CheckpointInfo

    @classmethod
    def of(cls, artifact: Artifact) -> SavedTraining:
        """Return the training that a file holds; raise `ArtifactError` where something is amiss."""
        try:
            info = read_record(CheckpointInfo, artifact.metadata, among_others=True)
            steps = len(_under("running", artifact.tensors).get("sizes", ()))
            if info.checkpoint.epoch_step not in (0, steps):
                raise ArtifactError(
                    f"Expected checkpoint.epoch_step to be 0 or {steps}, the steps whose figures "
                    f"are kept; received {info.checkpoint.epoch_step}."
                )
        except (ArtifactError, TypeError) as error:  # len of a tensor ()
            raise ArtifactError(
                f"It is no checkpoint, or one of a newer digitnet. {error}"
            ) from error
        return cls(artifact.tensors, info)


def capture(
    state: TrainState,
    settings: TrainingSettings,
    callbacks: Mapping[str, Mapping[str, Any]],
    model: ModelInfo | None,
) -> Artifact:
    """Return all that a training needs to go on.

    The network that `predict` uses has the names of a model file, and `model` is what such a file
    says, so that a checkpoint can be loaded as a model; `None` where no classifier is trained.
    """
    tensors = dict(state.evaluated.state_dict())
    if state.averaged is not None:
        tensors |= _prefixed("trained", state.model.state_dict())
    for index, values in state.optimizer.state_dict()["state"].items():
        found = {name: value for name, value in values.items() if isinstance(value, Tensor)}
        tensors |= _prefixed(f"optimizer/{index}", found)
    tensors |= _prefixed("running", state.running.state_dict())
    remembered: dict[str, dict[str, Any]] = {}
    for key, values in callbacks.items():
        own = {name: value for name, value in values.items() if isinstance(value, Tensor)}
        tensors |= _prefixed(f"callbacks/{key}", own)
        remembered[key] = {name: value for name, value in values.items() if name not in own}
    info = CheckpointInfo(
        **vars(settings), history=state.history.logs, checkpoint=state.place(remembered)
    )
    return Artifact(tensors, (model.to_metadata() if model else {}) | asdict(info))


def restore(state: TrainState, checkpoint: SavedTraining) -> None:
    """Bring a training that has not begun to where a checkpoint stands."""
    tensors, info = checkpoint
    own, trained = network_tensors(tensors), _under("trained", tensors)
    state.evaluated.load_state_dict(own)
    if state.averaged is not None:
        state.model.load_state_dict(trained)
    optimizer = state.optimizer.state_dict()
    weights = state.optimizer.param_groups[0]["params"]
    optimizer["state"] = {
        index: {
            name: _with_layout_of(weight, value)
            for name, value in _under(f"optimizer/{index}", tensors).items()
        }
        for index, weight in enumerate(weights)
        if _under(f"optimizer/{index}", tensors)
    }
    state.optimizer.load_state_dict(optimizer)
    state.running.load_state_dict(_under("running", tensors))
    state.go_to(info.checkpoint, History(info.history))


def callback_state(checkpoint: SavedTraining, key: str) -> dict[str, Any] | None:
    """Return what a callback remembered; `None` if it is not in the checkpoint."""
    values = checkpoint.info.checkpoint.callbacks.get(key)
    return None if values is None else values | _under(f"callbacks/{key}", checkpoint.tensors)


def network_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of the network that `predict` uses."""
    return {name: value for name, value in tensors.items() if not name.startswith(_PREFIX)}


def check_settings(found: TrainingSettings, expected: TrainingSettings, path: Path) -> None:
    """Raise `InvalidInputError` where the checkpoint at `path` is of another training."""
    # The recipe's epochs are compared as a total, where they matter
    recipe = replace(found.effective_recipe, epochs=expected.effective_recipe.epochs)
    theirs = {**vars(found), "effective_recipe": asdict(recipe)}
    for name, ours in asdict(expected).items():
        if theirs[name] != ours:
            raise InvalidInputError(
                f"Expected a checkpoint of this training; '{path}' has another {name}: "
                f"{difference(theirs[name], ours)}. Make the classifier, the data and the "
                "arguments of fit as they were, or take another folder."
            )


def file_name(step: int, run: str) -> str:
    """Return the name of a checkpoint after so many steps of a run."""
    return f"checkpoint-{step:09d}-{run}.safetensors"


def listed(directory: Path) -> list[Path]:
    """Return the checkpoints of a folder, the one after the most steps first."""
    found = [path for path in directory.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def newest(directory: Path, *, seed: int | None = None) -> tuple[Path, SavedTraining] | None:
    """Return the newest whole checkpoint of a folder; `None` if it holds none, or is not there.

    Where several runs wrote to it, those of `seed` come first.

    Raises:
        InvalidInputError: It is a file.
        ArtifactError: It holds checkpoints, but all are damaged.
    """
    if directory.exists() and not directory.is_dir():
        raise InvalidInputError(f"Expected a folder to resume from; '{directory}' is a file.")
    paths = listed(directory) if directory.is_dir() else []
    found: list[tuple[Path, SavedTraining]] = []
    for path in paths:
        try:
            checkpoint = SavedTraining.of(read_artifact(path))
        except ArtifactError as error:
            warn(f"A checkpoint is passed over: '{path}': {error}")
            continue
        if seed is None or checkpoint.info.seed == seed:
            return path, checkpoint
        found.append((path, checkpoint))
    if paths and not found:
        raise ArtifactError(
            f"No checkpoint in '{directory}' is whole. Delete them to start afresh."
        )
    return found[0] if found else None


def _prefixed(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{_PREFIX}{part}/{name}": value for name, value in tensors.items()}


def _under(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{_PREFIX}{part}/"
    return {
        name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)
    }


def _with_layout_of(weight: Tensor, value: Tensor) -> Tensor:
    """Return a value with the memory layout of its weight: fused kernels rely on that."""
    return torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value
