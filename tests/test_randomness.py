"""Randomness is a function of its seed, and the caller's is left alone."""

from __future__ import annotations

import torch

from digitnet.randomness import Stream, derive_seed, isolated, permutation, reseed


def test_derived_seeds_differ_by_every_part():
    seeds = {
        derive_seed(s, p, e, i) for s in (0, 1) for p in (0, 1) for e in (0, 1) for i in (0, 1)
    }
    assert len(seeds) == 16
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_permutation_is_its_seeds_and_holds_each_number_once():
    assert torch.equal(permutation(50, 4), permutation(50, 4))
    assert not torch.equal(permutation(50, 4), permutation(50, 5))
    assert permutation(50, 4).sort().values.tolist() == list(range(50))


def test_isolated_puts_the_random_state_back():
    before = torch.get_rng_state()
    with isolated(torch.device("cpu")):
        reseed(torch.device("cpu"), 1)
        first = torch.rand(3)
        reseed(torch.device("cpu"), 1)
        assert torch.equal(first, torch.rand(3))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_stream_goes_on_where_it_was_and_leaves_the_callers_state():
    torch.manual_seed(5)
    expected = torch.rand(4)
    before = torch.get_rng_state()
    stream = Stream(5)
    with stream.drawing():
        first = torch.rand(2)
    with stream.drawing():
        second = torch.rand(2)
    assert torch.equal(torch.cat([first, second]), expected)
    assert torch.equal(torch.get_rng_state(), before)
