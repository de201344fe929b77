"""What users pass becomes uint8 pictures and int64 labels, or is refused with a remedy."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset
from torchvision import datasets as vision
from torchvision import transforms

from digitnet import ImageSet
from digitnet.data.coercion import to_image_set, to_images, to_labels
from digitnet.errors import InvalidInputError

GREY, COLOUR = (1, 28, 28), (3, 8, 6)
CLASSES = tuple("0123456789")
RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (5, 28, 28), dtype=np.uint8)


def images(x):
    return to_images(x, input_shape=GREY)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (PIXELS[0], r"received \(28, 28\). Add a batch axis: numpy.asarray\(images\)\[None\]"),
        (PIXELS[:1], None),
        (PIXELS[0].ravel(), r"received \(784,\)"),
        (
            PIXELS[:, :27],
            r"received \(5, 27, 28\). Bring them to 28x28: .*photos of any size: list\(",
        ),
        (np.zeros((5, 3, 28, 28)), r"received \(5, 3, 28, 28\)"),
        (np.zeros((2, 2, 1, 28, 28)), r"received \(2, 2, 1, 28, 28\)"),
        (np.float32(3), r"received \(\)"),
        (PIXELS / 1.0, r"floats? .*received 0..255. Divide by 255: numpy.asarray\(images\) / 255"),
        (PIXELS.astype(np.float64), "Divide by 255"),
        ((PIXELS / 255 - 0.1307) / 0.3081, "normalised already; leave that out"),
        (PIXELS / 255 * 300, "leave that out"),
        (np.full((1, 28, 28), np.nan), "received NaN or infinity"),
        (np.full((1, 28, 28), np.inf), "received NaN or infinity"),
        (np.where(np.eye(28), -np.inf, 0)[None], "received NaN or infinity"),
        (PIXELS.astype(int) + 1, r"integer pictures in 0\.\.255; received .*\.\.256"),
        (PIXELS.astype(int) - 1, r"integer pictures in 0\.\.255; received -1\.\."),
        (PIXELS > 100, r"received bool. Convert them: numpy.asarray\(images\).astype\(float\)"),
        (PIXELS.astype(complex), "received complex128"),
        (PIXELS.astype(str), "received <U"),
        (np.empty((0, 28, 28)), "at least one picture"),
        ([], "at least one picture"),
        ([PIXELS[0], PIXELS[0, :9]], "as numbers, all of one size"),
        ("photo.jpg", r"the path 'photo.jpg'. Convert a list of these: numpy.stack"),
        ("photo.jpg", r"DigitClassifier.pretrained\(\).inspect\(pictures\)"),
        (["photo.jpg"], "the path 'photo.jpg'"),
        (Image.fromarray(PIXELS[0]), "received a PIL image. Convert a list of these: numpy.stack"),
        (None, "received None. Check the path: cv2.imread"),
        ([PIXELS[0], None], "received None. Check the path: cv2.imread"),
        ({"a": 1}, "received dict. Pass an array"),
    ],
)
def test_pictures_of_another_form_are_refused_with_a_remedy(x, message):
    if message is None:
        assert images(x).shape == (1, 1, 28, 28)
        return
    with pytest.raises(InvalidInputError, match=message):
        images(x)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (range(4), "label for each of the 5 pictures; received 4 labels"),
        ([0, 1, 2, 3, 10], r"Expected labels in 0\.\.9; received 10\.$"),
        (
            [1, 2, 3, 4, 10],
            r"Expected labels in 0\.\.9; received 10\. They begin at 0: pass .*labels\) - 1",
        ),
        ([0, -1, 2, 3, 9], r"received -1\."),
        ([0.0, 1, 2, 3, 4], r"integer labels; received float64. .*astype\(int\)"),
        (list("01234"), r"received '0'. Convert names: \[clf.classes.index\(name\) for"),
        (list("01x34"), "received 'x', none of the classes .*Correct it, or leave it out"),
        (np.array([0, 1, 2, 3, 4], object), r"received object. Convert them: .*astype\(int\)"),
        ([0, 1, np.nan, 3, 4], "received NaN or infinity. Leave out"),
        ([0, 1, None, 3, 4], "received None. Leave its picture out"),
        ([[0], [1], [2], [3], [4]], r"received \(5, 1\). Pass numpy.ravel\(labels\)"),
        (np.full((5, 10), 0.1), r"one-hot .* single 1 .*labels\).argmax\(axis=1\)"),
        (np.zeros((5, 10)), "single 1 in each row"),
        (np.eye(9)[:5], r"or one-hot \(N, 10\); received \(5, 9\)"),
        (np.array([True] * 5), "integer labels; received bool"),
        (None, "received None. Leave its picture out"),
    ],
)
def test_labels_of_another_form_are_refused_with_a_remedy(y, message):
    with pytest.raises(InvalidInputError, match=message):
        to_labels(y, count=5, classes=CLASSES)


@pytest.mark.parametrize(
    "y",
    [
        [3, 0, 9],
        (3, 0, 9),
        np.array([3, 0, 9], np.uint8),
        torch.tensor([3, 0, 9]),
        [torch.tensor(3), torch.tensor(0), torch.tensor(9)],
        np.eye(10)[[3, 0, 9]],
        torch.eye(10, dtype=torch.int8)[[3, 0, 9]],
        np.array([3, 0, 9], ">i4"),
    ],
)
def test_labels_of_every_accepted_form(y):
    labels = to_labels(y, count=3, classes=CLASSES)
    assert labels.dtype == torch.int64
    assert labels.tolist() == [3, 0, 9]


def test_colour_pictures_are_taken_with_channels_first_last_or_flat():
    pictures = RNG.integers(0, 256, (4, *COLOUR), dtype=np.uint8)
    expected = torch.from_numpy(pictures)
    for form in (pictures, np.moveaxis(pictures, 1, -1), pictures.reshape(4, -1)):
        assert torch.equal(to_images(form, input_shape=COLOUR), expected)
    with pytest.raises(InvalidInputError, match=r"\(N, 3, 8, 6\), \(N, 8, 6, 3\) or \(N, 144\)"):
        to_images(pictures[:, 0], input_shape=COLOUR)


def test_floats_are_rounded_to_256_levels():
    levels = np.arange(256) / 255
    x = np.zeros((1, 784))
    x[0, :256] = levels
    for dtype in (np.float16, np.float32, np.float64):
        assert images(x.astype(dtype)).flatten()[:256].tolist() == list(range(256))
    assert images(torch.tensor(x, dtype=torch.bfloat16)).flatten()[255] == 255


def test_a_kaggle_table_of_int64_is_taken():
    table = PIXELS.reshape(5, 784).astype(np.int64)
    assert torch.equal(images(table)[:, 0], torch.from_numpy(PIXELS))


def test_read_only_and_reversed_arrays_are_taken():
    frozen = PIXELS.copy()
    frozen.flags.writeable = False
    assert torch.equal(images(frozen)[:, 0], torch.from_numpy(PIXELS))
    assert torch.equal(images(PIXELS[::-1])[:, 0], torch.from_numpy(PIXELS).flip(0))


def sets(x, y=None):
    return to_image_set(x, y, classes=CLASSES, input_shape=GREY)


def test_a_torchvision_data_set_is_read_with_to_tensor_and_refused_without(tmp_path):
    for label in range(10):
        (tmp_path / str(label)).mkdir()
        Image.fromarray(PIXELS[label % 5]).save(tmp_path / str(label) / "a.png")
    grey = transforms.Grayscale()
    tensors = transforms.Compose([grey, transforms.ToTensor()])
    found = sets(vision.ImageFolder(tmp_path, transform=tensors))
    assert found.labels.tolist() == list(range(10))
    assert torch.equal(found.images[:5, 0], torch.from_numpy(PIXELS))
    with pytest.raises(InvalidInputError, match=r"PIL.*transform=torchvision.*ToTensor\(\)"):
        sets(vision.ImageFolder(tmp_path, transform=grey))
    normalised = transforms.Compose([tensors, transforms.Normalize(0.1307, 0.3081)])
    with pytest.raises(InvalidInputError, match="normalised already; leave that out"):
        sets(vision.ImageFolder(tmp_path, transform=normalised))


class Emnist(vision.EMNIST):
    """Two pictures as torchvision stores them, without its files."""

    def __init__(self, transform):
        self.data = torch.from_numpy(PIXELS[:2])
        self.targets = torch.arange(2)
        self.transform, self.target_transform = transform, None


def test_emnist_as_torchvision_gives_it_draws_a_warning_and_the_remedy_works():
    plain = transforms.ToTensor()
    for data in (Emnist(plain), Subset(Emnist(plain), [1]), DataLoader(Emnist(plain))):
        with pytest.warns(
            UserWarning, match=r"EMNIST is transposed .*pass transform=(.*)\.$"
        ) as told:
            sets(data)
    remedy = str(told[0].message).rpartition("transform=")[2].removesuffix(".")
    turned = eval(remedy, {"torchvision": torchvision})
    found = sets(Emnist(turned)).images[:, 0]  # warnings are errors
    assert torch.equal(found, torch.from_numpy(PIXELS[:2]).mT)


def test_data_sets_and_loaders_that_give_something_else_are_refused():
    pixels = torch.from_numpy(PIXELS)
    with pytest.raises(InvalidInputError, match="pairs of picture and label"):
        sets(TensorDataset(pixels))
    assert torch.equal(to_images(TensorDataset(pixels), input_shape=(1, 28, 28)), pixels[:, None])
    with pytest.raises(InvalidInputError, match="no separate labels with a TensorDataset"):
        sets(TensorDataset(pixels, torch.arange(5)), torch.arange(5))
    with pytest.raises(InvalidInputError, match="the DataLoader is empty"):
        sets(DataLoader(TensorDataset(pixels[:0], torch.arange(0))))
    with pytest.raises(InvalidInputError, match="labels with the pictures; received none. Pass y"):
        sets(pixels)


class Uneven(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return torch.zeros(1, 28 + index, 28), 0


class Stream(IterableDataset):
    def __iter__(self):
        yield from ((torch.full((1, 28, 28), label / 10), label) for label in range(10))


def test_pictures_of_uneven_size_are_refused_and_streams_are_read():
    with pytest.raises(InvalidInputError, match="of one size: stack expects"):
        sets(Uneven())
    assert sets(Stream()).labels.tolist() == list(range(10))


def test_an_image_set_must_fit():
    pixels = torch.from_numpy(PIXELS)[:, None]
    good = ImageSet(pixels, torch.arange(5), CLASSES)
    assert sets(good) is good
    with pytest.raises(InvalidInputError, match=r"Expected the classes .*the set 'mine' has \['a'"):
        sets(ImageSet(pixels, torch.zeros(5, dtype=torch.int64), ("a", "b"), "mine"))
    with pytest.raises(InvalidInputError, match=r"the set 'unnamed' has \(5, 1, 14, 28\)"):
        sets(ImageSet(pixels[:, :, ::2], torch.arange(5), CLASSES))
    with pytest.raises(InvalidInputError, match="the set 'unnamed' is empty"):
        sets(good[:0])


@settings(max_examples=300, deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int16, np.float32, np.float64, np.bool_, np.complex64]),
        arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3),
    )
)
def test_any_array_that_does_not_fit_raises_our_error_and_no_other(array):
    with pytest.raises(InvalidInputError, match=re.compile("Expected .*")):
        to_images(array, input_shape=(1, 5, 7))
    if array.shape != (2,) or array.dtype.kind not in "iu":
        with pytest.raises(InvalidInputError):
            to_labels(array, count=2, classes=CLASSES)


def test_a_read_only_map_of_a_file_is_not_copied(tmp_path):
    np.save(tmp_path / "x.npy", PIXELS)
    for x in (np.load(tmp_path / "x.npy", mmap_mode="r"), np.frombuffer(PIXELS.tobytes(), "u1")):
        x = x.reshape(-1, 28, 28)
        assert not x.flags.writeable
        found = images(x[1:])
        assert np.shares_memory(found.numpy(), x)
        assert np.array_equal(found.numpy()[:, 0], PIXELS[1:])


def test_the_memory_of_a_read_only_array_is_kept():
    found = images(np.frombuffer(bytes(range(256)) * 49, "u1").reshape(-1, 28, 28))
    assert found.flatten().tolist() == list(range(256)) * 49
