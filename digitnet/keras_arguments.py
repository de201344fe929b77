"""Keras's arguments that digitnet does not have, and what to do instead of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, signature
from typing import ParamSpec, TypeVar

from digitnet.errors import InvalidInputError

P = ParamSpec("P")
T = TypeVar("T")

_WORKERS = dict.fromkeys(
    ("workers", "use_multiprocessing", "max_queue_size"),
    "Leave it out: a DataLoader has its own num_workers.",
)

FIT = {
    "initial_epoch": "Leave it out: a second fit goes on where the first ended, and resume=folder "
    "goes on from a checkpoint.",
    "steps_per_epoch": "An epoch is every image once. Pass fewer images: x[:n], y[:n].",
    "validation_steps": "Pass fewer images: validation_data=(x[:n], y[:n]).",
    "validation_batch_size": "Leave it out: it changes no figure.",
    "validation_freq": "Leave it out: each epoch is validated.",
} | _WORKERS
PREDICT = EVALUATE = {
    "steps": "Pass fewer images: x[:n].",
    "callbacks": "Leave it out: hooks are called in fit alone.",
} | _WORKERS
SAVE = {
    "overwrite": "Leave it out: a file of that name is replaced.",
    "include_optimizer": "Leave it out: the callback Checkpoint keeps the optimizer, too.",
    "save_format": "Leave it out: the format is safetensors.",
    "zipped": "Leave it out: the format is safetensors.",
}
LOAD = {
    "custom_objects": "Pass what is your own: load(path, model=MyNetwork(), loss=my_loss, "
    "metrics=[my_metric]).",
    "compile": "Leave it out: recipe, loss and metrics are in the file.",
    "safe_mode": "Leave it out: the file holds no code.",
}
EARLY_STOPPING = {
    "verbose": "Leave it out: fit prints what stopped a training, unless its verbose is 0."
}
CHECKPOINT = {
    "filepath": "Name a folder: Checkpoint('checkpoints').",
    "verbose": "Leave it out: files are written without a word.",
    "save_weights_only": "Leave it out: a checkpoint holds the whole training; "
    "DigitClassifier.load reads it as a model.",
    "save_freq": "Pass every=steps, or nothing for each epoch.",
    "initial_value_threshold": "Leave it out: the first epoch is the first best one.",
}
CSV_LOGGER = {
    "filename": "Write CSVLogger('log.csv').",
    "separator": "Leave it out: the file is comma-separated.",
    "append": "Leave it out: the file holds all epochs, those before a resume, too.",
}
TENSOR_BOARD = dict.fromkeys(
    [
        *("histogram_freq", "write_graph", "write_images", "write_steps_per_second"),
        *("update_freq", "profile_batch", "embeddings_freq", "embeddings_metadata"),
    ],
    "Leave it out: the figures of each epoch are written, and nothing else.",
)
LEARNING_RATE_SCHEDULER = REDUCE_LR_ON_PLATEAU = {
    "verbose": "Leave it out: history.history['learning_rate'] has the rate of each epoch."
}
LAMBDA_CALLBACK = dict.fromkeys(
    [
        *("on_batch_begin", "on_train_batch_begin"),
        *(f"on_{task}_{when}" for task in ("test", "predict") for when in ("begin", "end")),
        *(f"on_{task}_batch_{when}" for task in ("test", "predict") for when in ("begin", "end")),
    ],
    "The hooks are on_train_begin, on_epoch_begin, on_batch_end, on_epoch_end and on_train_end.",
) | {"on_train_batch_end": "Pass on_batch_end."}


def refuses(arguments: Mapping[str, str]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a method that has not all of Keras's arguments, nor its options by position.

    One of `arguments`, names with what to do instead, and too many without a name are an error.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        name = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
        given = signature(function).parameters.values()
        leading = [each.name for each in given if each.kind is not Parameter.KEYWORD_ONLY]

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            for argument in arguments:
                if argument in kwargs:
                    raise InvalidInputError(
                        f"Expected {name} without {argument}, which is Keras's; received one. "
                        f"{arguments[argument]}"
                    )
            if len(args) > len(leading):
                raise InvalidInputError(
                    f"Expected {name}({', '.join(leading[1:])}) and all else by name; received "
                    f"{len(args) - 1} without a name. Write name=value for the others."
                )
            return function(*args, **kwargs)

        return checked

    return decorate
