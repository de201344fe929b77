"""Draw the test set by two principal components, of its pixels and of a network's features.

python examples/embeddings.py
python examples/embeddings.py --quick
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from reporting.figures import save
from reporting.manifest import record
from reporting.options import load
from rich.console import Console

from digitnet import DigitClassifier, ImageSet


def main() -> None:
    """Draw the figure."""
    parser = argparse.ArgumentParser(description="Draw embeddings of the test set.")
    parser.add_argument("--data", default="auto", help="auto, mnist, synthetic or a folder")
    parser.add_argument("--out", type=Path, default=Path("embeddings.png"), help="the figure")
    parser.add_argument("--quick", action="store_true", help="on part of the data")
    options = parser.parse_args()

    test = load(options.data, quick=options.quick, console=Console()).test
    features = DigitClassifier.pretrained().features(test)
    figure = draw({"784 pixels": test.images.flatten(1).numpy(), "128 features": features}, test)
    save(figure, options.out)
    record(options.out.parent, [options.out.name])
    print(f"The figure is in {options.out}.")


def draw(tables: dict[str, np.ndarray], images: ImageSet) -> Figure:
    """Return a panel for each table (N, D), with each picture in the colour of its class."""
    figure = Figure((10, 5), dpi=100, layout="constrained")
    labels = images.labels.numpy()
    for axes, (name, table) in zip(figure.subplots(1, len(tables)), tables.items(), strict=True):
        points, share = principal_components(table, 2)
        axes.scatter(*points.T, s=1, c=labels, cmap="tab10", vmin=0, vmax=9, antialiased=False)
        for label, title in enumerate(images.classes):
            if (labels == label).any():
                x, y = np.median(points[labels == label], axis=0)
                box = {"boxstyle": "circle,pad=0.2", "fc": "white", "lw": 0.5}
                axes.text(x, y, title, ha="center", va="center", weight="bold", bbox=box)
        axes.set_title(f"{name}: {share:.0%} of the variance")
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def principal_components(table: np.ndarray, count: int) -> tuple[np.ndarray, float]:
    """Return the first principal components (N, count), and their share of the variance."""
    centred = table.astype(np.float64) - table.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred)  # ascending
    return centred @ axes[:, -count:][:, ::-1], variances[-count:].sum() / variances.sum()


if __name__ == "__main__":
    main()
