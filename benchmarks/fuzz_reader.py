"""Fuzz the reader of model files, guided by coverage.

    pip install atheris && python benchmarks/fuzz_reader.py -max_total_time=600

The seeds of the corpus are a whole file, and metadata for a file whose digest then fits.
Anything but a result or `ArtifactError` is a finding, and libFuzzer keeps the input.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["digitnet.artifact", "digitnet.model_file", "json"]):
    from digitnet import artifact, model_file
    from digitnet.errors import ArtifactError

import torch

from digitnet import DigitClassifier, datasets

TENSORS = {"weight": torch.arange(4.0), "count": torch.tensor(3)}
FOLDER = Path(tempfile.mkdtemp())


def read_one(data: bytes) -> None:
    """Read one input: "m" and metadata, or another byte and a whole file."""
    path = FOLDER / "file"
    if data[:1] == b"m":
        try:
            metadata = json.loads(data[1:])
        except (ValueError, RecursionError):
            return
        if not isinstance(metadata, dict):
            return
        artifact.write_artifact(path, TENSORS, metadata)
    else:
        path.write_bytes(data[1:])
    try:
        found = artifact.read_artifact(path)
        model_file.ModelInfo.from_metadata(found.metadata)
    except ArtifactError:
        return


def main() -> None:
    """Start from a real file and real metadata."""
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    classifier = DigitClassifier("mlp", seed=0)
    classifier.fit(datasets.synthetic(64, 1)[0], epochs=1, verbose=0)
    classifier.save(FOLDER / "model")
    metadata = artifact.read_artifact(FOLDER / "model").metadata
    artifact.write_artifact(FOLDER / "small", TENSORS, metadata)
    (corpus / "file").write_bytes(b"f" + (FOLDER / "small").read_bytes())
    (corpus / "metadata").write_bytes(b"m" + json.dumps(metadata).encode())
    atheris.Setup([*sys.argv, str(corpus)], read_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
