"""What fit and predict take for images and labels, and what is held out of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from digitnet import DigitClassifier, ImageClassifier
from digitnet.callbacks import Callback
from digitnet.errors import InvalidInputError


def test_fit_takes_arrays_datasets_and_loaders_alike(digits):
    images, labels = digits[0].images[:120], digits[0].labels[:120]
    dataset = TensorDataset(images.float() / 255, labels)
    forms = [
        ((digits[0][:120],), {}),
        ((images.numpy(), labels.numpy()), {}),
        ((images, nn.functional.one_hot(labels, 10)), {}),
        ((dataset,), {}),
        ((DataLoader(dataset, batch_size=50),), {}),
    ]
    losses = [
        DigitClassifier("mlp", seed=0).fit(*x, epochs=1, verbose=0, **options)[0].loss
        for x, options in forms
    ]
    assert len(set(losses)) == 1


def test_validation_data_may_be_a_set_a_pair_or_a_loader(digits):
    train, test = digits[0][:60], digits[1]
    forms = [test, (test.images, test.labels), DataLoader(test, batch_size=64)]
    found = [
        DigitClassifier("mlp", seed=0).fit(train, epochs=1, validation_data=form, verbose=0)
        for form in forms
    ]
    assert len({history[0].val_loss for history in found}) == 1


def test_validation_split_holds_out_the_share(digits):
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, state):
            seen.append((state.pictures_per_epoch, len(state.validation.labels)))

    train = digits[0]
    DigitClassifier("mlp").fit(
        train, epochs=1, validation_split=0.2, callbacks=[Watch()], verbose=0
    )
    ((kept, held_out),) = seen
    assert kept + held_out == len(train)
    assert held_out == pytest.approx(0.2 * len(train), abs=5)


def test_mean_and_deviation_are_measured_on_the_training_set(digits):
    images, labels = digits[0].images, digits[0].labels
    classifier = ImageClassifier("mlp", classes=list("0123456789"), input_shape=(1, 28, 28))
    classifier.fit(images, labels, epochs=1, verbose=0)
    scaled = images.double() / 255
    assert classifier._trained.network.mean.item() == pytest.approx(scaled.mean().item(), abs=1e-5)
    assert classifier._trained.network.std.item() == pytest.approx(scaled.std().item(), abs=1e-4)


def test_mean_and_deviation_stay_those_of_the_first_training_set(digits):
    images, labels = digits[0].images[:200], digits[0].labels[:200]
    classifier = ImageClassifier("mlp", classes=list("0123456789"), input_shape=(1, 28, 28))
    classifier.fit(images, labels, epochs=1, verbose=0)
    mean, std = classifier._trained.network.mean.clone(), classifier._trained.network.std.clone()
    classifier.fit(images // 4, labels, epochs=1, verbose=0)
    assert torch.equal(classifier._trained.network.mean, mean)
    assert torch.equal(classifier._trained.network.std, std)


def test_a_validation_split_is_the_sets_own_split_with_the_seed(digits):
    train = digits[0][:200]
    rest, part = train.split(0.2, seed=5)
    found = [
        DigitClassifier("mlp", seed=5).fit(x, epochs=1, verbose=0, **options)[0]
        for x, options in ((train, {"validation_split": 0.2}), (rest, {"validation_data": part}))
    ]
    assert found[0].loss == found[1].loss
    assert found[0].val_loss == found[1].val_loss


def test_a_loader_that_shuffles_gives_one_result_for_one_seed(digits):
    loader = DataLoader(TensorDataset(digits[0].images[:99], digits[0].labels[:99]), shuffle=True)
    losses = []
    for _ in range(2):
        torch.rand(1)
        before = torch.get_rng_state()
        losses.append(DigitClassifier("mlp", seed=0).fit(loader, epochs=1, verbose=0)[0].loss)
        assert torch.equal(torch.get_rng_state(), before)
    assert losses[0] == losses[1]


def test_pictures_without_labels_can_be_predicted_from_a_dataset(fitted, digits):
    images = digits[1].images[:30]
    expected = fitted.predict(images)
    assert np.array_equal(fitted.predict(DataLoader(images, batch_size=7)), expected)
    assert np.array_equal(fitted.predict(digits[1][:30]), expected)


def test_a_class_with_one_picture_cannot_be_split(digits):
    train = digits[0]
    ones = (train.labels == 7).nonzero()[:, 0]
    keep = torch.ones(len(train), dtype=torch.bool)
    keep[ones[1:]] = False
    with pytest.raises(InvalidInputError, match="at least 2 pictures of each class .* '7' has 1"):
        DigitClassifier("mlp").fit(
            train.images[keep], train.labels[keep], validation_split=0.1, verbose=0
        )


def test_pairs_come_apart_as_the_message_says(digits):
    pairs = [digits[0][number] for number in range(20)]
    clf = DigitClassifier("mlp", seed=0)
    for form in (pairs, iter(pairs)):
        with pytest.raises(InvalidInputError, match=r"apart by x, y = zip\(\*pairs\)"):
            clf.fit(form, epochs=1, verbose=0)
    x, y = zip(*pairs, strict=True)
    clf.fit(x, y, epochs=1, verbose=0)
