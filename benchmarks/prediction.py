"""Time predictions: digitnet against ONNX Runtime and against torch as it comes.

    pip install ".[benchmarks]"
    DIGITNET_DATA=... python benchmarks/prediction.py
    python benchmarks/prediction.py --quick

All compute on the same trained network and with the same number of threads, and take turns. Those
in float32 are first checked to give the same digits, and bfloat16, where the hardware has it, to
give nearly all of them.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import charts
import harness
import numpy as np
import torch

from digitnet import DigitClassifier, ImageSet
from digitnet.devices import has_native_bfloat16

ONNX_BATCH = 256  # images a call
LEAST_SAME = 0.99  # share of digits that bfloat16 reads as float32 does
REPEATS = 5  # calls a turn, for all images
REPEATS_OF_ONE = 250  # calls a turn, for one image: a call takes under a millisecond
BARE, FIRST = "import torch", "import torch and digitnet, load, first picture"


def main() -> None:
    """Print two tables, and write them with the figures."""
    harness.relaunch()
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contestant")
    options = harness.parse(parser)
    train, test = harness.mnist(quick=options.quick)
    rounds = 2 if options.quick else options.rounds
    micros: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for recipe in ("report", "fast"):
            classifier = DigitClassifier(recipe=recipe, device="cpu", seed=0)
            classifier.fit(train[:6_400], epochs=1, verbose=0)
            saved = Path(folder, f"{recipe}.safetensors")
            classifier.save(saved)
            micros |= _microseconds(classifier, test, saved.with_suffix(".onnx"), rounds)
        start_seconds = harness.alternate(_starts(saved), rounds)
    _report_predictions(micros, options.out)
    _report_starts(start_seconds, options.out)


def _microseconds(
    classifier: DigitClassifier, test: ImageSet, onnx: Path, rounds: int
) -> dict[str, list[float]]:
    """Return microseconds an image of each contestant, for all images and for one."""
    session = _onnx_session(classifier, onnx)
    recipe, found = classifier.recipe.name, {}
    for count in (len(test), 1):
        runs = _contestants(classifier, session, test.images[:count].numpy())
        timed = {
            f"{recipe}, {count:,} picture{'s' * (count > 1)}: {name}": partial(_time, run, count)
            for name, run in runs.items()
        }
        for name, seconds in harness.alternate(timed, rounds).items():
            found[name] = [1e6 * taken / count for taken in seconds]
    return found


def _starts(saved: Path) -> dict[str, Callable[[], float]]:
    """Return what starts Python: up to `import torch` alone, and up to the first prediction."""
    predict = (
        f"{BARE}; from digitnet import DigitClassifier"
        f"; clf = DigitClassifier.load({str(saved)!r})"
        "; clf.predict(torch.zeros(1, 28, 28, dtype=torch.uint8))"
    )
    return {
        BARE: partial(harness.python_seconds, BARE),
        FIRST: partial(harness.python_seconds, predict),
    }


def _report_predictions(micros: dict[str, list[float]], out: Path) -> None:
    rows = []
    for name, values in micros.items():
        own = f"{name.partition(':')[0]}: digitnet"
        ratio = harness.median_and_range(harness.ratios(micros, own, name))
        rows.append((name, harness.median_and_range(values, 1), ratio))
    several = {name: values for name, values in micros.items() if "pictures" in name}
    harness.report(
        out,
        "prediction",
        title="Predicting, in float32 where nothing else is said",
        columns=["network, pictures: with", "microseconds a picture", "times digitnet's"],
        rows=rows,
        figures=micros,
        figure=charts.bars(several, "microseconds a picture"),
    )


def _report_starts(seconds: dict[str, list[float]], out: Path) -> None:
    pairs = zip(seconds[FIRST], seconds[BARE], strict=True)
    figures = {**seconds, f"added to `{BARE}`": [whole - bare for whole, bare in pairs]}
    harness.report(
        out,
        "first_prediction",
        title="From the start of Python to the first digit",
        columns=["what", "seconds"],
        rows=[(name, harness.median_and_range(times, 3)) for name, times in figures.items()],
        figures=figures,
    )


def _contestants(
    classifier: DigitClassifier, session: Any, images: np.ndarray
) -> dict[str, Callable[[], np.ndarray]]:
    """Return the calls that predict; they are checked to agree."""
    network, tensor = classifier._trained.network, torch.from_numpy(images)

    def as_it_comes() -> np.ndarray:
        with torch.no_grad():
            return network(tensor).argmax(dim=1).numpy()

    def onnx_runtime() -> np.ndarray:
        parts = (images[start : start + ONNX_BATCH] for start in range(0, len(images), ONNX_BATCH))
        logits = [session.run(None, {"images": part})[0] for part in parts]
        return np.concatenate(logits).argmax(axis=1)

    # Check that all predict the same digits
    runs = {"digitnet": lambda: classifier.predict(images), "torch as it comes": as_it_comes}
    if session is not None:
        runs["digitnet, ONNX Runtime"] = lambda: classifier.predict(images, engine="onnxruntime")
        runs["ONNX Runtime"] = onnx_runtime
    answers = [run() for run in runs.values()]
    if not all((answer == answers[0]).all() for answer in answers):
        raise SystemExit("Expected all contestants to read the same digits.")
    if has_native_bfloat16(classifier.device):
        runs["digitnet, bfloat16"] = lambda: classifier.predict(images, precision="bfloat16")
        if (runs["digitnet, bfloat16"]() == answers[0]).mean() < LEAST_SAME:
            raise SystemExit("Expected bfloat16 to read nearly the same digits.")
    return runs


def _onnx_session(classifier: DigitClassifier, path: Path) -> Any:
    """Return the network in ONNX Runtime, or `None` where that is not installed."""
    if find_spec("onnxruntime") is None or find_spec("onnxscript") is None:
        print('ONNX Runtime: not installed, left out; pip install ".[benchmarks]"')
        return None
    import onnxruntime

    # Export
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own
        torch.onnx.export(
            classifier._trained.network.eval(),
            (torch.zeros(2, *classifier.input_shape, dtype=torch.uint8),),
            path,
            input_names=["images"],
            dynamic_shapes={"images": {0: torch.export.Dim("batch")}},
            dynamo=True,
            verbose=False,
        )

    # A session of as many threads as torch has
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    # by default its threads spin until the next call, which would slow down the next contestant
    settings.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def _time(run: Callable[[], object], count: int) -> float:
    """Return the mean seconds of a call."""
    repeats = REPEATS if count > 1 else REPEATS_OF_ONE

    def run_all() -> None:
        for _ in range(repeats):
            run()

    return harness.seconds_of(run_all) / repeats


if __name__ == "__main__":
    main()
