"""Make the reader's training crops: generated pictures, scanned digits, photos of grids.

Crops lie in one folder as .npy files that are mapped into memory. A run that was stopped goes on
where it was. The same settings give the same crops, whatever the number of processes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from crops import MOST_DIGITS, SIDE, Crop, Truth, truth_of, views
from grid_truth import grid_truths
from tqdm import tqdm

from digitnet.datasets import paper, synthetic
from digitnet.datasets.folders import data_folder
from digitnet.datasets.paper import Handwriting, PaperPicture
from digitnet.datasets.pen_digits import mnist_handwriting, swiss_digits, swiss_numbers

TRAIN_WRITERS = range(1, 11)  # of the Swiss digits; 11 to 14 are held out
SEED = 330_000_000
CHUNK = 20  # pictures of a job
DITHERED = 0.06  # share of the pictures that are black or white only
HELD_OUT = 50  # every 50th job's pictures are not trained on: the score is fitted to them

SMALL = paper.Style(size=(48, 420))
WIDE = paper.Style(size=(100, 600))
FAR = paper.Style(size=(150, 900), height=(0.02, 0.15))
FILLED = paper.Style(size=(28, 200), height=(0.75, 1.0))
FORM = replace(SMALL, forms=paper.FORMS)
WIDE_FORM = replace(WIDE, forms=paper.FORMS)
ROUGH = ("edge", "pasted", "stained", "crumpled", "print behind", "writing behind")
DIM = replace(SMALL, papers=ROUGH, shadow=(0.2, 0.7))
UNEVEN = replace(WIDE, papers=ROUGH, shadow=(0.2, 0.7))
GRID = replace(WIDE, size=(200, 640), forms=("boxes", "boxes", "table", "squares"))

Make = Callable[..., Sequence[PaperPicture]]


class Kind(NamedTuple):
    """Pictures of one kind: how they are made, how many from each source, views of each.

    Attributes:
        make: Called with a count, a seed and, if it takes one, a source.
        counts: Pictures from strokes, from MNIST's writers, from the Swiss writers; or, of what
            takes no source, one number.
        close: Views in which digits are large enough to be read.
        far: Views in which they are too small.
        near: Views in which they are too large.
    """

    make: Make
    counts: tuple[int, ...]
    close: int
    far: int
    near: int = 0


_NUMBERS, _DIGITS, _ENTRIES = (
    partial(f, style=WIDE) for f in (paper.numbers, paper.digits, paper.entries)
)
_GRIDS = partial(
    paper.tables, digits=1, rows=(3, 9), columns=(3, 9), gap=(0.2, 1.0), printed=0.4, style=GRID
)
KINDS = {
    "numbers": Kind(_NUMBERS, (1500, 1600, 1900), 2, 1, 1),
    "touching": Kind(partial(_NUMBERS, gap=(-0.1, 0.02), digits=(2, 6)), (1100, 1100, 1400), 3, 0),
    "numbers in bad light": Kind(partial(paper.numbers, style=UNEVEN), (600, 600, 700), 2, 1, 1),
    "numbers on forms": Kind(partial(paper.numbers, style=WIDE_FORM), (1200, 1200, 1200), 2, 1),
    "telephone numbers": Kind(partial(_NUMBERS, signs=True), (900, 900, 900), 2, 1),
    "pages": Kind(partial(_NUMBERS, lines=(2, 6)), (350, 250, 400), 4, 2),
    "entries": Kind(partial(_ENTRIES, printed=0.2), (1400, 1400, 2200), 2, 1),
    "lists": Kind(partial(_ENTRIES, lines=(2, 5), printed=0.3), (400, 400, 600), 4, 2),
    "entries on forms": Kind(
        partial(paper.entries, printed=0.15, style=WIDE_FORM), (400, 400, 500), 2, 1
    ),
    "tables": Kind(partial(paper.tables, printed=0.3, style=WIDE), (250, 150, 300), 5, 2),
    "grids": Kind(_GRIDS, (250, 250, 350), 5, 2),
    "digits": Kind(partial(paper.digits, style=SMALL), (1100, 1300, 1200), 1, 1, 2),
    "large digits": Kind(paper.digits, (300, 300, 300), 1, 1, 2),
    "filled frames": Kind(partial(paper.digits, style=FILLED), (700, 900, 700), 2, 0, 1),
    "far digits": Kind(partial(paper.digits, style=FAR), (350, 350, 350), 1, 2),
    "digits on forms": Kind(partial(paper.digits, style=FORM), (800, 800, 800), 1, 1, 1),
    "digits in bad light": Kind(partial(paper.digits, style=DIM), (500, 700, 500), 1, 1, 1),
    "blank": Kind(partial(paper.blanks, style=SMALL), (900,), 2, 1, 1),
    "blank sheets": Kind(partial(paper.blanks, style=DIM), (900,), 2, 1, 1),
    "blank forms": Kind(partial(paper.blanks, style=FORM), (500,), 2, 1),
    "scribbles": Kind(partial(paper.scribbles, style=SMALL), (600,), 2, 1),
    "letters": Kind(partial(paper.letters, style=SMALL), (1300,), 2, 1),
    "texts": Kind(partial(paper.texts, style=WIDE), (600,), 5, 2),
    "scanned numbers": Kind(partial(swiss_numbers, writers=TRAIN_WRITERS), (2800,), 3, 1, 1),
    "scanned digits": Kind(
        partial(swiss_numbers, writers=TRAIN_WRITERS, digits=(1, 1)), (2200,), 1, 1, 1
    ),
}
PHOTO_VIEWS = (40, 8, 8)  # of each photo of a grid: close, far and near
FIELDS = {
    "grey": (SIDE, SIDE),
    "ink": (SIDE, SIDE),
    "owners": (SIDE, SIDE),
    "table": (MOST_DIGITS, 5),
}


class Job(NamedTuple):
    """Some pictures, and the place of their crops among all."""

    kind: str
    source: int
    seed: int
    count: int
    start: int


def jobs(share: float) -> list[Job]:
    """Return all jobs, of a share of the pictures."""
    planned, start = [], 0
    for number, (name, kind) in enumerate(KINDS.items()):
        if name.startswith("scanned") and data_folder() is None:
            continue
        for source, total in enumerate(kind.counts):
            total = max(1, round(share * total))
            for first in range(0, total, CHUNK):
                count = min(CHUNK, total - first)
                seed = SEED + 100_000 * (5 * number + source) + first
                planned.append(Job(name, source, seed, count, start))
                start += count * (kind.close + kind.far + kind.near)
    for number in range(len(_photos()) if share == 1 else min(1, len(_photos()))):
        planned.append(Job("photo", number, SEED + number, 1, start))
        start += sum(PHOTO_VIEWS)
    return planned


def size_of(job: Job) -> int:
    """Return the number of a job's crops."""
    kind = KINDS.get(job.kind)
    return sum(PHOTO_VIEWS) if kind is None else job.count * (kind.close + kind.far + kind.near)


def split(share: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which crops are held out, and which are trained on: no picture is in both."""
    held_out, kept = list[int](), list[int]()
    for number, job in enumerate(jobs(share), start=1):
        side = kept if number % HELD_OUT else held_out
        side += range(job.start, job.start + size_of(job))
    return torch.tensor(held_out), torch.tensor(kept)


def make_crops(folder: Path, *, share: float = 1.0, processes: int = 2) -> None:
    """Write all crops to a folder; what is there already stays."""
    planned = jobs(share)
    total = planned[-1].start + size_of(planned[-1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape in FIELDS.items():
        path = folder / f"{name}.npy"
        if not path.exists():
            kind = np.float32 if name == "table" else np.uint8
            np.lib.format.open_memmap(path, "w+", kind, (total, *shape)).flush()
    done = folder / "done.txt"
    finished = set(done.read_text().split()) if done.exists() else set()
    left = [job for job in planned if str(job.start) not in finished]
    left = [left[place] for place in np.random.default_rng(0).permutation(len(left))]
    with (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        done.open("a") as record,
    ):
        for start in tqdm(pool.map(partial(_run, folder), left), total=len(left), mininterval=20):
            record.write(f"{start}\n")
            record.flush()


def load_crops(folder: Path) -> dict[str, torch.Tensor]:
    """Return the fields of all crops, mapped into memory."""
    return {
        name: torch.from_numpy(np.load(folder / f"{name}.npy", mmap_mode="r+")) for name in FIELDS
    }


def settings_digest() -> str:
    """Return a digest of all that the crops depend on but the code."""
    plan = [(name, *_call(kind.make), *kind[1:]) for name, kind in KINDS.items()]
    return hashlib.sha256(json.dumps([SEED, DITHERED, plan], default=str).encode()).hexdigest()


def _call(make: Make) -> tuple[str, dict[str, object]]:
    """Return the name of what makes pictures, and its arguments."""
    if isinstance(make, partial):
        return make.func.__name__, make.keywords
    return make.__name__, {}


def _run(folder: Path, job: Job) -> int:
    torch.set_num_threads(1)
    rng = np.random.default_rng(job.seed)
    made = list(_crops(job, rng))
    for name in FIELDS:
        stored = np.load(folder / f"{name}.npy", mmap_mode="r+")
        stored[job.start : job.start + len(made)] = np.stack([getattr(crop, name) for crop in made])
        stored.flush()
    return job.start


def _crops(job: Job, rng: np.random.Generator) -> Iterator[Crop]:
    if job.kind == "photo":
        yield from views(_photos()[job.source], *PHOTO_VIEWS, rng)
        return
    kind = KINDS[job.kind]
    source = {"source": _sources()[job.source]} if len(kind.counts) == 3 else {}
    for made in kind.make(job.count, seed=job.seed, **source):
        if rng.random() < DITHERED:
            made = replace(made, picture=made.picture.convert("1"))
        yield from views(truth_of(made), kind.close, kind.far, kind.near, rng)


@cache
def _sources() -> tuple[None, Handwriting, Handwriting]:
    """Return where digits come from; without data, synthetic ones stand for both collections."""
    if data_folder() is None:
        digits, _ = synthetic(300, 1)
        writers = np.arange(len(digits)) % 7
        drawn = Handwriting(
            digits.images[:, 0].numpy(), digits.labels.numpy(), writers, "synthetic"
        )
        return None, drawn, drawn
    return None, mnist_handwriting()[0], swiss_digits().of_writers(TRAIN_WRITERS)


@cache
def _photos() -> list[Truth]:
    folder = data_folder()
    return [] if folder is None else list(grid_truths(folder / "grids", held_out=False))
