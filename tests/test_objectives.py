"""What a training minimises: cross-entropy against hand calculations, and a user's own."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from digitnet.callbacks import Callback, Checkpoint
from digitnet.checkpoint import newest
from digitnet.errors import InvalidInputError
from digitnet.objectives import cross_entropy
from digitnet.optimizer import build_optimizer
from digitnet.randomness import ORDER, derive_seed, permutation
from digitnet.recipe import Recipe
from digitnet.state import TrainState
from digitnet.trainer import Trainer

LOGITS = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]))
LABELS = torch.tensor([0, 1, 0])


def see(logits: Tensor) -> Tensor:
    """A network that says what it is given."""
    return logits


def test_cross_entropy_is_the_mean_of_the_true_classes_log_probabilities():
    loss, correct = cross_entropy()(see, LOGITS, LABELS)
    assert float(loss) == pytest.approx(-math.log(0.5 * 0.8 * 0.2) / 3)
    assert int(correct) == 2


def test_smoothing_moves_a_share_of_the_target_to_all_classes():
    loss, _ = cross_entropy(label_smoothing=0.3)(see, LOGITS[:1], LABELS[:1])
    # 0.7 + 0.1 on the true class, 0.1 on each of the other two
    assert float(loss) == pytest.approx(-(0.8 * math.log(0.5) + 0.2 * math.log(0.25)))


def test_weights_count_classes_and_the_mean_is_over_images():
    weight = torch.tensor([2.0, 0.5, 7.0])
    loss, correct = cross_entropy(class_weight=weight)(see, LOGITS, LABELS)
    expected = -(2 * math.log(0.5) + 0.5 * math.log(0.8) + 2 * math.log(0.2)) / 3
    assert float(loss) == pytest.approx(expected)
    assert int(correct) == 2


def test_the_loss_has_a_gradient_and_the_count_has_none():
    logits = LOGITS.clone().requires_grad_()
    loss, correct = cross_entropy()(see, logits, LABELS)
    loss.backward()
    # (probabilities - target) / number of images
    assert logits.grad[0].tolist() == pytest.approx([-0.5 / 3, 0.25 / 3, 0.25 / 3])
    assert not correct.requires_grad


def test_half_precision_logits_have_a_loss_in_full_precision():
    loss, _ = cross_entropy()(see, LOGITS.bfloat16(), LABELS)
    assert loss.dtype == torch.float32


# ---- a user's own, in the trainer


class Points(NamedTuple):
    """Targets of several parts, as a network with several heads has them."""

    values: Tensor
    weights: Tensor


class PointBatches:
    """Inputs (N, 3) and their targets, as the trainer takes them."""

    batch_size = 8

    def __init__(self, count: int = 44) -> None:
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(count, 3, generator=generator)
        self.y = self.x @ torch.tensor([1.0, -2.0, 0.5]) + 1
        self.weights = torch.rand(count, generator=generator)
        self.n_images, self.fingerprint = count, "points"

    def __len__(self) -> int:
        return -(-self.n_images // self.batch_size)

    def shuffled(self, order, share=slice):
        for batch in order.split(self.batch_size):
            index = batch[share(len(batch))]
            yield self.x[index], Points(self.y[index], self.weights[index]), len(batch)


POINTS = Recipe(
    name="points", network="linear", epochs=3, batch_size=8, optimizer="sgd",
    learning_rate=0.05, schedule="constant", precision="float32",
)  # fmt: skip


def squared_error(model, x: Tensor, y: Points) -> tuple[Tensor, Tensor]:
    wrong = model(x)[:, 0] - y.values
    return (y.weights * wrong**2).mean(), (wrong.abs() < 0.5).sum()


def points_trainer(epochs: int, *callbacks: Callback, seed: int = 4) -> Trainer:
    torch.manual_seed(0)
    network, recipe = nn.Linear(3, 1), replace(POINTS, epochs=epochs)
    state = TrainState(network, build_optimizer(recipe, network), seed=seed)
    cpu = torch.device("cpu")
    return Trainer(state, recipe, device=cpu, callbacks=callbacks, objective=squared_error)


def test_an_own_objective_is_minimised_as_by_a_hand_written_loop():
    trainer, batches = points_trainer(3), PointBatches()
    network = trainer.state.model
    by_hand = copy.deepcopy(network)
    history = trainer.fit(batches)

    optimizer = torch.optim.SGD(by_hand.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    for epoch in range(3):
        total = correct = 0.0
        for x, y, count in batches.shuffled(permutation(44, derive_seed(4, ORDER, epoch))):
            wrong = by_hand(x)[:, 0] - y.values
            loss = (y.weights * wrong**2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * count
            correct += int((wrong.abs() < 0.5).sum())
        assert history[epoch].loss == pytest.approx(total / 44, rel=1e-5)
        assert history[epoch].accuracy == pytest.approx(correct / 44)
    for found, expected in zip(network.parameters(), by_hand.parameters(), strict=True):
        assert torch.allclose(found, expected, atol=1e-6)
    assert history[-1].loss < history[0].loss / 2


def test_a_training_by_an_own_objective_is_gone_on_from_its_checkpoint(tmp_path):
    whole, resumed = points_trainer(3), points_trainer(3)
    whole.fit(PointBatches())
    points_trainer(2, Checkpoint(tmp_path, monitor="loss")).fit(PointBatches())
    resumed.fit(PointBatches(), resume=newest(tmp_path))
    assert resumed.state.step == whole.state.step
    assert torch.equal(resumed.state.model.weight, whole.state.model.weight)


def test_the_trainer_refuses_a_checkpoint_of_another_training(tmp_path):
    points_trainer(3, Checkpoint(tmp_path), seed=1).fit(PointBatches())
    other = points_trainer(3, seed=2)
    before = other.state.model.weight.clone()
    with pytest.raises(InvalidInputError, match="another seed"):
        other.fit(PointBatches(), resume=newest(tmp_path))
    assert torch.equal(other.state.model.weight, before)
    assert other.state.step == 0
