"""Damage model and checkpoint files at random, and read them.

    python benchmarks/mutate_files.py --files 20000

Each must be read unchanged or be refused with `ArtifactError`: no other exception, no hang, no
memory beyond twice the file. Files whose metadata were changed *and* whose digest was computed
anew are other valid files, and may be read too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import struct
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from digitnet import DigitClassifier, datasets, machine
from digitnet.artifact import read_artifact
from digitnet.callbacks import Checkpoint
from digitnet.checkpoint import SavedTraining, listed
from digitnet.errors import ArtifactError

HANG_SECONDS = 10  # a whole file is read in milliseconds
TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}  # in our files


def main() -> None:
    """Print what became of the files of each kind of damage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _hang)
    chance = random.Random(options.seed)
    outcomes: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        # The memory that reading whole files takes
        originals = _originals(Path(folder))
        target = Path(folder, "mutated")
        for content in originals:
            target.write_bytes(content)
            _read(target)
        before = machine.peak_memory_mib() or 0.0

        # Damaged files
        for number in track(range(options.files), description="Damaging"):
            content = originals[number % len(originals)]
            kind = chance.choice(list(KINDS))
            target.write_bytes(KINDS[kind](content, chance))
            signal.alarm(HANG_SECONDS)
            outcome = _outcome(
                target, content, valid_digest=kind == "metadata changed, digest recomputed"
            )
            signal.alarm(0)
            outcomes[kind, outcome] += 1
        growth = (machine.peak_memory_mib() or 0.0) - before
        largest = max(map(len, originals)) / 2**20

    # The verdict
    _report(outcomes)
    Console().print(
        f"Memory grew by {growth:.1f} MiB at its peak; the largest file has {largest:.1f} MiB."
    )
    bad = any(outcome.startswith("BAD") for _, outcome in outcomes)
    if bad or growth > 2 * largest:
        raise SystemExit(1)


def _originals(folder: Path) -> list[bytes]:
    """Return a model file and a checkpoint."""
    train, _ = datasets.synthetic(100, 1)
    classifier = DigitClassifier("mlp", seed=0)
    classifier.fit(train, epochs=1, callbacks=[Checkpoint(folder / "run")], verbose=0)
    classifier.save(folder / "model")
    return [(folder / "model").read_bytes(), listed(folder / "run")[0].read_bytes()]


def _read(path: Path) -> dict[str, torch.Tensor]:
    DigitClassifier.load(path)
    artifact = read_artifact(path)
    if "checkpoint" in artifact.metadata:
        SavedTraining.of(artifact)
    return artifact.tensors


def _outcome(path: Path, original: bytes, *, valid_digest: bool) -> str:
    try:
        found = _read(path)
    except ArtifactError:
        return "refused"
    except Exception as error:
        return f"BAD: {type(error).__name__}: {error}"[:150]
    if valid_digest:
        return "read (another file)"
    path.write_bytes(original)
    expected = read_artifact(path).tensors
    equal = all(torch.equal(found[name], expected[name]) for name in expected)
    return "read unchanged" if equal and found.keys() == expected.keys() else "BAD: changed"


def _truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _flip(content: bytes, chance: random.Random) -> bytes:
    """Flip a few bits, half of the time in the header."""
    mutated = bytearray(content)
    end = len(content) if chance.random() < 0.5 else 8 + _header_length(content)
    for _ in range(chance.randint(1, 8)):
        mutated[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(mutated)


def _forge_length(content: bytes, chance: random.Random) -> bytes:
    lengths = [0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, len(content), len(content) * 2]
    length = chance.choice([*lengths, chance.randrange(2 * _header_length(content))])
    return struct.pack("<Q", length) + content[8:]


def _rewrite_header(content: bytes, chance: random.Random) -> bytes:
    """Change names, types, shapes or places of tensors in the header."""
    header, data = _header(content), content[8 + _header_length(content) :]
    name = chance.choice([name for name in header if name != "__metadata__"])
    entry = header[name]
    wild = [0, 1, -1, 2**31, 2**62, 2**64, 1.5, "x", None, [], {}]
    change = chance.randrange(6)
    if change == 0:
        entry["dtype"] = chance.choice(["F64", "I8", "BF16", "F8_E4M3", "F4", "X", 5, None])
    elif change == 1:
        entry["shape"] = [chance.choice(wild) for _ in range(chance.randint(0, 4))]
    elif change == 2:
        entry["data_offsets"] = [chance.choice(wild) for _ in range(chance.randint(0, 3))]
    elif change == 3:
        header[chance.choice(["", "x", "__metadata__", name + "2"])] = header.pop(name)
    elif change == 4:
        del entry[chance.choice(list(entry))]
    else:
        header[name] = chance.choice(wild)
    return _assemble(header, data)


def _break_metadata(content: bytes, chance: random.Random) -> bytes:
    header, data = _header(content), content[8 + _header_length(content) :]
    key = chance.choice(list(header["__metadata__"]))
    header["__metadata__"][key] = chance.choice(["", "{}", "[" * 100_000, "null", "x", "0" * 64])
    return _assemble(header, data)


def _change_metadata(content: bytes, chance: random.Random) -> bytes:
    """Change a value anywhere in the metadata, and recompute the digest."""
    header, data = _header(content), content[8 + _header_length(content) :]

    # Change a random value at a random depth
    metadata = json.loads(header["__metadata__"]["digitnet"])
    place = metadata
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or chance.random() < 0.3:
            break
        place = inner
    place[key] = chance.choice([None, -1, 2**70, 1e308, float("nan"), "x", [], {}, [[]], True])

    # Compute the digest as `digitnet.artifact` does
    text = json.dumps(metadata, sort_keys=True)
    digest = hashlib.sha256(text.encode())
    for name in sorted(set(header) - {"__metadata__"}):
        entry = header[name]
        start, end = entry["data_offsets"]
        kind = TYPES[entry["dtype"]]
        digest.update(f"\0{name}\0{kind}\0{tuple(entry['shape'])}\0".encode())
        digest.update(data[start:end])
    header["__metadata__"] = {"digitnet": text, "sha256": digest.hexdigest()}
    return _assemble(header, data)


KINDS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut off": _truncate,
    "bits flipped": _flip,
    "header length forged": _forge_length,
    "header rewritten": _rewrite_header,
    "metadata broken": _break_metadata,
    "metadata changed, digest recomputed": _change_metadata,
}


def _header_length(content: bytes) -> int:
    return struct.unpack("<Q", content[:8])[0]


def _header(content: bytes) -> dict:
    return json.loads(content[8 : 8 + _header_length(content)])


def _assemble(header: dict, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _hang(signum: int, frame: object) -> None:
    raise TimeoutError(f"not read after {HANG_SECONDS} seconds")


def _report(outcomes: Counter[tuple[str, str]]) -> None:
    table = Table(title="What became of the damaged files")
    for column in ("damage", "outcome", "files"):
        table.add_column(column, justify="right" if column == "files" else "left")
    for (kind, outcome), count in sorted(outcomes.items()):
        table.add_row(kind, outcome, f"{count:,}")
    Console().print(table)


if __name__ == "__main__":
    main()
