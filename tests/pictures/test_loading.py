"""Loading: files, bytes, file objects and images of all kinds."""

from __future__ import annotations

import base64
import io
import re
import struct
import tempfile
import urllib.request
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet.datasets import paper
from digitnet.errors import InvalidInputError
from digitnet.pictures.loading import MAX_AREA, is_picture, load_picture, resize

# upright, dark in the upper left corner alone
PIXELS = np.full((40, 60), 255, np.uint8)
PIXELS[5:15, 5:15] = 0
IMAGE = Image.fromarray(PIXELS)


def dark_corner(grey):
    """Say whether what is dark lies above and left of the middle."""
    rows, columns = np.nonzero(grey < grey.min() + 0.05)
    return rows.max() < grey.shape[0] / 2 and columns.max() < grey.shape[1] / 2


@pytest.mark.parametrize("manner", sorted(paper.MANNERS))
def test_every_manner_of_file_gives_the_same_upright_picture(manner, tmp_path):
    path = tmp_path / "picture.jpg"  # most are no JPEG: the name is not believed
    paper.save(path, IMAGE.convert("RGB"), manner)
    loaded = load_picture(path)
    assert dark_corner(loaded.grey)
    assert loaded.grey.shape[1] > loaded.grey.shape[0]
    assert loaded.grey.min() >= 0
    assert loaded.grey.max() <= 1
    assert loaded.grey.size <= MAX_AREA
    assert bool(loaded.notes) == (manner == "animated gif")


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "I", "I;16", "F", "P", "LA", "RGBA"])
def test_every_mode_of_pillow_is_read(mode):
    image = (
        IMAGE.convert(mode) if mode != "I;16" else Image.fromarray(PIXELS.astype(np.uint16) * 257)
    )
    assert dark_corner(load_picture(image).grey)


def test_the_callers_image_is_left_as_it_was(tmp_path):
    IMAGE.resize((3000, 2000)).save(tmp_path / "large.jpg")
    with Image.open(tmp_path / "large.jpg") as image:
        load_picture(image)
        assert image.size == (3000, 2000)


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "F"])
def test_a_large_picture_is_turned_by_its_note_as_a_small_one(mode, tmp_path):
    pixels = np.repeat(np.repeat(np.rot90(PIXELS), 60, 0), 60, 1)  # 2400x3600 as it should be
    image = Image.fromarray(pixels).convert(mode if mode != "I;16" else "L")
    if mode == "I;16":
        image = Image.fromarray(pixels.astype(np.uint16) * 257)
    note = Image.Exif()
    note[0x0112] = 6  # turn it by 90 degrees, clockwise
    # not uncompressed, of which Pillow 13.0 forgets to turn the grey ones
    image.save(tmp_path / "large.tif", exif=note, compression="tiff_lzw")
    grey = load_picture(tmp_path / "large.tif").grey
    assert grey.shape[1] > grey.shape[0]
    assert dark_corner(grey)
    assert (grey.min(), grey.max()) == (0, 1)


def test_ink_on_a_transparent_ground_is_seen_whatever_its_colour():
    for level in (0, 255):
        ink = Image.fromarray(np.full((40, 60), level, np.uint8)).convert("LA")
        ink.putalpha(Image.fromarray(255 - PIXELS))
        grey = load_picture(ink).grey
        assert abs(float(grey[10, 10]) - float(grey[30, 50])) > 0.5


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_ground_of_a_colour_that_counts_as_transparent_becomes_white(mode, tmp_path):
    ink = Image.new("L", (60, 40), 0)
    ink.paste(50, (5, 5, 15, 15))
    ink.convert(mode).save(tmp_path / "ink.png", transparency=0 if mode == "L" else (0, 0, 0))
    grey = load_picture(tmp_path / "ink.png").grey
    assert (float(grey[30, 50]), float(grey[10, 10])) == (1, pytest.approx(50 / 255))


def two_colours(ink, ground):
    """The dark corner in one colour, all else in another."""
    image = Image.new("RGB", IMAGE.size, ground)
    image.paste(ink, (5, 5, 15, 15))
    return image


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ((240, 230, 60), (225, 225, 220)),  # a yellow marker on paper
        ((200, 40, 40), (60, 80, 170)),
        ((60, 160, 60), (220, 95, 40)),
    ],
)
@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_ink_as_light_as_its_ground_is_seen_by_its_colour(ink, ground, ending, tmp_path):
    image = two_colours(ink, ground)
    assert np.ptp(np.asarray(image.convert("L"), float)) < 30
    path = tmp_path / f"picture.{ending}"
    image.save(path)
    for source in (image, path):
        grey = load_picture(source).grey
        assert abs(float(grey[10, 10]) - float(grey[30, 50])) > 0.4


@pytest.mark.parametrize("ink", [(20, 20, 20), (40, 50, 140), (150, 30, 40), (30, 110, 60)])
def test_what_is_dark_enough_is_seen_by_its_luminance(ink):
    image = two_colours(ink, (235, 230, 215))
    assert np.array_equal(
        load_picture(image).grey, np.asarray(image.convert("L"), np.float32) / 255
    )


def test_the_scale_leads_back_to_the_source(tmp_path):
    paper.save(tmp_path / "large.jpg", IMAGE.convert("RGB"), "12 megapixels")
    loaded = load_picture(tmp_path / "large.jpg")
    assert loaded.scale * max(loaded.grey.shape) == pytest.approx(4000, abs=8)
    assert loaded.grey.size > 0.98 * MAX_AREA


def bomb(path, width, height):
    """Write a PNG that says it is large, and holds nearly nothing."""
    chunks = b""
    sizes = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    for name, held in ((b"IHDR", sizes), (b"IDAT", zlib.compress(bytes(100)))):
        chunks += struct.pack(">I", len(held)) + name + held
        chunks += struct.pack(">I", zlib.crc32(name + held))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


@pytest.mark.parametrize("size", [(20_000, 20_000), (9_000, 9_000)])
def test_too_large_a_picture_is_refused_before_it_is_decoded(size, tmp_path):
    bomb(tmp_path / "bomb.png", *size)
    with pytest.raises(
        InvalidInputError, match=r"at most 64 million pixels; '.*bomb\.png'.*crop it"
    ):
        load_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is empty\. Save it again"),
        (b"%PDF-1.7 ...", r"is a PDF\. Export its page as a PNG"),
        (b"<svg xmlns=''/>", r"is an SVG"),
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1", r"is a HEIC photo, .* Export it as a JPEG"),
        (b"hello, this is text", r"is none that can be read"),
    ],
)
def test_what_is_no_picture_is_refused(content, message, tmp_path):
    (tmp_path / "file.png").write_bytes(content)
    with pytest.raises(InvalidInputError, match=rf"Expected a picture; '.*file\.png' {message}"):
        load_picture(tmp_path / "file.png")


@pytest.mark.parametrize("manner", ["jpeg", "png", "bmp", "palette png"])
def test_a_file_that_was_cut_off_is_refused(manner, tmp_path):
    whole, half = tmp_path / "whole", tmp_path / "half"
    paper.save(whole, IMAGE.convert("RGB"), manner)
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InvalidInputError, match="none that can be read, or is damaged"):
        load_picture(half)


@pytest.mark.parametrize("note", [b"Exif\0\0", b"Exif\0\0II*", b"Exif\0\0" + bytes(40)])
@pytest.mark.parametrize("times", [1, 60])
def test_a_broken_note_does_not_lose_the_picture(note, times, tmp_path):
    large = IMAGE.resize((60 * times, 40 * times), Image.Resampling.NEAREST)
    large.save(tmp_path / "photo.jpg", exif=note)
    assert dark_corner(load_picture(tmp_path / "photo.jpg").grey)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            PIXELS / 255,
            r"float64 \(40, 60\)\. .*: \(255 \* numpy.asarray\(picture\)\).astype",
        ),
        (PIXELS[None, :, :, None], r"uint8 \(1, 40, 60, 1\)\. Pass one picture at a time"),
        (PIXELS[0], r"uint8 \(60,\)"),
        (None, "None. Check the path: cv2.imread returns it"),
        (5, "int. Pass an array"),
        ([IMAGE], "a list. Pass its items one at a time"),
    ],
)
def test_an_object_of_another_type_is_refused(source, found):
    with pytest.raises(InvalidInputError, match=rf"Expected a picture: a path, .*received {found}"):
        load_picture(source)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("view", [lambda a: a, np.asfortranarray, lambda a: a[::-1][::-1]])
def test_arrays_are_loaded_as_the_image_is(mode, view):
    image = IMAGE.convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.fromarray(255 - PIXELS))
    expected = load_picture(image).grey
    array = view(np.array(image))
    array.flags.writeable = False
    assert np.array_equal(load_picture(array).grey, expected)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0, 3)])
def test_an_array_without_pixels_is_refused(shape):
    with pytest.raises(InvalidInputError, match="Expected"):
        load_picture(np.zeros(shape, np.uint8))


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    IMAGE.save(tmp_path / "x.png")
    for source in ("~/x.png", Path("~/x.png")):
        assert load_picture(source).grey.shape == (40, 60)
    for source in ("~/gone.png", "~nobody-of-that-name/x.png"):
        with pytest.raises(InvalidInputError, match=r"there is no '.*\.png'\. Check the path"):
            load_picture(source)


def test_a_url_is_told_and_the_remedy_works():
    with pytest.raises(InvalidInputError, match="it is a URL"):
        load_picture("https://example.com/3.png")
    url = "data:image/png;base64," + base64.b64encode(encoded()).decode()
    with pytest.raises(InvalidInputError, match=r"it is a URL. .*: (urllib.*)\.$") as caught:
        load_picture(url)
    assert url not in str(caught.value)
    remedy = re.search(r": (urllib.*)\.$", str(caught.value)).group(1)
    assert load_picture(eval(remedy, {"urllib": urllib, "url": url})).grey.shape == (40, 60)


def encoded(form="png"):
    file = io.BytesIO()
    IMAGE.save(file, form)
    return file.getvalue()


def test_bytes_and_file_objects_are_loaded_as_the_file_is(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(encoded())
    expected = PIXELS.astype(np.float32) / 255
    with path.open("rb") as file:
        file.seek(30)  # it is read from its beginning
        for source in (path, str(path), encoded(), file, io.BytesIO(encoded())):
            assert np.array_equal(load_picture(source).grey, expected)
        assert not file.closed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is empty"),
        (b"%PDF-1.7 ...", r"is a PDF"),
        (encoded()[:60], r"is none that can be read, or is damaged"),
    ],
)
def test_bytes_and_file_objects_that_are_no_picture_are_refused(content, message):
    with pytest.raises(InvalidInputError, match=f"the data {message}"):
        load_picture(content)
    with pytest.raises(InvalidInputError, match=f"the file {message}"):
        load_picture(io.BytesIO(content))


def test_an_upload_that_is_no_picture_is_named_without_its_type_and_address():
    with tempfile.SpooledTemporaryFile() as upload:  # as web frameworks pass it
        upload.write(b"no picture")
        with pytest.raises(InvalidInputError) as raised:
            load_picture(upload)
    assert str(raised.value) == (
        "Expected a picture; the file is none that can be read, or is damaged."
    )


def test_a_file_open_as_text_is_refused(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("hello")
    with path.open() as file, pytest.raises(InvalidInputError, match="open as text. Open it as b"):
        load_picture(file)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "I;16", "1"])
def test_large_images_are_reduced_alike_in_every_mode(mode):
    pixels = np.repeat(np.repeat(PIXELS, 100, 0), 100, 1)  # 6000x4000, reduced in bands
    image = Image.fromarray(pixels)
    image = Image.fromarray(pixels.astype(np.uint16) * 257) if mode == "I;16" else image
    grey = load_picture(image if mode == "I;16" else image.convert(mode)).grey
    rows, columns = np.nonzero(grey < 0.5)
    scale = 6000 / grey.shape[1]
    corners = np.array([rows.min(), rows.max() + 1, columns.min(), columns.max() + 1]) * scale
    assert corners == pytest.approx([500, 1500, 500, 1500], abs=scale)
    assert np.mean((grey > 0.01) & (grey < 0.99)) < 0.01  # no seams: grey at the edges alone


def test_a_strip_is_kept_whole():
    strip = Image.fromarray(np.tile(PIXELS, (1, 100)))  # 6000x40
    loaded = load_picture(strip)
    assert loaded.grey.shape == (40, 6000)
    assert loaded.scale == 1


@pytest.mark.parametrize("size", [(1024, 1024), (1100, 1000), (4000, 3000), (90_000, 20)])
def test_the_area_is_bounded_and_hardly_more_is_lost(size):
    grey = load_picture(Image.new("L", size)).grey
    assert grey.size <= MAX_AREA
    assert grey.size > 0.95 * min(MAX_AREA, size[0] * size[1])


@pytest.mark.parametrize("size", [(2_000_000, 1), (1, 2_000_000), (30_000_000, 2)])
def test_a_line_of_pixels_is_bounded_as_well(size):
    assert 1 <= load_picture(Image.new("L", size)).grey.size <= MAX_AREA


def test_reduction_keeps_the_mean_and_does_not_alias():
    stripes = np.zeros((1500, 1500), np.uint8)
    stripes[:, ::2] = 255
    grey = load_picture(Image.fromarray(stripes)).grey
    assert grey.shape == (1024, 1024)
    assert grey.mean() == pytest.approx(0.5, abs=0.01)
    assert np.ptp(grey[:, 10:-10]) < 0.7  # 1 if some pixels were copied and others averaged


def test_resize_averages_areas_and_interpolates_in_range():
    grey = np.array([[0, 0.5, 1, 1], [0.5, 1, 1, 1]], np.float32)
    assert np.allclose(resize(grey, (1, 2)), [[0.5, 1]])
    larger = resize(grey, (6, 12))
    assert larger.shape == (6, 12)
    assert larger.min() >= 0
    assert larger.max() <= 1
    assert resize(grey, (2, 4)) is grey


def test_a_name_that_no_file_can_have_is_refused():
    for name in (5000 * "A", "a\0b"):
        with pytest.raises(InvalidInputError, match="Expected a picture; there is no '") as caught:
            load_picture(name)
        assert len(str(caught.value)) < 300


def test_an_image_without_pixels_is_refused():
    with pytest.raises(InvalidInputError, match="at least one pixel; the image has 0x3"):
        load_picture(Image.new("L", (0, 3)))


def test_the_frame_that_was_read_is_told(tmp_path):
    IMAGE.save(tmp_path / "moving.gif", save_all=True, append_images=[IMAGE.rotate(180)])
    with Image.open(tmp_path / "moving.gif") as image:
        assert load_picture(image).notes == ("the first of 2 frames was read",)
        image.seek(1)
        loaded = load_picture(image)
        assert loaded.notes == ("frame 2 of 2 was read",)
        assert not dark_corner(loaded.grey)


def test_folders_and_missing_files_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"is a folder\. Pass the files in it"):
        load_picture(tmp_path)
    with pytest.raises(InvalidInputError, match=r"there is no '.*gone\.png'\. Check the path"):
        load_picture(tmp_path / "gone.png")


def test_pictures_are_told_from_arrays_by_their_type():
    assert is_picture("a.png")
    assert is_picture(b"")
    assert is_picture(io.BytesIO())
    assert is_picture(IMAGE)
    assert is_picture(PIXELS)
    assert is_picture(np.zeros((4, 5, 3), np.uint8))
    assert is_picture(np.zeros((4, 5, 4), np.uint8))
    for shape in ((5,), (4, 5, 2), (4, 5, 1), (2, 4, 5, 3), ()):
        assert not is_picture(np.zeros(shape, np.uint8))
    assert not is_picture(PIXELS.astype(np.int64))
    assert not is_picture([IMAGE])
