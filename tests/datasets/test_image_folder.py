"""Pictures in folders, one a class."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
import torch
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


def test_a_classifier_learns_them(folder):
    images = datasets.image_folder(folder)
    classifier = ImageClassifier(
        "deep", classes=images.classes, input_shape=tuple(images.images.shape[1:]), seed=0
    )
    assert len(classifier.fit(images, epochs=2, verbose=0)) == 2


def save_as(folder, mode):
    """Write every picture again in grey levels, as a file of another mode."""
    for file in sorted(folder.rglob("*.png")):
        Image.open(file).convert("L").convert(mode).save(file)


def test_pictures_that_are_odd_are_named_and_counted_and_the_remedy_works(folder):
    (folder / "cat" / "1.png").write_bytes(b"no picture")
    Image.new("RGB", (5, 5)).save(folder / "dog" / "0.png")
    Image.new("I;16", (6, 4)).save(folder / "dog" / "2.png")
    message = (
        r"\(height, width\), \(4, 6\); of 6 in '.*', 3 are not: cat.1\.png: cannot be read \(.*\); "
        r"dog.0\.png: \(5, 5\); dog.2\.png: more than 8 bits a pixel \(mode I;16\)\. "
        r"Save those .* remove them\. Bring all to one size: "
        r"digitnet\.(datasets\.image_folder\(.*\))\.$"
    )
    with pytest.raises(InvalidInputError, match=message) as caught:
        datasets.image_folder(folder)
    remedy = re.search(message, str(caught.value)).group(1)
    for file in ("cat/1.png", "dog/2.png"):
        (folder / file).unlink()
    assert eval(remedy, {"datasets": datasets}).images.shape == (4, 3, 4, 6)


def test_of_many_odd_pictures_the_first_are_named(folder):
    for number in range(9):
        (folder / "cat" / f"x{number}.png").write_bytes(b"")
    with pytest.raises(InvalidInputError, match=r"9 are not: .*x4\.png: .*, and 4 more\."):
        datasets.image_folder(folder)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_grey_pictures_have_one_channel_whatever_the_mode_of_their_files(folder, mode):
    save_as(folder, mode)
    images = datasets.image_folder(folder).images
    assert images.shape == (6, 1, 4, 6)
    assert np.array_equal(images[4, 0], Image.open(folder / "dog" / "1.png").convert("L"))


def test_one_coloured_picture_makes_the_set_coloured(folder):
    coloured = np.asarray(Image.open(folder / "dog" / "1.png"))
    save_as(folder, "P")
    Image.fromarray(coloured).save(folder / "dog" / "1.png")
    images = datasets.image_folder(folder).images
    assert images.shape == (6, 3, 4, 6)
    assert np.array_equal(images[4].permute(1, 2, 0), coloured)
    assert (images[0] == images[0, :1]).all()


def test_pictures_are_resized_and_converted_where_it_is_asked_for(folder):
    Image.new("RGB", (60, 90), (255, 0, 0)).save(folder / "dog" / "0.png")
    images = datasets.image_folder(folder, size=(28, 20), mode="L").images
    assert images.shape == (6, 1, 28, 20)
    assert (images[3] == 76).all()  # 0.299 * 255, ITU-R BT.601
    assert datasets.image_folder(folder, size=(3, 3), mode="RGB").images.shape == (6, 3, 3, 3)


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0)])
def test_what_is_transparent_becomes_the_ground_of_the_ink(folder, ink, ground):
    picture = Image.new("LA", (6, 4), (ink, 0))
    picture.putpixel((2, 1), (ink, 255))
    for file in folder.rglob("*.png"):
        picture.save(file)
    images = datasets.image_folder(folder).images
    assert images[0, 0, 1, 2] == ink
    assert (images == ground).sum() == 6 * 23


def test_pictures_are_turned_upright(folder):
    note = Image.Exif()
    note[0x0112] = 6  # turn it by 90 degrees, clockwise
    for file in folder.rglob("*.png"):
        Image.open(file).rotate(90, expand=True).save(file, exif=note)
    assert datasets.image_folder(folder).images.shape == (6, 3, 4, 6)


def test_what_the_system_leaves_in_folders_is_no_picture(folder):
    expected = datasets.image_folder(folder)
    picture = (folder / "cat" / "0.png").read_bytes()
    for name in (
        *("cat/.ipynb_checkpoints/0.png", "cat/__MACOSX/0.png", "dog/@eaDir/0.png", "dog/._0.png"),
        *(".ipynb_checkpoints/0.png", "__MACOSX/cat/0.png", "cat/Thumbs.db", ".DS_Store"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture)
    found = datasets.image_folder(folder)
    assert found.classes == expected.classes
    assert torch.equal(found.images, expected.images)


def test_a_hidden_folder_above_the_root_is_no_matter(folder, tmp_path_factory):
    root = shutil.copytree(folder, tmp_path_factory.mktemp("a") / ".hidden")
    assert len(datasets.image_folder(root)) == 6


@pytest.mark.parametrize(
    "wrong", [{"size": 28}, {"size": (28,)}, {"size": (0, 3)}, {"mode": "grey"}, {"size": "28"}]
)
def test_wrong_sizes_and_modes_are_refused(folder, wrong):
    with pytest.raises(InvalidInputError, match=f"Expected {next(iter(wrong))} to be"):
        datasets.image_folder(folder, **wrong)


def test_folders_without_classes_or_pictures_are_refused(folder, tmp_path):
    for name in ("dog/0.png", "missing", "dog"):
        with pytest.raises(DatasetUnavailableError, match="one sub-folder of pictures a class"):
            datasets.image_folder(folder / name)
    (folder / "empty").mkdir()
    with pytest.raises(DatasetUnavailableError, match="'.*empty' has no picture"):
        datasets.image_folder(folder)


@pytest.mark.parametrize("root", ["data:image/png;base64," + 5000 * "A", "a\0b", "~nobody/x"])
def test_what_cannot_be_a_folder_is_refused_and_not_printed_whole(root):
    with pytest.raises(DatasetUnavailableError, match="is no folder") as caught:
        datasets.image_folder(root)
    assert len(str(caught.value)) < 500


def test_a_class_without_a_folder_is_named_and_the_remedy_works(folder):
    classes = ["cat", "cow", "dog"]
    clf = ImageClassifier("mlp", classes=classes, input_shape=(3, 4, 6), seed=0)
    message = r"Add pictures of \['cow'\], or name each label's class: fit\((.*)\)\.$"
    with pytest.raises(InvalidInputError, match=message) as caught:
        clf.fit(folder, epochs=1, verbose=0)
    images = datasets.image_folder(folder)
    remedy = re.search(message, str(caught.value)).group(1)
    pictures, labels = eval(f"({remedy})", {"images": images, "clf": clf})
    assert labels == [0, 0, 0, 2, 2, 2]
    assert len(clf.fit(pictures, labels, epochs=1, verbose=0)) == 1


def test_a_colour_network_takes_a_folder_of_grey_pictures(folder):
    save_as(folder, "L")
    clf = ImageClassifier("mlp", classes=["cat", "dog"], input_shape=(3, 4, 6), seed=0)
    assert len(clf.fit(folder, epochs=1, verbose=0)) == 1


def test_a_single_class_is_refused(folder):
    for file in (folder / "dog").iterdir():
        file.unlink()
    (folder / "dog").rmdir()
    with pytest.raises(InvalidInputError, match="at least 2"):
        datasets.image_folder(folder)
