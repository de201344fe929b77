"""What the documentation shows is what runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import digitnet

ROOT = Path(__file__).parents[1]
MODULES = [module.name for module in pkgutil.walk_packages(digitnet.__path__, "digitnet.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_some_docstrings_have_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for name in MODULES]
    assert sum(bool(test.examples) for module in modules for test in finder.find(module)) >= 2


PACKAGES = ["digitnet", "digitnet.callbacks", "digitnet.datasets", "digitnet.pictures"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_class_and_function_stands_in_the_reference(package):
    pages = "\n".join(page.read_text() for page in (ROOT / "docs" / "api").glob("*.md"))
    shown = {path.split(".")[-1] for path in re.findall(r"^::: ([\w.]+)$", pages, re.M)}
    public = importlib.import_module(package)
    functions = {name for name in public.__all__ if inspect.isroutine(getattr(public, name))}
    classes = {name for name in public.__all__ if inspect.isclass(getattr(public, name))}
    assert functions | classes
    assert (functions | classes) - shown == set()


def _blocks():
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S)):
            if page != ROOT / "docs" / "index.md":  # the quick start, which is run as an example
                yield pytest.param(code, id=f"{page.name}-{number}")


@pytest.mark.parametrize("code", list(_blocks()))
@pytest.mark.filterwarnings("ignore:There is no checkpoint")
def test_the_code_on_the_pages_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "page", "exec"), {})


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_lines_that_are_shown_are_those_of_the_quick_start(page):
    script = (ROOT / "examples" / "quickstart.py").read_text()
    lines = script[script.index("from digitnet") :]
    assert f"```python\n{lines}```\n" in (ROOT / page).read_text()
