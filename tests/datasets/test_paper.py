"""Pictures on made paper."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from digitnet import ImageSet, datasets
from digitnet.datasets import paper
from digitnet.datasets.paper.marks import stroke_width
from digitnet.errors import InvalidInputError

PLAIN = {"papers": ("canvas",), "pens": ("brush",), "clutter": 0, "quality": 100}
PHOTO = {"papers": ("blank",), "size": 200, "quality": 100, "noise": 0, "contrast": 0.5}


def same(one, other):
    return (
        one.text == other.text
        and one.boxes == other.boxes
        and one.traits == other.traits
        and one.picture.tobytes() == other.picture.tobytes()
    )


@pytest.mark.parametrize(
    "make", [paper.digits, paper.numbers, paper.blanks, paper.scribbles, paper.letters]
)
def test_a_picture_depends_on_seed_and_place_and_not_on_the_count(make):
    few, many, others = make(2, seed=4), make(4, seed=4), make(2, seed=5)
    assert all(same(a, b) for a, b in zip(few, many, strict=False))
    assert not any(same(a, b) for a, b in zip(few, others, strict=True))


def test_the_callers_random_state_is_left_as_it_was():
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    paper.numbers(1, lines=2)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (np.random.get_state()[1] == numpy_before).all()


def test_the_truth_has_one_box_a_digit_inside_the_picture():
    for made in [*paper.digits(8, seed=1), *paper.numbers(4, seed=1, lines=(1, 3))]:
        assert made.picture.mode == "RGB"
        assert max(made.picture.size) == made.traits.size
        assert len(made.boxes) == len(made.text.replace("\n", ""))
        for left, top, right, bottom in made.boxes:
            assert 0 <= left < right <= made.picture.width
            assert 0 <= top < bottom <= made.picture.height


def test_boxes_hold_all_ink_and_no_more():
    for made in paper.digits(6, seed=2, style=paper.Style(**PLAIN, size=200, contrast=1)):
        grey = np.asarray(made.picture.convert("L"), dtype=int)
        ground = np.bincount(grey.ravel()).argmax()
        ink = abs(grey - ground) > 100
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        found = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        assert np.abs(np.subtract(found, made.boxes[0])).max() <= 2


def test_numbers_have_the_digits_and_lines_that_are_asked_for():
    for made in paper.numbers(5, seed=3, digits=(2, 5), lines=(2, 3)):
        lines = made.text.split("\n")
        assert 2 <= len(lines) <= 3
        assert all(2 <= len(line) <= 5 and line.isdigit() for line in lines)
    assert all(len(made.text) == 7 for made in paper.numbers(3, digits=7))


@pytest.mark.parametrize(("gap", "touching"), [(-0.1, True), ((0.5, 0.6), False)])
def test_a_gap_makes_digits_touch_or_stand_apart(gap, touching):
    made = paper.numbers(8, seed=9, digits=2, gap=gap, style=paper.Style(**PLAIN, size=300))
    assert [number.traits.touching for number in made] == [touching] * 8


def test_the_owner_of_ink_is_the_digit_in_whose_box_it_lies():
    for made in paper.numbers(3, seed=9, digits=(2, 4), gap=(0.3, 0.5)):
        assert made.owners.shape == made.ink.shape
        assert not made.owners[made.ink == 0].any()
        for number, (left, top, right, bottom) in enumerate(made.boxes, start=1):
            rows, columns = np.nonzero(made.owners == number)
            assert (columns.min(), rows.min()) == (left, top)
            assert (columns.max() + 1, rows.max() + 1) == (right, bottom)
    assert not paper.blanks(1, seed=9)[0].owners.any()


def test_digits_of_a_line_do_not_lie_on_one_another():
    style = paper.Style(papers=("blank",), rotation=0, tilt=0, clutter=0, size=600)
    for made in paper.numbers(12, seed=8, digits=6, style=style):
        for left, right in pairwise(made.boxes):
            narrower = min(left[2] - left[0], right[2] - right[0])
            assert left[2] - right[0] < (0.8 * narrower if made.traits.touching else 3)


def test_boxes_follow_the_reading_order_within_a_line():
    for made in paper.numbers(6, seed=6, style=paper.Style(rotation=0, tilt=0)):
        middles = [(left + right) / 2 for left, _, right, _ in made.boxes]
        assert middles == sorted(middles)


@pytest.mark.parametrize("make", [paper.blanks, paper.scribbles, paper.letters])
def test_pictures_without_digits_have_no_text(make):
    for made in make(4, seed=7):
        assert (made.text, made.boxes, made.traits.framing) == ("", (), "none")


def test_a_blank_canvas_has_one_colour():
    for made in paper.blanks(4, style=paper.Style(papers=("canvas",), clutter=0, quality=100)):
        assert np.ptp(np.asarray(made.picture), axis=(0, 1)).max() <= 1


def test_a_stroke_is_as_wide_where_the_picture_ends_with_it():
    bar = np.zeros((40, 12), np.uint8)
    bar[:, 2:8] = 255
    assert stroke_width(bar[:, 2:8]) == stroke_width(bar) == stroke_width(np.pad(bar, 9))


@pytest.mark.parametrize("height", [0.04, 0.1, 0.3])
def test_a_thin_line_of_a_given_picture_stays_whole_on_few_pixels(height):
    bar = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    bar[..., 4:24, 12:15] = 255
    source = ImageSet(bar, torch.tensor([1]), datasets.synthetic(1, 1)[0].classes)
    style = paper.Style(papers=("blank",), pens=("black",), size=400, height=height, thickness=0.02)
    for made in paper.digits(8, seed=1, source=source, style=style):
        left, top, right, bottom = made.boxes[0]
        strongest = made.ink[top + 1 : bottom - 1, left:right].max(axis=1)  # its ends are soft
        assert strongest.min() > 0.3 * strongest.max()
        assert strongest.max() > 100


def test_ink_comes_from_the_given_pictures():
    bars = torch.zeros(10, 1, 28, 28, dtype=torch.uint8)
    bars[:, :, 12:16, 4:24] = 255  # wide and low, as no digit is
    source = ImageSet(bars, torch.arange(10), tuple("0123456789"), "bars")
    style = paper.Style(**PLAIN, height=0.1, size=400)
    for made in paper.digits(5, source=source, style=style):
        left, top, right, bottom = made.boxes[0]
        assert made.traits.source == "bars"
        assert right - left > 3 * (bottom - top)


def test_pictures_without_ink_are_refused():
    blank = torch.zeros(10, 1, 28, 28, dtype=torch.uint8)
    source = ImageSet(blank, torch.arange(10), tuple("0123456789"))
    with pytest.raises(InvalidInputError, match="light ink on dark; received one without a pixel"):
        paper.digits(1, source=source)


def test_what_a_style_fixes_is_what_the_traits_tell():
    style = paper.Style(
        papers=("lined",), pens=("pencil",), shadow=0.5, rotation=10, noise=0.02, contrast=0.3
    )
    for made in paper.digits(5, style=style):
        traits = made.traits
        assert (traits.paper, traits.pen, traits.shadow, traits.noise) == (
            "lined",
            "pencil",
            0.5,
            0.02,
        )
        assert abs(traits.rotation) == 10
        assert traits.contrast == pytest.approx(0.3)


def test_a_range_is_drawn_from_and_leaves_the_rest_as_it_was():
    made = paper.digits(12, style=paper.Style(shadow=(0.2, 0.4)))
    assert len({one.traits.shadow for one in made}) == 12
    assert all(0.2 <= one.traits.shadow <= 0.4 for one in made)
    free = paper.digits(12)
    assert [one.traits.pen for one in made] == [one.traits.pen for one in free]
    assert [one.text for one in made] == [one.text for one in free]


def test_height_and_thickness_are_kept():
    style = paper.Style(papers=("blank",), size=600, height=0.4, thickness=0.1, rotation=0, tilt=0)
    for made in paper.digits(5, style=style):
        assert made.traits.height == pytest.approx(0.4, abs=0.03)
        assert made.traits.thickness == pytest.approx(0.1, abs=0.01)


def test_the_size_is_kept_where_it_is_fixed():
    for made in paper.numbers(3, digits=12, style=paper.Style(size=300)):
        assert made.traits.size == 300


def test_digits_are_large_enough_to_be_read():
    for made in [*paper.digits(12, seed=10), *paper.numbers(4, seed=10)]:
        for left, top, right, bottom in made.boxes:
            assert max(right - left, bottom - top) >= 12


def test_changing_the_shadow_leaves_the_rest_of_the_picture_as_it_was():
    weak, strong = (
        np.asarray(
            paper.digits(1, seed=2, style=paper.Style(**PHOTO, shadow=shadow))[0].picture, dtype=int
        )
        for shadow in (0.1, 0.9)
    )
    same = np.abs(weak - strong).max(axis=2) <= 2
    assert 0.02 < same.mean() < 0.98


def test_a_faint_digit_differs_less_from_its_ground_than_a_strong_one():
    def depth(contrast):
        style = paper.Style(**PLAIN, size=100, contrast=contrast)
        return np.ptp(np.asarray(paper.digits(1, style=style)[0].picture.convert("L")).astype(int))

    assert depth(0.2) == pytest.approx(51, abs=6)
    assert depth(0.8) == pytest.approx(204, abs=12)


def test_a_shadow_darkens_and_noise_roughens():
    base = {"papers": ("blank",), "unevenness": 0, "quality": 100, "blur": 0, "size": 200}

    def grey(**amounts):
        made = paper.blanks(1, seed=1, style=paper.Style(**base, clutter=0, **amounts))
        return np.asarray(made[0].picture.convert("L"), dtype=float)

    assert grey(shadow=0.8, noise=0).min() < 0.5 * grey(shadow=0, noise=0).min()
    assert grey(shadow=0, noise=0.1).std() > 3 * grey(shadow=0, noise=0).std()


FILES = {
    "jpeg": ("JPEG", "RGB"),
    "png": ("PNG", "RGB"),
    "bmp": ("BMP", "RGB"),
    "grey png": ("PNG", "L"),
    "grey 16-bit png": ("PNG", "I;16"),
    "exif 3": ("JPEG", "RGB"),
    "exif 6": ("JPEG", "RGB"),
    "exif 8": ("JPEG", "RGB"),
    "palette png": ("PNG", "P"),
    "alpha png": ("PNG", "RGBA"),
    "cmyk jpeg": ("JPEG", "CMYK"),
    "12 megapixels": ("JPEG", "RGB"),
    "animated gif": ("GIF", "P"),
}


def test_every_manner_has_its_expectation():
    assert set(FILES) == set(paper.MANNERS)


@pytest.mark.parametrize("manner", paper.MANNERS)
def test_a_file_in_every_manner_is_the_picture_again(manner, tmp_path):
    made = paper.digits(1, seed=9, style=paper.Style(size=120))[0]
    path = tmp_path / "a.jpg"
    paper.save(path, made, manner)
    with Image.open(path) as image:
        assert (image.format, image.mode) == FILES[manner]
        upright = ImageOps.exif_transpose(image)
        turned = manner in ("exif 6", "exif 8")
        assert image.size == (upright.size[::-1] if turned else upright.size)
        if manner == "12 megapixels":
            assert max(image.size) == 4000
        else:
            assert upright.size == made.picture.size
        if manner not in ("alpha png", "grey 16-bit png", "12 megapixels"):
            away = np.subtract(upright.convert("RGB"), made.picture, dtype=float)
            assert np.abs(away).mean() < 12


def test_an_alpha_picture_is_ink_on_nothing(tmp_path):
    made = paper.digits(1, style=paper.Style(**PLAIN, size=120, contrast=1))[0]
    paper.save(tmp_path / "a.png", made, "alpha png")
    alpha = np.asarray(Image.open(tmp_path / "a.png"))[..., 3]
    assert alpha.min() == 0
    assert alpha.max() == 255
    left, top, right, bottom = made.boxes[0]
    assert alpha[top:bottom, left:right].sum() == alpha.sum()


@pytest.mark.parametrize("form", paper.FORMS)
@pytest.mark.parametrize("ground", ["canvas", "blank"])
@pytest.mark.parametrize("make", [paper.digits, paper.numbers, paper.blanks])
def test_a_form_is_printed_where_nothing_is_written_and_changes_nothing_else(form, ground, make):
    settings = {"papers": (ground,), "noise": 0, "blur": 0, "quality": 100, "size": 300}
    plain = make(4, seed=31, style=paper.Style(**settings))
    printed = make(4, seed=31, style=paper.Style(**settings, forms=(form,)))
    changed = []
    for before, after in zip(plain, printed, strict=True):
        assert after.traits == before.traits._replace(form=form)
        assert (after.text, after.boxes) == (before.text, before.boxes)
        assert (after.ink == before.ink).all()
        greys = [np.asarray(made.picture.convert("L"), dtype=int) for made in (before, after)]
        apart = abs(greys[1] - greys[0])
        assert np.median(apart) <= 3  # the compression of files alters some greys by that
        changed.append(((apart > 15) & (before.ink == 0)).any())
    assert sum(changed) >= 2  # some lie outside the frame


@pytest.mark.parametrize("signs", [False, True])
def test_signs_are_ink_of_no_digit_beside_the_digits(signs):
    style = paper.Style(papers=("blank",), pens=("felt",), clutter=0, size=400)
    made = paper.numbers(8, seed=5, digits=(3, 9), gap=0.3, signs=signs, style=style)
    beside = [((picture.ink > 120) & (picture.owners == 0)).sum() for picture in made]
    assert any(pixels > 20 for pixels in beside) is signs
    assert all(len(picture.boxes) == len(picture.text) for picture in made)


def test_forms_are_printed_only_where_they_are_asked_for():
    assert {made.traits.form for made in paper.numbers(6, seed=3)} == {None}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"papers": ("silk",)}, "papers to be a tuple of names out of 'blank'"),
        ({"papers": "blank"}, "papers to be a tuple"),
        ({"pens": ()}, "pens to be a tuple"),
        ({"papers": ("blank",), "pens": ("chalk",)}, "that go together"),
        ({"forms": ("circle",)}, "forms to be a tuple of names out of 'line'"),
        ({"forms": ()}, "forms to be a tuple"),
        ({"shadow": 1}, r"shadow to be a number in 0\.\.0\.95"),
        ({"noise": "much"}, "noise to be a number"),
        ({"rotation": (20, 10)}, r"rotation to be \(least, most\)"),
        ({"size": float("nan")}, "size to be a number"),
    ],
)
def test_a_style_that_cannot_be_is_refused(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        paper.Style(**settings)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: paper.digits(0), "count"),
        (lambda: paper.digits(1, seed=-1), "seed"),
        (lambda: paper.digits(1, source=[1, 2]), "source"),
        (lambda: paper.digits(1, style={"shadow": 1}), "style"),
        (lambda: paper.numbers(1, digits=(5, 2)), "digits"),
        (lambda: paper.numbers(1, lines=0), "lines"),
        (lambda: paper.numbers(1, gap=-0.2), "gap"),
        (lambda: paper.numbers(1, gap=(0.4, 0.2)), "gap"),
        (lambda: paper.numbers(1, digits=101), "digits"),
        (lambda: paper.save("a.png", datasets, "png"), "a PaperPicture or a PIL image"),
        (lambda: paper.save("a.png", paper.blanks(1)[0], "tiff"), "manner"),
    ],
)
def test_arguments_that_cannot_be_are_refused(make, what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInputError, match=f"Expected {what}"):
        make()
    assert not any(tmp_path.iterdir())
