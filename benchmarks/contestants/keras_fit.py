"""Keras 3: a Sequential model on arrays."""

import os
from collections.abc import Callable

import numpy as np


def prepare(images: np.ndarray, labels: np.ndarray, variant: str) -> Callable[[], None]:
    """Return an epoch on the backend `variant`, compiled beforehand on three batches.

    The third is as small as the last one of the epoch, as every shape is compiled anew. By
    default, Keras compiles the step with XLA on JAX, and on a CPU not on TensorFlow, where it is
    a graph; "tensorflow+xla" does so there, too.
    """
    backend, _, xla = variant.partition("+")
    os.environ["KERAS_BACKEND"] = backend  # read when keras is imported
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=bool(xla) or "auto",
    )
    x = ((images[..., None] / np.float32(255)) - np.float32(0.1307)) / np.float32(0.3081)
    few = 128 + len(x) % 64
    model.fit(x[:few], labels[:few], batch_size=64, verbose=0)
    return lambda: model.fit(x, labels, batch_size=64, epochs=1, verbose=0)
