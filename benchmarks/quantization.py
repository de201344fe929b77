"""Compare networks in int8 with the same in float32, both as ONNX files in ONNX Runtime.

    pip install ".[benchmarks]"
    DIGITNET_DATA=... python benchmarks/quantization.py
    python benchmarks/quantization.py --quick

The networks are the pretrained one and the report's, trained by its recipe. Calibration images
are the first of the training set; accuracy is on the test set. float32 and int8 take turns.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import harness
import numpy as np
import onnxruntime
import torch

from digitnet import DigitClassifier, ImageSet

KINDS = ("float32", "int8")
BATCH = 256  # images at a time
REPEATS = 250  # of a call with a single image, which is short


def main() -> None:
    """Print a table of accuracy and size and one of speed, and write them with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contestant")
    parser.add_argument("--calibration", type=int, default=1000, help="images to calibrate on")
    parser.add_argument("--networks", nargs="+", default=["pretrained", "report"])
    options = harness.parse(parser)
    train, test = harness.mnist(quick=options.quick)
    rounds = 2 if options.quick else options.rounds
    probabilities: dict[str, np.ndarray] = {}
    sizes: dict[str, int] = {}  # bytes
    micros: dict[str, list[float]] = {}  # microseconds a picture
    for network in options.networks:
        classifier = _classifier(network, train, quick=options.quick)
        with tempfile.TemporaryDirectory() as folder:
            paths = {kind: Path(folder, f"{kind}.onnx") for kind in KINDS}
            classifier.export_onnx(paths["float32"])
            classifier.export_onnx(
                paths["int8"], quantize="int8", calibration=train.images[: options.calibration]
            )
            sessions = {kind: _session(path) for kind, path in paths.items()}
            for kind, path in paths.items():
                sizes[f"{network}, {kind}"] = path.stat().st_size
                probabilities[f"{network}, {kind}"] = _run(sessions[kind], test.images.numpy())
        for count in (len(test), 1):
            images = test.images[:count].numpy()
            timed = {
                f"{network}, {count:,} picture{'s' * (count > 1)}: {kind}": partial(
                    _time, session, images
                )
                for kind, session in sessions.items()
            }
            for name, seconds in harness.alternate(timed, rounds).items():
                micros[name] = [1e6 * taken / count for taken in seconds]
    _report_accuracy(options.out, probabilities, sizes, test.labels.numpy())
    _report_speed(options.out, micros)


def _classifier(network: str, train: ImageSet, *, quick: bool) -> DigitClassifier:
    if network == "pretrained":
        return DigitClassifier.pretrained(device="cpu")
    classifier = DigitClassifier(recipe=network, device="cpu", seed=0)
    classifier.fit(train, epochs=1 if quick else None, verbose=0)
    return classifier


def _session(path: Path) -> Any:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    # its threads wait in a loop for the next call, which would slow down whose turn is next
    settings.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def _run(session: Any, images: np.ndarray) -> np.ndarray:
    """Return probabilities (N, 10) of images (N, 1, 28, 28)."""
    parts = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    return np.concatenate([session.run(None, {"images": part})[0] for part in parts])


def _time(session: Any, images: np.ndarray) -> float:
    repeats = 1 if len(images) > 1 else REPEATS
    started = time.perf_counter()
    for _ in range(repeats):
        _run(session, images)
    return (time.perf_counter() - started) / repeats


def _report_accuracy(
    out: Path, probabilities: dict[str, np.ndarray], sizes: dict[str, int], labels: np.ndarray
) -> None:
    rows, figures = [], {}
    for name, values in probabilities.items():
        predictions = values.argmax(axis=1)
        first = probabilities[f"{name.partition(',')[0]}, float32"].argmax(axis=1)
        figures[name] = {
            "accuracy": float((predictions == labels).mean()),
            "other predictions": int((predictions != first).sum()),
            "cross-entropy": float(-np.log(values[np.arange(len(labels)), labels]).mean()),
            "bytes": sizes[name],
        }
        accuracy, other, loss, size = figures[name].values()
        rows.append((name, f"{accuracy:.2%}", str(other), f"{loss:.4f}", f"{size / 1000:,.0f}"))
    harness.report(
        out,
        "quantization",
        title=f"{len(labels):,} test digits in ONNX Runtime",
        columns=["network", "accuracy", "other than float32", "cross-entropy", "file, kB"],
        rows=rows,
        figures=figures,
    )


def _report_speed(out: Path, micros: dict[str, list[float]]) -> None:
    rows = []
    for name, values in micros.items():
        baseline = f"{name.rpartition(':')[0]}: float32"
        ratio = harness.median_and_range(harness.ratios(micros, name, baseline))
        rows.append((name, harness.median_and_range(values, 1), ratio))
    harness.report(
        out,
        "quantization_speed",
        title="Predicting in ONNX Runtime",
        columns=["network, pictures: numbers", "microseconds a picture", "times as fast"],
        rows=rows,
        figures=micros,
    )


if __name__ == "__main__":
    main()
