"""Metrics by name are scikit-learn's; those of one's own are tried, logged and watched."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.base import clone

from digitnet import DigitClassifier, ImageClassifier
from digitnet.artifact import read_artifact
from digitnet.callbacks import Checkpoint, CSVLogger, EarlyStopping, ReduceLROnPlateau
from digitnet.callbacks.monitor import Monitor
from digitnet.checkpoint import listed
from digitnet.errors import ArtifactError, CallbackError, InvalidInputError
from digitnet.history import EpochLog, History
from digitnet.named_metrics import Metric, checked_metrics

QUIET = {"epochs": 1, "verbose": 0}
NAMES = ["f1", "precision", "recall", "top_1", "top_3"]


def auc(probabilities, labels):
    return reference.roc_auc_score(labels, probabilities, multi_class="ovr")


def errors(probabilities, labels):
    return int((probabilities.argmax(axis=1) != labels).sum())


def made(metrics, **options):
    return DigitClassifier("mlp", metrics=metrics, seed=0, **options)


@pytest.fixture(scope="module")
def small(digits):
    return digits[0][:200], digits[1][:100]


@pytest.fixture(scope="module")
def trained(small):
    """A classifier with all metrics, after two epochs; do not train it further."""
    classifier = made([*NAMES, errors, auc])
    classifier.fit(small[0], epochs=2, batch_size=16, validation_data=small[1], verbose=0)
    return classifier


def test_named_metrics_are_scikit_learns_over_the_whole_set(trained, small):
    test = small[1]
    labels, probabilities = test.labels.numpy(), trained.predict_proba(test)
    pair, classes = (labels, probabilities.argmax(axis=1)), range(10)
    options = {"average": "macro", "labels": classes, "zero_division": 0}
    expected = {
        "f1": reference.f1_score(*pair, **options),
        "precision": reference.precision_score(*pair, **options),
        "recall": reference.recall_score(*pair, **options),
        "top_1": reference.accuracy_score(*pair),
        "top_3": reference.top_k_accuracy_score(labels, probabilities, k=3, labels=classes),
        "errors": (pair[0] != pair[1]).sum(),
        "auc": auc(probabilities, labels),
    }
    result = trained.evaluate(test, batch_size=7)
    assert result.metrics == pytest.approx(expected)
    assert list(result.metrics) == [*NAMES, "errors", "auc"]
    figures = trained.evaluate(test, return_dict=True)
    assert figures == {"loss": result.loss, "accuracy": result.accuracy, **figures}
    assert list(figures)[2:] == list(result.metrics)
    assert result.metrics["f1"] == pytest.approx(result.report().macro_average.f1)
    assert f"f1={result.metrics['f1']:.4f}" in repr(result)
    assert len([*result]) == 2


def test_of_equally_probable_classes_the_first_are_the_top(small):
    (metric,) = checked_metrics(["top_2"], classes=4)
    equal = np.full((4, 4), 0.25, np.float32)
    assert metric(equal, np.array([0, 1, 2, 3])) == 0.5


def test_validation_metrics_stand_in_the_history_the_line_the_log_and_files(
    small, tmp_path, capsys
):
    train, test = small
    classifier = made(["f1", errors])
    log = CSVLogger(tmp_path / "log.csv")
    classifier.fit(train, epochs=1, verbose=0)
    classifier.fit(train, epochs=2, validation_data=test, callbacks=[log], verbose=2)
    history, last = classifier.history, classifier.evaluate(test).metrics
    assert list(history.history) == [
        "loss", "accuracy", "val_loss", "val_accuracy", "val_f1", "val_errors",
        "learning_rate", "epoch_seconds",
    ]  # fmt: skip
    assert history.history["val_f1"][0] is None
    assert history.history["val_f1"][2] == last["f1"] == history[-1].val_metrics["f1"]
    assert f" - val_f1 {last['f1']:.4f} - val_errors " in capsys.readouterr().out
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["val_f1"] == ""
    assert float(rows[2]["val_errors"]) == last["errors"]
    assert History.from_rows(json.loads(json.dumps(history.to_rows()))) == history


def test_without_validation_data_there_are_no_metrics_in_the_history(small):
    classifier = made(["f1"])
    assert "val_f1" not in classifier.fit(small[0], **QUIET).history
    assert set(classifier.evaluate(small[1]).metrics) == {"f1"}


# What is refused


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ("f1", r"Expected metrics to be a list; received 'f1'. Write metrics=\['f1'\]"),
        (["f2"], "'precision', 'recall', 'f1', 'top_1' to 'top_9', or functions .* received 'f2'"),
        (["accuracy"], "Loss and accuracy are always measured: leave them out"),
        (["top_10"], "received 'top_10'"),
        (["top_0"], "received 'top_0'"),
        ([3], "received 3"),
        (["f1", "f1"], r"of different names; received \['f1', 'f1'\]"),
        ([errors, errors], "of different names"),
        ([lambda probabilities, labels: 1.0], "functions with names of their own, made by def"),
        ([partial(errors)], "made by def"),
        ([Metric], "made by def"),
    ],
)
def test_what_is_no_metric_is_refused_when_it_is_given(metrics, message):
    with pytest.raises(InvalidInputError, match=message):
        made(metrics)


def test_a_function_of_a_taken_name_is_refused():
    for name in ("f1", "top_5", "loss"):

        def own(probabilities, labels):
            return 1.0

        own.__name__ = name
        with pytest.raises(InvalidInputError, match="names of their own"):
            made([own])


@pytest.mark.parametrize(
    ("value", "received"),
    [("0.5", "array.'0.5'"), (None, "array.None"), ([0.5], "array.*0.5"), (True, "array.True")],
)
def test_a_metric_that_is_no_number_is_refused_before_training(value, received):
    def odd(probabilities, labels):
        return value

    with pytest.raises(
        InvalidInputError, match=f"metric odd to return a number; received {received}"
    ):
        made([odd])


def test_a_metric_in_scikit_learns_order_is_refused_and_the_remedy_works(small):
    message = r"f1_score to take probabilities, float32 \(20, 10\), and labels, int64 \(20,\), in"
    with pytest.raises(InvalidInputError, match=f"{message}.*raised ValueError"):
        made([reference.f1_score])

    def weighted(probabilities, labels):
        return reference.f1_score(labels, probabilities.argmax(axis=1), average="weighted")

    classifier = made([weighted])
    classifier.fit(small[0], **QUIET)
    report = classifier.evaluate(small[1]).report()
    assert classifier.evaluate(small[1]).metrics["weighted"] == pytest.approx(
        report.weighted_average.f1
    )


def test_a_metric_that_fails_on_the_set_itself_says_so(small):
    classifier = made([auc])
    classifier.fit(small[0], **QUIET)
    some = small[1][small[1].labels < 4]
    with pytest.raises(InvalidInputError, match="the metric auc to take .* it raised ValueError"):
        classifier.evaluate(some)


# Watching a metric


def test_callbacks_watch_a_metric(small, tmp_path):
    train, test = small
    values = iter([0.0, 0.5, 0.9, 0.6, 0.7, 0.8, 0.85])  # the first is that of the trial

    def made_up(probabilities, labels):
        return next(values)

    classifier = made([made_up])
    best = Checkpoint(tmp_path, monitor="val_made_up", mode="max", save_best_only=True)
    lower = ReduceLROnPlateau("val_made_up", mode="max", patience=2)
    stop = EarlyStopping("val_made_up", mode="max", patience=3)
    history = classifier.fit(
        train, epochs=6, validation_data=test, callbacks=[best, lower, stop], verbose=0
    )
    assert history.history["val_made_up"] == [0.5, 0.9, 0.6, 0.7, 0.8]
    assert history.history["learning_rate"] == pytest.approx([1e-3] * 4 + [1e-4])
    stored = [len(read_artifact(path).metadata["history"]) for path in listed(tmp_path)]
    assert stored == [2, 1]


def test_the_better_value_of_a_named_metric_is_the_higher_one():
    log = EpochLog(
        epoch=1, loss=1, accuracy=0, val_metrics={"f1": 0.5}, learning_rate=1, epoch_seconds=1
    )
    monitor = Monitor("val_f1")
    assert (monitor.mode, Monitor("val_top_3").mode, Monitor("val_f1", mode="min").mode) == (
        "max", "max", "min",
    )  # fmt: skip
    assert monitor.update(log)
    assert not monitor.update(replace(log, val_metrics={"f1": 0.4}))
    assert not monitor.update(replace(log, val_metrics=None))
    assert monitor.update(replace(log, val_metrics={"f1": 0.6}))


@pytest.mark.parametrize("name", ["val_errors", "f1", "val_", 3])
def test_a_figure_of_unknown_direction_is_refused_at_once(name):
    with pytest.raises(InvalidInputError, match="'val_accuracy', or 'val_' and a metric.*or 'max'"):
        EarlyStopping(name)


@pytest.mark.parametrize("callback", [EarlyStopping, ReduceLROnPlateau])
def test_a_metric_that_the_classifier_lacks_is_refused_before_training(small, callback, tmp_path):
    train, test = small
    for watching in (callback("val_f1"), Checkpoint(tmp_path / "run", monitor="val_f1")):
        classifier = made(["recall"])
        message = r"the metric 'f1', as .* monitors 'val_f1'; received metrics=\['recall'\]"
        with pytest.raises(CallbackError, match=message):
            classifier.fit(train, validation_data=test, callbacks=[watching], **QUIET)
        assert len(classifier.history) == 0
    with pytest.raises(CallbackError, match="Expected validation data"):
        made(["f1"]).fit(train, callbacks=[callback("val_f1")], **QUIET)


# Files, clones, resume


def test_files_name_metrics_and_loading_asks_for_those_of_ones_own(trained, small, tmp_path):
    test = small[1]
    trained.save(tmp_path / "own")
    message = r"metrics of your own. .* metrics=\['f1', .*'top_3', errors, auc\]\); or, .*=\[\]"
    with pytest.raises(ArtifactError, match=message):
        DigitClassifier.load(tmp_path / "own")
    assert DigitClassifier.load(tmp_path / "own", metrics=[]).evaluate(test).metrics == {}
    same = DigitClassifier.load(tmp_path / "own", metrics=[errors])
    assert list(same.evaluate(test).metrics) == ["errors"]
    assert same.history == trained.history
    named = made(["f1", "top_3"])
    named.fit(small[0], **QUIET)
    named.save(tmp_path / "named")
    loaded = DigitClassifier.load(tmp_path / "named")
    assert loaded.evaluate(test).metrics == named.evaluate(test).metrics
    assert loaded.get_params()["metrics"] == ("f1", "top_3")


def test_clones_and_ensembles_have_the_metrics(trained, small):
    other = clone(trained).set_params(metrics=["recall"])
    assert clone(trained).get_params()["metrics"] == [*NAMES, errors, auc]
    assert other.get_params()["metrics"] == ["recall"]
    vote = DigitClassifier.ensemble([trained, trained])
    assert set(vote.evaluate(small[1]).metrics) == {*NAMES, "errors", "auc"}
    two = ImageClassifier("mlp", classes=["a", "b"], input_shape=(1, 4, 4), metrics=["top_1"])
    assert two.get_params()["metrics"] == ["top_1"]


def test_a_resume_goes_on_watching_and_may_measure_something_else(small, tmp_path):
    train, test = small
    given = {"validation_data": test, "verbose": 0}
    made(["f1"]).fit(train, epochs=2, callbacks=[Checkpoint(tmp_path, monitor="val_f1")], **given)
    whole, resumed = made(["recall"]), made(["recall"])
    whole.fit(train, epochs=3, **given)
    resumed.fit(train, epochs=3, resume=tmp_path, **given)
    assert resumed.history.history["val_loss"] == whole.history.history["val_loss"]
    assert resumed.history.history["val_recall"][:2] == [None, None]
    assert resumed.history.history["val_f1"][2] is None
