"""The classifier's verbs, and what it refuses."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from digitnet import DigitClassifier, ImageClassifier
from digitnet.artifact import read_artifact, write_artifact
from digitnet.callbacks import Callback, Checkpoint, EarlyStopping, LambdaCallback
from digitnet.errors import ArtifactError, CallbackError, InvalidInputError, NotFittedError
from digitnet.recipe import REPORT

RECIPE = asdict(REPORT)


def tiny() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def test_it_learns_digits(fitted, digits):
    loss, accuracy = fitted.evaluate(digits[1], verbose=0)
    assert accuracy > 0.85
    assert loss == pytest.approx(fitted.history[-1].val_loss)
    assert fitted.score(digits[1]) == accuracy


def test_predictions_are_the_likeliest_classes(fitted, digits):
    images = digits[1].images
    labels, probabilities = fitted.predict(images), fitted.predict_proba(images)
    assert labels.dtype == np.int64
    assert labels.shape == (400,)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (400, 10)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(400), abs=1e-5)
    assert np.array_equal(probabilities.argmax(axis=1), labels)
    assert (
        fitted.evaluate(digits[1], verbose=0).accuracy
        == (labels == digits[1].labels.numpy()).mean()
    )


def test_one_picture_is_read_as_among_many(fitted, digits):
    images = digits[1].images[:300]
    together = fitted.predict_proba(images)
    alone = np.concatenate([fitted.predict_proba(image[None]) for image in images[:20]])
    assert alone == pytest.approx(together[:20], abs=1e-5)


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


def test_colour_pictures_of_another_size_work_too(tmp_path):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (90, 3, 20, 24), dtype=torch.uint8, generator=generator)
    labels = torch.arange(90) % 3
    images[labels == 0, 0] //= 4
    images[labels == 1, 1] //= 4
    classifier = ImageClassifier(classes=("a", "b", "c"), input_shape=(3, 20, 24), seed=0)
    classifier.fit(images, labels, epochs=4, batch_size=8, verbose=0)
    assert classifier.score(images, labels) > 0.9
    assert np.array_equal(
        classifier.predict(images.permute(0, 2, 3, 1)), classifier.predict(images)
    )
    classifier.save(tmp_path / "colours")
    loaded = ImageClassifier.load(tmp_path / "colours")
    assert loaded.classes == ("a", "b", "c")
    assert np.array_equal(loaded.predict_proba(images), classifier.predict_proba(images))


def test_a_network_of_ones_own_is_trained_and_saved(digits, tmp_path):
    classifier = DigitClassifier(tiny())
    classifier.fit(digits[0], epochs=1, verbose=0)
    classifier.save(tmp_path / "own")
    expected = r"a network of your own, Sequential\. Pass one: load\(path, model=Sequential"
    with pytest.raises(ArtifactError, match=expected):
        DigitClassifier.load(tmp_path / "own")
    loaded = DigitClassifier.load(tmp_path / "own", model=tiny())
    images = digits[1].images
    assert np.array_equal(loaded.predict_proba(images), classifier.predict_proba(images))
    unbiased = nn.Sequential(nn.Flatten(), nn.Linear(784, 10, bias=False))
    expected = r"Expected other weights: missing none, unknown \['body.1.bias'\]. Is it the same"
    with pytest.raises(ArtifactError, match=expected):
        DigitClassifier.load(tmp_path / "own", model=unbiased)


@pytest.mark.slow  # it starts a process
def test_a_saved_classifier_gives_bit_equal_probabilities_in_a_process_without_torchvision(
    fitted, digits, tmp_path
):
    fitted.save(tmp_path / "model")
    np.save(tmp_path / "images.npy", digits[1].images.numpy())
    np.save(tmp_path / "expected.npy", fitted.predict_proba(digits[1].images))
    script = """
import sys
from dataclasses import replace
import numpy as np
for name in ("torchvision", "matplotlib", "rich", "tqdm"):
    sys.modules[name] = None  # importing it fails
from digitnet import DigitClassifier
clf = DigitClassifier.load("model")
assert np.array_equal(clf.predict_proba(np.load("images.npy")), np.load("expected.npy"))
print(clf.history.epoch, clf.seed, clf.recipe.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[1, 2] 3 report\n", done.stderr


def test_a_loaded_classifier_keeps_the_recipe_that_was_given(digits, tmp_path):
    classifier = DigitClassifier("mlp")
    classifier.fit(digits[0][:40], epochs=1, batch_size=8, verbose=0)
    classifier.save(tmp_path / "model")
    loaded = DigitClassifier.load(tmp_path / "model")
    assert loaded.recipe == classifier.recipe
    assert (loaded.effective_recipe.epochs, loaded.effective_recipe.batch_size) == (1, 8)


class Viewing(nn.Module):
    """The network of many tutorials: it flattens with `view`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.linear = nn.Linear(4 * 13 * 13, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.conv(x).relu(), 2)
        return self.linear(x.view(-1, 4 * 13 * 13))


def test_a_network_that_uses_view_can_be_trained(digits):
    classifier = DigitClassifier(Viewing())
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    classifier.summary()
    assert classifier.predict(digits[1].images).shape == (400,)


@pytest.mark.parametrize("averaging", [None, 0.9])
def test_a_layer_can_be_unfrozen_between_two_fits(digits, averaging):
    classifier = DigitClassifier(tiny(), recipe=replace(REPORT, averaging=averaging))
    weight = classifier.model[1].weight.requires_grad_(False)
    before = weight.clone()
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    assert torch.equal(weight, before)
    weight.requires_grad_(True)
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    assert not torch.equal(weight, before)


@pytest.mark.parametrize("averaging", [None, 0.9])
def test_a_layer_that_is_frozen_between_two_fits_stays(digits, averaging):
    classifier = DigitClassifier(tiny(), recipe=replace(REPORT, averaging=averaging))
    classifier.fit(digits[0], epochs=1, verbose=0)
    before = classifier.model[1].weight.requires_grad_(False).clone()
    classifier.fit(digits[0], epochs=1, verbose=0)
    assert torch.equal(classifier.model[1].weight, before)
    assert classifier.history[1].loss < classifier.history[0].loss  # the bias is trained


@pytest.mark.parametrize("averaging", [None, 0.999])
def test_weights_that_are_changed_between_two_fits_are_trained_on(digits, averaging):
    classifier = DigitClassifier(tiny(), recipe=replace(REPORT, averaging=averaging))
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    classifier.model[1].weight.data.fill_(5)
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    assert (classifier.model[1].weight - 5).abs().max() < 0.01  # an Adam step is of 0.001


def test_a_layer_that_is_replaced_between_two_fits_is_trained(digits):
    classifier = DigitClassifier(tiny())
    classifier.fit(digits[0][:40], epochs=1, verbose=0)
    classifier.model[1] = nn.Linear(784, 10)
    before = classifier.model[1].weight.clone()
    assert classifier.fit(digits[0][:40], epochs=1, verbose=0).epoch == [1, 2]
    assert not torch.equal(classifier.model[1].weight, before)


def test_a_callback_can_save_the_classifier(digits, tmp_path):
    classifier = DigitClassifier("mlp")

    class Save(Callback):
        def on_epoch_end(self, state):
            classifier.save(tmp_path / f"{state.epoch}")

    classifier.fit(digits[0][:40], epochs=2, callbacks=[Save()], verbose=0)
    for epoch in (1, 2):
        assert len(DigitClassifier.load(tmp_path / f"{epoch}").history) == epoch


def torch_saved(classifier):
    file = io.BytesIO()
    torch.save(classifier, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize(
    "copied",
    [
        lambda classifier: pickle.loads(pickle.dumps(classifier, 2)),
        lambda classifier: pickle.loads(pickle.dumps(classifier)),
        torch_saved,
        copy.deepcopy,
    ],
    ids=["pickle 2", "pickle", "torch.save", "deepcopy"],
)
@pytest.mark.parametrize("averaging", [None, 0.9])
def test_a_copy_predicts_the_same_and_goes_on_in_the_same_way(copied, averaging, digits):
    train, recipe = digits[0][:100], replace(REPORT, network="mlp", averaging=averaging)
    classifier = DigitClassifier(recipe=recipe, seed=0)
    classifier.fit(train, epochs=1, verbose=0)
    other = copied(classifier)
    assert np.array_equal(other.predict_proba(train), classifier.predict_proba(train))
    for each in (other, classifier):
        each.fit(train, epochs=1, verbose=0)
    assert other.history.history["loss"] == classifier.history.history["loss"]
    assert np.array_equal(other.predict_proba(train), classifier.predict_proba(train))


def normed():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.BatchNorm1d(10))


def test_with_batch_norm_one_picture_left_over_joins_the_batch_before(digits):
    sizes = []
    note = LambdaCallback(on_batch_end=lambda state: sizes.append(state.batch_size))
    options = {"epochs": 1, "callbacks": [note], "verbose": 0}
    for count in (128, 129, 130):
        DigitClassifier(normed(), seed=0).fit(digits[0][:count], **options)
    assert sizes == [64, 64, 64, 65, 64, 64, 2]
    sizes.clear()
    DigitClassifier("mlp", seed=0).fit(digits[0][:129], **options)
    assert sizes == [64, 64, 1]


@pytest.mark.parametrize(
    ("count", "batch_size", "message"),
    [
        (10, 1, "a batch of at least 2 .* batch norm; received 1. Take a greater batch_size"),
        (1, 64, "a training set of at least 2 .* batch norm; received 1. Add pictures"),
    ],
)
def test_batch_norm_of_single_pictures_is_refused(count, batch_size, message, digits):
    with pytest.raises(InvalidInputError, match=message):
        DigitClassifier(normed()).fit(digits[0][:count], batch_size=batch_size, verbose=0)


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


def test_numpys_numbers_are_numbers(digits):
    classifier = ImageClassifier(
        "mlp",
        classes=list("0123456789"),
        input_shape=(1, 28, 28),
        mean=np.array([0.1]),
        std=np.float32(0.3),
        seed=np.int64(3),
    )
    classifier.fit(
        digits[0][:40],
        epochs=np.int64(1),
        batch_size=np.int32(8),
        validation_split=np.float32(0.25),
        verbose=0,
    )
    assert classifier.seed == 3


def test_calibrating_changes_confidences_alone_and_is_saved(fitted, digits, tmp_path):
    classifier, test = copy.deepcopy(fitted), digits[1]
    before, images = classifier.evaluate(test, verbose=0), test.images[:50]
    temperature = classifier.calibrate(test)
    assert temperature != 1
    after = classifier.evaluate(test, verbose=0)
    assert np.array_equal(after.predictions, before.predictions)
    assert after.loss < before.loss
    assert classifier.calibrate(test) == pytest.approx(temperature)  # not on top of the first
    classifier.save(tmp_path / "model.safetensors")
    loaded = DigitClassifier.load(tmp_path / "model.safetensors")
    assert np.array_equal(loaded.predict_proba(images), classifier.predict_proba(images))


@pytest.mark.parametrize("averaging", [None, 0.9])
def test_training_on_forgets_the_temperature_unless_it_is_refused(digits, averaging, tmp_path):
    train, test = digits[0][:300], digits[1]
    recipe = replace(REPORT, averaging=averaging)
    classifier, same, other = (DigitClassifier(recipe=recipe, seed=0) for _ in range(3))
    for each in (classifier, same):
        each.fit(train, epochs=1, verbose=0)
    classifier.calibrate(test)
    calibrated = classifier.predict_proba(test)
    other.fit(train[:64], epochs=1, callbacks=[Checkpoint(tmp_path)], verbose=0)
    with pytest.raises(InvalidInputError, match="another data"):
        classifier.fit(train, epochs=2, resume=tmp_path)
    assert np.array_equal(classifier.predict_proba(test), calibrated)
    for each in (classifier, same):
        each.fit(train, epochs=1, verbose=0)
    assert np.array_equal(classifier.predict_proba(test), same.predict_proba(test))


@pytest.mark.parametrize("error", [InvalidInputError, KeyboardInterrupt])
def test_a_fit_that_ends_before_its_first_step_changes_nothing(digits, error, tmp_path):
    class Refuse(Callback):
        def on_train_begin(self, state):
            raise error

    classifier = DigitClassifier("mlp")
    best = EarlyStopping(restore_best_weights=True)
    fit = {"epochs": 1, "validation_data": digits[1], "verbose": 0}
    classifier.fit(digits[0], callbacks=[best], **fit)
    classifier.calibrate(digits[1])
    classifier.save(tmp_path / "before")
    with pytest.raises((CallbackError, KeyboardInterrupt)):
        classifier.fit(digits[0], batch_size=5, callbacks=[Refuse()], **fit)
    classifier.save(tmp_path / "after")
    assert (tmp_path / "after").read_bytes() == (tmp_path / "before").read_bytes()


def test_a_loaded_classifier_goes_on_training(fitted, digits, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = DigitClassifier.load(tmp_path / "model")
    assert loaded.history == fitted.history
    history = loaded.fit(digits[0][:100], epochs=1, verbose=0)
    assert history.epoch == [1, 2, 3]


def test_the_file_tells_how_the_network_was_made(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    metadata = read_artifact(tmp_path / "model").metadata
    assert metadata["network"] == "report"
    assert metadata["classes"] == list("0123456789")
    assert metadata["recipe"]["epochs"] == 10
    assert metadata["effective_recipe"]["epochs"] == 2
    assert metadata["history"][1]["val_accuracy"] == fitted.history[1].val_accuracy
    assert metadata["versions"]["torch"] == torch.__version__
    weights = safetensors.torch.load_file(tmp_path / "model")
    assert sum(w.numel() for name, w in weights.items() if name.startswith("body")) == 421_642


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "unknown"}, "a network 'unknown' that this digitnet does not know"),
        ({"network": "mlp"}, "Expected other weights: missing"),
        (
            {"recipe": {"name": "x"}},
            "digitnet model. Expected recipe.network to be str; rec.* noth",
        ),
        ({"recipe": True}, "Expected the metadata of a digitnet model. Expected recipe to be"),
        ({"recipe": RECIPE | {"later": 1}}, "Expected no recipe.later; received 1.* newer one"),
        ({"recipe": RECIPE | {"epochs": 0}}, "In recipe: Expected epochs to be .* received 0"),
        ({"history": [[]]}, r"digitnet model. Expected history\[0\] to be .*EpochLog; received"),
        ({"seed": -1}, "digitnet model. Expected seed to be a whole number .* received -1"),
        ({"seed": None}, "digitnet model. Expected seed to be int; received None"),
        ({"history": 5}, "digitnet model. Expected history to be tuple.*; received 5"),
        ({"input_shape": [1, 28]}, "digitnet model. Expected input_shape to be tuple.*; received"),
        ({"mean": [0.1, 0.2]}, "digitnet model. Expected mean of 1 channels; received 2"),
        ({"recipe": RECIPE | {"multi_crop": 28}}, r"Expected multi_crop below the pictures' 28"),
        ({"classes": ["a", "b"]}, r"Expected a model of the digits 0 to 9 .* ImageClassifier.load"),
    ],
)
def test_a_file_with_other_metadata_is_refused(fitted, tmp_path, change, message):
    fitted.save(tmp_path / "model")
    tensors, metadata = read_artifact(tmp_path / "model")
    write_artifact(tmp_path / "model", tensors, metadata | change)
    with pytest.raises(ArtifactError, match=message):
        DigitClassifier.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("body.output.bias", torch.zeros(11), r"'body.output.bias' of shape \(10,\).* \(11,\)"),
        ("body.output.bias", torch.zeros(10).double(), "torch.float32; received .* torch.float64"),
        ("extra", torch.zeros(1), r"missing none, unknown \['extra'\]"),
    ],
)
def test_a_file_with_other_tensors_is_refused(fitted, tmp_path, name, tensor, message):
    fitted.save(tmp_path / "model")
    tensors, metadata = read_artifact(tmp_path / "model")
    write_artifact(tmp_path / "model", tensors | {name: tensor}, metadata)
    with pytest.raises(ArtifactError, match=message):
        DigitClassifier.load(tmp_path / "model")


@pytest.mark.parametrize("verb", ["predict", "predict_proba", "evaluate", "calibrate", "save"])
def test_verbs_before_fit_say_so(verb, digits, tmp_path):
    with pytest.raises(NotFittedError, match="has not been trained. Call fit first, or load"):
        getattr(DigitClassifier(), verb)(tmp_path / "f" if verb == "save" else digits[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "Expected epochs to be a whole number of at least 1; received 0"),
        ({"epochs": -3}, "Expected epochs to be a whole number of at least 1; received -3"),
        ({"batch_size": 0}, "Expected batch_size to be a whole number of at least 1; received 0"),
        ({"verbose": 3}, "Expected verbose to be 'auto', 0, 1 or 2; received 3"),
        ({"validation_split": 1.0}, r"Expected validation_split in \[0, 1\); received 1.0"),
        ({"callbacks": [Callback]}, r"Write callbacks=\[MyCallback\(\)\]"),
        ({"class_weight": [1.0]}, "Expected class_weight to hold 10 finite numbers"),
        ({"class_weight": {12: 1.0}}, r"for classes in 0\.\.9; received \[12\]"),
        ({"class_weight": [-1.0] * 10}, "Expected class_weight to hold 10 finite numbers"),
    ],
)
def test_arguments_out_of_range_are_refused_before_training(digits, options, message):
    classifier = DigitClassifier("mlp")
    with pytest.raises(InvalidInputError, match=message):
        classifier.fit(digits[0][:20], **{"verbose": 0} | options)
    assert len(classifier.history) == 0


def test_validation_from_two_places_and_split_of_a_loader_are_refused(digits):
    train, test = digits
    classifier = DigitClassifier("mlp")
    with pytest.raises(InvalidInputError, match="or validation_split; received both"):
        classifier.fit(train, validation_data=test, validation_split=0.1)
    with pytest.raises(InvalidInputError, match="received a DataLoader. Pass its dataset"):
        classifier.fit(DataLoader(train), validation_split=0.1)


def test_a_class_with_one_picture_cannot_be_split(digits):
    train = digits[0]
    ones = (train.labels == 7).nonzero()[:, 0]
    keep = torch.ones(len(train), dtype=torch.bool)
    keep[ones[1:]] = False
    with pytest.raises(InvalidInputError, match="at least 2 pictures of each class .* '7' has 1"):
        DigitClassifier("mlp").fit(
            train.images[keep], train.labels[keep], validation_split=0.1, verbose=0
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": ["a"]}, "different names of at least 2"),
        ({"classes": "ab"}, "different names of at least 2"),
        ({"classes": ["a", "a"]}, "different names of at least 2"),
        ({"input_shape": (28, 28)}, r"\(channels, height, width\); received \(28, 28\)"),
        ({"mean": 0.5}, "Expected mean and std, or neither"),
        ({"mean": 0.5, "std": 0.0}, "Expected std to be above 0"),
        ({"mean": [0.1, 0.2], "std": 1}, "Expected mean to be a finite number, or 1"),
        ({"seed": -1}, "Expected seed to be a whole number"),
        ({"device": "cuda:99"}, "Expected device to be 'auto' or one of"),
        ({"device": "gpu"}, "Expected device to be 'auto' or one of"),
        ({"model": "reprot"}, "Expected an nn.Module or one of 'report', 'mlp'"),
        ({"model": "fast"}, "received 'fast'. Do you mean the recipe. Write recipe='fast'"),
        ({"model": nn.Flatten}, r"received <class .* Write Flatten\(\)"),
        ({"recipe": "reprot"}, "Expected a Recipe or one of 'report'"),
    ],
)
def test_a_classifier_is_checked_when_it_is_made(options, message):
    with pytest.raises(InvalidInputError, match=message):
        ImageClassifier(**{"classes": ["a", "b"], "input_shape": (1, 28, 28)} | options)


def test_a_network_that_ends_in_a_softmax_is_warned_of():
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    DigitClassifier(network)  # no warning
    with pytest.warns(UserWarning, match=r"like probabilities \(from '2' \(Softmax.* softmax out"):
        DigitClassifier(network.append(nn.Softmax(dim=1)))


def test_without_a_seed_one_is_drawn_and_kept():
    first, second = DigitClassifier("mlp"), DigitClassifier("mlp")
    assert first.seed != second.seed
    again = DigitClassifier("mlp", seed=first.seed)
    assert all(map(torch.equal, first.model.parameters(), again.model.parameters()))


def test_summary_prints_the_reports_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    DigitClassifier().summary()
    lines = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    text = "\n".join(" ".join(line) for line in lines)
    for row in (
        "1 Conv2d 3x3 (1->32, padding 1) + ReLU + MaxPool 2x2 32 x 14 x 14 320",
        "2 Conv2d 3x3 (32->64, padding 1) + ReLU + MaxPool 2x2 64 x 7 x 7 18,496",
        "3 Flatten 3,136 0",
        "4 Linear + ReLU 128 401,536",
        "5 Dropout (p = 0.5) 128 0",
        "6 Linear (output) 10 1,290",
        "total 421,642",
    ):
        assert row in text


def test_validation_data_of_four_parts_are_refused(digits):
    train, test = digits
    parts = (test.images, test.labels, torch.ones(len(test)), None)
    with pytest.raises(InvalidInputError, match=r"received 4 items. Pass .x, y. or .x, y, sample"):
        DigitClassifier("mlp").fit(train[:50], epochs=1, validation_data=parts, verbose=0)


def test_pairs_come_apart_as_the_message_says(digits):
    pairs = [digits[0][number] for number in range(20)]
    clf = DigitClassifier("mlp", seed=0)
    for form in (pairs, iter(pairs)):
        with pytest.raises(InvalidInputError, match=r"apart by x, y = zip\(\*pairs\)"):
            clf.fit(form, epochs=1, verbose=0)
    x, y = zip(*pairs, strict=True)
    clf.fit(x, y, epochs=1, verbose=0)
