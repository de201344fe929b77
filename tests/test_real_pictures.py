"""Real pictures in, digits out, with the weights that the package brings."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from digitnet import DigitClassifier
from digitnet.datasets import paper
from digitnet.errors import InvalidInputError, NotFittedError
from digitnet.pictures import explain

CLEAR = {"papers": ("canvas",), "pens": ("brush",), "size": 200, "height": 0.6, "contrast": 0.9}
BLANK = Image.new("RGB", (300, 200), "white")

known_limit = pytest.mark.xfail(strict=True, reason='among the limits in "Your own pictures"')


@pytest.fixture(scope="module")
def reader():
    return DigitClassifier.pretrained()


@pytest.fixture(scope="module")
def drawings():
    return paper.digits(20, seed=700, style=paper.Style(**CLEAR, clutter=0))


@pytest.fixture(scope="module")
def number():
    style = paper.Style(papers=("blank",), pens=("felt",), size=600, contrast=0.8, clutter=0)
    return paper.numbers(1, seed=701, digits=5, style=style)[0]


def test_drawings_are_read_as_images_and_as_files(reader, drawings, tmp_path):
    labels = [int(drawing.text) for drawing in drawings]
    images = [drawing.picture for drawing in drawings]
    assert (reader.predict(images) == labels).mean() >= 0.9
    paper.save(tmp_path / "one.jpg", drawings[0], "exif 6")
    content = (tmp_path / "one.jpg").read_bytes()
    for source in (tmp_path / "one.jpg", str(tmp_path / "one.jpg"), images[0], content):
        assert reader.predict(source).tolist() == [labels[0]]
        assert reader.predict_proba(source).shape == (1, 10)
    file = io.BytesIO(content)
    for ask in (reader.inspect, reader.read, reader.inspect):  # read from its beginning each time
        assert ask(file).warnings == ask(content).warnings
    assert reader.predict([file, content]).tolist() == [labels[0]] * 2
    assert not file.closed


def test_pictures_are_read_together_as_each_alone(reader, drawings, monkeypatch):
    monkeypatch.setattr("digitnet.digits._AT_ONCE", 7)  # of more than one chunk
    pictures = [made.picture for made in [*drawings[:10], *paper.digits(5, seed=705)]]
    together = reader.predict_proba(pictures)
    for probabilities, picture in zip(together, pictures, strict=True):
        assert np.allclose(probabilities, reader.predict_proba(picture)[0], atol=1e-5)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [((240, 230, 60), (225, 225, 220)), ((60, 80, 170), (200, 40, 40))],
)
def test_ink_as_light_as_its_ground_is_read(reader, drawings, ink, ground):
    pictures = []
    for drawing in drawings:
        grey = drawing.picture.convert("L")
        picture = Image.new("RGB", grey.size, ground)
        picture.paste(ink, mask=grey.point(lambda level: 255 - level))
        pictures.append(picture)
    labels = [int(drawing.text) for drawing in drawings]
    assert (reader.predict(pictures) == labels).mean() >= 0.9


def test_most_digits_on_paper_are_read(reader):
    pictures = paper.digits(40, seed=702)
    right = [reader.inspect(p.picture).digit == int(p.text) for p in pictures]
    assert np.mean(right) >= 0.85


def test_mnist_reads_the_same_as_arrays_and_as_pictures(reader, real):
    images = real[1].images[:200, 0].numpy()
    arrays = reader.predict(images)
    assert (arrays == real[1].labels[:200].numpy()).mean() > 0.98
    for seen in (images, 255 - images):
        pictures = [Image.fromarray(np.pad(image, 8, mode="edge")) for image in seen]
        assert (reader.predict(pictures) == arrays).mean() > 0.98


def test_a_prediction_tells_what_was_seen(reader, drawings):
    found = reader.inspect(drawings[0].picture)
    left, top, right, bottom = drawings[0].boxes[0]
    assert found.digit == int(drawings[0].text)
    assert found.confidence == pytest.approx(found.probabilities.max())
    assert found.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert found.pixels.shape == (28, 28)
    assert abs(np.array(found.box) - (left, top, right, bottom)).max() <= 6
    assert repr(found).startswith(f"Prediction(digit={found.digit}, confidence=")
    assert len(found.plot().axes) == 2


def test_an_unsure_reading_is_rejected_where_that_is_asked_for(reader, drawings):
    sure = reader.inspect(drawings[0].picture)
    assert reader.inspect(drawings[0].picture, reject_below=sure.confidence).digit == sure.digit
    rejected = reader.inspect(drawings[0].picture, reject_below=1.0)
    assert rejected.digit is None
    assert rejected.confidence == sure.confidence
    for below in (2, float("nan"), None):
        with pytest.raises(InvalidInputError, match=rf"a number in 0\.\.1; received {below}"):
            reader.inspect(drawings[0].picture, reject_below=below)


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (300, 200)])
def test_a_picture_of_one_colour_has_nothing_written(level, size, reader):
    picture = Image.new("L", size, level)
    found = reader.inspect(picture)
    assert found.digit is None
    assert found.confidence == 0
    assert found.warnings == ("nothing written found",)
    assert reader.read(picture).text == ""
    with pytest.raises(InvalidInputError, match="nothing written was found"):
        reader.predict(picture)


def test_blank_pages_get_no_confident_digit(reader):
    pages = paper.blanks(24, seed=703, style=paper.Style(clutter=0))
    assert max(reader.inspect(page.picture).confidence for page in pages) < 0.9


def test_the_edge_of_a_sheet_is_not_surely_a_digit(reader):
    style = paper.Style(papers=("edge",), size=300)
    for page in paper.blanks(24, seed=1, style=style):
        assert reader.inspect(page.picture).confidence < 0.9


@pytest.mark.parametrize(
    "side",
    [*(pytest.param(side, marks=known_limit) for side in ("left", "right")), "top", "bottom"],
)
def test_a_strip_along_the_edge_is_not_surely_a_digit(reader, side):
    pixels = np.full((600, 600), 245, np.uint8)
    strip = {
        "left": np.s_[:, :30],
        "right": np.s_[:, -30:],
        "top": np.s_[:30],
        "bottom": np.s_[-30:],
    }
    pixels[strip[side]] = 40
    assert reader.inspect(Image.fromarray(pixels)).confidence < 0.9
    assert reader.read(Image.fromarray(pixels)).text == ""


def test_text_is_no_sure_digit_and_no_number(reader):
    style = paper.Style(papers=("blank",), pens=("black",), size=400, clutter=0)
    pages = [
        *paper.texts(12, seed=720, lines=(1, 4), style=style),
        *paper.letters(12, seed=721, style=replace(style, size=200)),
    ]
    confidences = [reader.inspect(page.picture).confidence for page in pages]
    assert np.mean(np.array(confidences) < 0.9) >= 0.85
    assert np.mean([reader.read(page.picture).text == "" for page in pages]) >= 0.65


def test_a_one_that_fills_its_picture_is_a_one_at_the_edge(reader, drawings):
    ones = [drawing for drawing in drawings if drawing.text == "1"]
    assert ones
    found = [reader.inspect(one.picture.crop(one.boxes[0])) for one in ones]
    assert np.mean([one.digit == 1 for one in found]) >= 0.75
    assert all("touches the edge" in one.warnings for one in found)


def test_inspect_and_predict_say_the_same(reader, drawings):
    for drawing in drawings[:5]:
        found = reader.inspect(drawing.picture)
        assert found.probabilities == pytest.approx(
            reader.predict_proba(drawing.picture)[0], abs=1e-5
        )


@pytest.mark.parametrize("width", [70, 130])
def test_halves_of_a_broken_digit_are_read_as_one(reader, width):
    drawn = Image.new("L", (300, 300), 250)
    box = (150 - width / 2, 80, 150 + width / 2, 210)
    for start in (-75, 105):  # an ellipse with a gap above and one below
        ImageDraw.Draw(drawn).arc(box, start, start + 150, fill=30, width=8)
    found = reader.inspect(drawn)
    assert found.digit == 0
    assert found.box[2] - found.box[0] > 0.8 * width


def test_a_stroke_is_a_one_and_a_level_dash_is_not_surely_a_digit(reader):
    stroke, dash = Image.new("L", (400, 300), 240), Image.new("L", (400, 300), 240)
    ImageDraw.Draw(stroke).line((200, 110, 192, 190), fill=40, width=6)
    ImageDraw.Draw(dash).line((170, 150, 230, 148), fill=40, width=6)
    assert reader.inspect(stroke).digit == 1
    assert reader.inspect(dash).confidence < 0.9
    assert reader.read(dash).text == ""


def test_several_digits_are_told_of_and_the_most_prominent_is_one_of_them(reader, number):
    found = reader.inspect(number.picture)
    assert "several digits: use read()" in found.warnings
    assert str(found.digit) in number.text
    assert any(digit.box == found.box for digit in reader.read(number.picture).digits)


def test_a_digit_at_the_edge_is_told_of(reader, drawings):
    left, top, right, bottom = drawings[0].boxes[0]
    cut = drawings[0].picture.crop((left + 3, top - 20, right + 20, bottom + 20))
    assert "touches the edge" in reader.inspect(cut).warnings


def test_faint_ink_is_told_of(reader):
    style = paper.Style(**{**CLEAR, "contrast": 0.08}, clutter=0, quality=100)
    light = [p for p in paper.digits(10, seed=704, style=style) if not p.traits.dark]
    found = [reader.inspect(p.picture) for p in light]
    assert len(found) >= 3
    assert all(f.digit is None or "too faint" in f.warnings for f in found)


@pytest.mark.parametrize("size", [40, 100, 160])
def test_a_small_uneven_page_without_ink_is_no_sure_digit(reader, size):
    rng = np.random.default_rng(size)
    ground = np.linspace(0.3, 0.9, size)[:, None] + rng.normal(0, 0.02, (size, size))
    found = reader.inspect(Image.fromarray((255 * ground.clip(0, 1)).astype(np.uint8)))
    assert found.confidence < 0.9
    assert found.probabilities.sum() == pytest.approx(1, abs=1e-5) or found.digit is None


def test_the_first_frame_of_several_is_read_and_that_is_told(reader, drawings, tmp_path):
    paper.save(tmp_path / "a.gif", drawings[0], "animated gif")
    found = reader.inspect(tmp_path / "a.gif")
    assert found.digit == int(drawings[0].text)
    assert "the first of 2 frames was read" in found.warnings


def test_a_number_is_read_with_a_box_for_each_digit(reader, number):
    reading = reader.read(number.picture)
    assert reading.text == number.text
    assert reading.lines == (number.text,)
    assert [str(digit.digit) for digit in reading.digits] == list(number.text)
    for digit, box in zip(reading.digits, number.boxes, strict=True):
        assert abs(np.array(digit.box) - box).max() <= 10
    assert repr(reading) == f"Reading(text={number.text!r})"
    (whole,) = reading.numbers
    assert whole.text == number.text
    assert whole.digits == reading.digits
    edges = np.array(number.boxes)
    expected = (*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0))
    assert abs(np.array(whole.box) - expected).max() <= 10
    assert len(reading.plot().axes[0].patches) == len(number.text) + len(reading.ignored)


@known_limit
def test_bleed_through_is_no_line(reader, number):
    grey = np.asarray(number.picture.convert("L"), np.float32)
    paper_grey = np.median(grey)
    behind = paper_grey + 0.36 * (grey[:, ::-1] - paper_grey)
    page = Image.fromarray(np.concatenate([grey, behind]).clip(0, 255).astype(np.uint8))
    reading = reader.read(page)
    assert reading.lines == (number.text,)
    assert any(top >= len(grey) for _, top, _, _ in reading.ignored)


def test_a_date_is_read_without_its_slashes_and_that_is_told(reader):
    style = paper.Style(papers=("blank",), pens=("felt",), size=700, contrast=0.8, clutter=0)
    right = told = 0
    dates = paper.entries(12, seed=730, kinds=["date"], spacing=0.2, style=style)
    for date in dates:
        reading = reader.read(date.picture)
        right += reading.text.replace(" ", "") == date.text
        warnings = [w for w in reading.warnings if w.startswith("a mark between digits was left")]
        told += bool(warnings)
        assert all(" or " in warning and "?" in warning for warning in warnings)
        for mark in reading.ignored:
            assert 0 <= mark.left < mark.right <= date.picture.width + 1
            assert 0 <= mark.top < mark.bottom <= date.picture.height + 1
    assert (right / len(dates), told / len(dates)) >= (0.75, 0.6)


def test_the_rows_of_a_table_are_lines_and_its_cells_are_numbers(reader):
    style = paper.Style(papers=("blank",), pens=("felt",), size=900, contrast=0.8, clutter=0)
    tables = paper.tables(6, seed=731, rows=4, columns=3, digits=(1, 4), gap=(2, 6), style=style)
    exact, counts = [], []
    for table in tables:
        reading, rows = reader.read(table.picture), table.text.split("\n")
        assert len(reading.lines) == len(rows)
        exact += [
            line.replace(" ", "") == row for line, row in zip(reading.lines, rows, strict=True)
        ]
        counts.append(len(reading.numbers))
        assert reading.text.split() == [number.text for number in reading.numbers]
        assert "\n".join(reading.lines) == reading.text
    assert np.mean(exact) >= 0.7
    assert np.median(counts) == 12


def test_a_digit_much_fainter_than_those_beside_it_is_read(reader, number):
    grey = np.asarray(number.picture.convert("L"), np.float32)
    left, top, right, bottom = (int(edge) for edge in number.boxes[-1])
    last = np.s_[top - 8 : bottom + 8, left - 8 : right + 8]
    grey[last] = np.median(grey) + 0.32 * (grey[last] - np.median(grey))
    assert reader.read(Image.fromarray(grey.clip(0, 255).astype(np.uint8))).text == number.text


@known_limit
def test_a_large_faint_ring_changes_no_small_number(reader):
    style = paper.Style(papers=("blank",), pens=("felt",), size=900, height=0.04, contrast=0.8)
    number = paper.numbers(1, seed=707, digits=5, style=replace(style, clutter=0, shadow=0))[0]
    width, height = number.picture.size
    cup = (0.3 * width, 0.6 * height, 0.3 * width + 0.3 * height, 0.9 * height)
    light = Image.new("L", (width, height), 255)
    ImageDraw.Draw(light).ellipse(cup, outline=225, width=14)
    stained = ImageChops.multiply(number.picture, light.convert("RGB"))
    reading = reader.read(stained)
    assert reading.text == number.text


@known_limit
@pytest.mark.parametrize(("seed", "depth"), [(712, 0.3), (715, 0.15), (716, 0.3)])
def test_a_hard_shadow_across_a_number_hides_no_digit(reader, seed, depth):
    style = paper.Style(papers=("blank",), pens=("black",), size=600, contrast=0.8, shadow=0)
    number = paper.numbers(1, seed=seed, digits=5, style=replace(style, clutter=0))[0]
    pixels = np.asarray(number.picture, np.float32)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    left, _, right, _ = number.boxes[1]
    dark = columns - (left + right) // 2 > 0.5 * (rows - len(rows) / 2)
    pixels[dark] *= depth
    assert reader.read(Image.fromarray(pixels.astype(np.uint8))).text == number.text


def test_a_digit_that_the_edge_of_a_shadow_crosses_is_no_empty_reading(reader):
    style = paper.Style(papers=("blank",), pens=("felt",), size=300, height=0.6, contrast=0.6)
    drawn = paper.digits(12, seed=700, style=replace(style, clutter=0, shadow=0))
    eight = next(digit for digit in drawn if digit.text == "8")
    pixels = np.asarray(eight.picture, np.float32)
    left, _, right, _ = eight.boxes[0]
    pixels[:, left + round(0.6 * (right - left)) :] *= 0.15
    reading = reader.read(Image.fromarray(pixels.astype(np.uint8)))
    assert reading.text == "8"


def test_what_is_hardly_a_digit_is_told_of(reader):
    grey = Image.new("RGB", (207, 207), "white")
    ImageDraw.Draw(grey).rectangle((46, 46, 164, 154), fill=(160, 160, 160))
    reading = reader.read(grey)
    unsure = any("are unsure" in warning for warning in reading.warnings)
    assert unsure or reading.text == ""
    assert reading.warnings


def test_a_single_digit_is_a_number_of_one(reader, drawings):
    texts = [reader.read(drawing.picture).text for drawing in drawings]
    assert np.mean([t == d.text for t, d in zip(texts, drawings, strict=True)]) >= 0.85


def test_a_page_full_of_specks_is_read_in_bounded_time(reader):
    random = np.random.default_rng(0)
    pixels = np.full((900, 1200), 255, np.uint8)
    for y, x in zip(random.integers(0, 895, 500), random.integers(0, 1195, 500), strict=True):
        pixels[y : y + 4, x : x + 4] = 0
    reading = reader.read(Image.fromarray(pixels))
    assert len(reading.digits) + len(reading.ignored) <= 500


def test_a_picture_of_thousands_of_dots_is_no_sure_digit(reader):
    pixels = np.full((300, 300), 255, np.uint8)
    pixels[5:295:4, 5:295:4] = 0
    prediction = reader.inspect(Image.fromarray(pixels))
    assert prediction.confidence < 0.9


def test_most_pictures_of_black_and_white_dots_are_read(reader):
    pictures = paper.digits(20, seed=704)
    right = [reader.inspect(p.picture.convert("1")).digit == int(p.text) for p in pictures]
    assert np.mean(right) >= 0.7


def test_a_number_of_black_and_white_dots_is_read(reader, number):
    assert reader.read(number.picture.convert("1")).text == number.text


def test_the_stages_end_with_what_the_classifier_reads(reader):
    for made in paper.digits(3, seed=11):
        figure = explain(made.picture, reader.predict_proba)
        (shown,) = figure.axes[-1].get_images()
        assert np.allclose(shown.get_array() * 255, reader.inspect(made.picture).pixels)


def test_the_stages_are_drawn(reader, drawings):
    figure = explain(drawings[0].picture, reader.predict_proba)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0].startswith("view of ")
    assert titles[1:] == ["digits' ink", "digits' centres", "mask", "normalized"]
    blank = [axes.get_title() for axes in explain(BLANK, reader.predict_proba).axes]
    assert blank[-1] == "digits' centres"


def test_an_untrained_classifier_reads_no_pictures(drawings):
    for ask in ("predict", "inspect", "read"):
        with pytest.raises(NotFittedError):
            getattr(DigitClassifier(), ask)(drawings[0].picture)


def test_mixed_lists_are_refused(reader, drawings):
    mixed = [drawings[0].picture, np.zeros((28, 28), np.uint8)]
    with pytest.raises(InvalidInputError, match=r"received both in one list\. inspect\(\.\.\.\)"):
        reader.predict(mixed)
    assert len(reader.inspect(mixed)) == 2
