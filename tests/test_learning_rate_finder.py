"""The range test finds a rate that trains, and leaves the classifier as it was."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from digitnet import DigitClassifier
from digitnet.callbacks import LambdaCallback
from digitnet.errors import InvalidInputError
from digitnet.learning_rate_finder import find_learning_rate
from digitnet.recipe import REPORT

RECIPE = replace(REPORT, network="mlp", schedule="step", milestones=(0.3,))


@pytest.fixture(scope="module")
def found(digits):
    return find_learning_rate(DigitClassifier(recipe=RECIPE, seed=0), digits[0])


def weights(classifier):
    return torch.cat(
        [value.flatten() for value in classifier._trained.network.state_dict().values()]
    )


def test_the_rates_rise_by_one_factor_until_the_loss_is_four_times_the_lowest(found):
    steps = len(found.rates)
    assert found.rates == pytest.approx([1e-6 * 1e7 ** (step / 99) for step in range(steps)])
    assert steps < 100
    assert found.losses[-1] > 4 * min(found.losses)
    assert max(found.losses[:-1]) <= 4 * min(found.losses)


def test_the_losses_are_means_of_those_of_a_training_at_these_rates(found, digits):
    losses = []

    def rise(state):
        losses.append(float(state.batch_loss))
        state.set_learning_rate(found.rates[min(state.step, len(found.rates) - 1)])

    first = LambdaCallback(
        on_train_begin=lambda state: state.set_learning_rate(found.rates[0]), on_batch_end=rise
    )
    clf = DigitClassifier(recipe=RECIPE.with_constant_rate(), seed=0)
    clf.fit(digits[0], epochs=2, callbacks=[first], verbose=0)  # 48 steps
    for step in (0, 1, 20, 47):
        counts = [0.9 ** (step - earlier) for earlier in range(step + 1)]
        total = sum(count * loss for count, loss in zip(counts, losses, strict=False))
        assert found.losses[step] == pytest.approx(total / sum(counts), rel=1e-5)


def test_the_suggestion_is_a_tenth_of_the_rate_of_the_lowest_loss_and_trains(found, digits):
    lowest = found.losses.index(min(found.losses))
    assert found.suggestion == pytest.approx(found.rates[lowest] / 10)
    clf = DigitClassifier(recipe=replace(RECIPE, learning_rate=found.suggestion), seed=0)
    clf.fit(digits[0], epochs=2, verbose=0)
    assert clf.score(digits[1]) > 0.7


@pytest.mark.parametrize("epochs", [0, 1])
def test_the_classifier_and_the_random_state_stay_as_they_are(digits, epochs):
    train = digits[0][:300]
    searched, other = (DigitClassifier("mlp", seed=0) for _ in range(2))
    for clf in (searched, other):
        if epochs:
            clf.fit(train, epochs=epochs, verbose=0)
    torch.manual_seed(0)
    random = torch.get_rng_state()
    find_learning_rate(searched, train)
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.equal(weights(searched), weights(other))
    assert len(searched.history) == epochs
    assert searched.recipe is REPORT
    for clf in (searched, other):
        clf.fit(train, epochs=1, verbose=0)
    assert torch.equal(weights(searched), weights(other))


def test_a_result_is_frozen_and_is_drawn(found):
    with pytest.raises(FrozenInstanceError):
        found.suggestion = 1.0
    (axes,) = found.plot().axes
    assert axes.get_xscale() == "log"
    curve, mark = axes.lines
    assert (*curve.get_xdata(),) == found.rates
    assert (*curve.get_ydata(),) == found.losses
    assert set(mark.get_xdata()) == {found.suggestion}
    assert found._repr_html_().startswith("<img")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": 0}, "Expected start to be a finite number above 0; received 0"),
        ({"end": float("inf")}, "Expected end to be a finite number"),
        ({"start": 0.1, "end": 0.1}, "Expected end to be above start, 0.1; received 0.1"),
        ({"steps": 9}, "Expected steps to be a whole number of at least 10; received 9"),
        ({"start": 1e-9, "end": 1e-4}, "lowest at 0.0001. Pass a higher end"),
        ({"start": 1e30, "end": 1e31}, "lowest at 1e+30. Pass a lower start"),
    ],
)
def test_a_range_in_which_nothing_is_found_is_an_error(digits, options, message):
    with pytest.raises(InvalidInputError) as caught:
        find_learning_rate(DigitClassifier("mlp", seed=0), digits[0][:300], **options)
    assert message in str(caught.value)
