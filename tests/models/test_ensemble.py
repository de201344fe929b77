"""Networks that vote."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from digitnet import DigitClassifier, ImageClassifier
from digitnet.errors import InvalidInputError, NotFittedError
from digitnet.models.ensemble import Ensemble
from digitnet.models.inspection import layer_rows
from digitnet.recipe import FAST


@pytest.fixture(scope="module")
def members(digits):
    trained = [DigitClassifier(recipe="fast", seed=seed) for seed in range(3)]
    for member in trained:
        member.fit(digits[0][:600], epochs=1, verbose=0)
    return trained


def test_its_probabilities_are_the_mean_of_its_members(members, digits):
    vote = DigitClassifier.ensemble(members)
    mean = np.mean([member.predict_proba(digits[1]) for member in members], axis=0)
    assert np.allclose(vote.predict_proba(digits[1]), mean, atol=1e-6)


def test_a_calibrated_member_votes_with_its_temperature(members, digits):
    calibrated = DigitClassifier.ensemble(members[:1])  # a copy
    calibrated.calibrate(digits[1][:200])
    pair = [calibrated, DigitClassifier.ensemble(members[1:2])]
    mean = np.mean([member.predict_proba(digits[1]) for member in pair], axis=0)
    vote = DigitClassifier.ensemble(pair)
    assert np.allclose(vote.predict_proba(digits[1]), mean, atol=1e-6)


@pytest.mark.parametrize("count", [1, 3])
def test_it_is_saved_and_loaded_like_any_network(members, digits, tmp_path, count):
    vote = DigitClassifier.ensemble(members[:count])
    assert vote.network_name == f"slim*{count}"
    vote.save(tmp_path / "vote.safetensors")
    loaded = DigitClassifier.load(tmp_path / "vote.safetensors")
    assert np.array_equal(loaded.predict_proba(digits[1]), vote.predict_proba(digits[1]))


def test_members_that_look_at_both_sides_vote_on_each(digits, tmp_path):
    both = replace(FAST, mirror=True)
    members = [DigitClassifier(recipe=both, seed=seed) for seed in range(2)]
    for member in members:
        member.fit(digits[0][:300], epochs=1, verbose=0)
    alone = DigitClassifier.ensemble(members[:1])
    assert np.allclose(
        alone.predict_proba(digits[1]), members[0].predict_proba(digits[1]), atol=1e-6
    )
    vote = DigitClassifier.ensemble(members)
    sides = []
    for images in (digits[1].images, digits[1].images.flip(-1)):
        for member in members:
            member._trained.network.mirror = False
        each = [member.predict_proba(images) for member in members]
        sides.append(np.log(np.mean(each, axis=0)))
    expected = np.exp((sides[0] + sides[1]) / 2)
    expected /= expected.sum(axis=1, keepdims=True)
    assert np.allclose(vote.predict_proba(digits[1]), expected, atol=1e-5)
    vote.save(tmp_path / "vote.safetensors")
    loaded = DigitClassifier.load(tmp_path / "vote.safetensors")
    assert np.array_equal(loaded.predict_proba(digits[1]), vote.predict_proba(digits[1]))


@pytest.mark.parametrize("views", [{"mirror": True}, {"multi_crop": 1}])
def test_members_of_which_one_looks_at_other_views_are_refused(members, digits, views):
    other = DigitClassifier(recipe=replace(FAST, **views), seed=9)
    other.fit(digits[0][:300], epochs=1, verbose=0)
    with pytest.raises(InvalidInputError, match="the same views"):
        DigitClassifier.ensemble([*members, other])


def test_members_of_ones_own_are_loaded_with_the_network(digits, tmp_path):
    def build():
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    members = [DigitClassifier(build(), seed=seed) for seed in range(2)]
    for member in members:
        member.fit(digits[0][:200], epochs=1, verbose=0)
    vote = DigitClassifier.ensemble(members)
    vote.save(tmp_path / "vote.safetensors")
    again = Ensemble([build(), build()])
    loaded = DigitClassifier.load(tmp_path / "vote.safetensors", model=again)
    assert np.array_equal(loaded.predict_proba(digits[1]), vote.predict_proba(digits[1]))


def test_members_with_another_normalisation_keep_it(digits, tmp_path):
    settings = {"classes": tuple("0123456789"), "input_shape": (1, 28, 28)}
    plain = ImageClassifier("slim", **settings, mean=0, std=1, seed=0)
    plain.fit(digits[0][:200], epochs=1, verbose=0)
    plain.save(tmp_path / "plain.safetensors")
    member = DigitClassifier.load(tmp_path / "plain.safetensors")
    vote = DigitClassifier.ensemble([member])
    assert np.allclose(vote.predict_proba(digits[1]), plain.predict_proba(digits[1]), atol=1e-6)


def test_the_summary_has_a_row_for_each_member(members):
    rows = layer_rows(DigitClassifier.ensemble(members).model, (1, 28, 28))
    assert [(row.output_shape, row.parameters) for row in rows] == [((10,), 81_450)] * 3


def test_members_stay_as_they_are(members, digits):
    before = members[0].predict_proba(digits[1])
    DigitClassifier.ensemble(members).fit(digits[0][:200], epochs=1, verbose=0)
    assert np.array_equal(members[0].predict_proba(digits[1]), before)


def test_members_that_do_not_go_together_are_refused(members, digits):
    for wrong in ([], members[0], 5, [*members, None]):
        with pytest.raises(InvalidInputError, match="Expected a list of trained"):
            DigitClassifier.ensemble(wrong)
    with pytest.raises(NotFittedError):
        DigitClassifier.ensemble([*members, DigitClassifier()])
    settings = {"classes": members[0].classes, "input_shape": (1, 28, 28)}
    other = ImageClassifier(**settings, mean=0, std=1, seed=0)
    other.fit(digits[0][:100], epochs=1, verbose=0)
    with pytest.raises(InvalidInputError, match="with the same mean"):
        ImageClassifier.ensemble([*members, other])


def test_an_ensemble_needs_members_and_as_many_temperatures():
    for wrong in ([], ["slim"]):
        with pytest.raises(InvalidInputError, match="Expected networks that vote"):
            Ensemble(wrong)
    for temperatures in ([1, 2], [0], [float("nan")], []):
        with pytest.raises(InvalidInputError, match="Expected 1 finite temperatures above 0"):
            Ensemble([nn.Identity()], temperatures=temperatures)


def test_its_logits_are_logarithms_of_probabilities():
    vote = Ensemble([nn.Identity(), nn.Flatten()], temperatures=[1.0, 2.0])
    assert torch.allclose(vote(torch.randn(4, 3)).exp().sum(dim=1), torch.ones(4))
