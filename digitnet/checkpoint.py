"""A whole training as tensors and metadata, in files that it can go on from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from digitnet.artifact import Artifact, read_artifact
from digitnet.errors import ArtifactError, InvalidInputError, difference
from digitnet.history import History
from digitnet.recipe import Recipe, check_seed
from digitnet.state import TrainState
from digitnet.user_warnings import warn

_NAME = re.compile(r"checkpoint-(\d+)-([0-9a-f]+)\.safetensors")
_PREFIX = "checkpoint/"  # of all tensors beside the network's own

# What must be the same when a training goes on
_FIXED = (
    "network",
    "network_type",
    "classes",
    "input_shape",
    "effective_recipe",
    "normalization",
    "seed",
    "epochs",
    "data",
    "shuffle",
    "class_weight",
)

Settings = Mapping[str, Any]


def capture(
    state: TrainState, settings: Settings, callbacks: Mapping[str, Mapping[str, Any]]
) -> Artifact:
    """Return all that a training needs to go on.

    Its tensors hold the network that `predict` uses under the names of a model file, so
    that a checkpoint can be loaded as a model.

    Args:
        state: The training.
        settings: What must be the same when it goes on, for JSON.
        callbacks: What each callback remembers, tensors or values for JSON, by its name.
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
    place = {"callbacks": remembered, **state.place()}
    return Artifact(tensors, {**settings, "checkpoint": place})


def restore(state: TrainState, checkpoint: Artifact) -> None:
    """Bring a training that has not begun to where a checkpoint stands."""
    tensors, metadata = checkpoint
    own, trained = network_tensors(tensors), _under("trained", tensors)
    state.evaluated.load_state_dict(own)
    if state.averaged is not None:
        state.model.load_state_dict(trained)
    optimizer = state.optimizer.state_dict()
    weights = state.optimizer.param_groups[0]["params"]
    optimizer["state"] = {
        index: {
            name: _laid_as(weight, value)
            for name, value in _under(f"optimizer/{index}", tensors).items()
        }
        for index, weight in enumerate(weights)
        if _under(f"optimizer/{index}", tensors)
    }
    state.optimizer.load_state_dict(optimizer)
    state.running.load_state_dict(_under("running", tensors))
    place = metadata["checkpoint"]
    state.go_to(place, History.from_rows(metadata["history"]))


def callback_state(checkpoint: Artifact, key: str) -> dict[str, Any] | None:
    """Return what a callback remembered; `None` if it is not in the checkpoint."""
    values = checkpoint.metadata["checkpoint"]["callbacks"].get(key)
    return None if values is None else values | _under(f"callbacks/{key}", checkpoint.tensors)


def network_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of the network that `predict` uses."""
    return {name: value for name, value in tensors.items() if not name.startswith(_PREFIX)}


def check_settings(found: Settings, expected: Settings, path: Path) -> None:
    """Raise `InvalidInputError` where a checkpoint is of another training.

    Args:
        found: The settings in the checkpoint.
        expected: The settings of the training that is to go on.
        path: The checkpoint, for the message.
    """
    here = json.loads(json.dumps(dict(expected)))  # tuples and lists are the same in a file
    for name in _FIXED:
        theirs, ours = _comparable(found.get(name)), _comparable(here.get(name))
        if theirs != ours:
            raise InvalidInputError(
                f"Expected a checkpoint of this training; '{path}' has another {name}: "
                f"{difference(theirs, ours)}. Make the classifier, the data and the arguments "
                "of fit as they were, or take another folder."
            )


def _comparable(value: Any) -> Any:
    """Return a recipe without its epochs: they are compared as a total, where they matter.

    What an earlier digitnet did not have yet is what it is without being set.
    """
    if not (isinstance(value, dict) and "schedule" in value):
        return value
    with suppress(TypeError, InvalidInputError):  # one of a later digitnet differs
        value = asdict(Recipe.from_dict(value))
    return {name: setting for name, setting in value.items() if name != "epochs"}


def file_name(step: int, run: str) -> str:
    """Return the name of a checkpoint after so many steps of a run."""
    return f"checkpoint-{step:09d}-{run}.safetensors"


def listed(directory: Path) -> list[Path]:
    """Return the checkpoints of a folder, the one after the most steps first."""
    found = [path for path in directory.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def newest(directory: Path, *, seed: int | None = None) -> tuple[Path, Artifact] | None:
    """Return the newest whole checkpoint of a folder; `None` if it holds none.

    Args:
        directory: The folder; it need not be there.
        seed: Where several runs wrote to it, those of this seed come first.

    Raises:
        InvalidInputError: It is a file.
        ArtifactError: It holds checkpoints, but all are damaged.
    """
    if directory.exists() and not directory.is_dir():
        raise InvalidInputError(f"Expected a folder to resume from; '{directory}' is a file.")
    paths = listed(directory) if directory.is_dir() else []
    found: list[tuple[Path, Artifact]] = []
    for path in paths:
        try:
            checkpoint = read_artifact(path)
            check_place(checkpoint)
        except ArtifactError as error:
            warn(f"A checkpoint is passed over: '{path}': {error}")
            continue
        if seed is None or checkpoint.metadata["seed"] == seed:
            return path, checkpoint
        found.append((path, checkpoint))
    if paths and not found:
        raise ArtifactError(
            f"No checkpoint in '{directory}' is whole. Delete them to start afresh."
        )
    return found[0] if found else None


def check_place(checkpoint: Artifact) -> None:
    """Raise `ArtifactError` unless the metadata of a checkpoint have their form."""
    tensors, metadata = checkpoint
    try:
        place = metadata["checkpoint"]
        counts = [place[name] for name in ("epoch", "step", "epoch_step", "first_epoch")]
        fits = (
            all(type(count) is int and count >= 0 for count in counts)
            and place["epoch_step"] in (0, len(tensors[f"{_PREFIX}running/sizes"]))
            and place["first_epoch"] <= place["epoch"]
            and len(History.from_rows(metadata["history"])) <= place["epoch"]
            and isinstance(place["learning_rate"], float)
            and isinstance(place.get("used_learning_rate", 0.0), float)
            and isinstance(place["stop_reason"], (str, type(None)))
            and isinstance(place["weights_chosen"], bool)
            and re.fullmatch("[0-9a-f]{8}", place["run"]) is not None
            and all(isinstance(values, dict) for values in place["callbacks"].values())
        )
        check_seed(metadata["seed"])
    except (KeyError, TypeError, AttributeError, InvalidInputError) as error:
        raise ArtifactError(f"It is no checkpoint, or it lacks something ({error}).") from error
    if not fits:
        raise ArtifactError("It is no checkpoint: something in its metadata has another form.")


def _prefixed(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{_PREFIX}{part}/{name}": value for name, value in tensors.items()}


def _under(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{_PREFIX}{part}/"
    return {
        name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)
    }


def _laid_as(weight: Tensor, value: Tensor) -> Tensor:
    """Return a value with the memory layout of its weight: fused kernels rely on that."""
    return torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value
