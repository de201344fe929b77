"""A file is read back unchanged, or refused with a reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from digitnet import artifact
from digitnet.artifact import read_artifact, write_artifact, write_atomically
from digitnet.errors import ArtifactError

TENSORS = {
    "weight": torch.arange(6.0).reshape(2, 3),
    "count": torch.tensor(7),
    "half": torch.ones(3, dtype=torch.bfloat16),
    "empty": torch.empty(0, 4),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    write_artifact(path, TENSORS, {"name": "Größe", "numbers": [1, 2.5]})
    return path


def test_what_was_written_is_read(path):
    tensors, metadata = read_artifact(path)
    assert metadata == {"format_version": 1, "name": "Größe", "numbers": [1, 2.5]}
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


def test_what_is_written_again_is_the_same_bytes(path):
    first = path.read_bytes()
    for _ in range(20):  # safetensors orders the metadata by chance
        write_artifact(path, TENSORS, {"numbers": [1, 2.5], "name": "Größe"})
        assert path.read_bytes() == first


def test_safetensors_alone_can_open_it(path):
    assert torch.equal(safetensors.torch.load_file(path)["weight"], TENSORS["weight"])


def test_tensors_that_share_memory_or_lie_oddly_are_stored(tmp_path):
    base = torch.arange(6.0).reshape(2, 3)
    write_artifact(tmp_path / "f", {"a": base, "b": base, "c": base.t()}, {})
    tensors = read_artifact(tmp_path / "f").tensors
    assert torch.equal(tensors["c"], base.t())
    assert torch.equal(tensors["a"], tensors["b"])


def test_what_was_read_does_not_change_with_the_file(path):
    tensors = read_artifact(path).tensors
    content = path.read_bytes()
    path.write_bytes(b"\0" * len(content))
    assert torch.equal(tensors["weight"], TENSORS["weight"])


def test_every_truncation_is_refused(path):
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ArtifactError):
            read_artifact(path)


def test_every_flipped_byte_is_refused_or_changes_nothing(path):
    content = path.read_bytes()
    refused = 0
    for place in range(len(content)):
        mutated = bytearray(content)
        mutated[place] ^= 0x15
        path.write_bytes(mutated)
        try:
            tensors, metadata = read_artifact(path)
        except ArtifactError:
            refused += 1
        else:
            assert metadata["numbers"] == [1, 2.5]
            assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert refused > 0.95 * len(content)


def test_changed_weights_are_refused_by_their_digest(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="its SHA-256 digest does not fit"):
        read_artifact(path)


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    safetensors.torch.save_file({"a": torch.ones(1)}, tmp_path / "foreign")
    with pytest.raises(ArtifactError, match="without digitnet's metadata"):
        read_artifact(tmp_path / "foreign")


def test_a_newer_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(artifact, "FORMAT_VERSION", 2)
    write_artifact(tmp_path / "newer", {}, {})
    monkeypatch.undo()
    with pytest.raises(ArtifactError, match=r"format version 2; this digitnet reads 1\. Install"):
        read_artifact(tmp_path / "newer")


def test_metadata_that_is_no_json_object_is_refused(tmp_path, monkeypatch):
    dumps = json.dumps

    def list_for_metadata(value, **options):
        return "[1]" if "format_version" in value else dumps(value, **options)

    monkeypatch.setattr(json, "dumps", list_for_metadata)
    write_artifact(tmp_path / "list", {}, {})
    with pytest.raises(ArtifactError, match="metadata .* cannot be read"):
        read_artifact(tmp_path / "list")


def test_a_missing_file_a_folder_and_a_text_are_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"There is no file .* Check the path"):
        read_artifact(tmp_path / "missing")
    with pytest.raises(ArtifactError, match="is a folder"):
        read_artifact(tmp_path)
    (tmp_path / "text").write_text("no weights here")
    with pytest.raises(ArtifactError, match="not a safetensors file, or it was cut off"):
        read_artifact(tmp_path / "text")


def test_a_folder_that_is_not_there_or_takes_no_files_is_an_error(tmp_path):
    with pytest.raises(ArtifactError, match="there is no folder .* Make it first"):
        write_atomically(tmp_path / "missing" / "file", b"")
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match="there is no folder .* Make it first"):
        write_atomically(tmp_path / "file" / "file", b"")
    with pytest.raises(ArtifactError, match="it is a folder. Add a file name"):
        write_atomically(tmp_path, b"")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_without_permission_is_an_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ArtifactError, match="Permission denied"):
        write_atomically(tmp_path / "file", b"")


@pytest.mark.slow  # it starts a process
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
def test_a_disk_that_is_full_half_way_leaves_the_old_file(tmp_path):
    script = """
import resource, signal, sys
from digitnet import artifact
from digitnet.artifact import write_atomically
from digitnet.errors import ArtifactError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(sys.argv[1], b"x" * 5000)
except ArtifactError as error:
    print(error)
"""
    path = tmp_path / "model"
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert "Could not write" in done.stdout
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
