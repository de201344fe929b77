"""A network of the user's own is tried before it is trained."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from digitnet import DigitClassifier
from digitnet.errors import InvalidInputError
from digitnet.models.inspection import check, layer_rows


class Tuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, x):
        return self.linear(x.flatten(1)), 0


class OtherInTraining(Tuple):
    def forward(self, x):
        logits, rest = super().forward(x)
        return (logits, rest) if self.training else logits


class Failing(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, x):
        raise KeyError("mine")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            nn.Sequential(nn.Flatten(), nn.Linear(700, 10)),
            r"layer '1' \(Linear\(in_features=700.* expected a last dimension of 700, "
            r"received \(2, 784\) of torch.float32",
        ),
        (
            nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 26 * 26, 10)),
            r"layer '0' \(Conv2d\(3, 8.* expected 3 channels, received \(2, 1, 28, 28\)",
        ),
        (
            nn.Sequential(nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(4))),
            r"layer '0.1' \(BatchNorm2d\(4.* expected 4 channels, received \(2, 8, 26, 26\)",
        ),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(784, 7)),
            r"logits \(2, 10\), .* received \(2, 7\) from its last layer, '1' \(Linear",
        ),
        (nn.Conv2d(1, 10, 3), r"logits \(2, 10\), .* received \(2, 10, 26, 26\)"),
        (
            nn.Sequential(nn.MaxPool2d(40), nn.Flatten(), nn.Linear(784, 10)),
            r"layer '0' \(MaxPool2d.* expected an input that it can take, received \(2, 1, 28",
        ),
        (Tuple(), "received tuple from its last layer"),
        (Failing(), "layer 'the network' .* torch says: 'mine'"),
        (nn.Flatten(), "Expected a network with weights to train; received none"),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(784, 10).double()),
            r"expected an input that it can take, received \(2, 784\) of torch.float32",
        ),
        (OtherInTraining(), "received tuple from its last layer, .* in training mode"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_by_its_layer(model, message):
    with pytest.raises(InvalidInputError, match=message):
        DigitClassifier(model)


def test_the_dry_run_leaves_the_network_as_it_was():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(2704, 10))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    check(model, classes=10, input_shape=(1, 28, 28))
    layer_rows(model, (1, 28, 28))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training
    assert not model[1].training
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_layers_that_never_ran_are_shown_without_a_shape():
    model = nn.ModuleDict({"used": nn.Linear(784, 10), "unused": nn.Linear(2, 2)})
    model.forward = lambda x: model["used"](x.flatten(1))
    rows = layer_rows(model, (1, 28, 28))
    assert [row.output_shape for row in rows] == [(10,), None]
    assert [row.parameters for row in rows] == [7850, 6]


def test_parameters_of_the_network_itself_have_a_row():
    model = Tuple()
    model.scale = nn.Parameter(torch.ones(3))
    assert [row.parameters for row in layer_rows(model, (1, 28, 28))] == [7850, 3]


def test_strides_paddings_and_containers_are_described():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(2, 2)

        def forward(self, x):
            return x

    model = nn.Sequential(
        nn.Conv2d(1, 2, (3, 5), stride=2, padding=(1, 0)), nn.MaxPool2d((2, 2)), Block()
    )
    assert [row.layer for row in layer_rows(model, (1, 28, 28))] == [
        "Conv2d 3x5 (1->2, padding 1x0, stride 2)",
        "MaxPool 2x2",
        "Block",
    ]


def test_a_network_of_one_layer_has_one_row():
    (row,) = layer_rows(nn.Linear(28, 10), (1, 28, 28))
    assert (row.layer, row.parameters) == ("Linear", 290)


def lazy():
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(10))


def test_lazy_layers_get_their_shapes_and_weights_from_the_seed(digits, tmp_path):
    first, second = (DigitClassifier(lazy(), seed=0) for _ in range(2))
    assert first.model[3].weight.shape == (10, 4 * 26 * 26)
    assert torch.equal(first.model[3].weight, second.model[3].weight)
    assert int(first.model[1].num_batches_tracked) == 0
    first.fit(digits[0][:50], epochs=1, verbose=0)
    first.save(tmp_path / "lazy.safetensors")
    same = DigitClassifier.load(tmp_path / "lazy.safetensors", model=lazy())
    images = digits[1].images[:20]
    assert (same.predict_proba(images) == first.predict_proba(images)).all()


def test_a_lazy_layer_that_does_not_fit_is_named():
    with pytest.raises(InvalidInputError, match=r"layer '1' \(Linear\(in_features=700"):
        DigitClassifier(nn.Sequential(nn.Flatten(), nn.Linear(700, 50), nn.LazyLinear(10)))


def test_a_lazy_layer_that_never_runs_is_named():
    own = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    own[1].register_module("spare", nn.LazyLinear(10))
    with pytest.raises(InvalidInputError, match="received no input for '1.spare.weight'. Leave it"):
        DigitClassifier(own)
