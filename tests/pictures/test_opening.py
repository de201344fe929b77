"""Files and images of all kinds."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from digitnet.datasets import paper
from digitnet.errors import InvalidInputError
from digitnet.pictures import is_picture, open_picture

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
    opened = open_picture(path)
    assert dark_corner(opened.grey)
    assert opened.grey.shape[1] > opened.grey.shape[0]
    assert opened.grey.min() >= 0
    assert opened.grey.max() <= 1
    assert max(opened.grey.shape) <= 1024
    assert bool(opened.notes) == (manner == "animated gif")


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "I", "I;16", "F", "P", "LA", "RGBA"])
def test_every_mode_of_pillow_is_read(mode):
    image = (
        IMAGE.convert(mode) if mode != "I;16" else Image.fromarray(PIXELS.astype(np.uint16) * 257)
    )
    assert dark_corner(open_picture(image).grey)


def test_the_callers_image_is_left_as_it_was(tmp_path):
    IMAGE.resize((3000, 2000)).save(tmp_path / "large.jpg")
    with Image.open(tmp_path / "large.jpg") as image:
        open_picture(image)
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
    grey = open_picture(tmp_path / "large.tif").grey
    assert grey.shape[1] > grey.shape[0]
    assert dark_corner(grey)
    assert (grey.min(), grey.max()) == (0, 1)


def test_ink_on_a_transparent_ground_is_seen_whatever_its_colour():
    for level in (0, 255):
        ink = Image.fromarray(np.full((40, 60), level, np.uint8)).convert("LA")
        ink.putalpha(Image.fromarray(255 - PIXELS))
        grey = open_picture(ink).grey
        assert abs(float(grey[10, 10]) - float(grey[30, 50])) > 0.5


def coloured(ink, ground):
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
    image = coloured(ink, ground)
    assert np.ptp(np.asarray(image.convert("L"), float)) < 30
    path = tmp_path / f"picture.{ending}"
    image.save(path)
    for source in (image, path):
        grey = open_picture(source).grey
        assert abs(float(grey[10, 10]) - float(grey[30, 50])) > 0.4


@pytest.mark.parametrize("ink", [(20, 20, 20), (40, 50, 140), (150, 30, 40), (30, 110, 60)])
def test_what_is_dark_enough_is_seen_by_its_luminance(ink):
    image = coloured(ink, (235, 230, 215))
    assert np.array_equal(
        open_picture(image).grey, np.asarray(image.convert("L"), np.float32) / 255
    )


def test_the_scale_leads_back_to_the_source(tmp_path):
    paper.save(tmp_path / "large.jpg", IMAGE.convert("RGB"), "12 megapixels")
    opened = open_picture(tmp_path / "large.jpg")
    assert opened.scale * max(opened.grey.shape) == pytest.approx(4000, abs=8)


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
    with pytest.raises(InvalidInputError, match=r"at most 64 million pixels.*Make it smaller"):
        open_picture(tmp_path / "bomb.png")


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
        open_picture(tmp_path / "file.png")


@pytest.mark.parametrize("manner", ["jpeg", "png", "bmp", "palette png"])
def test_a_file_that_was_cut_off_is_refused(manner, tmp_path):
    whole, half = tmp_path / "whole", tmp_path / "half"
    paper.save(whole, IMAGE.convert("RGB"), manner)
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InvalidInputError, match="none that can be read, or is damaged"):
        open_picture(half)


@pytest.mark.parametrize("note", [b"Exif\0\0", b"Exif\0\0II*", b"Exif\0\0" + bytes(40)])
@pytest.mark.parametrize("times", [1, 60])
def test_a_broken_note_does_not_lose_the_picture(note, times, tmp_path):
    large = IMAGE.resize((60 * times, 40 * times), Image.Resampling.NEAREST)
    large.save(tmp_path / "photo.jpg", exif=note)
    assert dark_corner(open_picture(tmp_path / "photo.jpg").grey)


@pytest.mark.parametrize("source", [PIXELS, None, 5, b"bytes", [IMAGE]])
def test_what_is_neither_path_nor_image_is_refused(source):
    with pytest.raises(InvalidInputError, match=r"path of a picture or a PIL image; received \w+"):
        open_picture(source)


def test_a_name_that_no_file_can_have_is_refused():
    with pytest.raises(InvalidInputError, match="Expected a picture"):
        open_picture("data:image/png;base64," + 5000 * "A")


def test_an_image_without_pixels_is_refused():
    with pytest.raises(InvalidInputError, match="at least one pixel; the image has 0x3"):
        open_picture(Image.new("L", (0, 3)))


def test_the_frame_that_was_read_is_told(tmp_path):
    IMAGE.save(tmp_path / "moving.gif", save_all=True, append_images=[IMAGE.rotate(180)])
    with Image.open(tmp_path / "moving.gif") as image:
        assert open_picture(image).notes == ("the first of 2 frames was read",)
        image.seek(1)
        opened = open_picture(image)
        assert opened.notes == ("frame 2 of 2 was read",)
        assert not dark_corner(opened.grey)


def test_folders_and_missing_files_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"is a folder\. Pass the files in it"):
        open_picture(tmp_path)
    with pytest.raises(InvalidInputError, match=r"there is no '.*gone\.png'\. Check the path"):
        open_picture(tmp_path / "gone.png")


def test_pictures_are_told_from_arrays_by_their_type():
    assert is_picture("a.png")
    assert is_picture(IMAGE)
    assert not is_picture(PIXELS)
    assert not is_picture([IMAGE])
