"""A compiled network trains as the network does."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from torch import nn

from digitnet import DigitClassifier
from digitnet.compilation import compiled
from digitnet.recipe import REPORT

NETWORK = replace(REPORT, network="mlp", optimizer="sgd", learning_rate=0.05)


def weights(classifier):
    return torch.cat([weight.detach().flatten() for weight in classifier.model.parameters()])


@pytest.mark.filterwarnings("ignore", "error:Expected to compile")  # torch's own, not ours
@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a compiler")
@pytest.mark.parametrize("radius", [0.0, 0.05])
@pytest.mark.parametrize(
    "precision", ["float32", pytest.param("bfloat16", marks=pytest.mark.minutes)]
)
def test_a_compiled_network_trains_to_the_same_weights_with_the_same_dropout(
    digits, precision, radius
):
    found = []
    for compile_it in (False, True):
        recipe = replace(NETWORK, compile=compile_it, precision=precision, sharpness_radius=radius)
        classifier = DigitClassifier(recipe=recipe, seed=1)
        history = classifier.fit(digits[0][:300], epochs=1, verbose=0)
        found.append((weights(classifier), history[0].loss, classifier.score(digits[1])))
        assert classifier.effective_recipe.compile is compile_it
    tolerance = 1e-5 if precision == "float32" else 1e-2
    assert torch.allclose(found[0][0], found[1][0], atol=tolerance)
    assert found[1][1:] == pytest.approx(found[0][1:], abs=3 * tolerance)


def test_where_nothing_can_be_built_the_network_runs_as_it_is_with_a_warning(monkeypatch):
    from torch._dynamo.exc import TorchDynamoException

    def no_compiler(x):
        raise TorchDynamoException("no working C++ compiler\nand much more")

    monkeypatch.setattr(torch, "compile", lambda model, **options: no_compiler)
    model = nn.Linear(3, 2)
    forward, x = compiled(model), torch.ones(4, 3)
    with pytest.warns(UserWarning, match="and it runs as it is: no working C.. compiler Leave"):
        assert torch.equal(forward(x), model(x))
    assert torch.equal(forward(x), model(x))  # and warns no more
    assert forward(x[:0]).shape == (0, 2)
