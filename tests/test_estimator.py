"""scikit-learn's tools work on a classifier."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.validation import check_is_fitted
from torch import nn

from digitnet import DigitClassifier, ImageClassifier
from digitnet.errors import InvalidInputError
from digitnet.recipe import FAST, REPORT

QUIET = {"epochs": 1, "verbose": 0}
SHORT = replace(REPORT, network="mlp", epochs=1, batch_size=8)


def tiny() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


@pytest.fixture(scope="module")
def tables(digits):
    """Flat pictures and labels, to train on and to test with."""
    train, test = digits[0][:200], digits[1][:100]
    return (
        train.images.flatten(1).numpy(),
        train.labels.numpy(),
        test.images.flatten(1).numpy(),
        test.labels.numpy(),
    )


def made(**options):
    return DigitClassifier("mlp", **{"recipe": SHORT, "seed": 0} | options)


# Parameters and clones


@pytest.mark.parametrize("model", [None, "slim", tiny()], ids=["none", "name", "module"])
def test_parameters_are_the_constructors_arguments_themselves(model):
    recipe = replace(FAST, epochs=2)
    params = DigitClassifier(model, recipe=recipe, device="cpu").get_params(deep=False)
    measures = {"loss": "cross_entropy", "metrics": ()}
    assert params == {"model": model, "recipe": recipe, **measures, "device": "cpu", "seed": None}
    assert params["model"] is model
    assert params["recipe"] is recipe
    classes, shape = ["a", "b"], [3, 32, 32]
    params = ImageClassifier("slim", classes=classes, input_shape=shape, recipe="fast").get_params()
    assert params["classes"] is classes
    assert params["input_shape"] is shape
    assert params["recipe"] == "fast"
    assert params["recipe__learning_rate"] == FAST.learning_rate


def test_parameters_are_set_and_the_others_stay():
    classifier = DigitClassifier(recipe="fast", seed=3)
    assert classifier.set_params(recipe__epochs=7, recipe__batch_size=16) is classifier
    assert classifier.recipe == replace(FAST, epochs=7, batch_size=16)
    classifier.set_params(model="mlp")
    assert classifier.network_name == "mlp"
    assert classifier.recipe.epochs == 7
    assert classifier.seed == 3
    classifier.set_params(recipe="report", recipe__epochs=2)
    assert classifier.recipe == replace(REPORT, epochs=2)


def test_what_cannot_be_set_changes_nothing(tables):
    x, y, _, _ = tables
    classifier = made()
    classifier.fit(x, y, **QUIET)
    before = classifier.predict_proba(x)
    with pytest.raises(InvalidInputError, match=r"received 'epochs'\. Name one of model, recipe,"):
        classifier.set_params(seed=1, epochs=3)
    with pytest.raises(InvalidInputError, match="at least 1; received 0"):
        classifier.set_params(seed=1, recipe__epochs=0)
    with pytest.raises(InvalidInputError, match="nn.Module or one of"):
        classifier.set_params(model="tiny")
    assert classifier.set_params() is classifier
    assert np.array_equal(classifier.predict_proba(x), before)
    assert classifier.seed == 0


@pytest.mark.parametrize("changed", [clone, lambda clf: copy.deepcopy(clf).set_params(seed=0)])
@pytest.mark.parametrize("model", ["mlp", tiny()], ids=["name", "module"])
def test_a_copy_of_a_trained_classifier_has_not_seen_what_it_was_trained_on(changed, model, tables):
    x, y, _, _ = tables
    classifier = DigitClassifier(model, recipe=SHORT, seed=0)
    first = copy.deepcopy(classifier.model.state_dict())
    loss = classifier.fit(x, y, verbose=0)[0].loss
    trained = copy.deepcopy(classifier.model.state_dict())
    other = changed(classifier)
    assert not other.__sklearn_is_fitted__()
    assert other.fit(x, y, verbose=0)[0].loss == loss
    found = [dict(clone(other).model.state_dict()), dict(classifier.model.state_dict())]
    for weights, expected in zip(found, (first, trained), strict=True):
        assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_subclass_has_the_parameters_of_its_own_constructor():
    class Wide(DigitClassifier):
        def __init__(self, width=16, *, seed=None):
            self.width = width
            network = nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.Linear(width, 10))
            super().__init__(network, seed=seed)

    other = clone(Wide(32, seed=1))
    assert other.get_params() == {"width": 32, "seed": 1}
    assert other.set_params(width=8).model[1].out_features == 8


def test_labels_and_size_are_there_under_scikit_learns_names(tables):
    classifier = made()
    assert classifier.classes_.tolist() == list(range(10))
    assert classifier.n_features_in_ == 784
    assert is_classifier(classifier)
    with pytest.raises(NotFittedError):
        check_is_fitted(classifier)
    classifier.fit(*tables[:2], **QUIET)
    check_is_fitted(classifier)


# Tools


def test_cross_validation_is_training_and_scoring_each_fold(tables):
    x, y, _, _ = tables
    scores = cross_val_score(made(), x, y, cv=2, params=QUIET)
    for score, (train, test) in zip(scores, StratifiedKFold(2).split(x, y), strict=True):
        classifier = made()
        classifier.fit(x[train], y[train], **QUIET)
        assert score == classifier.score(x[test], y[test])
    images = x.reshape(-1, 28, 28)
    assert np.array_equal(cross_val_score(made(), images, y, cv=2, params=QUIET), scores)
    found = cross_val_predict(made(), x, y, cv=2, method="predict_proba", params=QUIET)
    assert found.shape == (200, 10)
    curve = learning_curve(made(), x, y, cv=2, params=QUIET, train_sizes=[1.0])
    assert np.array_equal(curve[2][0], scores)


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tables):
    x, y, _, _ = tables
    options = {"cv": 2, "params": QUIET, "return_estimator": True}
    module = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    here, there = (
        cross_validate(DigitClassifier(module, seed=0), x, y, n_jobs=jobs, **options)
        for jobs in (1, 2)
    )
    assert there["test_score"] == pytest.approx(here["test_score"], abs=0.02)
    first, other = there["estimator"]
    assert not np.array_equal(first.predict_proba(x), other.predict_proba(x))


def test_a_grid_is_searched_over_arguments_and_the_recipes_fields(tables):
    x, y, held_out, labels = tables
    grid = {"recipe": ["report", "fast"], "model": ["mlp", "slim"], "recipe__learning_rate": [1e-3]}
    search = GridSearchCV(DigitClassifier(seed=0), grid, cv=2).fit(x, y, **QUIET)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_estimator_.get_params()["model"] == search.best_params_["model"]
    assert search.best_estimator_.recipe.learning_rate == 1e-3
    assert search.score(held_out, labels) == search.best_estimator_.score(held_out, labels)
    seeds = GridSearchCV(made(), {"seed": [1, 2]}, cv=2, refit=False).fit(x, y, **QUIET)
    assert [params["seed"] for params in seeds.cv_results_["params"]] == [1, 2]
    scores, _ = validation_curve(
        made(), x, y, param_name="recipe__epochs", param_range=[1, 2], cv=2, params={"verbose": 0}
    )
    assert scores.shape == (2, 2)


def test_a_pipeline_ends_in_a_classifier(tables):
    x, y, held_out, labels = tables
    pipeline = make_pipeline(MinMaxScaler(clip=True), made())
    found = pipeline.fit(x, y, digitclassifier__verbose=0).predict(held_out)
    assert pipeline.score(held_out, labels) == (found == labels).mean()
    grid = {"digitclassifier__recipe__epochs": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(x, y, digitclassifier__verbose=0)
    assert search.classes_.tolist() == list(range(10))


TOOLS = {
    "calibrated": lambda a, b: CalibratedClassifierCV(a, cv=2),
    "calibrated, one": lambda a, b: CalibratedClassifierCV(a, cv=2, ensemble=False),
    "voting": lambda a, b: VotingClassifier([("a", a), ("b", b)], voting="soft"),
    "stacking": lambda a, b: StackingClassifier(
        [("a", a), ("b", b)], LogisticRegression(max_iter=1000), cv=2
    ),
    "bagging": lambda a, b: BaggingClassifier(a, n_estimators=2, random_state=0),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_trains_classifiers_and_predicts(tool, tables):
    x, y, held_out, labels = tables
    trained = TOOLS[tool](made(recipe=replace(SHORT, epochs=3)), made(seed=1)).fit(x, y)
    found = trained.predict_proba(held_out)
    assert found.shape == (100, 10)
    assert trained.score(held_out, labels) > 0.3


def test_a_trained_classifier_is_calibrated_and_displayed(fitted, tables):
    _, _, x, y = tables
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted)).fit(x, y)
    assert calibrated.predict_proba(x).sum(axis=1) == pytest.approx(np.ones(100))
    display = ConfusionMatrixDisplay.from_estimator(fitted, x, y, ax=Figure().subplots())
    assert np.array_equal(display.confusion_matrix, fitted.evaluate(x, y, verbose=0).confusion)


@pytest.mark.filterwarnings("ignore:[0-9]+ of [0-9]+ pictures are nearly of one level")
def test_the_importance_of_each_pixel_is_found():
    table = np.random.default_rng(0).random((60, 4))
    bright = (table[:, 1] > 0.5).astype(int)
    small = ImageClassifier("mlp", classes=["a", "b"], input_shape=(1, 1, 4), recipe=SHORT, seed=0)
    small.fit(table, bright, epochs=40, verbose=0)
    importance = permutation_importance(small, table, bright, random_state=0)
    assert importance.importances_mean.argmax() == 1
