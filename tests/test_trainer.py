"""The loop does what it says: against a hand-written one, bit for bit, and when it fails."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from digitnet import DigitClassifier, ImageClassifier, datasets
from digitnet.callbacks import Callback, LambdaCallback
from digitnet.errors import TrainingDivergedError
from digitnet.randomness import ORDER, derive_seed, permutation
from digitnet.recipe import REPORT, Augmentation

SGD = replace(REPORT, optimizer="sgd", learning_rate=0.05, weight_decay=1e-3, schedule="one_cycle")
ADAMW = replace(REPORT, optimizer="adamw", weight_decay=0.5)
SHARPNESS = replace(REPORT, sharpness_radius=0.1)
CLIPPED = replace(SGD, clip_norm=3.0)


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def normalised(images: torch.Tensor) -> torch.Tensor:
    return (images.float() / 255 - 0.1307) / 0.3081


def weights(classifier: ImageClassifier) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in classifier.model.parameters()])


def torchs_optimizer(name, parameters):
    return {
        "adam": lambda: torch.optim.Adam(parameters, lr=1e-3),
        "adamw": lambda: torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.5),
        "sgd": lambda: torch.optim.SGD(
            parameters, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3
        ),
    }[name]()


def gradient_length(model):
    return sum(float(weight.grad.square().sum()) for weight in model.parameters()) ** 0.5


def take_gradient_of_sharpness(model, x, y):
    """Replace the gradient by that at the worst point within 0.1 of the weights."""
    worst = copy.deepcopy(model)
    length = gradient_length(model)
    for moved, weight in zip(worst.parameters(), model.parameters(), strict=True):
        moved.data += 0.1 * weight.grad / length
    worst.zero_grad()
    functional.cross_entropy(worst(x), y).backward()
    for moved, weight in zip(worst.parameters(), model.parameters(), strict=True):
        weight.grad = moved.grad


@pytest.mark.parametrize("recipe", [REPORT, ADAMW, SGD, SHARPNESS, CLIPPED])
def test_the_loop_equals_a_hand_written_one(digits, recipe):
    train = digits[0][:500]
    classifier = DigitClassifier(linear(), recipe=recipe, seed=5)
    history = classifier.fit(train, epochs=2, batch_size=64, verbose=0)

    model = linear()
    optimizer = torchs_optimizer(recipe.optimizer, model.parameters())
    images = normalised(train.images)
    steps, losses, correct, longer = 0, [], 0, 0
    for epoch in range(2):
        order = permutation(500, derive_seed(5, ORDER, epoch))
        losses, correct = [], 0
        for start in range(0, 500, 64):
            index = order[start : start + 64]
            optimizer.param_groups[0]["lr"] = recipe.learning_rate_at(steps / 16)
            logits = model(images[index])
            loss = functional.cross_entropy(logits, train.labels[index])
            optimizer.zero_grad()
            loss.backward()
            if recipe is SHARPNESS:
                take_gradient_of_sharpness(model, images[index], train.labels[index])
            if recipe is CLIPPED:
                length = gradient_length(model)
                longer += length > 3
                for weight in model.parameters():
                    weight.grad *= min(1, 3 / length)
            optimizer.step()
            steps += 1
            losses.append(loss.item() * len(index))
            correct += int((logits.argmax(1) == train.labels[index]).sum())
    expected = nn.utils.parameters_to_vector(model.parameters())
    assert torch.allclose(weights(classifier), expected, atol=1e-5)
    assert history[-1].loss == pytest.approx(sum(losses) / 500, rel=1e-4)
    assert history[-1].accuracy == pytest.approx(correct / 500, abs=0.005)
    assert recipe is not CLIPPED or 0 < longer < steps


def test_averaged_weights_are_torchs_and_are_what_is_used(digits):
    train, test = digits[0][:500], digits[1]
    kept = 0.8
    classifier = DigitClassifier(linear(), recipe=replace(REPORT, averaging=kept), seed=5)
    trained = []

    class Watch(Callback):
        def on_batch_end(self, state):
            trained.append([w.detach().clone() for w in state.model.parameters()])

    classifier.fit(train, epochs=2, callbacks=[Watch()], verbose=0, validation_data=test)

    def average(mean, weight, number):  # the copy of the first weights is number 0
        return mean + (weight - mean) * (1 - min(kept, number / (number + 9)))

    reference = AveragedModel(linear(), avg_fn=average)
    reference.update_parameters(linear())
    for step in trained:
        model = linear()
        for weight, value in zip(model.parameters(), step, strict=True):
            weight.data.copy_(value)
        reference.update_parameters(model)
    expected = torch.cat([w.detach().flatten() for w in reference.module.parameters()])
    assert torch.allclose(weights(classifier), expected, atol=1e-6)
    assert not torch.allclose(expected, torch.cat([w.flatten() for w in trained[-1]]), atol=1e-4)
    assert classifier.history[-1].val_accuracy == classifier.score(test)


def test_augmentation_changes_training_but_not_validation(digits):
    train, test = digits[0][:200], digits[1][:100]
    recipe = replace(REPORT, augmentation=Augmentation(rotation=30, shift=3))
    plain, changed = DigitClassifier("mlp", seed=1), DigitClassifier("mlp", recipe=recipe, seed=1)
    for classifier in (plain, changed):
        classifier.fit(train, epochs=1, validation_data=test, verbose=0)
        assert classifier.history[0].val_loss == classifier.evaluate(test, verbose=0).loss
    assert changed.history[0].loss > plain.history[0].loss


def test_one_seed_gives_the_same_weights_and_another_seed_others(digits):
    results = []
    for seed in (1, 1, 2):
        classifier = DigitClassifier(seed=seed)
        classifier.fit(digits[0][:300], epochs=1, verbose=0)
        results.append(weights(classifier))
        torch.rand(10)  # the caller's random state has no part in it
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_the_callers_random_state_is_left_alone(digits):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    classifier = DigitClassifier()
    classifier.fit(digits[0][:100], epochs=1, verbose=0, validation_split=0.2)
    classifier.evaluate(digits[1], verbose=0)
    datasets.synthetic(10, 10)
    assert torch.equal(torch.get_rng_state(), before)


def test_two_fits_of_one_epoch_are_one_of_two_bit_for_bit(digits):
    train = digits[0][:300]
    once, twice = DigitClassifier(seed=4), DigitClassifier(seed=4)
    once.fit(train, epochs=2, verbose=0)
    twice.fit(train, epochs=1, verbose=0)
    history = twice.fit(train, epochs=1, verbose=0)
    assert torch.equal(weights(once), weights(twice))
    assert history.epoch == [1, 2]


def test_without_shuffling_the_order_is_the_sets(digits):
    train, seen = digits[0][:128], []
    watch = LambdaCallback(on_batch_end=lambda state: seen.append(state.batch_loss.item()))
    classifier = DigitClassifier(linear(), seed=1)
    classifier.fit(train, epochs=1, callbacks=[watch], verbose=0, shuffle=False)
    logits = linear()(normalised(train.images[:64]))
    expected = functional.cross_entropy(logits, train.labels[:64]).item()
    assert seen[0] == pytest.approx(expected, rel=1e-5)


def test_a_class_counts_what_it_is_told_and_the_others_1(digits):
    train = digits[0][:64]
    classifier = DigitClassifier(linear(), seed=1)
    classifier.fit(train, epochs=1, class_weight={3: 5.0}, verbose=0)
    logits = linear()(normalised(train.images))
    losses = functional.cross_entropy(logits, train.labels, reduction="none")
    threes = train.labels == 3
    assert threes.any()
    expected = torch.where(threes, 5 * losses, losses).mean().item()
    assert classifier.history[0].loss == pytest.approx(expected, rel=1e-5)


def test_class_weights_weight_the_loss(digits):
    train = digits[0][:64]
    plain, weighted = (DigitClassifier(linear(), seed=1) for _ in range(2))
    plain.fit(train, epochs=1, verbose=0)
    weighted.fit(train, epochs=1, class_weight=[2.0] * 10, verbose=0)
    assert weighted.history[0].loss == pytest.approx(2 * plain.history[0].loss, rel=1e-5)
    ignoring = DigitClassifier(linear(), seed=1)
    ignoring.fit(train, epochs=1, class_weight=dict.fromkeys(range(10), 0.0), verbose=0)
    assert ignoring.history[0].loss == 0


@pytest.mark.parametrize("class_weight", [None, [2.0] * 10])
def test_smoothed_labels_are_a_mixture_with_all_classes(digits, class_weight):
    train, recipe = digits[0][:64], replace(REPORT, label_smoothing=0.3)
    classifier = DigitClassifier(linear(), recipe=recipe, seed=1)
    classifier.fit(train, epochs=1, class_weight=class_weight, verbose=0)
    logs = linear()(normalised(train.images)).log_softmax(1)
    targets = 0.7 * functional.one_hot(train.labels, 10) + 0.3 / 10
    expected = -(targets * logs).sum(1).mean().item() * (2 if class_weight else 1)
    assert classifier.history[0].loss == pytest.approx(expected, rel=1e-5)


def test_bfloat16_trains_nearly_as_float32_and_is_recorded(fitted, digits):
    train, test = digits
    half = DigitClassifier(recipe=replace(REPORT, precision="bfloat16"), seed=fitted.seed)
    half.fit(train, epochs=len(fitted.history), verbose=0)
    for classifier, precision in ((fitted, "float32"), (half, "bfloat16")):
        assert classifier.effective_recipe.precision == precision
        assert all(p.dtype == torch.float32 for p in classifier.model.parameters())
    assert half.score(test) == pytest.approx(fitted.score(test), abs=0.03)


def test_auto_precision_is_recorded_as_what_it_became(digits):
    classifier = DigitClassifier(recipe=replace(REPORT, precision="auto"))
    classifier.fit(digits[0][:50], epochs=1, verbose=0)
    assert classifier.effective_recipe.precision in ("float32", "bfloat16")


def test_a_loss_that_is_not_finite_ends_training_with_the_weights_of_the_epochs_start(digits):
    train = digits[0][:640]
    classifier = DigitClassifier(linear(), recipe=replace(SGD, schedule="constant"), seed=0)
    classifier.fit(train, epochs=1, verbose=0)
    before = weights(classifier)

    class Poison(Callback):
        def on_batch_end(self, state):
            if state.step == 13:  # the third of ten steps of the second epoch
                with torch.no_grad():
                    state.model.body[1].weight[0, 0] = float("nan")

    expected = r"diverged at step 4 of 10 of epoch 2: .* Try a learning rate below 0\.05"
    with pytest.raises(TrainingDivergedError, match=expected):
        classifier.fit(train, epochs=2, callbacks=[Poison()], verbose=0)
    assert torch.equal(weights(classifier), before)
    assert classifier.history.epoch == [1]
    classifier.fit(train, epochs=1, verbose=0)
    assert classifier.history.epoch == [1, 2]


@pytest.mark.parametrize("averaging", [None, 0.9])
def test_after_a_divergence_all_goes_on_as_if_it_had_not_been(digits, averaging):
    train, recipe = digits[0][:320], replace(SGD, schedule="constant", averaging=averaging)
    diverged, whole = both = [DigitClassifier(linear(), recipe=recipe, seed=0) for _ in range(2)]
    ruin = LambdaCallback(
        on_batch_end=lambda state: state.model.body[1].weight.data.fill_(float("nan"))
    )
    for _ in range(2):
        for each in both:
            each.fit(train, epochs=1, verbose=0)
        assert torch.equal(weights(diverged), weights(whole))
        with pytest.raises(TrainingDivergedError):
            diverged.fit(train, epochs=1, callbacks=[ruin], verbose=0)
        assert torch.equal(weights(diverged), weights(whole))


def test_weights_that_only_the_last_step_ruined_are_found(digits):
    class Poison(Callback):
        def on_batch_end(self, state):
            if state.step == 2:
                with torch.no_grad():
                    state.model.body[1].weight[0, 0] = float("inf")

    classifier = DigitClassifier(linear(), seed=0)
    before = weights(classifier)
    with pytest.raises(TrainingDivergedError, match="diverged at step 2 of 2 of epoch 1"):
        classifier.fit(digits[0][:128], epochs=1, callbacks=[Poison()], verbose=0)
    assert torch.equal(weights(classifier), before)
