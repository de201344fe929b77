"""Labelled pictures in memory."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader

from digitnet import ImageSet
from digitnet.data.batches import Batches
from digitnet.errors import InvalidInputError

IMAGES = torch.arange(12, dtype=torch.uint8).reshape(12, 1, 1, 1).expand(12, 1, 2, 3).contiguous()
LABELS = torch.tensor([0] * 6 + [1] * 4 + [2] * 2)
CLASSES = ("a", "b", "c", "d")


@pytest.fixture
def images() -> ImageSet:
    return ImageSet(IMAGES, LABELS, CLASSES, "mine")


def test_it_counts_and_indexes_as_a_torch_data_set(images):
    picture, label = images[7]
    assert (len(images), int(picture[0, 0, 0]), label) == (12, 7, 1)
    assert images.class_counts.tolist() == [6, 4, 2, 0]
    assert repr(images) == "ImageSet(mine: 12 pictures 1x2x3, 4 classes)"
    batch = next(iter(DataLoader(images, batch_size=12, generator=torch.Generator())))
    assert torch.equal(batch[0], IMAGES)
    assert torch.equal(batch[1], LABELS)


def test_a_slice_is_an_image_set(images):
    part = images[5:8]
    assert isinstance(part, ImageSet)
    assert part.labels.tolist() == [0, 1, 1]
    assert part.classes == CLASSES


def test_it_cannot_be_changed(images):
    with pytest.raises(AttributeError):
        images.labels = LABELS


@pytest.mark.parametrize(
    ("pictures", "labels", "message"),
    [
        (IMAGES.float(), LABELS, "type uint8; received .* torch.float32"),
        (IMAGES[:, 0], LABELS, r"\(N, C, H, W\) .* received \(12, 2, 3\)"),
        (IMAGES, LABELS[:3], r"shape \(12,\) .* received \(3,\)"),
        (IMAGES, LABELS.int(), "type int64; received .* torch.int32"),
        (IMAGES, LABELS + 2, r"labels in 0\.\.3, .* received 2\.\.4"),
        (IMAGES, LABELS - 1, r"received -1\.\."),
        (IMAGES.numpy(), LABELS, r"images as a tensor; received ndarray.*torch\.as_tensor\(images"),
        (IMAGES, LABELS.tolist(), "labels as a tensor; received list"),
    ],
)
def test_what_does_not_fit_together_is_refused(pictures, labels, message):
    with pytest.raises(InvalidInputError, match=message):
        ImageSet(pictures, labels, CLASSES)


def test_a_split_keeps_each_classs_share_and_every_picture_once(images):
    rest, part = images.split(0.5, seed=1)
    assert rest.class_counts.tolist() == part.class_counts.tolist() == [3, 2, 1, 0]
    both = torch.cat([rest.images, part.images])[:, 0, 0, 0]
    assert sorted(both.tolist()) == list(range(12))


def test_a_split_is_its_seeds(images):
    assert torch.equal(images.split(0.5, seed=1)[1].images, images.split(0.5, seed=1)[1].images)
    parts = {tuple(images.split(0.5, seed=s)[1].images[:, 0, 0, 0].tolist()) for s in range(8)}
    assert len(parts) > 1


def test_a_split_takes_at_least_one_of_a_class_and_not_all(images):
    rest, part = images.split(0.01, seed=0)
    assert part.class_counts.tolist() == [1, 1, 1, 0]
    rest, part = images.split(0.99, seed=0)
    assert rest.class_counts.tolist() == [1, 1, 1, 0]


def test_a_split_out_of_range_or_of_a_single_picture_is_refused(images):
    for fraction in (0, 1, -0.5, 2):
        with pytest.raises(InvalidInputError, match="between 0 and 1"):
            images.split(fraction, seed=0)
    with pytest.raises(InvalidInputError, match="class 'c' has 1"):
        images[:11].split(0.5, seed=0)


def test_batches_come_in_order_and_by_index_with_a_smaller_last_one(images):
    batches = Batches(images, 5, torch.device("cpu"))
    assert (len(batches), batches.n_images) == (3, 12)
    assert [len(x) for x in batches.unlabelled()] == [5, 5, 2]
    order = torch.arange(11, -1, -1)
    taken = torch.cat([x for x, _, _ in batches.shuffled(order)])
    assert torch.equal(taken, IMAGES.flip(0))
