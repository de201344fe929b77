"""Files in `stored/`, which an earlier digitnet wrote by the trainings below, serve as they did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from digitnet import ImageClassifier, ImageSet
from digitnet.callbacks import EarlyStopping
from digitnet.checkpoint import listed
from digitnet.recipe import REPORT, Augmentation

STORED = Path(__file__).parent / "stored"
CLASSES = ("dark", "middle", "light")
RECIPE = replace(
    REPORT,
    name="stored",
    epochs=3,
    batch_size=8,
    optimizer="adamw",
    weight_decay=0.01,
    schedule="one_cycle",
    averaging=0.9,
    augmentation=Augmentation(shift=1),
)


def pictures():
    labels = torch.arange(24) % 3
    pixels = torch.arange(24 * 256).view(24, 1, 16, 16) * 37 % 80 + 80 * labels.view(24, 1, 1, 1)
    return ImageSet(pixels.to(torch.uint8), labels, CLASSES)


def own():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(256, 3))


def test_a_model_file_of_an_earlier_version_predicts_the_same():
    """It is `slim`, trained by `RECIPE` on `pictures`."""
    classifier = ImageClassifier.load(STORED / "model.safetensors")
    assert (classifier.recipe, classifier.seed, classifier.classes) == (RECIPE, 7, CLASSES)
    assert classifier.history.epoch == [1, 2, 3]
    assert classifier.history[-1].val_loss == 1.0216413596257778
    expected = [[0.386299, 0.300842, 0.312859], [0.337529, 0.334437, 0.328034]]
    assert np.allclose(classifier.predict_proba(pictures()[:2].images), expected, atol=1e-4)


def test_a_checkpoint_of_an_earlier_version_is_gone_on_from():
    """The training, of `own`, was interrupted within its second epoch."""
    classifier = ImageClassifier(
        own(), classes=CLASSES, input_shape=(1, 16, 16), recipe=RECIPE, seed=7
    )
    history = classifier.fit(
        pictures(),
        validation_data=pictures()[:9],
        callbacks=[EarlyStopping(patience=5, restore_best_weights=True)],
        class_weight=[1.0, 2.0, 1.0],
        resume=STORED / "checkpoints",
        verbose=0,
    )
    losses = [1.328152, 1.078841, 0.932027]
    assert np.allclose([log.loss for log in history], losses, atol=1e-4)
    expected = [[0.780723, 0.186226, 0.033051], [0.292398, 0.283619, 0.423983]]
    assert np.allclose(classifier.predict_proba(pictures()[:2].images), expected, atol=1e-3)


def test_a_checkpoint_of_an_earlier_version_loads_as_a_model():
    classifier = ImageClassifier.load(listed(STORED / "checkpoints")[0], model=own())
    assert classifier.history.epoch == [1]
    assert classifier.predict(pictures().images).shape == (24,)
