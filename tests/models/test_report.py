"""The networks are the published ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy
import torch
from torch import nn
from torch.nn import functional

from digitnet import DigitClassifier, models
from digitnet.errors import InvalidInputError
from digitnet.models.inspection import count_parameters, layer_rows
from digitnet.models.network import Network
from digitnet.models.wide import Whitening
from digitnet.recipe import FAST

GREY = (1, 28, 28)
ROWS = [  # as the report printed them
    ("Conv2d 3x3 (1->32, padding 1) + ReLU + MaxPool 2x2", (32, 14, 14), 320),
    ("Conv2d 3x3 (32->64, padding 1) + ReLU + MaxPool 2x2", (64, 7, 7), 18_496),
    ("Flatten", (3136,), 0),
    ("Linear + ReLU", (128,), 401_536),
    ("Dropout (p = 0.5)", (128,), 0),
    ("Linear (output)", (10,), 1_290),
]


def test_the_reports_network_has_its_six_rows():
    model = models.build("report", classes=10, input_shape=GREY)
    rows = [(row.layer, row.output_shape, row.parameters) for row in layer_rows(model, GREY)]
    assert rows == ROWS
    assert count_parameters(model) == 421_642


def test_it_computes_what_the_report_describes():
    model = models.build("report", classes=10, input_shape=GREY).eval()
    x = torch.randn(4, *GREY)
    conv1, conv2 = model.block1.convolution, model.block2.convolution
    h = functional.max_pool2d(functional.relu(conv1(x)), 2)
    h = functional.max_pool2d(functional.relu(conv2(h)), 2)
    h = functional.relu(model.hidden.linear(h.flatten(1)))
    assert torch.allclose(model(x), model.output(h), atol=1e-6)


def test_pictures_that_are_floats_already_are_left_as_they_are():
    network = Network(nn.Flatten(), mean=(0.1,), std=(0.3,))
    pictures = torch.rand(2, *GREY) * 255
    before = pictures.clone()
    network(pictures)
    assert torch.equal(pictures, before)


def test_slim_deep_and_wide_have_the_parameters_that_are_told():
    slim, deep = (models.build(name, classes=10, input_shape=GREY) for name in ("slim", "deep"))
    assert count_parameters(slim) == 81_450
    assert count_parameters(deep) == 283_386
    wide = models.build("wide", classes=10, input_shape=(3, 32, 32))
    assert count_parameters(wide) == 1_530_034
    assert not wide.whitening[0].weight.requires_grad


@pytest.mark.parametrize(
    ("shape", "left"), [(GREY, 4), ((3, 32, 32), 5), ((1, 16, 16), 1), ((1, 15, 15), 3)]
)
def test_deep_pads_small_pictures_alone(shape, left):
    deep = models.build("deep", classes=10, input_shape=shape)
    assert deep[:4](torch.zeros(2, *shape)).shape == (2, 64, left, left)
    assert deep(torch.zeros(2, *shape)).shape == (2, 10)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 10, 28), (1, 28, 15)])
def test_pictures_that_are_too_small_for_slim_are_refused(shape):
    with pytest.raises(InvalidInputError, match="at least 16x16 for 'slim'.* Take 'deep'"):
        models.build("slim", classes=10, input_shape=shape)
    assert models.build("deep", classes=10, input_shape=shape)(torch.zeros(2, *shape)).shape
    assert models.build("slim", classes=10, input_shape=(1, 16, 16))


@pytest.mark.parametrize("shape", [(3, 8, 9), (1, 32, 8)])
def test_pictures_that_are_too_small_for_wide_are_refused(shape):
    with pytest.raises(InvalidInputError, match="at least 9x9 for 'wide'.* Take 'deep'"):
        models.build("wide", classes=10, input_shape=shape)
    assert models.build("wide", classes=10, input_shape=(3, 9, 9))(torch.zeros(2, 3, 9, 9)).shape


def test_the_flattened_network_is_as_large_within_a_tenth_of_a_percent():
    parameters = count_parameters(models.build("mlp", classes=10, input_shape=GREY))
    assert parameters == 421_398
    assert parameters == pytest.approx(421_642, rel=1e-3)


@pytest.mark.parametrize("name", models.NETWORKS)
def test_every_network_takes_other_shapes_and_classes(name):
    model = models.build(name, classes=7, input_shape=(3, 30, 21))
    assert model(torch.randn(2, 3, 30, 21)).shape == (2, 7)


@pytest.mark.parametrize("name", ["cnn", "slim*", "slim*0", "slim*x", "*3", 7])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(
        InvalidInputError, match="one of 'report', 'mlp', 'slim', 'deep', 'wide'; received"
    ):
        models.build(name, classes=10, input_shape=GREY)


def test_a_mirroring_network_takes_the_mean_of_both_sides_after_training_alone():
    class Left(nn.Module):
        """Sees the left half of a picture, and how it lies in memory."""

        def forward(self, x):
            assert x.is_contiguous(memory_format=torch.channels_last)
            return x[..., :2].flatten(1)

    images = torch.randint(256, (3, 2, 4, 4), dtype=torch.uint8)
    settings = {"mean": (0.0, 0.0), "std": (1.0, 1.0), "memory_format": torch.channels_last}
    both, one = Network(Left(), **settings, mirror=True), Network(Left(), **settings)
    for network in (both, one):
        network.temperature.fill_(2)
    assert torch.equal(both.train()(images), one.train()(images))
    expected = (one.eval()(images) + one(images.flip(-1))) / 2
    assert torch.allclose(both.eval()(images), expected)
    assert not torch.allclose(expected, one(images))


def test_views_that_are_moved_count_half_of_the_picture_as_it_is():
    class Corner(nn.Module):
        """Sees the first and the last pixel."""

        def forward(self, x):
            return torch.stack([x[:, 0, 0, 0], x[:, 0, -1, -1]], dim=1)

    images = torch.arange(16, dtype=torch.uint8).view(1, 1, 4, 4) * 17
    network = Network(Corner(), mean=(0.0,), std=(1.0,), multi_crop=1)
    grey = images[0, 0].float() / 255
    # padding by reflection: a pixel beyond the border repeats the one within
    expected = torch.stack([grey[0, 0] + grey[1, 1], grey[3, 3] + grey[2, 2]]) / 2
    assert torch.allclose(network.eval()(images)[0], expected)
    assert torch.equal(network.train()(images)[0], torch.stack([grey[0, 0], grey[3, 3]]))


def test_pictures_that_are_too_small_for_the_moved_views_are_refused():
    recipe = replace(FAST, multi_crop=28)
    with pytest.raises(InvalidInputError, match="Expected multi_crop below .* 28 pixels"):
        DigitClassifier(recipe=recipe)


def test_whitened_components_are_those_of_scipys_cosine_transform():
    whitening = Whitening(3).train()
    images = torch.randn(5, 3, 6, 7)
    components = whitening[0](images)
    assert not components.requires_grad
    patch = images[2, :, 3:5, 4:6].double().numpy()
    expected = scipy.fft.dctn(patch, norm="ortho").flatten()
    assert np.allclose(components[2, :, 3, 4], expected, atol=1e-5)
    x = whitening(images)
    assert x.shape == (5, 24, 5, 6)
    whitened = x[:, :12] - x[:, 12:]
    assert torch.allclose(whitened.mean((0, 2, 3)), torch.zeros(12), atol=1e-5)
    assert torch.allclose(whitened.std((0, 2, 3)), torch.ones(12), atol=0.01)
    assert x.min() == 0


def test_normalisation_is_torchvisions():
    from torchvision.transforms import v2

    images = torch.randint(256, (5, 3, 6, 6), dtype=torch.uint8)
    mean, std = (0.1, 0.5, 0.9), (0.3, 0.2, 0.7)
    network = Network(nn.Identity(), mean=mean, std=std)
    expected = v2.functional.normalize(v2.functional.to_dtype(images, scale=True), mean, std)
    assert torch.allclose(network(images), expected, atol=1e-6)
