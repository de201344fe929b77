"""The report as a Markdown page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from digitnet.models.inspection import count_parameters, layer_rows
from reporting import original
from reporting.claims import Verdict
from reporting.evaluation import confusion_rows
from reporting.options import Data
from reporting.runs import Run
from reporting.tables import percent, table


def write(
    path: Path,
    *,
    data: Data,
    runs: list[Run],
    verdicts: list[Verdict],
    machine: dict[str, str],
    seconds: float,
    memory_mib: float | None,
    command: str,
) -> None:
    """Write the whole report; its figures are expected beside it."""
    sections = [
        "# Handwritten digits with a convolutional network\n",
        *([f"> **NOT COMPARABLE.** {data.warning}\n"] if data.warning else []),
        _summary(runs),
        _data_set(data),
        _preprocessing(),
        _architecture(runs[0]),
        _training(runs),
        _results(runs),
        _per_class(runs),
        _confusions(runs[0]),
        _mistakes(runs[0]),
        _verdicts(verdicts, on_mnist=not data.warning),
        _conditions(runs, machine, seconds, memory_mib, command),
    ]
    path.write_text("\n".join(sections), encoding="utf-8")


def epoch_rows(runs: list[Run]) -> list[list[str]]:
    """Return a row for each epoch of the original's table that was run: ours, then its."""
    rows = []
    for epoch in [epoch for epoch in original.EPOCHS if epoch <= len(runs[0].history)]:
        logs = [run.history[epoch - 1] for run in runs]
        printed = original.EPOCHS[epoch]
        rows.append(
            [
                str(epoch),
                f"{np.mean([log.loss for log in logs]):.4f}",
                percent(np.array([log.accuracy for log in logs])),
                f"{np.mean([log.val_loss for log in logs]):.4f}",
                percent(np.array([log.val_accuracy for log in logs])),
                f"{printed.train_loss:.4f}",
                f"{printed.train_accuracy:.2%}",
                f"{printed.test_loss:.4f}",
                f"{printed.test_accuracy:.2%}",
            ]
        )
    return rows


EPOCH_HEADER = [
    "epoch",
    "train loss",
    "train accuracy",
    "test loss",
    "test accuracy",
    "original's train loss",
    "original's train accuracy",
    "original's test loss",
    "original's test accuracy",
]


def _summary(runs: list[Run]) -> str:
    accuracies = np.array([run.test.accuracy for run in runs])
    seeds = f", the mean ± standard deviation of {len(runs)} seeds" if len(runs) > 1 else ""
    return (
        f"A network of {count_parameters(runs[0].classifier.model):,} parameters reads "
        f"**{percent(accuracies)}** of the test set after {len(runs[0].history)} epochs{seeds}. "
        "`python examples/mnist_report.py` makes this page, its tables and its figures.\n"
    )


def _data_set(data: Data) -> str:
    train, test = data.train, data.test
    counts = [
        [name, *(f"{count:,}" for count in images.class_counts.tolist()), f"{len(images):,}"]
        for name, images in (("training", train), ("test", test))
    ]
    return f"""## The data set

{train.name} and {test.name}: {len(train):,} and {len(test):,} grey pictures of 28x28 pixels,
light on dark.

{table(["set", *train.classes, "all"], counts)}

![Pictures of each class](class_distribution.png)

![The first pictures of each class](samples.png)
"""


def _preprocessing() -> str:
    return """## Preprocessing

The grey levels 0 to 255 are divided by 255, then normalised with mean 0.1307 and standard
deviation 0.3081. The network does this itself. There is no augmentation.
"""


def _architecture(run: Run) -> str:
    model = run.classifier.model
    parts = layer_rows(model, run.classifier.input_shape)
    rows = [[str(number), *part.cells] for number, part in enumerate(parts, start=1)]
    rows.append(["", "total", "", f"{count_parameters(model):,}"])
    return f"""## The network

{table(["layer", "type", "output shape", "parameters"], rows)}
"""


def _training(runs: list[Run]) -> str:
    recipe = runs[0].classifier.effective_recipe
    return f"""## Training

Cross-entropy loss, Adam with a constant learning rate of {recipe.learning_rate:g}, batches of
{recipe.batch_size} in a new order each epoch, {recipe.epochs} epochs, {recipe.precision}.
The test set is evaluated after each epoch, as in the original; nothing is chosen by it, and
figures are those of the last epoch.
"""


def _results(runs: list[Run]) -> str:
    rows = epoch_rows(runs)
    what = f"means over {len(runs)} seeds, ± standard deviation" if len(runs) > 1 else "one seed"
    return f"""## Results

This run ({what}) beside the figures that the original printed:

{table(EPOCH_HEADER, rows)}

Training figures are collected while the weights change and dropout is active, test figures
after the epoch and without dropout: so the test figures are better at first.

Figures of seed {runs[0].seed} (the first figure calls the test set validation):

![Loss and accuracy over the epochs](learning_curves.png)

![Confusion matrix](confusion_matrix.png)

![Accuracy of each class](per_class_accuracy.png)
"""


def _per_class(runs: list[Run]) -> str:
    accuracies = np.array([run.test.per_class for run in runs])
    rows = [
        [name, f"{count:,}", percent(accuracies[:, label])]
        for label, (name, count) in enumerate(
            zip(runs[0].test.classes, runs[0].test.class_counts.tolist(), strict=True)
        )
    ]
    what = f"Means over {len(runs)} seeds:\n\n" if len(runs) > 1 else ""
    return f"""## Accuracy of each digit

{what}{table(["digit", "test pictures", "accuracy"], rows)}
"""


def _confusions(run: Run) -> str:
    return f"""## Confusions

Seed {run.seed}, the ten most frequent:

{table(["digit", "read as", "times"], confusion_rows(run.test))}
"""


def _mistakes(run: Run) -> str:
    count = len(run.test.mistakes())
    return f"""## The worst mistakes

Seed {run.seed} reads {count} of {len(run.test.labels):,} test pictures wrong. The most confident
mistakes:

![The most confident mistakes](mistakes.png)
"""


def _verdicts(verdicts: list[Verdict], *, on_mnist: bool) -> str:
    if not verdicts:
        return (
            "## The original's claims\n\n"
            f"Not judged: they are about {original.FINAL_EPOCH} epochs.\n"
        )
    rows = [[verdict.claim, verdict.found, f"**{verdict.holds}**"] for verdict in verdicts]
    judged = f"""## The original's claims

{table(["claim", "found here", "does it hold?"], rows)}
"""
    tried = """
The original's first epoch learns less than the recipe that it states.
`benchmarks/first_epoch.py` tries what its text may have left out: of smaller learning rates,
larger batches and no normalisation, batches of 256 instead of 64 come nearest to its first two
rows.
"""
    return judged + tried if on_mnist else judged


def _conditions(
    runs: list[Run],
    machine: dict[str, str],
    seconds: float,
    memory_mib: float | None,
    command: str,
) -> str:
    epoch_seconds = [log.epoch_seconds for run in runs for log in run.history]
    rows = [
        ["command", f"`{command}`"],
        *([key, value] for key, value in machine.items()),
        ["seeds", ", ".join(str(run.seed) for run in runs)],
        ["one epoch of training", f"{np.median(epoch_seconds):.1f} s (median)"],
        ["everything", f"{seconds:.0f} s"],
    ]
    if memory_mib is not None:
        rows.append(["peak memory", f"{memory_mib:,.0f} MiB"])
    return f"""## How this was made

{table(["what", "value"], rows)}

The command writes all figures to [`results.json`](results.json), and the network of the first
seed to `model.safetensors`.
"""
