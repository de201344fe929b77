"""Tests of which crops are trained on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from reader_data import jobs, settings_digest, size_of, split

pytestmark = pytest.mark.slow  # it loads the photos

TRAINING = Path(__file__).parents[2] / "training"


def test_every_crop_is_either_held_out_or_trained_on():
    planned = jobs(0.02)
    both = torch.cat(split(0.02)).sort().values
    assert both.tolist() == list(range(planned[-1].start + size_of(planned[-1])))


def test_all_crops_of_a_picture_are_on_one_side():
    held_out = set(split(0.02)[0].tolist())
    for job in jobs(0.02):
        sides = {place in held_out for place in range(job.start, job.start + size_of(job))}
        assert len(sides) == 1


def test_the_digest_of_the_settings_is_the_same_in_each_process():
    command = "import reader_data; print(reader_data.settings_digest())"
    other = subprocess.run(
        [sys.executable, "-c", command], cwd=TRAINING, capture_output=True, text=True, check=True
    )
    assert other.stdout == f"{settings_digest()}\n"
