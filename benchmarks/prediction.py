"""Time predictions: digitnet against ONNX Runtime and against torch as it comes.

    pip install ".[benchmarks]"
    DIGITNET_DATA=... python benchmarks/prediction.py
    python benchmarks/prediction.py --quick

All compute in float32, on the same trained network and with the same number of threads, and
take turns. Checked before: all give the same digits.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import harness
import numpy as np
import torch

from digitnet import DigitClassifier

ONNX_BATCH = 256  # pictures at a time
LEAST_REPEATS = 5  # of a call; more where it is short


def main() -> None:
    """Print two tables, and write them with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contestant")
    options = harness.parse(parser)
    train, test = harness.mnist(quick=options.quick)
    rounds = 2 if options.quick else options.rounds
    each: dict[str, list[float]] = {}  # microseconds a picture
    with tempfile.TemporaryDirectory() as folder:
        for recipe in ("report", "fast"):
            classifier = DigitClassifier(recipe=recipe, device="cpu", seed=0)
            classifier.fit(train[:6_400], epochs=1, verbose=0)
            path = Path(folder, f"{recipe}.safetensors")
            classifier.save(path)
            session = _onnx_session(classifier, Path(folder, f"{recipe}.onnx"))
            for count in (len(test), 1):
                runs = _contestants(classifier, session, test.images[:count].numpy())
                timed = {
                    f"{recipe}, {count:,} picture{'s' * (count > 1)}: {who}": partial(
                        _time, run, count
                    )
                    for who, run in runs.items()
                }
                for name, seconds in harness.alternate(timed, rounds).items():
                    each[name] = [1e6 * taken / count for taken in seconds]
        bare, first = "import torch", "import torch and digitnet, load, first picture"
        start = {
            bare: partial(_first_prediction, path, load=False),
            first: partial(_first_prediction, path, load=True),
        }
        start_seconds = harness.alternate(start, rounds)
    rows = []
    for name, micros in each.items():
        own = f"{name.partition(':')[0]}: digitnet"
        ratio = harness.median_and_range(harness.ratios(each, own, name))
        rows.append((name, harness.median_and_range(micros, 1), ratio))
    harness.report(
        options.out,
        "prediction",
        title="Predicting in float32",
        columns=["network, pictures: with", "microseconds a picture", "times digitnet's"],
        rows=rows,
        figures=each,
        figure=harness.bars(
            {name: micros for name, micros in each.items() if "pictures" in name},
            "microseconds a picture",
        ),
    )
    start_seconds["added to `import torch`"] = [
        whole - alone
        for whole, alone in zip(start_seconds[first], start_seconds[bare], strict=True)
    ]
    harness.report(
        options.out,
        "first_prediction",
        title="From the start of Python to the first digit",
        columns=["what", "seconds"],
        rows=[(name, harness.median_and_range(times, 3)) for name, times in start_seconds.items()],
        figures=start_seconds,
    )


def _contestants(
    classifier: DigitClassifier, session: Any, images: np.ndarray
) -> dict[str, Callable[[], np.ndarray]]:
    network, tensor = classifier._network, torch.from_numpy(images)

    def as_it_comes() -> np.ndarray:
        with torch.no_grad():
            return network(tensor).argmax(dim=1).numpy()

    def onnx_runtime() -> np.ndarray:
        parts = (images[start : start + ONNX_BATCH] for start in range(0, len(images), ONNX_BATCH))
        logits = [session.run(None, {"images": part})[0] for part in parts]
        return np.concatenate(logits).argmax(axis=1)

    runs = {"digitnet": lambda: classifier.predict(images), "torch as it comes": as_it_comes}
    if session is not None:
        runs["ONNX Runtime"] = onnx_runtime
    answers = [run() for run in runs.values()]
    if not all((answer == answers[0]).all() for answer in answers):
        raise SystemExit("Expected all contestants to read the same digits.")
    return runs


def _onnx_session(classifier: DigitClassifier, path: Path) -> Any:
    """Return the network in ONNX Runtime, or `None` where that is not installed."""
    if find_spec("onnxruntime") is None or find_spec("onnxscript") is None:
        print('ONNX Runtime: not installed, left out; pip install ".[benchmarks]"')
        return None
    import onnxruntime

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own
        torch.onnx.export(
            classifier._network.eval(),
            (torch.zeros(2, *classifier.input_shape, dtype=torch.uint8),),
            path,
            input_names=["images"],
            dynamic_shapes={"images": {0: torch.export.Dim("batch")}},
            dynamo=True,
            verbose=False,
        )
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    # its threads wait in a loop for the next call, which would slow down whose turn is next
    settings.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def _time(run: Callable[[], object], count: int) -> float:
    repeats = LEAST_REPEATS if count > 1 else 50 * LEAST_REPEATS
    started = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - started) / repeats


def _first_prediction(path: Path, *, load: bool) -> float:
    script = "import torch"
    if load:
        script += (
            "; from digitnet import DigitClassifier"
            f"; clf = DigitClassifier.load({str(path)!r})"
            "; clf.predict(torch.zeros(1, 28, 28, dtype=torch.uint8))"
        )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
