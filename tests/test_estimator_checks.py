"""scikit-learn's own checks of an estimator pass, as far as pictures allow."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

from digitnet import ImageClassifier
from digitnet.recipe import REPORT


def as_pictures(table):
    """Bring numbers (N, F) of any width and range to pictures of 16 pixels in 0..1."""
    levels = 1 / (1 + np.exp(-np.asarray(table, dtype=float)[:, :16]))
    return np.pad(levels, ((0, 0), (0, 16 - levels.shape[1])))


CLASSIFIER = ImageClassifier(
    "mlp",
    classes=["a", "b", "c"],
    input_shape=(1, 4, 4),
    recipe=replace(REPORT, epochs=1),
    seed=0,
)
PIPELINE = make_pipeline(FunctionTransformer(as_pictures), CLASSIFIER)

# Checks that train pass tables of any width, so they take the pipeline; these train nothing.
OF_THE_CLASSIFIER = {
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_mixin_order",
    "check_estimator_sparse_tag",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_fit1d",
}
_LABELS = "labels are whole numbers that index the classes the classifier was made with"
_WIDTH = "the pipeline brings tables of any width to one size"
_PIPELINE = "a fit changes the steps of any pipeline"
LEFT_OUT = {
    "check_estimators_overwrite_params": _PIPELINE,
    "check_dont_overwrite_parameters": _PIPELINE,
    "check_n_features_in_after_fitting": _WIDTH,
    "check_classifiers_train": _WIDTH,
    "check_estimators_empty_data_messages": _WIDTH,
    "check_fit1d": _WIDTH,
    "check_fit2d_predict1d": _WIDTH,
    "check_estimator_sparse_tag": "the pipeline's first step gets them, and is not ours",
    "check_estimator_sparse_array": "likewise",
    "check_estimator_sparse_matrix": "likewise",
    "check_complex_data": _LABELS,
    "check_dtype_object": _LABELS,
    "check_estimators_nan_inf": _LABELS,
    "check_classifiers_one_label": _LABELS,
    "check_classifiers_classes": _LABELS,
    "check_classifiers_regression_target": _LABELS,
    "check_supervised_y_no_nan": _LABELS,
    "check_supervised_y_2d": "labels (N, 1) are refused with a remedy",
    "check_estimators_unfitted": "the error is digitnet's NotFittedError",
    "check_fit_idempotent": "a second fit goes on where the first ended",
    "check_array_api_input": "arrays are NumPy's or tensors",
    "check_classifier_data_not_an_array": "needs pandas",
}


def _checks():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that do not inherit from scikit-learn's
        pairs = [
            *((*pair, True) for pair in estimator_checks_generator(CLASSIFIER)),
            *((*pair, False) for pair in estimator_checks_generator(PIPELINE)),
        ]
    for estimator, check, alone in pairs:
        name = check.func.__name__
        if name in OF_THE_CLASSIFIER if alone else name not in LEFT_OUT:
            yield pytest.param(estimator, check, id=f"{type(estimator).__name__}-{name}")


@pytest.mark.parametrize(("estimator", "check"), [*_checks()])
@pytest.mark.filterwarnings("ignore")
def test_a_check_passes(estimator, check):
    check(estimator)
