"""The layers that the networks are built of."""

import pytest
import torch
from torch import nn

from digitnet.models.blocks import MaxPool


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (2, 3)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_predictions_pool_to_the_same_values_as_training(size, layout):
    x = torch.randn(3, 4, *size).contiguous(memory_format=layout)
    x[0, 0, 0, 0] = torch.nan

    with torch.inference_mode():
        predicted = MaxPool()(x)

    torch.testing.assert_close(predicted, nn.MaxPool2d(2)(x), rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(MaxPool()(x), predicted, rtol=0, atol=0, equal_nan=True)


def test_training_passes_a_gradient_to_the_first_of_equal_pixels():
    x = torch.zeros(1, 1, 2, 2, requires_grad=True)

    MaxPool()(x).sum().backward()

    assert x.grad.flatten().tolist() == [1, 0, 0, 0]
