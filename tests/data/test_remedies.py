"""What a message says to do works when it is done to the letter."""

from __future__ import annotations

import base64
import io
import re
import urllib.request

import numpy as np
import PIL.Image
import pytest
import torch
from scipy import sparse

from digitnet.data.coercion import to_images, to_labels
from digitnet.data.remedies import is_url
from digitnet.errors import InvalidInputError
from digitnet.pictures import is_picture

MODULES = {"numpy": np, "torch": torch, "PIL": PIL, "io": io, "urllib": urllib}
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 28, 28), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (4, 6, 8, 3), dtype=np.uint8)


def expression(message):
    """Return the first expression that a message gives."""
    return re.search(r": ((?:numpy|torch|list|images|\[)[^;]*?)(?:; |\. |\.$)", message).group(1)


def follow(call, name, value):
    """Call with a value, and do up to four times what the message says."""
    for _ in range(4):
        try:
            return call(value)
        except InvalidInputError as error:
            value = eval(expression(str(error)), {**MODULES, name: value})
    return call(value)


GREY = {
    "one picture": (PIXELS[0], PIXELS[:1]),
    "a list of rows": (PIXELS[0].tolist(), PIXELS[:1]),
    "one in a row": (PIXELS[0].ravel(), PIXELS[:1]),
    "one with a channel": (PIXELS[0, ..., None], PIXELS[:1]),
    "RGB": (PIXELS[..., None].repeat(3, axis=3), PIXELS),
    "RGBA": (np.insert(PIXELS[..., None].repeat(3, axis=3), 3, 255, axis=3), PIXELS),
    "RGB, channels first": (torch.tensor(PIXELS)[:, None].repeat(1, 3, 1, 1), PIXELS),
    "one RGB picture": (PIXELS[0, ..., None].repeat(3, axis=2), PIXELS[:1]),
    "RGB floats": (PIXELS[..., None].repeat(3, axis=3) / 255, PIXELS),
    "twice as large": (PIXELS.repeat(2, axis=1).repeat(2, axis=2), PIXELS),
    "twice as large, floats": (PIXELS.repeat(2, axis=1).repeat(2, axis=2) / 255, PIXELS),
    "twice as large, a channel": (PIXELS.repeat(2, 1).repeat(2, 2)[:, None], PIXELS),
    "twice as large, RGB": (PIXELS.repeat(2, 1).repeat(2, 2)[..., None].repeat(3, axis=3), PIXELS),
    "one twice as large": (PIXELS[0].repeat(2, axis=0).repeat(2, axis=1) / 255, PIXELS[:1]),
    "pictures last": (np.moveaxis(PIXELS.repeat(2, axis=0), 0, -1), PIXELS.repeat(2, axis=0)),
    "floats up to 255": (PIXELS.tolist()[0], PIXELS[:1]),
    "floats in a list": ([PIXELS[0].astype(float)], PIXELS[:1]),
    "labels in the first column": (np.insert(PIXELS.reshape(4, -1), 0, 1, axis=1), PIXELS),
    "sparse": (sparse.csr_matrix(PIXELS.reshape(4, -1)), PIXELS),
    "a generator": ((picture for picture in PIXELS), PIXELS),
    "booleans": (torch.tensor(PIXELS > 99), (PIXELS > 99) * 255),
    "text": (PIXELS.astype(str), PIXELS),
    "objects": (PIXELS.astype(object), PIXELS),
    "infinite": ([np.where(PIXELS[0] == PIXELS[0].max(), np.inf, 0)], None),
}


@pytest.mark.parametrize("case", GREY)
def test_what_a_message_about_pictures_says_works(case):
    images, expected = GREY[case]
    images = follow(lambda x: to_images(x, input_shape=(1, 28, 28)), "images", images)
    if expected is not None:
        assert np.abs(images[:, 0].numpy() - expected.astype(int)).max() <= 1  # rounding


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (COLOUR[..., :1], COLOUR[..., :1].repeat(3, axis=3)),
        (COLOUR[..., 0], COLOUR[..., :1].repeat(3, axis=3)),
        (COLOUR[0], COLOUR[:1]),
        (COLOUR.swapaxes(1, 2).transpose(0, 3, 1, 2), COLOUR),
        (COLOUR.repeat(2, axis=1).repeat(2, axis=2), COLOUR),
        (COLOUR.repeat(2, axis=1).transpose(0, 3, 1, 2), COLOUR),
        (COLOUR.repeat(2, axis=1)[..., 0], COLOUR[..., :1].repeat(3, axis=3)),
    ],
)
def test_what_a_message_about_colour_pictures_says_works(images, expected):
    images = follow(lambda x: to_images(x, input_shape=(3, 6, 8)), "images", images)
    assert np.array_equal(images.permute(0, 2, 3, 1), expected)


PHOTO = PIXELS[0].repeat(3, 0)
COLOURS = PIXELS[0, :20, :, None].repeat(3, 2)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (torch.from_numpy(PHOTO), PHOTO),
        (PHOTO.astype(int), PHOTO),
        (PHOTO / 255, PHOTO),
        (PHOTO > 99, (PHOTO > 99) * 255),
        (PHOTO.astype(np.uint16) * 257, PHOTO),
        (COLOURS / 255, COLOURS),
        (torch.from_numpy(COLOURS).permute(2, 0, 1), COLOURS),
        (np.stack([COLOURS, COLOURS]), [COLOURS, COLOURS]),
        (np.stack([PHOTO, PHOTO]), [PHOTO, PHOTO]),
    ],
)
def test_a_photo_of_another_form_becomes_one_as_the_message_says(images, expected):
    with pytest.raises(InvalidInputError, match="takes uint8 photos of any size") as caught:
        to_images(images, input_shape=(1, 28, 28))
    remedy = str(caught.value).rpartition("any size: ")[2].removesuffix(".")
    photos = eval(remedy, {"numpy": np, "images": images})
    assert isinstance(photos, list) == isinstance(expected, list)
    assert all(map(is_picture, photos if isinstance(photos, list) else [photos]))
    assert np.abs(np.array(photos) - np.array(expected, int)).max() <= 1  # rounding


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_bytes_of_another_type_are_told(kind):
    with pytest.raises(InvalidInputError, match=rf"a {kind.__name__}\. .*: bytes\(picture\)\.$"):
        to_images(kind(b"abc"), input_shape=(1, 28, 28))


def test_values_that_numpy_does_not_take_are_refused():
    class Broken:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("no array")

    for values in (torch.eye(28).to_sparse(), Broken(), [Broken()]):
        with pytest.raises(InvalidInputError, match="Expected images as numbers"):
            to_images(values, input_shape=(1, 28, 28))


@pytest.mark.parametrize("kind", ["path", "bytes", "file", "image", "data URL"])
def test_files_become_numbers_as_the_message_says(kind, tmp_path):
    path = tmp_path / "0.png"
    PIL.Image.fromarray(PIXELS[0]).save(path)
    content = path.read_bytes()
    picture = {
        "path": str(path),
        "bytes": content,
        "file": io.BytesIO(content),
        "image": PIL.Image.fromarray(PIXELS[0]),
        "data URL": "data:image/png;base64," + base64.b64encode(content).decode(),
    }[kind]
    images = follow(lambda x: to_images(x, input_shape=(1, 28, 28)), "pictures", [picture])
    assert np.array_equal(images[0, 0], PIXELS[0])


@pytest.mark.parametrize("form", [np.array, list, lambda names: np.array(names, object)])
def test_names_become_labels_as_the_message_says(form):
    class Pets:
        classes = ("cat", "dog")

    def labels(y):
        return to_labels(y, count=3, classes=Pets.classes)

    names = form(["dog", "cat", "dog"])
    with pytest.raises(InvalidInputError, match="received 'dog'. Convert names") as caught:
        labels(names)
    found = eval(expression(str(caught.value)), {"clf": Pets, "labels": names})
    assert labels(found).tolist() == [1, 0, 1]


def test_series_of_paths_arrays_and_names_are_told():
    pandas = pytest.importorskip("pandas", reason="needs pip install pandas")
    pictures = follow(
        lambda x: to_images(x, input_shape=(1, 28, 28)), "images", pandas.Series(list(PIXELS))
    )
    assert np.array_equal(pictures[:, 0], PIXELS)
    with pytest.raises(InvalidInputError, match=r"str in a Series. Pass a list: list\(images\)"):
        to_images(pandas.Series(["a.png"]), input_shape=(1, 28, 28))
    with pytest.raises(InvalidInputError, match="received 'dog'. Convert names"):
        to_labels(pandas.Series(["dog"]), count=1, classes=("cat", "dog"))


@pytest.mark.parametrize("form", [np.array, list, torch.tensor])
@pytest.mark.parametrize("y", [[[0], [1], [2]], [1, 2, 3], [0.0, 1.0, 2.0]])
def test_what_a_message_about_labels_says_works(y, form):
    def labels(values):
        return to_labels(values, count=3, classes=("a", "b", "c"))

    with pytest.raises(InvalidInputError) as caught:
        labels(form(y))
    remedy = re.search(r"(numpy\..*)\.$", str(caught.value)).group(1)
    assert labels(eval(remedy, {"numpy": np, "labels": form(y)})).tolist() == [0, 1, 2]


def test_a_long_text_is_never_printed_whole():
    for text in ("data:image/png;base64," + 5000 * "A", 5000 * "A"):
        with pytest.raises(InvalidInputError) as caught:
            to_images([text], input_shape=(1, 28, 28))
        assert len(str(caught.value)) < 700


def test_urls_are_told_from_paths():
    assert is_url("https://example.com/3.png")
    assert is_url("data:image/png;base64,AAAA")
    assert not any(map(is_url, ("C:/Users/3.png", "C:\\3.png", "photos/a:b.png", "/tmp/3.png")))
