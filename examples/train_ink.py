"""Train the network that finds ink, on pictures of `datasets.paper`, and write its weights.

    DIGITNET_DATA=... python examples/train_ink.py --out ink.safetensors
    python examples/train_ink.py --quick --out ink.safetensors

With the same machine, versions and threads the file comes out the same, byte for byte.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from averaged_training import train
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from digitnet import ImageSet, datasets
from digitnet.artifact import check_folder, write_artifact
from digitnet.datasets import paper
from digitnet.pictures.ink_network import InkNetwork

SIDE = 160  # pixels of a training picture
DIGIT = (40, 115)  # pixels of a digit in a closer look
EPOCHS = 5
SETTINGS = {"batch_size": 32, "learning_rate": 3e-3, "weight_decay": 1e-2, "averaging": 0.998}
CHUNK = 50  # pictures that one process makes at a time

# Most are small, as small pictures are made quickly, and are made small before ink is found
SMALL = paper.Style(size=(48, 420))
WIDE = paper.Style(size=(100, 600))
FAR = paper.Style(size=(150, 900), height=(0.02, 0.15))
FORM = replace(SMALL, forms=paper.FORMS)
WIDE_FORM = replace(WIDE, forms=paper.FORMS)
CLEAN_FORM = replace(WIDE_FORM, papers=("canvas",))
SETS = (  # what is drawn, from strokes or from MNIST's digits, and how many of it
    (partial(paper.digits, style=SMALL), False, 7000),
    (partial(paper.digits, style=SMALL), True, 6000),
    (paper.digits, False, 4000),
    (paper.digits, True, 3000),
    (partial(paper.digits, style=FAR), False, 2500),
    (partial(paper.digits, style=FAR), True, 2500),
    (partial(paper.numbers, style=WIDE), False, 3000),
    (partial(paper.numbers, style=WIDE, digits=(2, 10)), True, 2000),
    (partial(paper.numbers, style=WIDE, digits=(2, 8), lines=(2, 6)), False, 1500),
    (partial(paper.blanks, style=SMALL), False, 3000),
    (paper.blanks, False, 1000),
    (partial(paper.scribbles, style=SMALL), False, 700),
    (partial(paper.letters, style=SMALL), False, 700),
    (partial(paper.digits, style=FORM), False, 2000),
    (partial(paper.digits, style=FORM), True, 1500),
    (partial(paper.digits, style=CLEAN_FORM), False, 600),
    (partial(paper.digits, style=CLEAN_FORM), True, 600),
    (partial(paper.numbers, style=WIDE_FORM), False, 2000),
    (partial(paper.numbers, style=WIDE_FORM, digits=(2, 10)), True, 1200),
    (partial(paper.numbers, style=CLEAN_FORM), False, 600),
    (partial(paper.numbers, style=CLEAN_FORM, digits=(2, 10)), True, 600),
    (partial(paper.blanks, style=FORM), False, 600),
)
SHADOWS = 0.4  # share of the pictures that get one more shadow, another in each epoch


def main() -> None:
    """Make the pictures, train, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("ink.safetensors"))
    parser.add_argument("--quick", action="store_true", help="a few pictures: does it run?")
    options = parser.parse_args()
    check_folder(options.out)  # now, not after the training
    torch.set_num_threads(2)
    source = mnist(quick=options.quick)
    jobs = [
        (number, start, source if from_mnist else None)
        for number, (_, from_mnist, count) in enumerate(SETS)
        for start in range(0, 2 if options.quick else count, CHUNK)
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        made = list(processes.map(partial(samples, quick=options.quick), jobs))
    grey, ink = (
        torch.from_numpy(np.concatenate(part))[:, None] for part in zip(*made, strict=True)
    )
    print(f"{len(grey):,} pictures of {SIDE}x{SIDE}")
    network = trained(grey, ink, epochs=1 if options.quick else EPOCHS)
    metadata = {"made_by": "examples/train_ink.py", "torch": str(torch.__version__)}
    write_artifact(options.out, network.state_dict(), metadata)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")


def mnist(*, quick: bool) -> ImageSet:
    """Return MNIST's training digits."""
    return datasets.synthetic(200, 1)[0] if quick else datasets.mnist()[0]


def samples(job: tuple[int, int, ImageSet | None], *, quick: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return grey pictures and their ink, uint8 (N, SIDE, SIDE) each, of a chunk of a set."""
    number, start, source = job
    make, from_mnist, _ = SETS[number]
    more = {"source": source} if from_mnist else {}
    seed = 100_000 * number + start
    pictures = make(2 if quick else CHUNK, seed=seed, **more)
    random = np.random.default_rng(seed)
    pairs = [pair for picture in pictures for pair in views(picture, random)]
    grey, ink = zip(*pairs, strict=True)
    return np.stack(grey), np.stack(ink)


def views(picture: paper.PaperPicture, random: np.random.Generator) -> Iterator[tuple]:
    """Yield a picture as a first look has it, and as a closer one has it."""
    grey, ink = picture.picture.convert("L"), Image.fromarray(picture.ink)
    centre, size = np.array(grey.size) * random.uniform(0.2, 0.8, 2), 0.4 * grey.height
    if picture.boxes:
        left, top, right, bottom = picture.boxes[random.integers(len(picture.boxes))]
        centre, size = np.array([left + right, top + bottom]) / 2, max(bottom - top, 4)
    first = np.exp(random.uniform(*np.log((100, 512)))) / max(grey.size)
    closer = min(np.exp(random.uniform(*np.log(DIGIT))) / size, 8, 1400 / max(grey.size))
    aside = random.normal(0, 0.35, 2) * size
    for scale, middle in ((first, centre), (closer, centre + aside)):
        place = random.uniform(0, 1, 2)
        yield tuple(cropped(image, scale, middle, place, image is grey) for image in (grey, ink))


def cropped(
    image: Image.Image, scale: float, middle: np.ndarray, place: np.ndarray, edge: bool
) -> np.ndarray:
    """Return a square around a point of a resized picture; where it is smaller, it is padded."""
    size = [max(1, round(side * scale)) for side in image.size]
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    pixels = np.asarray(image.resize(size, how))
    for axis, (x, share) in enumerate(zip(middle[::-1] * scale, place, strict=True)):
        missing = SIDE - pixels.shape[axis]
        if missing > 0:
            before = round(missing * share)
            widths = [(before, missing - before) if a == axis else (0, 0) for a in (0, 1)]
            pixels = np.pad(pixels, widths, mode="edge" if edge else "constant")
        else:
            start = min(max(round(x) - SIDE // 2, 0), -missing)
            pixels = pixels.take(range(start, start + SIDE), axis=axis)
    return pixels


def trained(grey: Tensor, ink: Tensor, *, epochs: int) -> nn.Module:
    """Return a trained network, its weights averaged over the last steps."""
    torch.manual_seed(0)
    network = InkNetwork().to(memory_format=torch.channels_last)

    def loss_of(batch: Tensor) -> Tensor:
        x, y = varied(grey[batch].float() / 255, ink[batch].float() / 255)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(x)
        return cross_entropy_and_dice(logits.float(), y)

    return train(network, loss_of, len(grey), epochs=epochs, **SETTINGS)


def varied(grey: Tensor, ink: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror, turn, invert, brighten or darken pictures, add shadows and noise, at random."""
    if torch.rand(()) < 0.5:
        grey, ink = grey.flip(3), ink.flip(3)
    if torch.rand(()) < 0.5:
        grey, ink = grey.transpose(2, 3), ink.transpose(2, 3)
    each = (len(grey), 1, 1, 1)
    grey = torch.where(torch.rand(each) < 0.35, 1 - grey, grey)
    grey = grey.clamp(1e-3, 1) ** torch.exp(0.25 * torch.randn(each))
    grey = shaded(grey)
    grey = grey + 0.015 * torch.rand(each) * torch.randn_like(grey)
    return grey.contiguous(memory_format=torch.channels_last), ink


def shaded(grey: Tensor) -> Tensor:
    """Lay a shadow with a straight edge, hard or soft, over some of the pictures."""
    each = (len(grey), 1, 1, 1)
    angle, depth = 2 * math.pi * torch.rand(each), 0.1 + 0.6 * torch.rand(each)
    depth = depth * (torch.rand(each) < SHADOWS)
    softness = torch.exp(math.log(0.5) + math.log(80) * torch.rand(each))  # 0.5 to 40 pixels
    place = torch.arange(SIDE) - SIDE / 2
    beyond = place * angle.cos() + place[:, None] * angle.sin() - SIDE * (torch.rand(each) - 0.5)
    return grey * (1 - depth * torch.sigmoid(beyond / softness))


def cross_entropy_and_dice(logits: Tensor, ink: Tensor) -> Tensor:
    """Return cross-entropy of pixels, and half of Dice's loss (Milletari et al., 2016).

    The second counts what the first nearly overlooks: thin ink in a large picture.
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, ink)
    found = logits.sigmoid()
    both, sizes = (found * ink).sum((1, 2, 3)), (found**2 + ink**2).sum((1, 2, 3))
    return entropy + 0.5 * (1 - (2 * both + 20) / (sizes + 20)).mean()


if __name__ == "__main__":
    main()
