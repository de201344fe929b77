"""Sample weights count in the loss as in Keras, wherever pictures come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.ensemble import AdaBoostClassifier
from sklearn.metrics import accuracy_score
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from digitnet import DigitClassifier
from digitnet.callbacks import Checkpoint, EarlyStopping
from digitnet.data.batches import Batches
from digitnet.errors import InvalidInputError
from digitnet.objectives import Weighted, cross_entropy, mean_of
from digitnet.recipe import REPORT

QUIET = {"epochs": 1, "verbose": 0}
CPU = torch.device("cpu")


def made(**options):
    return DigitClassifier("mlp", seed=0, **options)


def losses_of(classifier, images):
    logits = torch.from_numpy(classifier.predict_proba(images.images)).double().log()
    return functional.cross_entropy(logits, images.labels, reduction="none").numpy()


def alike(first, second):
    pairs = zip(first.model.parameters(), second.model.parameters(), strict=True)
    return all(torch.equal(found, expected) for found, expected in pairs)


@pytest.fixture(scope="module")
def small(digits):
    return digits[0][:120], digits[1][:60]


@pytest.fixture(scope="module")
def weights():
    return np.random.default_rng(0).uniform(0, 3, 120)


def see(logits):
    return logits


def test_the_loss_is_the_sum_of_weighted_losses_over_the_number_of_images():
    logits = torch.log(torch.tensor([[0.5, 0.5], [0.2, 0.8], [0.75, 0.25]]))
    labels, counts = torch.tensor([0, 1, 0]), torch.tensor([2.0, 0.0, 0.5])
    expected = -(2 * np.log(0.5) + 0.5 * np.log(0.75)) / 3
    loss, correct = cross_entropy()(see, logits, Weighted(labels, counts))
    assert float(loss) == pytest.approx(expected)
    assert int(correct) == 3
    doubled = cross_entropy(class_weight=torch.tensor([2.0, 1.0]))
    assert float(doubled(see, logits, Weighted(labels, counts))[0]) == pytest.approx(2 * expected)
    squares = mean_of(lambda logits, labels: logits[:, 0] ** 2)
    expected = (2 * np.log(0.5) ** 2 + 0.5 * np.log(0.75) ** 2) / 3
    assert float(squares(see, logits, Weighted(labels, counts))[0]) == pytest.approx(expected)


def test_weights_come_along_with_their_pictures(small, weights):
    images = replace(small[0], weights=torch.from_numpy(weights).float())
    batches = Batches(images, 50, CPU)
    order = torch.randperm(120, generator=torch.Generator().manual_seed(0))
    found = [y for _, y, _ in batches.shuffled(order, lambda count: slice(count // 2, count))]
    half = torch.cat([part[len(part) // 2 :] for part in order.split(50)])
    assert torch.equal(torch.cat([y.labels for y in found]), images.labels[half])
    assert torch.equal(torch.cat([y.weights for y in found]), images.weights[half])
    part = images[images.labels == 3][1:4]
    assert torch.equal(part.weights, images.weights[images.labels == 3][1:4])
    rest, held_out = images.split(0.3, seed=0)
    for each in (rest, held_out):
        places = [int((images.images == one).flatten(1).all(1).nonzero()[0]) for one in each.images]
        assert torch.equal(each.weights, images.weights[places])


def test_weights_of_1_train_as_none_and_classes_weigh_as_class_weight(small):
    train, _ = small
    plain, ones, classes, pictures = (made() for _ in range(4))
    plain.fit(train, **QUIET)
    ones.fit(train, sample_weight=np.ones(120), **QUIET)
    for found, expected in zip(ones.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.allclose(found, expected, atol=1e-6)
    classes.fit(train, class_weight={3: 4.0}, **QUIET)
    pictures.fit(train, sample_weight=1 + 3 * (train.labels.numpy() == 3), **QUIET)
    assert alike(classes, pictures)
    assert not alike(classes, plain)


def test_pictures_of_weight_0_teach_nothing(small):
    train, _ = small
    wrong = replace(train, labels=torch.where(torch.arange(120) < 60, 9, train.labels))
    halves = (torch.arange(120) >= 60).float()
    classifiers = [made(), made()]
    for classifier, images in zip(classifiers, (train, wrong), strict=True):
        classifier.fit(images, sample_weight=halves, **QUIET)
    assert alike(*classifiers)


def test_evaluate_weights_the_loss_and_score_the_accuracy(small, weights):
    train, test = small
    classifier = made()
    classifier.fit(train, **QUIET)
    counts = weights[:60]
    plain, found = classifier.evaluate(test), classifier.evaluate(test, sample_weight=counts)
    assert found.loss == pytest.approx((counts * losses_of(classifier, test)).mean(), rel=1e-5)
    assert found.loss != pytest.approx(plain.loss, rel=1e-3)
    assert found.accuracy == plain.accuracy
    x, y = test.images.numpy(), test.labels.numpy()
    expected = accuracy_score(y, classifier.predict(x), sample_weight=counts)
    assert classifier.score(x, y, counts) == pytest.approx(expected)
    assert classifier.score(x, y) == plain.accuracy
    whole = classifier.evaluate(test, sample_weight=np.full(60, 2), return_dict=True)
    assert whole["loss"] == pytest.approx(2 * plain.loss)


def test_validation_data_and_splits_have_their_weights(small, weights):
    train, test = small
    counts = weights[:60]
    given = made()
    history = given.fit(train, validation_data=(test.images, test.labels, counts), **QUIET)
    assert history[-1].val_loss == given.evaluate(test, sample_weight=counts).loss
    divided = made()
    history = divided.fit(train, validation_split=0.25, sample_weight=weights, **QUIET)
    weighted = replace(train, weights=torch.from_numpy(weights).float())
    rest, held_out = weighted.split(0.25, seed=0)
    assert history[-1].val_loss == divided.evaluate(held_out).loss
    by_hand = made()
    by_hand.fit(rest, **QUIET)
    assert alike(divided, by_hand)


def test_datasets_take_weights_in_their_order_and_loaders_say_what_to_pass(small, weights):
    train, _ = small
    arrays, dataset = made(), made()
    arrays.fit(train, sample_weight=weights, **QUIET)
    loader = DataLoader(TensorDataset(train.images, train.labels), shuffle=True)
    with pytest.raises(InvalidInputError, match="which may shuffle. Pass its dataset: loader.data"):
        dataset.fit(loader, sample_weight=weights, **QUIET)
    dataset.fit(loader.dataset, sample_weight=weights, **QUIET)
    assert alike(arrays, dataset)
    triples = TensorDataset(train.images, train.labels, torch.from_numpy(weights))
    with pytest.raises(InvalidInputError, match="Pass weights as sample_weight"):
        made().fit(triples, **QUIET)


GIVEN = "numpy.asarray(sample_weight, 'float32')"
CHANGED = [
    ("short", lambda w: w[:-1], r"shape \(120,\), a number for each picture; received \(119,\)"),
    ("column", lambda w: w[:, None], r"received \(120, 1\). Pass numpy.ravel\(sample_weight\)."),
    ("number", lambda w: 2.0, r"received \(\). Pass one for each"),
    ("NaN", lambda w: np.where(w > 2, np.nan, w), "received NaN or infinity, the first at index"),
    ("infinite", lambda w: np.where(w > 2, np.inf, w), "received NaN or infinity"),
    ("too large", lambda w: np.where(w > 2, 1e300, w), "received NaN or infinity"),
    (
        "negative",
        lambda w: w - 1,
        "finite numbers of at least 0; received negative ones, the first",
    ),
    ("zero", lambda w: 0 * w, "received 0 for all of the pictures, .* Leave sample_weight out"),
    ("names", lambda w: "balanced", "Expected sample_weight as numbers, in an array"),
    ("None", lambda w: [w[0], None, *w[2:]], "received None. Leave its picture out"),
    ("dictionary", lambda w: {3: 2.0}, "Expected sample_weight as numbers, in an array"),
]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in CHANGED], ids=lambda _: "")
def test_other_weights_are_refused_before_training_and_remedies_work(
    small, weights, change, message
):
    train, test = small
    classifier = made()
    with pytest.raises(InvalidInputError, match=message) as caught:
        classifier.fit(train, sample_weight=change(weights), **QUIET)
    assert len(classifier.history) == 0
    with pytest.raises(InvalidInputError, match=message.replace("120", "60").replace("119", "59")):
        classifier.fit(train, validation_data=(test.images, test.labels, change(weights[:60])))
    remedy = str(caught.value).partition("pass ")[2] or str(caught.value).partition("Pass ")[2]
    if remedy.startswith("numpy."):
        names = {"numpy": np, "sample_weight": change(weights)}
        with np.errstate(over="ignore"):
            classifier.fit(train, sample_weight=eval(remedy.rstrip("."), names), **QUIET)


def test_a_part_of_a_split_whose_weights_are_all_0_is_refused(small):
    train, _ = small
    _, held_out = train.split(0.2, seed=0)
    kept = [any(bool((one == held).all()) for held in held_out.images) for one in train.images]
    for weights, part in ((kept, "training"), (~np.array(kept), "held-out")):
        with pytest.raises(InvalidInputError, match=f"received 0 for all of the {part} part"):
            made().fit(train, sample_weight=weights, validation_split=0.2, **QUIET)


def test_a_training_with_weights_is_gone_on_from_and_no_other_weights_take_it(
    small, weights, tmp_path
):
    train, _ = small
    recipe = replace(REPORT, batch_size=32, clip_norm=1.0)
    whole, begun, resumed = (made(recipe=recipe) for _ in range(3))
    given = {"sample_weight": weights, "verbose": 0}
    whole.fit(train, epochs=3, **given)
    begun.fit(train, epochs=2, callbacks=[Checkpoint(tmp_path, every=3)], **given)
    for other in (None, weights[::-1].copy()):
        with pytest.raises(InvalidInputError, match="another data: '.*, weights .*' there"):
            made(recipe=recipe).fit(
                train, epochs=3, resume=tmp_path, sample_weight=other, verbose=0
            )
    resumed.fit(train, epochs=3, resume=tmp_path, **given)
    assert alike(resumed, whole)


def test_evaluate_warns_of_the_pictures_that_chose_the_epoch_whatever_their_weights(small):
    train, test = small
    classifier = made()
    stop = EarlyStopping(patience=1, restore_best_weights=True)
    validation = (test.images, test.labels, np.arange(60))
    classifier.fit(train, epochs=2, validation_data=validation, callbacks=[stop], verbose=0)
    with pytest.warns(UserWarning, match="best epoch was chosen on these pictures"):
        classifier.evaluate(test)


def test_scikit_learns_boosting_weights_pictures(small):
    x, y = small[0].images.flatten(1).numpy(), small[0].labels.numpy()
    member = made(recipe=replace(REPORT, epochs=5, batch_size=16))
    boosted = AdaBoostClassifier(member, n_estimators=2, random_state=0).fit(x, y)
    assert len(boosted.estimators_) == 2
    assert boosted.score(x, y) > 0.3
