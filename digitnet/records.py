"""Frozen dataclasses from the JSON of a file; what does not fit is named."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from inspect import formatannotation
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from digitnet.errors import ArtifactError, InvalidInputError

R = TypeVar("R")
_MISSING = object()


def read_record(
    kind: type[R], values: Mapping[str, Any], name: str = "", *, among_others: bool = False
) -> R:
    """Return the dataclass that `dataclasses.asdict` was given.

    A field that an earlier digitnet did not write has its default. `name` is where the record
    stands in the file, for messages; `among_others` allows for values that are no fields.

    Raises:
        ArtifactError: A value is missing, unknown, of another type or out of range.
    """
    prefix = name and f"{name}."
    kinds = get_type_hints(kind)
    unknown = [] if among_others else sorted(values.keys() - kinds)
    if unknown:
        received = reprlib.repr(values[unknown[0]])
        raise ArtifactError(f"Expected no {prefix}{unknown[0]}; received {received}.")
    given = {
        field: _from_json(kinds[field], values.get(field, _MISSING), prefix + field)
        for field in kinds
        if field in values or not hasattr(kind, field)
    }
    try:
        return kind(**given)
    except InvalidInputError as error:
        raise ArtifactError(f"In {name}: {error}" if name else str(error)) from error


def _from_json(kind: Any, value: Any, name: str) -> Any:
    """Return a value of a type; JSON has no tuples, dataclasses and whole floats."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any or (origin is Literal and value in inner):
        return value
    if NoneType in inner:
        return None if value is None else _from_json(inner[0], value, name)
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, Mapping):
        return read_record(kind, value, name)
    if origin is tuple and isinstance(value, (list, tuple)):
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) == len(value):
            pairs = enumerate(zip(kinds, value, strict=True))
            return tuple(_from_json(part, one, f"{name}[{i}]") for i, (part, one) in pairs)
    elif origin is dict and isinstance(value, dict):
        return {key: _from_json(inner[1], one, f"{name}.{key}") for key, one in value.items()}
    elif kind is float and type(value) is int:
        with suppress(OverflowError):
            return float(value)
    elif origin is None and isinstance(value, kind) and isinstance(value, bool) == (kind is bool):
        return value
    received = "nothing" if value is _MISSING else reprlib.repr(value)
    raise ArtifactError(f"Expected {name} to be {formatannotation(kind)}; received {received}.")
