"""The time and the memory of the reader on the pictures that are hardest for it.

    python benchmarks/hard_pictures.py
    python benchmarks/hard_pictures.py --quick

Each picture is a file that a new process reads, so each has a peak of memory of its own. Memory is
what the first reading adds to a loaded classifier, imports and the reader's weights included;
seconds are those of later readings, from the file to the digits.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import harness
import numpy as np
import numpy.typing as npt
import torch
from picture_sets import SEED
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from torch import Tensor, nn

from digitnet import DigitClassifier, machine
from digitnet.datasets import paper
from digitnet.pictures.network import ReaderNetwork

SIDES = (1200, 900)  # px
LARGE = (8000, 8000)  # px: 64 megapixels
STRIP = (6000, 40)  # px
READINGS = 3  # after the first one; their median is shown
WORDS = "The quick brown fox jumps over the lazy dog and runs away from all of them "
RESET_PEAK = Path("/proc/self/clear_refs"), "5"  # writing 5 sets the peak to what is held (proc(5))


def main() -> None:
    """Measure each picture in a process of its own, print a table, and write it."""
    options = harness.parse(harness.parser(__doc__))
    measured: dict[str, Mapping[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, save) in enumerate(_pictures(quick=options.quick).items()):
            path = Path(folder, f"{number}")
            save(path)
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                readings = 1 if options.quick else READINGS
                measured[name] = process.submit(_measure, path, readings).result()
            path.unlink()
            print(f"{name}: {measured[name]}", flush=True)
    rows = [
        (
            name,
            f"{found['seconds']:.2f}",
            f"{found['network_calls']:.0f}",
            f"{found['network_megapixels']:.2f}",
            f"{found['mib']:,.0f}",
            f"{found['digits']:.0f}",
        )
        for name, found in measured.items()
    ]
    harness.report(
        options.out,
        "hard_pictures",
        title="What reading takes at most",
        columns=["picture", "seconds", "network calls", "megapixels seen", "MiB", "digits"],
        rows=rows,
        figures=measured,
    )


def _measure(path: Path, readings: int) -> dict[str, float]:
    """Return what it takes to read a file."""
    classifier = DigitClassifier.pretrained()
    sizes: list[int] = []

    def count(module: nn.Module, inputs: tuple[Tensor, ...], _: object) -> None:
        if isinstance(module, ReaderNetwork):
            sizes.append(inputs[0].numel())

    # The first reading: memory, and calls of the network
    file, text = RESET_PEAK
    if file.exists():  # on Linux alone
        file.write_text(text)
    before = machine.peak_memory_mib() or 0.0
    hook = torch.nn.modules.module.register_module_forward_hook(count)
    started = time.perf_counter()
    reading = classifier.read(path)
    first = time.perf_counter() - started
    hook.remove()
    added = (machine.peak_memory_mib() or 0.0) - before

    # Later readings: seconds
    later = [harness.seconds_of(lambda: classifier.read(path)) for _ in range(readings)]
    return {
        "seconds": statistics.median(later),
        "first_seconds": first,
        "network_calls": len(sizes),
        "network_megapixels": sum(sizes) / 1e6,
        "mib": added,
        "digits": len(reading.digits),
    }


def _pictures(*, quick: bool) -> dict[str, Callable[[Path], None]]:
    """Return what writes each picture to a file."""
    photo = paper.digits(1, seed=SEED + 9)[0].picture.convert("RGB")
    large = (1000, 1000) if quick else LARGE

    def drawn(draw: Callable[[], Image.Image]) -> Callable[[Path], None]:
        return lambda path: draw().save(path, "PNG", compress_level=1)

    def sixteen_bits() -> Image.Image:
        grey = np.asarray(photo.resize(large).convert("L"), np.uint16)
        return Image.fromarray(grey * 257)

    size = "x".join(map(str, SIDES))
    return {
        f"a blank page, {size}": drawn(lambda: Image.new("L", SIDES, 255)),
        f"a page of print, {size}": drawn(lambda: _print(SIDES, 22)),
        f"dense text, {size}": drawn(lambda: _print(SIDES, 11)),
        f"noise, {size}": drawn(lambda: _noise(SIDES)),
        f"blobs, {size}": drawn(lambda: _blobs(SIDES)),
        f"hatching, {size}": drawn(lambda: _hatching(SIDES)),
        f"scrawl, {size}": drawn(lambda: _scrawl(SIDES)),
        "a strip of digits, {}x{}".format(*STRIP): drawn(lambda: _print(STRIP, 34, "0123456789 ")),
        "a photo of 12 megapixels, JPEG": lambda path: paper.save(path, photo, "12 megapixels"),
        "64 megapixels, PNG": drawn(lambda: photo.resize(large)),
        "64 megapixels, PNG of 16 bits": drawn(sixteen_bits),
        "64 megapixels of noise, PNG": drawn(lambda: _noise(large)),
    }


def _print(sides: tuple[int, int], height: int, text: str = WORDS) -> Image.Image:
    """Return lines of print, `height` px high."""
    page = Image.new("L", sides, 255)
    font, draw = ImageFont.load_default(height), ImageDraw.Draw(page)
    line = text * (1 + 3 * sides[0] // (height * len(text)))
    step = round(1.4 * height)
    for number, top in enumerate(range(0, max(1, sides[1] - height), step)):
        shift = 7 * number % len(text)
        draw.text((height, top), line[shift:], 0, font)
    return page


def _noise(sides: tuple[int, int]) -> Image.Image:
    grey = np.random.default_rng(0).integers(256, size=sides[::-1], dtype=np.uint8)
    return Image.fromarray(grey)


def _blobs(sides: tuple[int, int]) -> Image.Image:
    """Return blobs about as large as digits, dark on light."""
    noise = np.random.default_rng(0).standard_normal(sides[::-1], dtype=np.float32)
    return _binary(ndimage.gaussian_filter(noise, 6) > 0.02)


def _hatching(sides: tuple[int, int]) -> Image.Image:
    """Return crossing lines, 12 px apart."""
    rows, columns = np.indices(sides[::-1])
    return _binary(((rows + columns) % 12 < 2) | ((rows - columns) % 12 < 2))


def _scrawl(sides: tuple[int, int]) -> Image.Image:
    """Return one line that loops over the whole page."""
    page = Image.new("L", sides, 255)
    turns = np.random.default_rng(0).normal(0, 0.4, 20_000).cumsum()
    points = np.cumsum(8 * np.stack([np.cos(turns), np.sin(turns)], axis=1), axis=0)
    period = 2 * np.array(sides)
    folded = np.abs(points % period - np.array(sides))  # reflected at the borders
    ImageDraw.Draw(page).line([tuple(point) for point in folded.tolist()], 0, 3)
    return page


def _binary(ink: npt.NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(np.where(ink, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
