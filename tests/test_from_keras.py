"""The page for those who come from Keras or scikit-learn is true, row by row."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import cross_val_score
from sklearn.utils.class_weight import compute_class_weight
from torch import nn
from torch.nn import functional

from digitnet import (
    Augmentation,
    DigitClassifier,
    Evaluation,
    History,
    callbacks,
    datasets,
    experiments,
)
from digitnet.data.augmentation import augment
from digitnet.errors import CallbackError, InvalidInputError, NotFittedError
from digitnet.recipe import REPORT

PAGE = (Path(__file__).parents[1] / "docs" / "from_keras.md").read_text()
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in PAGE.splitlines()
    if line.startswith("| `") or line.startswith("| a second")
]
CHECKS = {}


def row(first):
    """Register a check of what the row says that begins with this cell."""

    def register(check):
        CHECKS[first] = check
        return check

    return register


def my_loss(logits, labels):
    return 2 * functional.cross_entropy(logits, labels, reduction="none")


def my_metric(probabilities, labels):
    return float((probabilities.argmax(axis=1) != labels).mean())


@pytest.fixture(scope="module")
def base(digits):
    """Names that the page's code uses."""
    train, _ = digits
    clf = DigitClassifier("mlp", seed=0)
    x, y = train.images[:100].numpy(), train.labels[:100].numpy()
    history = clf.fit(x, y, epochs=4, validation_data=(x, y), verbose=0)
    a, b, c = clf, clf, clf
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    names = {"x": x, "y": y, "X": x.reshape(100, 784), "images": train, "history": history}
    names |= {
        "datasets": datasets,
        "clf": clf,
        "a": a,
        "b": b,
        "c": c,
        "network": network,
        "cross_val_score": cross_val_score,
        "my_loss": my_loss,
        "my_metric": my_metric,
        "w": np.linspace(0, 2, 100),
    }
    names |= {"replace": replace, "REPORT": REPORT, "Augmentation": Augmentation}
    names |= {name: getattr(callbacks, name) for name in callbacks.__all__}
    return names | {"DigitClassifier": DigitClassifier}


@pytest.fixture
def names(base, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clf = DigitClassifier("mlp", seed=0)
    clf.fit(base["x"], base["y"], epochs=1, verbose=0)
    for image, label in base["images"][:20]:
        folder = tmp_path / "pictures" / str(int(label))
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.stack([image[0].numpy()] * 3, axis=2)).resize((40, 40)).save(
            folder / f"{len([*folder.iterdir()])}.png"
        )
    return {**base, "clf": clf, "path": tmp_path / "pictures"}


def test_every_row_has_a_check_and_every_check_a_row():
    assert sorted(CHECKS) == sorted(cells[0] for cells in ROWS)


@pytest.mark.parametrize("cells", ROWS, ids=lambda cells: cells[0])
@pytest.mark.filterwarnings("ignore:There is no checkpoint")
def test_what_a_row_says_holds(cells, names, capsys):
    first, ours, _ = cells
    code = re.findall("`(.+?)`", ours)
    results = [eval(expression, names) for expression in code]
    CHECKS[first](names, *results)


@row("`model.predict(x)`")
def _(names, probabilities):
    clf, x = names["clf"], names["x"]
    assert probabilities.shape == (100, 10)
    assert np.array_equal(probabilities.argmax(axis=1), clf.predict(x))
    assert np.allclose(probabilities, clf.predict_proba(x), atol=1e-6)


@row("`Sequential([...])`, `compile(...)`")
def _(names, classifier):
    assert classifier.model is names["network"]
    assert classifier.recipe.optimizer == "adam"
    assert DigitClassifier("slim").network_name == "slim"


@row("`compile(loss=my_loss)`")
def _(names, classifier):
    plain = DigitClassifier("report", seed=classifier.seed)
    losses = [
        each.fit(names["x"], names["y"], epochs=1, batch_size=100, verbose=0)[0].loss
        for each in (classifier, plain)
    ]
    assert losses[0] == pytest.approx(2 * losses[1], rel=1e-4)


@row("`compile(metrics=[...])`")
def _(names, classifier):
    x, y = names["x"], names["y"]
    history = classifier.fit(x, y, epochs=1, validation_data=(x, y), verbose=0).history
    assert {"val_f1", "val_top_3", "val_my_metric"} < set(history)
    assert not {"f1", "top_3", "my_metric"} & set(history)
    assert history["val_my_metric"][0] == pytest.approx(1 - history["val_accuracy"][0])


@row("`Adam(global_clipnorm=1.0)`")
def _(names, classifier):
    assert classifier.recipe.clip_norm == 1.0


@row("`sample_weight=w`")
def _(names, _, evaluation):
    clf, x, y, w = (names[name] for name in ("clf", "x", "y", "w"))
    probabilities = clf.predict_proba(x)[np.arange(100), y]
    assert evaluation.loss == pytest.approx(-(w * np.log(probabilities)).mean(), rel=1e-4)
    assert evaluation.accuracy == clf.score(x, y)
    history = clf.fit(x, y, epochs=1, validation_data=(x, y, w), verbose=0)
    assert history[-1].val_loss == clf.evaluate(x, y, sample_weight=w).loss


@row("`model.fit(x, y)`")
def _(names, history):
    cell = next(cells[2] for cells in ROWS if cells[0] == "`model.fit(x, y)`")
    shared = re.findall("`(.+?)`", cell.partition(";")[0])
    assert len(shared) == 9
    assert set(shared) <= set(inspect.signature(DigitClassifier.fit).parameters)
    assert len(history) == 1 + REPORT.epochs
    clf = names["clf"]
    assert clf.effective_recipe.batch_size == REPORT.batch_size
    rest, held_out = clf._inputs().training(names["images"], None, None, 0.1)
    assert (held_out.class_counts / rest.class_counts).std() < 0.01
    assert not torch.equal(held_out.images, names["images"].images[-len(held_out) :])


@row("`class_weight={0: 2.0}`")
@row('`class_weight="balanced"`')
def _(names, *histories):
    assert all(isinstance(history, History) for history in histories)
    images = names["images"][:300]
    train = images[(images.labels < 5) | (torch.arange(300) < 100)]
    part, _ = DigitClassifier("mlp", seed=0)._inputs().training(train, None, None, 0.5)
    labels = part.labels.numpy()
    weights = compute_class_weight("balanced", classes=np.arange(10), y=labels)
    assert weights.max() > 2 * weights.min()
    losses = [
        DigitClassifier("mlp", seed=0)
        .fit(train, epochs=1, class_weight=given, validation_split=0.5, verbose=0)[0]
        .loss
        for given in ("balanced", weights)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@row('`history.history["val_loss"]`')
def _(names, values):
    history = names["history"]
    assert values == [log.val_loss for log in history]
    assert history[3].val_loss == values[3]
    assert history.plot().axes
    history.to_csv("log.csv")
    assert len(Path("log.csv").read_text().splitlines()) == 5


@row("a second `fit`")
def _(names, history):
    assert history.epoch == [1, 2]
    again = [callbacks.Checkpoint("again")]
    clf = DigitClassifier("mlp", seed=0)
    clf.fit(names["x"], names["y"], epochs=1, callbacks=again, verbose=0)
    total = clf.fit(names["x"], names["y"], epochs=3, callbacks=again, resume="again", verbose=0)
    assert total.epoch == [1, 2, 3]


@row("`layer.trainable = False`, a low learning rate and a second `fit`")
def _(names, history):
    assert history.epoch == [1, 2, 3, 4, 5]
    assert names["clf"].effective_recipe.name == "fine_tuning"


@row("`model.evaluate(x, y)`")
def _(names, evaluation):
    loss, accuracy = evaluation
    clf, x, y = names["clf"], names["x"], names["y"]
    found = clf.evaluate(x, y, return_dict=True)
    assert isinstance(evaluation, Evaluation)
    assert found == {"loss": loss, "accuracy": accuracy}


@row('`x.astype("float32") / 255`')
def _(names):
    clf, x = names["clf"], names["x"]
    scaled = x.astype("float32") / 255
    assert np.array_equal(clf.predict_proba(x), clf.predict_proba(scaled))
    with pytest.raises(InvalidInputError, match="Divide by 255"):
        clf.predict(x.astype("float32"))


@row("`Normalization`, `Rescaling` layers")
def _(names):
    names["clf"].save("m.safetensors")
    same = DigitClassifier.load("m.safetensors")
    assert torch.equal(same._trained.network.mean, names["clf"]._trained.network.mean)
    assert same._trained.network.mean != 0


@row("`to_categorical(y)`")
def _(names):
    x, y = names["x"], names["y"]
    losses = [
        DigitClassifier("mlp", seed=0).fit(x, labels, epochs=1, verbose=0)[0].loss
        for labels in (y, np.eye(10)[y])
    ]
    assert losses[0] == losses[1]


@row("`RandomRotation` and the like")
def _(names, classifier):
    x = torch.from_numpy(names["x"][:1]).repeat(2, 1, 1, 1)
    first, second = augment(x, classifier.recipe.augmentation)
    assert not torch.equal(first, second)


@row("`ModelCheckpoint`, `BackupAndRestore`")
def _(names, keep, _):
    x, y = names["x"], names["y"]
    whole, broken, resumed = (DigitClassifier("mlp", seed=5) for _ in range(3))
    whole.fit(x, y, epochs=2, verbose=0)
    broken.fit(x, y, epochs=1, callbacks=[keep], verbose=0)
    resumed.fit(x, y, epochs=2, resume="run", verbose=0)
    for found, expected in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(found, expected)
    assert len(list(Path("run").iterdir())) == 1


@row("`EarlyStopping`")
def _(names, _):
    for options in ({"verbose": 1}, {"monitor": "val_acc"}):
        with pytest.raises(InvalidInputError):
            callbacks.EarlyStopping(**options)


@row("`CSVLogger`, `TensorBoard`")
def _(names, csv_logger, tensor_board_logger):
    names["clf"].fit(names["x"], names["y"], epochs=1, callbacks=[csv_logger], verbose=0)
    assert Path("log.csv").read_text().startswith("epoch,loss,accuracy")
    assert tensor_board_logger.log_dir == "logs"


@row("`Callback`, `LambdaCallback`")
def _(names, printer):
    seen = []

    class Note(callbacks.Callback):
        def on_epoch_end(self, state):
            seen.append((state.epoch, state.history[-1].val_loss))
            state.stop("why")

    x, y = names["x"], names["y"]
    options = {"epochs": 3, "validation_data": (x, y), "verbose": 0}
    history = names["clf"].fit(x, y, callbacks=[printer, Note()], **options)
    assert seen == [(2, history.history["val_loss"][-1])]
    with pytest.raises(InvalidInputError, match="on_epoch_end to take"):
        callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)


@row("`CosineDecay`, `PiecewiseConstantDecay`")
def _(names, *classifiers):
    for classifier in classifiers:
        history = classifier.fit(names["x"], names["y"], epochs=4, verbose=0)
        assert history[0].learning_rate > history[3].learning_rate


@row("`ReduceLROnPlateau`")
@row("`LearningRateScheduler`")
def _(names, callback):
    x, y = names["x"], names["y"]
    with pytest.raises(InvalidInputError, match="without verbose"):
        type(callback)(verbose=1)
    with pytest.raises(CallbackError, match="Expected a recipe of a constant learning rate"):
        DigitClassifier("mlp", recipe="fast").fit(x, y, validation_split=0.1, callbacks=[callback])
    clf = DigitClassifier("mlp", seed=0)
    for _ in range(2):
        clf.fit(x, y, epochs=2, validation_split=0.1, callbacks=[callback], verbose=0)
    factor = 0.9 if isinstance(callback, callbacks.LearningRateScheduler) else 1  # no plateau yet
    expected = [0.001 * factor**epoch for epoch in range(4)]
    assert clf.history.history["learning_rate"] == pytest.approx(expected)


@row("`optimizer.learning_rate.assign(1e-4)`")
def _(names, callback):
    clf = DigitClassifier("mlp", seed=0)
    clf.fit(names["x"], names["y"], epochs=2, callbacks=[callback], verbose=0)
    clf.fit(names["x"], names["y"], epochs=1, verbose=0)
    assert clf.history.history["learning_rate"] == [1e-3, 1e-4, 1e-4]


@row('`model.save("m.keras")`, `load_model`')
@row("`joblib.dump`")
def _(names, *results):
    assert DigitClassifier.load("m.safetensors").history == names["clf"].history
    content = Path("m.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    tensors = [entry for name, entry in header.items() if name != "__metadata__"]
    end = max(entry["data_offsets"][1] for entry in tensors)
    assert len(content) == 8 + int.from_bytes(content[:8], "little") + end


@row("`keras.utils.set_random_seed(0)`")
@row("`random_state=0`")
def _(names, classifier):
    assert classifier.seed == 0
    before = torch.get_rng_state()
    DigitClassifier("mlp", seed=0).fit(names["x"], names["y"], epochs=1, verbose=0)
    assert torch.equal(torch.get_rng_state(), before)


@row("`mixed_precision.set_global_policy`")
def _(names, classifier):
    assert classifier.recipe.precision == "auto"
    classifier.fit(names["x"], names["y"], epochs=1, verbose=0)
    assert classifier.predict_proba(names["x"]).dtype == np.float32
    assert {value.dtype for value in classifier.model.parameters()} == {torch.float32}


@row("`model.summary()`")
def _(names, nothing):
    assert nothing is None


@row("`fit(X, y)`")
def _(names, history):
    assert isinstance(history, History)
    assert history.epoch == list(range(1, 2 + REPORT.epochs))


@row("`X` of shape (N, 784)")
def _(names):
    x, clf = names["x"], names["clf"]
    expected = clf.predict_proba(names["X"])
    for shape in ((100, 28, 28), (100, 1, 28, 28), (100, 28, 28, 1)):
        assert np.array_equal(clf.predict_proba(x.reshape(shape)), expected)


@row("`predict`, `predict_proba`, `score`")
def _(names, labels, probabilities, score):
    assert labels.dtype == np.int64
    assert probabilities.shape == (100, len(names["clf"].classes))
    assert score == (labels == names["y"]).mean()
    right, weights = labels == names["y"], names["w"]
    expected = np.average(right, weights=weights)
    assert names["clf"].score(names["X"], names["y"], weights) == pytest.approx(expected)


@row("`confusion_matrix(y, clf.predict(X))`")
def _(names, found):
    clf, x, y = names["clf"], names["X"], names["y"]
    assert np.array_equal(found, confusion_matrix(y, clf.predict(x), labels=range(10)))
    result = clf.evaluate(x, y)
    wrong = int((clf.predict(x) != y).sum())
    assert len(result.mistakes()) == wrong
    assert sum(pair.count for pair in result.most_confused(100)) == wrong
    assert result.per_class.shape == (10,)


@row('`image_dataset_from_directory(path, image_size=(28, 28), color_mode="grayscale")`')
def _(names, images):
    assert images.images.shape == (20, 1, 28, 28)
    (names["path"] / "0" / ".hidden.png").touch()
    assert len(datasets.image_folder(names["path"], size=(28, 28), mode="L")) == 20


@row("`CalibratedClassifierCV`")
def _(names, temperature):
    assert temperature > 0
    assert float(names["clf"]._trained.network.temperature) == pytest.approx(temperature)


@row('`VotingClassifier(voting="soft")`')
def _(names, vote):
    x = names["x"]
    assert np.allclose(vote.predict_proba(x), names["a"].predict_proba(x), atol=1e-5)


@row("`train_test_split(stratify=y)`")
def _(names, parts):
    rest, split_off = parts
    assert len(rest) + len(split_off) == len(names["images"])
    assert (split_off.class_counts > 0).all()


@row("`cross_val_score`, `GridSearchCV`")
def _(names, scores):
    assert len(scores) == 2
    assert "seeds" in inspect.signature(experiments.compare).parameters


@row("`get_params`, `set_params`, `classes_`")
def _(names, epochs, classifier, labels):
    assert epochs == REPORT.epochs
    assert classifier is names["clf"]
    assert classifier.recipe.epochs == 3
    assert labels.tolist() == list(range(10))
    with pytest.raises(NotFittedError):
        classifier.predict(names["x"])


@row("`classification_report(y, clf.predict(X))`")
def _(names, report):
    clf, x, y = names["clf"], names["X"], names["y"]
    pair, options = (y, clf.predict(x)), {"labels": range(10), "zero_division": 0}
    assert str(report) == classification_report(*pair, digits=4, **options)
    expected = classification_report(*pair, output_dict=True, **options)
    assert report.to_dict()["macro avg"] == pytest.approx(expected["macro avg"])
