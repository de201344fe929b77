"""Devices and what they can do."""

from __future__ import annotations

import pytest
import torch

from digitnet.devices import choose_device, has_native_bfloat16, resolve_precision

CPU = torch.device("cpu")


def test_a_device_is_a_name_or_torchs():
    assert choose_device("cpu") == choose_device(CPU) == CPU


@pytest.mark.parametrize(
    ("there", "expected"), [((), "cpu"), (("mps",), "mps"), (("cuda", "mps"), "cuda")]
)
def test_auto_takes_cuda_then_mps_then_the_cpu(monkeypatch, there, expected):
    monkeypatch.setattr("digitnet.devices._is_available", lambda name: name in there)
    assert choose_device("auto").type == expected


def test_precision_is_resolved_by_capability(monkeypatch):
    if not hasattr(torch.cpu, "get_capabilities"):
        assert not has_native_bfloat16(CPU)
        return
    for found, expected in (
        ({}, "float32"),
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found)
        assert resolve_precision("auto", CPU) == expected
    assert resolve_precision("float32", CPU) == "float32"
