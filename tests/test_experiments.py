"""Variants are compared on the same seeds, and no finished training is done again."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.experiments import Difference, compare

VALUES = {"first": [0.90, 0.92, 0.91], "second": [0.93, 0.94, 0.95]}


def variants(calls=None):
    """Trainings whose figures are known beforehand."""

    def training(name):
        def train(seed):
            if calls is not None:
                calls.append((name, seed))
            return {"accuracy": VALUES[name][seed], "curve": [seed, VALUES[name][seed]]}

        return train

    return {name: training(name) for name in VALUES}


def test_a_seed_goes_through_all_variants_before_the_next():
    calls = []
    compare(variants(calls), seeds=2)
    assert calls == [("first", 0), ("second", 0), ("first", 1), ("second", 1)]


def test_means_deviations_and_paired_intervals_are_those_of_scipy():
    first, second = compare(variants(), seeds=3).rows("accuracy")
    assert (first.variant, first.against) == ("first", None)
    assert second.mean == pytest.approx(0.94)
    assert second.deviation == pytest.approx(np.std(VALUES["second"], ddof=1))
    expected = stats.ttest_rel(VALUES["second"], VALUES["first"]).confidence_interval(0.95)
    assert second.against.mean == pytest.approx(0.03)
    assert [second.against.low, second.against.high] == pytest.approx([*expected])


def test_rows_of_numbers_keep_their_shape():
    found = compare(variants(), seeds=[2, 0])
    assert found.seeds == (2, 0)
    assert found.values("first", "curve").tolist() == [[2, 0.91], [0, 0.90]]


def test_one_seed_shows_no_difference():
    row = compare(variants(), seeds=1).rows("accuracy", baseline="second")[0]
    assert math.isnan(row.deviation)
    assert math.isnan(row.against.low)
    assert row.against.sign == 0


@pytest.mark.parametrize(("low", "high", "sign"), [(0.1, 0.2, 1), (-0.2, -0.1, -1), (-0.1, 0.1, 0)])
def test_a_difference_is_shown_where_its_interval_leaves_0_out(low, high, sign):
    assert Difference(0.0, low, high).sign == sign


def test_an_interrupted_comparison_goes_on_where_it_stopped(tmp_path):
    path, calls = tmp_path / "kept.json", []
    broken = variants(calls)
    broken["second"] = lambda seed: 1 / (1 - seed) and variants(calls)["second"](seed)
    with pytest.raises(ZeroDivisionError):
        compare(broken, seeds=3, path=path, settings={"epochs": 1})
    del calls[:]
    found = compare(variants(calls), seeds=3, path=path, settings={"epochs": 1})
    assert calls == [("second", 1), ("first", 2), ("second", 2)]
    whole = compare(variants(), seeds=3)
    assert found.rows("accuracy") == whole.rows("accuracy")


def test_trainings_of_other_settings_are_refused_and_kept(tmp_path):
    path = tmp_path / "kept.json"
    compare(variants(), seeds=1, path=path, settings={"epochs": 1})
    before = path.read_bytes()
    with pytest.raises(InvalidInputError, match="epochs 1 there, 2 here. Give another path"):
        compare(variants(), seeds=1, path=path, settings={"epochs": 2})
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", '{"settings": {}}', '{"trainings": [1]}'])
def test_a_file_of_something_else_is_an_error(tmp_path, text):
    path = tmp_path / "kept.json"
    path.write_text(text)
    with pytest.raises(ArtifactError, match="no file of a comparison"):
        compare(variants(), seeds=1, path=path)
    assert path.read_text() == text


def test_a_folder_that_is_not_there_is_an_error_before_anything_is_trained(tmp_path):
    calls = []
    with pytest.raises(ArtifactError, match="there is no folder"):
        compare(variants(calls), path=tmp_path / "none" / "kept.json")
    assert calls == []


def test_the_file_is_json_that_others_can_read(tmp_path):
    path = tmp_path / "kept.json"
    compare(variants(), seeds=1, path=path)
    content = json.loads(path.read_text())
    assert content["trainings"][1]["figures"] == {"accuracy": 0.93, "curve": [0, 0.93]}
    assert content["settings"]["versions"]["torch"]


@pytest.mark.parametrize("figures", [None, 0.5, {"accuracy": "high"}, {"curve": [[1], [1, 2]]}])
def test_what_is_no_figures_is_an_error(figures):
    with pytest.raises(InvalidInputError, match="training of 'mine' to return numbers"):
        compare({"mine": lambda seed: figures})


@pytest.mark.parametrize("seeds", [0, -1, 1.5, [], [1, 1], ["a"]])
def test_wrong_seeds_are_errors(seeds):
    with pytest.raises(InvalidInputError, match="Expected"):
        compare(variants(), seeds=seeds)


def test_no_variants_and_unknown_names_are_errors():
    with pytest.raises(InvalidInputError, match="at least one variant"):
        compare({})
    found = compare(variants(), seeds=1)
    with pytest.raises(InvalidInputError, match="a variant of 'first', 'second'; received 'third'"):
        found.values("third", "accuracy")
    with pytest.raises(InvalidInputError, match="'accuracy', 'curve'; received 'loss'"):
        found.values("first", "loss")
