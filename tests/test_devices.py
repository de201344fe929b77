"""Devices and what they can do."""

from __future__ import annotations

import torch

from digitnet.devices import choose_device, has_native_bfloat16, resolve_precision

CPU = torch.device("cpu")


def test_auto_takes_the_best_device_there_is():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    if torch.backends.mps.is_available():
        expected = "mps"
    assert choose_device("auto").type == expected
    assert choose_device("cpu") == choose_device(CPU) == CPU


def test_precision_is_resolved_by_capability(monkeypatch):
    if not hasattr(torch.cpu, "get_capabilities"):
        assert not has_native_bfloat16(CPU)
        return
    for found, expected in (({}, "float32"), ({"avx512_bf16": True}, "bfloat16")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found)
        assert resolve_precision("auto", CPU) == expected
    assert resolve_precision("float32", CPU) == "float32"
