"""Train the network that tells what is a digit in a line, on pictures of `datasets.paper`.

    DIGITNET_DATA=... python examples/train_segments.py --out segments.safetensors
    python examples/train_segments.py --quick --out segments.safetensors

A line's pieces are put together in all ways that may be a digit, as in any picture; the network
learns which of them are one, and which. It is asked of single digits, and of marks on pages without
any, as well: so it sees those too.

With the same machine, versions and threads the file comes out the same, byte for byte.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from averaged_training import train
from segment_truth import HELD_OUT, divisions_with_truth
from torch import Tensor, nn
from torch.nn import functional

from digitnet import ImageSet, datasets
from digitnet.artifact import check_folder, write_artifact
from digitnet.datasets import paper
from digitnet.pictures.in_line import SEEN
from digitnet.pictures.segment_network import NO_DIGIT, NOT_ONE, SegmentNetwork

EPOCHS = 4
SETTINGS = {"batch_size": 256, "learning_rate": 4e-3, "weight_decay": 5e-2, "averaging": 0.998}
CHUNK = 50  # pictures that one process makes at a time
# Segments of a picture at most: digits, parts of them or several, and those without digits' ink
DIGITS, OTHERS, WITHOUT = 16, 24, 12

SMALL = paper.Style(size=(100, 600))  # most are small, as small pictures are made quickly
FORM = replace(SMALL, forms=paper.FORMS)
SETS = (  # what is drawn, whether with MNIST's digits, and how many of it
    (partial(paper.numbers, style=SMALL), False, 3500),
    (partial(paper.numbers, style=SMALL), True, 3500),
    (paper.numbers, False, 1500),
    (paper.numbers, True, 1500),
    (partial(paper.numbers, style=SMALL, gap=(-0.1, 0), digits=(2, 6)), False, 5000),
    (partial(paper.numbers, style=SMALL, gap=(-0.1, 0), digits=(2, 6)), True, 5000),
    (partial(paper.numbers, style=SMALL, digits=(2, 8), lines=(2, 5)), False, 500),
    (partial(paper.numbers, style=SMALL, digits=(2, 8), lines=(2, 5)), True, 500),
    (partial(paper.numbers, style=FORM), False, 1500),
    (partial(paper.numbers, style=FORM), True, 1500),
    (partial(paper.numbers, style=SMALL, signs=True), False, 1000),
    (partial(paper.numbers, style=SMALL, signs=True), True, 1000),
    (partial(paper.letters, style=SMALL), False, 1000),
    (partial(paper.digits, style=SMALL), False, 2500),
    (partial(paper.digits, style=SMALL), True, 2500),
    (partial(paper.digits, style=FORM), False, 500),
    (partial(paper.digits, style=FORM), True, 500),
    (partial(paper.scribbles, style=SMALL), False, 1000),
    (partial(paper.blanks, style=SMALL), False, 2000),
    (partial(paper.blanks, style=FORM), False, 1000),
)


def main() -> None:
    """Make the pictures, train, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("segments.safetensors"))
    parser.add_argument("--quick", action="store_true", help="a few pictures: does it run?")
    options = parser.parse_args()
    check_folder(options.out)  # now, not after the training
    torch.set_num_threads(2)
    source = datasets.synthetic(200, 1)[0] if options.quick else datasets.mnist()[0]
    source, _ = source.split(HELD_OUT, seed=0)
    jobs = [
        (number, start, source if from_mnist else None)
        for number, (_, from_mnist, count) in enumerate(SETS)
        for start in range(0, 2 if options.quick else count, CHUNK)
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        made = list(processes.map(partial(segments, quick=options.quick), jobs))
    images, labels = (torch.from_numpy(np.concatenate(part)) for part in zip(*made, strict=True))
    del made  # some gigabytes, which are there twice
    print(f"{len(images):,} segments, {(labels < NOT_ONE).sum():,} of them digits", flush=True)
    network = trained(images, labels, epochs=1 if options.quick else EPOCHS)
    metadata = {"made_by": "examples/train_segments.py", "torch": str(torch.__version__)}
    write_artifact(options.out, network.state_dict(), metadata)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")


def segments(
    job: tuple[int, int, ImageSet | None], *, quick: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return what may be digits in a chunk of pictures, uint8 (N, 2, 32, 48), and labels (N,)."""
    torch.set_num_threads(1)
    number, start, source = job
    make, from_mnist, _ = SETS[number]
    more = {"source": source} if from_mnist else {}
    seed = 20_000_000 + 100_000 * number + start
    random = np.random.default_rng(seed)
    pictures = make(2 if quick else CHUNK, seed=seed, **more)
    found = [pair for picture in pictures for pair in labelled(picture, random)]
    images = np.array([image for image, _ in found], np.uint8).reshape(-1, 2, *SEEN)
    return images, np.array([label for _, label in found], int)


def labelled(
    picture: paper.PaperPicture, random: np.random.Generator
) -> list[tuple[np.ndarray, int]]:
    """Return segments of a picture: digits, and some that are none."""
    pairs = [
        pair
        for division, labels in divisions_with_truth(picture, nearest=True)
        for pair in zip(division.in_line(), labels, strict=True)
        if pair[1] is not None
    ]
    digits = [pair for pair in pairs if pair[1] < NOT_ONE]
    others = [pair for pair in pairs if pair[1] == NOT_ONE]
    without = [pair for pair in pairs if pair[1] == NO_DIGIT]
    return [
        found[place]
        for found, most in ((digits, DIGITS), (others, OTHERS), (without, WITHOUT))
        for place in random.permutation(len(found))[:most]
    ]


def trained(images: Tensor, labels: Tensor, *, epochs: int) -> nn.Module:
    """Return a trained network, its weights averaged over the last steps."""
    torch.manual_seed(0)
    network = SegmentNetwork().to(memory_format=torch.channels_last)

    def loss_of(batch: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(varied(images[batch].float() / 255))
        return functional.cross_entropy(logits.float(), labels[batch])

    return train(network, loss_of, len(images), epochs=epochs, **SETTINGS)


def varied(seen: Tensor) -> Tensor:
    """Turn, shear, scale and shift what is seen, all of it alike, at random."""
    count = len(seen)
    change = 0.08 * torch.randn(count, 2, 2) + torch.eye(2)
    shift = 0.03 * torch.randn(count, 2, 1)
    rows, columns = seen.shape[2:]
    aspect = torch.tensor([[1.0, rows / columns], [columns / rows, 1.0]])
    grid = functional.affine_grid(
        torch.cat([change * aspect, shift], dim=2), list(seen.shape), align_corners=False
    )
    moved = functional.grid_sample(seen, grid, align_corners=False)
    return moved.contiguous(memory_format=torch.channels_last)


if __name__ == "__main__":
    main()
