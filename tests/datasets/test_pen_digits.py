"""Pen digits of known writers: the real files where they are at hand, and made ones."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
import torch

from digitnet import datasets
from digitnet.datasets.paper import Handwriting
from digitnet.datasets.pen_digits import mnist_handwriting, swiss_digits, swiss_numbers
from digitnet.errors import DatasetUnavailableError, InvalidInputError

HEIGHTS = {1: 70, 2: 50}  # px of the made scans of two writers


def scan(label, writer, rng):
    """A made scan: a dark stroke on grey paper, with a trace of a neighbour at the left edge."""
    pixels = rng.normal(200, 3, (90, 70))
    pixels[10 : 10 + HEIGHTS[writer], 30 + label : 38 + label] = 60
    pixels[40:60, 0:3] = 70
    pixels[85:87, 60:62] = 80  # a speck
    return pixels.clip(0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with made scans of the ten digits, two of each of two writers."""
    rng = np.random.default_rng(0)
    labels, writers = np.tile(np.arange(10), 4), np.repeat([1, 2], 20)
    scans = [scan(*each, rng) for each in zip(labels, writers.tolist(), strict=True)]
    images = np.stack([np.pad(image, ((0, 6), (0, 9))) for image in scans])
    (tmp_path / "swiss").mkdir()
    np.savez(
        tmp_path / "swiss" / "swiss.npz",
        images=images,
        heights=np.full(40, 90),
        widths=np.full(40, 70),
        labels=labels.astype(np.uint8),
        writers=writers.astype(np.uint8),
    )
    monkeypatch.delenv("DIGITNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def none_at_hand(tmp_path, monkeypatch):
    monkeypatch.delenv("DIGITNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def swiss():
    try:
        return swiss_digits()
    except DatasetUnavailableError:
        pytest.skip("the Swiss pen digits are not at hand: set DIGITNET_DATA to run this test")


# ---- made scans


def test_paper_specks_and_traces_of_neighbours_are_removed(folder):
    digits = swiss_digits(folder)
    assert digits.labels.tolist() == list(range(10)) * 4
    assert digits.writers.tolist() == [1] * 20 + [2] * 20
    for image, writer in zip(digits.images, digits.writers.tolist(), strict=True):
        assert image.shape == (HEIGHTS[writer], 8)  # the stroke's box
        assert image.min() > 200


def test_a_number_is_of_one_writer_and_its_truth_is_where_its_ink_is(folder):
    for made in swiss_numbers(12, seed=1, writers=(1, 2), digits=(2, 5), root=folder):
        assert 2 <= len(made.text) <= 5
        assert len({bottom - top for _, top, _, bottom in made.boxes}) == 1
        grey = np.asarray(made.picture.convert("L"))
        assert grey.shape == made.ink.shape == made.owners.shape
        for number, (left, top, right, bottom) in enumerate(made.boxes, start=1):
            rows, columns = np.nonzero(made.owners == number)
            assert (columns.min(), rows.min()) == (left, top)
            assert (columns.max() + 1, rows.max() + 1) == (right, bottom)
            assert grey[top:bottom, left:right].mean() < 100
        assert (grey[made.ink == 0] > 150).all()


def test_only_the_wanted_writers_are_taken(folder):
    made = swiss_numbers(8, writers=(2,), digits=(1, 3), root=folder)
    assert {box[3] - box[1] for number in made for box in number.boxes} == {HEIGHTS[2]}


@pytest.mark.parametrize("writers", [(), (1, 15)])
def test_writers_that_are_not_there_are_refused(folder, writers):
    with pytest.raises(InvalidInputError, match=r"writers out of \[1, 2\], at least one"):
        swiss_numbers(1, writers=writers, root=folder)


def test_a_number_depends_on_seed_and_place_alone(folder):
    few, many, others = (
        [made.picture.tobytes() for made in swiss_numbers(n, seed=s, writers=(1, 2), root=folder)]
        for n, s in ((3, 5), (5, 5), (3, 6))
    )
    assert few == many[:3]
    assert not set(few) & set(others)


def test_neighbours_are_as_far_apart_as_asked(folder):
    for made in swiss_numbers(6, writers=(1,), digits=(4, 4), gap=(0.5, 0.5), root=folder):
        gaps = np.diff(np.array(made.boxes)[:, [0, 2]].ravel())[1::2]
        # half of 70 px, varied by 0.6 to 1.4
        assert ((gaps >= 20) & (gaps <= 50)).all()


@pytest.mark.usefixtures("none_at_hand")
def test_a_file_that_is_nowhere_is_named_with_the_folders(tmp_path):
    for ask in (swiss_digits, lambda root: swiss_numbers(1, writers=(1,), root=root)):
        with pytest.raises(DatasetUnavailableError, match=r"swiss/swiss\.npz .*in none.*DIGITNET_"):
            ask(tmp_path)


def test_another_folder_is_read_anew(folder, tmp_path):
    assert len(swiss_digits(folder)) == 40
    with pytest.raises(DatasetUnavailableError):
        swiss_digits(tmp_path / "elsewhere")


# ---- MNIST's writers


def test_mnist_digits_come_with_their_writers(folder, monkeypatch):
    train, test = datasets.synthetic(40, 20)
    monkeypatch.setattr("digitnet.datasets.pen_digits.mnist", lambda root: (train, test))
    (folder / "qmnist").mkdir()
    for part, count in (("train", 40), ("test", 60)):  # QMNIST has more test digits than MNIST
        rows = np.zeros((count, 8), ">i4")
        rows[:, 2] = 100 + np.arange(count) // 10
        content = b"\x00\x00\x0c\x02" + np.array([count, 8], ">i4").tobytes() + rows.tobytes()
        path = folder / "qmnist" / f"qmnist-{part}-labels-idx2-int.gz"
        path.write_bytes(gzip.compress(content))
    found = mnist_handwriting(folder)
    assert found[0].writers.tolist() == [100] * 10 + [101] * 10 + [102] * 10 + [103] * 10
    assert found[1].writers.tolist() == [100] * 10 + [101] * 10
    for digits, images in zip(found, (train, test), strict=True):
        assert digits.labels.tolist() == images.labels.tolist()
        assert torch.equal(torch.from_numpy(np.stack(digits.images)), images.images[:, 0])


# ---- the real files


def test_the_swiss_digits_are_8048_of_14_writers(swiss):
    assert len(swiss) == 8048
    assert sorted(set(swiss.writers.tolist())) == list(range(1, 15))
    assert sorted(set(swiss.labels.tolist())) == list(range(10))
    heights = [len(image) for image in swiss.images]
    assert 40 < np.median(heights) < 130


def test_real_scans_have_solid_ink_on_black(swiss):
    for image in swiss.images[::200]:
        assert np.percentile(image, 99) > 200
        assert (image < 40).mean() > 0.2


def test_mnists_writers_are_those_of_qmnist(real):
    try:
        train, test = mnist_handwriting()
    except DatasetUnavailableError:
        pytest.skip("QMNIST's labels are not at hand: set DIGITNET_DATA to run this test")
    assert (len(train), len(test)) == (60_000, 10_000)
    assert np.array_equal(train.labels, real[0].labels.numpy())
    # Yadav and Bottou (2019): 539 writers of the training digits; none wrote test digits, too
    assert len(np.unique(train.writers)) == 539
    assert not set(train.writers) & set(test.writers)


# ---- handwriting


def handwriting(**changes):
    given = {
        "images": [np.zeros((4, 4), np.uint8)] * 6,
        "labels": np.array([0, 1, 1, 2, 2, 2]),
        "writers": np.array([1, 1, 1, 2, 2, 2]),
        "name": "made",
    }
    return Handwriting(**{**given, **changes})


def test_digits_are_drawn_from_one_writer_and_each_class_is_as_likely():
    made, rng = handwriting(), np.random.default_rng(0)
    drawn = [made.draw(50, rng) for _ in range(40)]
    assert all(len(set(made.writers[indices])) == 1 for indices in drawn)
    firsts = [made.labels[indices] for indices in drawn if made.writers[indices[0]] == 1]
    assert 10 < len(firsts) < 30
    assert 0.4 < np.mean(np.concatenate(firsts) == 0) < 0.6  # of three digits one is a 0


def test_some_writers_digits_can_be_taken():
    assert handwriting().of_writers([2]).labels.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array([0, 1])}, r"as many images as labels and writers.*\(6, 2, 6\)"),
        ({"images": [], "labels": np.zeros(0, int), "writers": np.zeros(0, int)}, "at least one"),
        ({"labels": np.array([0, 1, 1, 2, 2, 10])}, r"labels in 0\.\.9; received 0\.\.10"),
    ],
)
def test_handwriting_that_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(InvalidInputError, match=message):
        handwriting(**changes)
