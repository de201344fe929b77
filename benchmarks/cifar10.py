"""Time one epoch of the recipe `cifar10`: `fit` against a plain loop of the same network.

    DIGITNET_DATA=... python benchmarks/cifar10.py
    python benchmarks/cifar10.py --quick

Both take turns in one process. The loop is the recipe by hand: the same network and optimizer,
torch's own schedule, images padded, cropped and mirrored with torch, bfloat16 where the
processor has it; no random state, checkpoints, figures or checks. Speed does not depend on what
the images show, so random ones are used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import harness
import torch
from torch import Tensor
from torch.nn import functional

from digitnet import ImageClassifier, ImageSet, Recipe, models
from digitnet.datasets.cifar10 import CLASSES
from digitnet.devices import resolve_precision
from digitnet.optimizer import build_optimizer
from digitnet.recipe import CIFAR10

SHAPE = (3, 32, 32)
MEAN, STD = 0.473, 0.251  # of all training pixels of CIFAR-10, in [0, 1]


def main() -> None:
    """Print a table, and write it with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each")
    parser.add_argument("--pictures", type=int, default=50 * CIFAR10.batch_size, help="of an epoch")
    options = harness.parse(parser)
    if options.quick:
        options.rounds, options.pictures = 1, 2 * CIFAR10.batch_size
    precision = resolve_precision(CIFAR10.precision, torch.device("cpu"))
    recipe = replace(CIFAR10, epochs=1, precision=precision)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (options.pictures, *SHAPE), dtype=torch.uint8, generator=generator)
    train = ImageSet(images, torch.arange(options.pictures) % 10, CLASSES)
    contestants = {"plain loop": _loop, "digitnet": _fit}
    seconds = harness.alternate(
        {
            name: lambda prepare=prepare: harness.seconds_of(prepare(train, recipe))
            for name, prepare in contestants.items()
        },
        options.rounds,
    )
    added = [100 * (1 / ratio - 1) for ratio in harness.ratios(seconds, "digitnet", "plain loop")]
    rows = [(name, harness.median_and_range(taken)) for name, taken in seconds.items()]
    rows.append(("what `fit` adds, in per cent", harness.median_and_range(added, 1)))
    harness.report(
        options.out,
        "cifar10_epoch",
        title=f"One epoch of the recipe `cifar10`, {options.pictures:,} pictures, "
        f"batch {recipe.batch_size}",
        columns=["contestant", "seconds"],
        rows=rows,
        figures=seconds,
    )


def _fit(train: ImageSet, recipe: Recipe) -> Callable[[], object]:
    classifier = ImageClassifier(
        classes=CLASSES, input_shape=SHAPE, recipe=recipe, device="cpu", seed=0
    )
    return lambda: classifier.fit(train)


def _loop(train: ImageSet, recipe: Recipe) -> Callable[[], None]:
    model = models.build(recipe.network, classes=10, input_shape=SHAPE)
    model = model.to(memory_format=torch.channels_last).train()
    optimizer = build_optimizer(recipe, model)
    steps = -(-len(train) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps, cycle_momentum=False
    )

    def epoch() -> None:
        losses, correct = [], []
        for index in torch.randperm(len(train)).split(recipe.batch_size):
            x, y = _augmented(train.images[index]), train.labels[index]
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
                logits = model(x.contiguous(memory_format=torch.channels_last))
            loss = functional.cross_entropy(
                logits.float(), y, label_smoothing=recipe.label_smoothing
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.detach())
            correct.append((logits.argmax(dim=1) == y).sum())
        torch.stack(losses).mean().item(), torch.stack(correct).sum().item()

    return epoch


def _augmented(images: Tensor) -> Tensor:
    """Pad, crop, mirror and normalise a batch."""
    x = images.float().div_(255).sub_(MEAN).div_(STD)
    reach = int(CIFAR10.augmentation.crop) if CIFAR10.augmentation else 0
    padded = functional.pad(x, [reach] * 4, mode="reflect")
    windows = padded.unfold(2, x.shape[2], 1).unfold(
        3, x.shape[3], 1
    )  # (N, C, 2r + 1, 2r + 1, H, W)
    down, across = torch.randint(2 * reach + 1, (2, len(x)))
    cropped = windows[torch.arange(len(x)), :, down, across]
    return torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, cropped.flip(-1), cropped)


if __name__ == "__main__":
    main()
