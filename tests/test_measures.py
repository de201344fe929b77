"""What a classifier is measured by: a loss of one's own, from the constructor to the file."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch
from sklearn.base import clone
from torch import nn
from torch.nn import functional

from digitnet import DigitClassifier, ImageClassifier
from digitnet.callbacks import Checkpoint
from digitnet.command_line import main
from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.measures import Measures, name_of
from digitnet.recipe import CIFAR10, REPORT

CPU = torch.device("cpu")


def focal(logits, labels):
    """Return the focal loss (Lin et al., 2017) of each image."""
    losses = functional.cross_entropy(logits, labels, reduction="none")
    return (1 - torch.exp(-losses)) ** 2 * losses


def brier(logits, labels):
    target = functional.one_hot(labels, logits.shape[1])
    return (logits.softmax(dim=1) - target).square().sum(dim=1)


PLAIN = nn.CrossEntropyLoss(reduction="none")
QUIET = {"epochs": 1, "verbose": 0}


def made(loss="cross_entropy", **options):
    return DigitClassifier("mlp", loss=loss, seed=0, **options)


@pytest.fixture(scope="module")
def small(digits):
    return digits[0][:200], digits[1][:60]


def test_cross_entropy_as_a_function_trains_as_the_default_does(small):
    train, test = small
    default, own = made(), made(PLAIN)
    for classifier in (default, own):
        classifier.fit(train, epochs=2, validation_data=test, class_weight={3: 2.0}, verbose=0)
    for found, expected in zip(own.model.parameters(), default.model.parameters(), strict=True):
        assert torch.allclose(found, expected, atol=1e-6)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert own.history.history[name] == pytest.approx(default.history.history[name], rel=1e-5)
    assert own.evaluate(test).loss == pytest.approx(default.evaluate(test).loss, rel=1e-5)


def test_the_loss_that_was_given_is_minimised_and_reported(small):
    train, test = small
    classifier = made(brier)
    history = classifier.fit(train, epochs=3, batch_size=20, validation_data=test, verbose=0)
    assert history[-1].loss < history[0].loss < 1  # of cross-entropy it would be about 2
    target = torch.nn.functional.one_hot(test.labels, 10)
    expected = (torch.from_numpy(classifier.predict_proba(test)) - target).square().sum(1).mean()
    assert classifier.evaluate(test).loss == pytest.approx(float(expected), rel=1e-5)
    assert history[-1].val_loss == classifier.evaluate(test).loss


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ("mse", "Expected loss to be 'cross_entropy', which is the default, .* received 'mse'"),
        (None, "received None"),
        (nn.CrossEntropyLoss, r"as the instance torch.nn.CrossEntropyLoss\(reduction='none'\)"),
        (functional.cross_entropy, "a function of another name"),
        (nn.CrossEntropyLoss(), r"received \(\). Leave the mean out: .* reduction='none'"),
        (lambda logits, y: logits**2, r"received \(11, 10\). .*: losses.flatten\(1\).mean\(dim=1"),
        (lambda logits, y: logits.sum(dim=0), r", \(11,\); received \(10,\). Compute them from"),
        (lambda logits, y: focal(logits.detach(), y), r"received \(11,\). .* without detach"),
        (lambda logits, y: focal(logits, y).tolist(), "received list. Compute .* with torch"),
        (lambda labels, logits: focal(logits, labels), "raised .*. Try it: loss.torch.zeros"),
        (
            lambda logits: logits,
            r"float32 \(11, 10\) and int64 \(11,\) on cpu; .* raised TypeError",
        ),
    ],
)
def test_what_is_no_loss_of_each_picture_is_refused_before_training(loss, message):
    before = torch.get_rng_state()
    with pytest.raises(InvalidInputError, match=message):
        made(loss)
    classifier = made()
    with pytest.raises(InvalidInputError, match=message):
        classifier.set_params(loss=loss)
    assert classifier.get_params()["loss"] == "cross_entropy"
    assert torch.equal(torch.get_rng_state(), before)


def test_the_remedies_make_losses():
    with pytest.raises(InvalidInputError):
        made(nn.BCEWithLogitsLoss(reduction="none"))

    def binary(logits, labels):
        target = functional.one_hot(labels, logits.shape[1]).float()
        losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return losses.flatten(1).mean(dim=1)

    assert made(binary).get_params()["loss"] is binary


def test_smoothing_of_labels_is_cross_entropys_alone():
    message = "Expected a recipe without label_smoothing, .* received 0.1. Take dataclasses.replace"
    options = {"classes": ["a", "b"], "input_shape": (3, 32, 32), "loss": focal}
    with pytest.raises(InvalidInputError, match=message):
        ImageClassifier("mlp", recipe="cifar10", **options)
    ImageClassifier("mlp", recipe=replace(CIFAR10, label_smoothing=0), **options)
    classifier = made(focal)
    with pytest.raises(InvalidInputError, match=message):
        classifier.recipe = replace(REPORT, label_smoothing=0.1)
    assert classifier.recipe is REPORT


def test_losses_have_the_names_of_their_functions():
    assert name_of(focal) == "focal"
    assert name_of(PLAIN) == "CrossEntropyLoss"
    assert name_of(partial(functional.cross_entropy, reduction="none")) == "partial(cross_entropy)"
    assert Measures().loss_name == "cross_entropy"


def test_many_images_have_the_mean_of_their_losses():
    logits = torch.randn(9000, 3, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(9000) % 3
    found = Measures.checked(loss=focal, metrics=(), classes=3, device=CPU).mean_loss(
        logits, labels
    )
    assert found == pytest.approx(float(focal(logits.double(), labels).mean()), rel=1e-6)


# Files, clones, resume


def test_a_file_names_the_loss_and_loading_asks_for_it(small, tmp_path):
    train, test = small
    classifier = made(brier)
    classifier.fit(train, **QUIET)
    classifier.save(tmp_path / "own")
    with pytest.raises(ArtifactError, match=r"own, brier. Pass it: load\(path, loss=brier\); or"):
        DigitClassifier.load(tmp_path / "own")
    same = DigitClassifier.load(tmp_path / "own", loss=brier)
    assert [*same.evaluate(test)] == [*classifier.evaluate(test)]
    same.fit(train, **QUIET)  # goes on
    other = DigitClassifier.load(tmp_path / "own", loss="cross_entropy")
    assert (other.predict_proba(test) == classifier.predict_proba(test)).all()
    with pytest.raises(InvalidInputError, match="Expected loss to be"):
        DigitClassifier.load(tmp_path / "own", loss="mse")
    assert main(["info", str(tmp_path / "own")]) == 0


def test_a_file_of_the_default_loss_needs_none(fitted, tmp_path, small):
    fitted.save(tmp_path / "default")
    same = DigitClassifier.load(tmp_path / "default")
    assert same.get_params()["loss"] == "cross_entropy"
    assert same.evaluate(small[1]).loss == fitted.evaluate(small[1]).loss


def test_clones_copies_and_ensembles_have_the_loss(small):
    train, test = small
    classifier = made(brier)
    classifier.fit(train, **QUIET)
    assert classifier.get_params()["loss"] is brier
    assert clone(classifier).get_params()["loss"] is brier
    assert clone(classifier).set_params(loss=focal).get_params()["loss"] is focal
    vote = DigitClassifier.ensemble([classifier, classifier])
    assert vote.evaluate(test).loss == pytest.approx(classifier.evaluate(test).loss, rel=1e-5)
    assert vote.get_params()["loss"] is brier


def test_a_training_by_an_own_loss_is_gone_on_from_and_no_other_loss_takes_it(small, tmp_path):
    train, _ = small
    whole, begun, resumed = made(focal), made(focal), made(focal)
    whole.fit(train, epochs=3, verbose=0)
    begun.fit(train, epochs=2, callbacks=[Checkpoint(tmp_path, every=3)], verbose=0)
    for loss, name in ((brier, "'brier'"), ("cross_entropy", "'cross_entropy'")):
        with pytest.raises(InvalidInputError, match=f"another loss: 'focal' there, {name} here"):
            made(loss).fit(train, epochs=3, resume=tmp_path, verbose=0)
    resumed.fit(train, epochs=3, resume=tmp_path, verbose=0)
    for found, expected in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(found, expected)
