"""The command `digitnet`: read pictures, and describe model files.

It uses argparse, which needs no further package and starts at once. Modules that import torch
are imported when a command needs them.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from digitnet.errors import DigitNetError
from digitnet.version import __version__

if TYPE_CHECKING:
    from digitnet.prediction import Prediction, Reading

INTERRUPTED, PIPE_CLOSED = 130, 141  # exit status: 128 + the number of SIGINT, of SIGPIPE
_EXAMPLES = """examples:
  digitnet read postcode.jpg
  digitnet read scans/*.png --csv > numbers.csv
  digitnet read form.jpg --boxes boxes.png --explain stages.png
  digitnet predict digit.png --model digits.safetensors
  digitnet info digits.safetensors
"""

Record: TypeAlias = dict[str, Any]
"""What was read in a file: `file`, `text` or `digit`, `confidence`, `warnings`, and the details."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with arguments, as `["read", "photo.jpg"]`; `None` takes the process's.

    Returns:
        The exit status: 0; 1 where a file could not be read or written; `INTERRUPTED` after
        Ctrl-C; `PIPE_CLOSED` where nobody read on. Wrong arguments raise SystemExit(2).
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files may be in no encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _run(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes the output once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _run(argv: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(argv)
        status: int = options.run(options)
        return status
    except DigitNetError as error:
        print(f"digitnet: {error}", file=sys.stderr)
        return 1
    finally:
        sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="digitnet",
        description="Read handwritten digits in photos, scans and drawings.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"digitnet {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # Options of both commands that read
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("files", nargs="+", metavar="FILE", help="a picture; - is standard input")
    shared.add_argument("--model", metavar="FILE", help="a classifier that you saved")
    output = shared.add_mutually_exclusive_group()
    for name, what in (("json", "an object a line, with every box"), ("csv", "a row a file")):
        output.add_argument(f"--{name}", dest="output", action="store_const", const=name, help=what)
    shared.add_argument(
        "--explain", type=Path, metavar="PNG", help="draw the stages; of several, a folder"
    )
    # The commands
    about = "read all digits of each picture"
    read = commands.add_parser("read", parents=[shared], help=about, description=about)
    read.add_argument(
        "--boxes", type=Path, metavar="PNG", help="draw the boxes; of several, a folder"
    )
    read.set_defaults(run=_read, answer="text", error=read.error)
    about = "read one digit in each picture, the most prominent"
    predict = commands.add_parser("predict", parents=[shared], help=about, description=about)
    predict.set_defaults(run=_read, answer="digit", boxes=None, error=predict.error)
    about = "describe a saved classifier"
    info = commands.add_parser("info", help=about, description=about)
    info.add_argument("model", metavar="MODEL", help="a .safetensors file")
    info.set_defaults(run=_info)
    return parser


def _read(options: argparse.Namespace) -> int:
    """Read all files; those that cannot be read are named, and make the status 1."""
    failed: list[str] = []
    records = _records(options, _drawings(options), failed)
    columns = ["file", options.answer, "confidence", "warnings"]
    if options.output == "json":
        for record in records:
            print(json.dumps(record), flush=True)
    else:
        _print(columns, (_cells(record, columns) for record in records), options.output)
    return 1 if failed else 0


def _records(
    options: argparse.Namespace, drawings: dict[str, list[Path]], failed: list[str]
) -> Iterator[Record]:
    """Yield what was read in each file, and draw it; append those that failed."""
    from digitnet import DigitClassifier
    from digitnet.callbacks.figure_callback import save_figure
    from digitnet.pictures import explain

    if options.model:  # a loss and metrics of one's own are not needed to predict
        classifier = DigitClassifier.load(options.model, loss="cross_entropy", metrics=())
    else:
        classifier = DigitClassifier.pretrained()
    for index, file in enumerate(options.files):
        try:
            source = sys.stdin.buffer.read() if file == "-" else file
            if options.answer == "digit":
                yield {"file": file, **_of_prediction(classifier.inspect(source))}
            else:
                reading = classifier.read(source)
                yield {"file": file, **_of_reading(reading)}
                if "boxes" in drawings:
                    save_figure(reading.plot(), drawings["boxes"][index])
            if "explain" in drawings:
                figure = explain(source, classifier.predict_proba)
                save_figure(figure, drawings["explain"][index])
        except DigitNetError as error:
            failed.append(file)
            print(f"digitnet: {file}: {error}", file=sys.stderr)


def _of_reading(reading: Reading) -> Record:
    return {
        "text": reading.text,
        "confidence": min((digit.confidence for digit in reading.digits), default=0.0),
        "warnings": reading.warnings,
        "numbers": [
            {
                "text": number.text,
                "box": number.box,
                "digits": [
                    {"digit": one.digit, "confidence": one.confidence, "box": one.box}
                    for one in number.digits
                ],
            }
            for number in reading.numbers
        ],
        "ignored": reading.ignored,
    }


def _of_prediction(read: Prediction) -> Record:
    return {
        "digit": read.digit,
        "confidence": read.confidence,
        "warnings": read.warnings,
        "box": read.box,
        "probabilities": read.probabilities.tolist(),
    }


def _cells(record: Record, columns: Sequence[str]) -> list[str]:
    file, answer, confidence, warnings = (record[name] for name in columns)
    answer = "" if answer is None else str(answer)
    return [file, answer, f"{confidence:.4f}", "; ".join(warnings)]


def _print(columns: Sequence[str], rows: Iterable[Sequence[str]], output: str | None) -> None:
    """Print rows as CSV, or as a table in a terminal, or else as lines without a head."""
    if output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        for row in chain([columns], rows):
            writer.writerow(row)
            sys.stdout.flush()
    elif sys.stdout.isatty():
        _print_table(columns, rows)
    else:  # separate cells by tabs, and lines within a cell by bars
        for row in rows:
            cells = (" | ".join(cell.replace("\t", " ").splitlines()) for cell in row)
            print(*cells, sep="\t", flush=True)


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    progress = Console(stderr=True)
    for row in track(
        rows, "Reading", console=progress, transient=True, disable=not progress.is_terminal
    ):
        table.add_row(*map(Text, row))
    Console().print(table)


def _drawings(options: argparse.Namespace) -> dict[str, list[Path]]:
    """Return the path of each file's drawing, for each option that asks for drawings."""
    drawings = {}
    single = len(options.files) == 1
    for option in ("boxes", "explain"):
        target: Path | None = getattr(options, option)
        if target is None:
            continue
        if single and target.suffix.lower() == ".png":
            drawings[option] = [target]
            continue
        try:
            if target.suffix and not target.is_dir():
                wanted = "a PNG or a folder" if single else "a folder for several drawings"
                other = target.with_suffix(".png" if single else "")
                options.error(f"Expected {wanted}; received {target}. Write --{option} {other}.")
            target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            options.error(f"Could not make the folder '{target}': {error.strerror}.")
        drawings[option] = [target / f"{Path(file).stem}.png" for file in options.files]
    # Neither a drawing nor a picture may be lost
    count = Counter(os.path.realpath(path) for paths in drawings.values() for path in paths)
    count.update({os.path.realpath(file) for file in options.files} & count.keys())
    for path in (path for path, times in count.items() if times > 1):
        options.error(
            f"Expected a file of its own for each drawing; '{path}' would be overwritten. Name "
            "another folder, or read the files one by one."
        )
    return drawings


def _info(options: argparse.Namespace) -> int:
    from digitnet.artifact import read_artifact
    from digitnet.checkpoint import network_tensors
    from digitnet.model_file import ModelInfo

    artifact = read_artifact(options.model)
    info = ModelInfo.from_metadata(artifact.metadata)
    description = info.describe(network_tensors(artifact.tensors))
    _print(["", options.model], description.items(), None)
    return 0
