"""The reader network: shapes, strides, and what it does not depend on."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from digitnet.pictures.network import STRIDE, Maps, ReaderNetwork


@pytest.fixture
def network():
    """A network whose batch statistics are no longer 0 and 1."""
    torch.manual_seed(0)
    made = ReaderNetwork()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.running_mean, module.bias):
                nn.init.normal_(values, 0, 0.3)
            for values in (module.running_var, module.weight):
                nn.init.uniform_(values, 0.5, 2)
    return made.eval()


def images(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def distance(one, other):
    """The largest difference of two maps."""
    return max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("height", "width"), [(STRIDE, STRIDE), (48, 112), (128, 32)])
@torch.inference_mode()
def test_each_map_has_its_stride_and_channels(network, height, width):
    maps = network(images(2, 1, height, width))
    expected = Maps((1, 1), (1, 2), (1, 2), (2, 2), (1, 4), (11, 4), (1, 8))
    for found, (channels, stride) in zip(maps, expected, strict=True):
        assert found.shape == (2, channels, height // stride, width // stride)
        assert found.isfinite().all()


def test_it_is_small_enough_for_the_wheel():
    weights = sum(tensor.numel() for tensor in ReaderNetwork().state_dict().values())
    assert 300_000 < weights < 600_000


@torch.inference_mode()
def test_batch_norm_folded_into_convolutions_gives_the_same_maps(network):
    x = images(2, 1, 64, 96)
    before = network(x)
    folded = network.train().for_inference()
    assert folded is network
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert distance(folded(x), before) < 1e-4


@torch.inference_mode()
def test_an_image_is_seen_the_same_alone_and_in_a_batch(network):
    x = images(3, 1, 48, 64)
    together = network(x)
    for number in range(3):
        alone = network(x[number : number + 1])
        assert distance(alone, [found[number : number + 1] for found in together]) < 1e-4


@torch.inference_mode()
def test_brightness_and_contrast_change_nothing(network):
    x = images(1, 1, 48, 64)
    assert distance(network(0.2 + 0.3 * x), network(x)) < 1e-3


@torch.inference_mode()
def test_an_image_of_one_colour_gives_finite_maps(network):
    for level in (0.0, 0.5, 1.0):
        assert all(found.isfinite().all() for found in network(torch.full((1, 1, 32, 32), level)))


@torch.inference_mode()
def test_a_new_network_finds_hardly_any_centres():
    torch.manual_seed(0)
    maps = ReaderNetwork().eval()(images(4, 1, 64, 64))
    assert maps.centre.sigmoid().mean() < 0.1
    assert maps.smaller.sigmoid().mean() < 0.1


def test_every_weight_learns():
    torch.manual_seed(0)
    network = ReaderNetwork()
    sum(found.square().sum() for found in network(images(2, 1, 32, 32))).backward()
    assert [name for name, w in network.named_parameters() if w.grad is None] == []
    assert [name for name, w in network.named_parameters() if not w.grad.any()] == []
