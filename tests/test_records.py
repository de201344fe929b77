"""What a file holds becomes a dataclass, or an error that names the value that is wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import pytest

from digitnet.errors import ArtifactError, InvalidInputError
from digitnet.records import read_record


@dataclass(frozen=True)
class Part:
    size: float

    def __post_init__(self):
        if self.size < 0:
            raise InvalidInputError(f"Expected size of at least 0; received {self.size}.")


@dataclass(frozen=True)
class Whole:
    count: int
    ready: bool
    name: str | None
    pair: tuple[int, str]
    parts: tuple[Part, ...]
    notes: dict[str, dict[str, Any]]
    kind: Literal["a", "b"] = "a"


GIVEN = {
    "count": 3,
    "ready": True,
    "name": None,
    "pair": [1, "x"],
    "parts": [{"size": 1}, {"size": 0.5}],
    "notes": {"a": {"b": [None]}},
}


def test_lists_objects_and_whole_numbers_become_tuples_dataclasses_and_floats():
    whole = read_record(Whole, GIVEN)
    assert whole.pair == (1, "x")
    assert whole.parts == (Part(1.0), Part(0.5))
    assert type(whole.parts[0].size) is float
    assert whole.kind == "a"  # an earlier version did not write it
    assert read_record(Whole, asdict(whole)) == read_record(Whole, vars(whole)) == whole


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": "3"}, "Expected w.count to be int; received '3'."),
        ({"count": True}, "Expected w.count to be int; received True."),
        ({"count": 3.0}, "Expected w.count to be int; received 3.0."),
        ({"ready": 1}, "Expected w.ready to be bool; received 1."),
        ({"name": 5}, "Expected w.name to be str; received 5."),
        ({"pair": [1]}, "Expected w.pair to be tuple[int, str]; received [1]."),
        ({"pair": [1, 2]}, "Expected w.pair[1] to be str; received 2."),
        ({"pair": "1x"}, "Expected w.pair to be tuple[int, str]; received '1x'."),
        ({"parts": [{"size": 1}, {}]}, "Expected w.parts[1].size to be float; received nothing."),
        ({"parts": [{"size": 10**400}]}, "Expected w.parts[0].size to be float; received 1000"),
        ({"parts": [{"size": 1, "x": 2}]}, "Expected no w.parts[0].x; received 2."),
        ({"parts": [{"size": -1}]}, "In w.parts[0]: Expected size of at least 0; received -1.0."),
        ({"parts": [[]]}, "Expected w.parts[0] to be "),
        ({"notes": {"a": 1}}, "Expected w.notes.a to be dict["),
        ({"kind": "c"}, "Expected w.kind to be Literal['a', 'b']; received 'c'."),
        ({"other": 1}, "Expected no w.other; received 1."),
    ],
)
def test_what_does_not_fit_is_named_with_what_came(change, message):
    with pytest.raises(ArtifactError) as error:
        read_record(Whole, GIVEN | change, "w")
    assert str(error.value).startswith(message)


def test_a_record_among_others_takes_its_own():
    others = GIVEN | {"other": 1}
    assert read_record(Whole, others, among_others=True) == read_record(Whole, GIVEN)


def test_what_is_long_or_deep_is_cut_in_the_message():
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    for value in (deep, "x" * 10_000, [[0] * 50] * 50):
        with pytest.raises(ArtifactError) as error:
            read_record(Whole, GIVEN | {"count": value})
        assert len(str(error.value)) < 300
