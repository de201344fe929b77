"""Readers of handwritten numbers for `reading_peers.py`: digitnet and general OCR engines.

Each engine is given what it reads best: pictures turned upright, dark on light, at least 128 px
high, with a margin. Where it can be told, it knows whether a picture has one digit, one line or
several, and that there are digits alone. digitnet is given the pictures as they are.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from picture_scores import texts_of
from PIL import Image, ImageOps

from digitnet import DigitClassifier
from digitnet.pictures import reading_order

DIGITS = "0123456789"
MIN_HEIGHT = 128  # px of a picture that an engine is given
MARGIN = 0.25  # of the picture's height, around it; chosen on writers 1 to 10
TIMEOUT_SECONDS = 30  # of a program for a picture: Tesseract hangs on some


class Sample(NamedTuple):
    """A picture, and the lines of digits that it holds.

    Attributes:
        picture: As digitnet is given it.
        lines: The digits of each line.
        dark: Whether its background is darker than its ink.
        rotation: Degrees by which its lines are turned, clockwise above 0.
    """

    picture: Image.Image
    lines: Sequence[str]
    dark: bool = False
    rotation: float = 0.0


Reader = Callable[[Sample], list[str]]
"""Returns the digits of each line."""


def available() -> list[str]:
    """Return the names of the readers that are installed."""
    return [name for name, (installed, _) in _READERS.items() if installed()]


def make(name: str) -> Reader:
    """Return the reader of that name."""
    _, maker = _READERS[name]
    return maker()


def version_of(name: str) -> str:
    """Return the version of a program, which no package manager of Python knows."""
    done = subprocess.run([name, "--version"], check=True, capture_output=True, text=True)
    return (done.stdout or done.stderr).splitlines()[0]


def _digitnet() -> Reader:
    classifier = DigitClassifier.pretrained()
    return lambda sample: texts_of(classifier.read(sample.picture))


def _rapidocr() -> Reader:
    """Detection and recognition; where no digit is found, recognition of the whole picture."""
    from rapidocr import RapidOCR

    threads = {
        f"EngineConfig.onnxruntime.{kind}_op_num_threads": torch.get_num_threads()
        for kind in ("intra", "inter")
    }
    engine = RapidOCR(params={"Global.log_level": "critical", **threads})

    def read(sample: Sample) -> list[str]:
        pixels = np.asarray(_prepared(sample))
        found = engine(pixels, use_det=True, use_cls=False, use_rec=True)
        lines = _lines(found.boxes, found.txts) if found.txts else []
        if not lines:
            found = engine(pixels, use_det=False, use_cls=False, use_rec=True)
            lines = _own_lines(found.txts or ())
        return lines

    return read


def _easyocr() -> Reader:
    """Detection and recognition of digits; where none is found, recognition of the whole."""
    import easyocr
    import easyocr_en_models

    engine = easyocr.Reader(
        ["en"],
        gpu=False,
        model_storage_directory=easyocr_en_models.model_dir(),
        download_enabled=False,
        verbose=False,
    )

    def read(sample: Sample) -> list[str]:
        pixels = np.asarray(_prepared(sample))
        found = engine.readtext(pixels, allowlist=DIGITS)
        lines = _lines([box for box, *_ in found], [text for _, text, _ in found])
        if not lines:
            grey = np.asarray(Image.fromarray(pixels).convert("L"))
            lines = _own_lines(text for _, text, _ in engine.recognize(grey, allowlist=DIGITS))
        return lines

    return read


def _tesseract() -> Reader:
    """Tesseract's page segmentation mode for a character, a line, or a block of lines."""
    environment = {**os.environ, "OMP_THREAD_LIMIT": str(torch.get_num_threads())}

    def read(sample: Sample) -> list[str]:
        several = len(sample.lines) > 1
        mode = "6" if several else "10" if len(sample.lines[0]) == 1 else "7"
        options = ["--psm", mode, "-c", f"tessedit_char_whitelist={DIGITS}"]
        return _program(["tesseract", "stdin", "stdout", *options], sample, "PNG", environment)

    return read


def _ocrad() -> Reader:
    options = ["--layout", "--filter=numbers_only"]
    return lambda sample: _program(["ocrad", *options, "-"], sample, "PPM", dict(os.environ))


_READERS: dict[str, tuple[Callable[[], bool], Callable[[], Reader]]] = {
    "digitnet": (lambda: True, _digitnet),
    "RapidOCR": (lambda: find_spec("rapidocr") is not None, _rapidocr),
    "EasyOCR": (lambda: all(map(find_spec, ("easyocr", "easyocr_en_models"))), _easyocr),
    "tesseract": (lambda: shutil.which("tesseract") is not None, _tesseract),
    "ocrad": (lambda: shutil.which("ocrad") is not None, _ocrad),
}


def _program(
    command: list[str], sample: Sample, file_format: str, environment: dict[str, str]
) -> list[str]:
    """Return the lines that a program prints of a picture; none where it hangs."""
    file = io.BytesIO()
    _prepared(sample).save(file, file_format)
    try:
        done = subprocess.run(
            command,
            input=file.getvalue(),
            env=environment,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return []
    return _own_lines(done.stdout.decode(errors="replace").splitlines())


def _prepared(sample: Sample) -> Image.Image:
    """Return a picture upright, dark on light, large enough, and with a margin."""
    # Dark on light
    picture = sample.picture.convert("RGB")
    if sample.dark:
        picture = ImageOps.invert(picture)

    # Upright, on the colour of its border
    background = tuple(np.median(border(np.asarray(picture)), axis=0).astype(int).tolist())
    if sample.rotation:
        picture = picture.rotate(
            sample.rotation, Image.Resampling.BICUBIC, expand=True, fillcolor=background
        )

    # Large enough, with a margin
    scale = max(1.0, MIN_HEIGHT / picture.height)
    size = (round(scale * picture.width), round(scale * picture.height))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    return ImageOps.expand(picture, round(MARGIN * picture.height), background)


def border(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the outermost pixels (N, 3) of a picture (H, W, 3)."""
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _lines(boxes: Sequence[Any], texts: Sequence[str]) -> list[str]:
    """Return the digits of each line of boxes (4, 2); texts without a digit are left out."""
    own = [index for index, text in enumerate(texts) if _digits(text)]
    if not own:
        return []
    corners = np.stack([np.asarray(boxes[index], float) for index in own])
    edges = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return [
        "".join(_digits(texts[own[index]]) for number in line for index in number)
        for line in reading_order(edges)
    ]


def _own_lines(texts: Iterable[str]) -> list[str]:
    return [digits for text in texts if (digits := _digits(text))]


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)
