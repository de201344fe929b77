"""Pictures in folders, one a class."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from digitnet import ImageClassifier, datasets
from digitnet.errors import DatasetUnavailableError, InvalidInputError


@pytest.fixture
def folder(tmp_path):
    """Two classes of three colour pictures, 6 wide and 4 high."""
    generator = np.random.default_rng(0)
    for name in ("dog", "cat"):
        (tmp_path / name).mkdir()
        for number in range(3):
            pixels = generator.integers(0, 256, (4, 6, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    return tmp_path


def test_pictures_and_labels_are_those_of_the_files(folder):
    images = datasets.image_folder(folder)
    assert images.classes == ("cat", "dog")
    assert images.name == folder.name
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 1]
    pixels = np.asarray(Image.open(folder / "dog" / "1.png"))
    assert np.array_equal(images.images[4].permute(1, 2, 0), pixels)


def test_grey_pictures_have_one_channel(folder):
    for file in folder.rglob("*.png"):
        Image.open(file).convert("L").save(file)
    assert datasets.image_folder(folder, name="grey").images.shape == (6, 1, 4, 6)


def test_a_classifier_learns_them(folder):
    images = datasets.image_folder(folder)
    classifier = ImageClassifier(
        "deep", classes=images.classes, input_shape=tuple(images.images.shape[1:]), seed=0
    )
    assert len(classifier.fit(images, epochs=2, verbose=0)) == 2


def test_pictures_that_are_odd_are_named_and_counted(folder):
    (folder / "cat" / "1.png").write_bytes(b"no picture")
    Image.new("RGB", (5, 5)).save(folder / "dog" / "0.png")
    Image.new("P", (6, 4)).save(folder / "dog" / "2.png")
    message = (
        r"all 6x4 RGB; of 6 in '.*', 3 are not: cat.1\.png: cannot be read \(.*\); "
        r"dog.0\.png: 5x5 RGB; dog.2\.png: 6x4 P\. Convert or remove them\."
    )
    with pytest.raises(InvalidInputError, match=message):
        datasets.image_folder(folder)


def test_of_many_odd_pictures_the_first_are_named(folder):
    for number in range(9):
        (folder / "cat" / f"x{number}.png").write_bytes(b"")
    with pytest.raises(InvalidInputError, match=r"9 are not: .*x4\.png: .*, and 4 more\."):
        datasets.image_folder(folder)


def test_pictures_of_modes_that_we_do_not_take_are_refused(folder):
    for file in folder.rglob("*.png"):
        Image.open(file).convert("RGBA").save(file)
    with pytest.raises(InvalidInputError, match="in mode L or RGB; of 6 in .*6x4 RGBA"):
        datasets.image_folder(folder)


def test_folders_without_classes_or_pictures_are_refused(folder, tmp_path):
    for name in ("dog/0.png", "missing", "dog"):
        with pytest.raises(DatasetUnavailableError, match="one sub-folder of pictures a class"):
            datasets.image_folder(folder / name)
    (folder / "empty").mkdir()
    with pytest.raises(DatasetUnavailableError, match="empty"):
        datasets.image_folder(folder)


def test_a_single_class_is_refused(folder):
    for file in (folder / "dog").iterdir():
        file.unlink()
    (folder / "dog").rmdir()
    with pytest.raises(InvalidInputError, match="at least 2"):
        datasets.image_folder(folder)
