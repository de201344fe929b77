"""Constants of one name have one value in the whole package."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import digitnet

PACKAGE = Path(digitnet.__file__).parent


def constants(source: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each constant of a module, but for type variables."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if targets and ast.unparse(node.value).startswith(("TypeVar(", "ParamSpec(")):
            continue
        for target in targets:
            several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            names = target.elts if several else [target]
            values = node.value.elts if several else [node.value]
            for name, value in zip(names, values, strict=True):
                if isinstance(name, ast.Name) and name.id.isupper():
                    yield name.id, ast.unparse(value)


def ambiguous(sources: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the constants with several values: by module, what each is."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for module, source in sources.items():
        for name, value in constants(source):
            found[name.lstrip("_")][module] = value
    return {name: values for name, values in found.items() if len(set(values.values())) > 1}


def test_a_constant_of_one_name_has_one_value_in_all_modules():
    sources = {str(path.relative_to(PACKAGE)): path.read_text() for path in PACKAGE.rglob("*.py")}
    assert ambiguous(sources) == {}


def test_two_values_of_one_name_are_found():
    sources = {"a.py": "MOST = 4\nSIDE, _LEAST = 28, 2", "b.py": "MOST = 6\nLEAST = 3"}
    assert ambiguous(sources) == {
        "MOST": {"a.py": "4", "b.py": "6"},
        "LEAST": {"a.py": "2", "b.py": "3"},
    }
