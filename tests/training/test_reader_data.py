"""Tests of which crops are trained on."""

from __future__ import annotations

import torch
from reader_data import jobs, size_of, split


def test_every_crop_is_either_held_out_or_trained_on():
    planned = jobs(0.1)
    both = torch.cat(split(0.1)).sort().values
    assert both.tolist() == list(range(planned[-1].start + size_of(planned[-1])))


def test_all_crops_of_a_picture_are_on_one_side():
    held_out = set(split(0.1)[0].tolist())
    for job in jobs(0.1):
        sides = {place in held_out for place in range(job.start, job.start + size_of(job))}
        assert len(sides) == 1
