"""What `fine_tune` brings for one writer's digits, and what it costs on MNIST's test set.

    DIGITNET_DATA=... python benchmarks/fine_tuning.py
    python benchmarks/fine_tuning.py --quick

The writers are Swiss writers 11 to 14, who are in no training set, and on whom nothing was chosen.
Of each writer's scans, some are learnt, drawn with the seed, and all others are read. Two
classifiers learn them: the pretrained one, which rehearses digits that a program draws; and one
that its user trained on MNIST alone, with the recipe `fast` and another seed each time, which
rehearses MNIST's training digits.

The scans are prepared once, as `predict` prepares them, and read by the network alone. What
`predict` answers counts the reader network's own opinion, too; it is measured with the first seed.
"""

from __future__ import annotations

import copy
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import harness
import held_out_pictures as held_out
import numpy as np
import torch
from picture_sets import SEED, DigitSet, of_paper

from digitnet import DigitClassifier, ImageSet
from digitnet.data.image_set import DIGITS
from digitnet.datasets import paper
from digitnet.randomness import permutation

COUNTS = (0, 20, 50, 200)  # of a writer's digits that are learnt


class Writer(NamedTuple):
    """A writer's photos, and the digit of each, normalized to 28x28."""

    photos: DigitSet
    digits: ImageSet


class Result(NamedTuple):
    """Shares read right, in percent, after so many of a writer's digits were learnt.

    Attributes:
        classifier: Which one learnt them.
        count: Digits that were learnt.
        writer: Whose.
        seed: Of the draw.
        rest: Of the writer's other digits, by the network alone.
        predicted: Of the same, by `predict`; with the first seed.
        mnist: Of MNIST's test digits.
    """

    classifier: str
    count: int
    writer: str
    seed: int
    rest: float
    predicted: float | None
    mnist: float


def main() -> None:
    """Print a table, and write it with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="draws of the digits that are learnt")
    options = harness.parse(parser)

    # Data
    train, test = harness.mnist(quick=options.quick)
    pretrained = DigitClassifier.pretrained()
    if options.quick:
        options.seeds = 1
        photos = [of_paper("a program", paper.digits(40, seed=SEED + 60))]
    else:
        photos = [
            held_out.singles([number])._replace(name=f"writer {number}")
            for number in held_out.WRITERS
        ]
    writers = [_prepared(pretrained, digits) for digits in photos]

    # Fine-tuning
    results = []
    for seed in range(options.seeds):
        own = DigitClassifier(recipe="fast", seed=seed)
        own.fit(train, verbose=0)
        for writer in writers:
            counts = (0, 10) if options.quick else COUNTS
            for name, classifier, others in (
                ("pretrained", pretrained, None),
                ("trained on MNIST alone", own, train),
            ):
                for count in counts:
                    tuned = _tuned(classifier, writer, count, seed, others)
                    results.append(_measured(name, tuned, writer, count, seed, test))
        print(f"seed {seed} done", flush=True)
    _report(options.out, results)


def _prepared(classifier: DigitClassifier, photos: DigitSet) -> Writer:
    """Return a writer whose digits are found; a photo in which there is none is left out."""
    found = classifier.inspect(list(photos.pictures))
    kept = [index for index, each in enumerate(found) if each.digit is not None]
    pixels = torch.from_numpy(np.stack([found[index].pixels for index in kept]))[:, None]
    labels = photos.labels[kept]
    pictures = [photos.pictures[index] for index in kept]
    return Writer(
        DigitSet(photos.name, pictures, labels),
        ImageSet(pixels, torch.from_numpy(labels), DIGITS, photos.name),
    )


def _tuned(
    classifier: DigitClassifier, writer: Writer, count: int, seed: int, others: ImageSet | None
) -> DigitClassifier:
    """Return a classifier that has learnt so many of a writer's digits."""
    tuned = copy.deepcopy(classifier)
    if count:
        learnt = permutation(len(writer.digits), seed)[:count]
        tuned.fine_tune(writer.digits[learnt], rehearsal=others, verbose=0)
    return tuned


def _measured(
    name: str, tuned: DigitClassifier, writer: Writer, count: int, seed: int, test: ImageSet
) -> Result:
    """Measure a classifier on the writer's other digits, and on MNIST's test digits."""
    rest = permutation(len(writer.digits), seed)[count:]
    photos = [writer.photos.pictures[index] for index in rest.tolist()]
    return Result(
        name,
        count,
        writer.photos.name,
        seed,
        rest=100 * tuned.score(writer.digits[rest]),
        predicted=None if seed else 100 * tuned.score(photos, writer.digits.labels[rest]),
        mnist=100 * tuned.score(test),
    )


def _report(out: Path, results: Sequence[Result]) -> None:
    writers, rows = [*dict.fromkeys(result.writer for result in results)], []
    for name in dict.fromkeys(result.classifier for result in results):
        for count in dict.fromkeys(result.count for result in results):
            own = [r for r in results if (r.classifier, r.count) == (name, count)]
            of_each = [[r.rest for r in own if r.writer == writer] for writer in writers]
            first = statistics.mean(r.predicted for r in own if r.predicted is not None)
            rows.append(
                (
                    name,
                    f"{count}",
                    *(harness.mean_and_deviation(figures) for figures in of_each),
                    harness.mean_and_deviation([*_by_seed(own, "rest")]),
                    f"{first:.2f}",
                    harness.mean_and_deviation([*_by_seed(own, "mnist")]),
                )
            )
    columns = ["classifier", "digits learnt", *writers, "mean of the writers"]
    columns += ["the same by `predict`, first seed", "MNIST's test digits"]
    harness.report(
        out,
        "fine_tuning",
        title="Per cent of a writer's other digits read right, mean and deviation of the seeds",
        columns=columns,
        rows=rows,
        figures=[result._asdict() for result in results],
    )


def _by_seed(results: Sequence[Result], figure: str) -> Iterator[float]:
    """Yield a figure's mean over the writers for each seed."""
    for seed in dict.fromkeys(result.seed for result in results):
        yield statistics.mean(getattr(r, figure) for r in results if r.seed == seed)


if __name__ == "__main__":
    main()
