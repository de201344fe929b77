"""The original's claims, judged by the figures of our runs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from reporting import original
from reporting.runs import Run
from reporting.tables import percent


@dataclass(frozen=True)
class Verdict:
    """A claim of the original, what was found, and whether it holds."""

    claim: str
    found: str
    holds: str


def judge(runs: list[Run]) -> list[Verdict]:
    """Judge each claim; runs of another length than the original's are not judged."""
    if len(runs[0].history) != original.FINAL_EPOCH:
        return []
    return [
        _final_accuracy(runs),
        _first_epoch(runs),
        _every_digit(runs),
        _hardest_and_easiest(runs),
        _confusions(runs),
        _gap(runs),
    ]


def _final_accuracy(runs: list[Run]) -> Verdict:
    wanted = original.EPOCHS[original.FINAL_EPOCH].test_accuracy
    accuracies = np.array([run.history[-1].val_accuracy for run in runs])
    return Verdict(
        f"The test accuracy after {original.FINAL_EPOCH} epochs is {wanted:.2%}.",
        percent(accuracies),
        "yes" if accuracies.mean() >= wanted else "no",
    )


def _first_epoch(runs: list[Run]) -> Verdict:
    wanted = original.EPOCHS[1]
    train = np.array([run.history[0].accuracy for run in runs])
    test = np.array([run.history[0].val_accuracy for run in runs])
    near = abs(test.mean() - wanted.test_accuracy) <= 0.002
    near &= abs(train.mean() - wanted.train_accuracy) <= 0.01
    direction = "better" if test.mean() > wanted.test_accuracy else "worse"
    return Verdict(
        f"The first epoch ends at {wanted.train_accuracy:.2%} in training and "
        f"{wanted.test_accuracy:.2%} in the test.",
        f"{percent(train)} in training, {percent(test)} in the test",
        "yes" if near else f"no, it starts {direction}",
    )


def _every_digit(runs: list[Run]) -> Verdict:
    lowest = np.array([run.test.per_class.min() for run in runs])
    above = int((lowest > original.LOWEST_CLASS_ACCURACY).sum())
    return Verdict(
        f"Every digit is above {original.LOWEST_CLASS_ACCURACY:.1%}.",
        f"the lowest has {percent(lowest)}, whichever it is in a seed",
        _share(above, len(runs)),
    )


def _hardest_and_easiest(runs: list[Run]) -> Verdict:
    mean = np.mean([run.test.per_class for run in runs], axis=0)
    hardest, easiest = int(mean.argmin()), int(mean.argmax())
    right = (hardest == original.HARDEST) + (easiest == original.EASIEST)
    return Verdict(
        f"{original.HARDEST} is the hardest digit ({original.HARDEST_ACCURACY:.1%}) and "
        f"{original.EASIEST} the easiest.",
        f"{hardest} is the hardest ({mean[hardest]:.2%}) and {easiest} the easiest "
        f"({mean[easiest]:.2%}); {original.HARDEST} has {mean[original.HARDEST]:.2%} and "
        f"{original.EASIEST} has {mean[original.EASIEST]:.2%}",
        ("no", "half", "yes")[right],
    )


def _confusions(runs: list[Run]) -> Verdict:
    total = np.sum([run.test.confusion for run in runs], axis=0)
    counts = {(a, b): int(total[a, b] + total[b, a]) for a, b in combinations(range(10), 2)}
    ranked = sorted(counts, key=lambda pair: -counts[pair])
    commonest = ", ".join(f"{a}/{b} ({counts[a, b]})" for a, b in ranked[:4])
    ranks = {pair: ranked.index(pair) + 1 for pair in original.CONFUSED_PAIRS}
    among = sum(rank <= 2 for rank in ranks.values())
    places = " and ".join(f"{a}/{b} is number {rank}" for (a, b), rank in ranks.items())
    return Verdict(
        "4/9 and 3/5 are the commonest confusions.",
        f"the commonest, both ways and in all seeds together, are {commonest}; {places}",
        ("no", "half", "yes")[among],
    )


def _gap(runs: list[Run]) -> Verdict:
    gap = np.array([run.train_accuracy - run.test.accuracy for run in runs])
    train = np.array([run.train_accuracy for run in runs])
    return Verdict(
        "The gap between training and test accuracy is small.",
        f"{100 * gap.mean():.2f} points: without dropout, the training set is read at "
        f"{percent(train)}. The training accuracy in the table, measured while dropout is at "
        "work, hides that",
        "yes" if gap.mean() < 0.01 else "no",
    )


def _share(count: int, total: int) -> str:
    if total == 1:
        return "yes" if count else "no"
    return f"in {count} of {total} seeds"
