"""What the documentation shows is what runs."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
import json
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


def test_the_page_of_classifiers_has_every_method_and_attribute():
    page = (ROOT / "docs" / "api" / "classifiers.md").read_text()
    shown = set(re.findall(r"^::: digitnet\.DigitClassifier\.(\w+)$", page, re.M))
    assert shown == {name for name in dir(digitnet.DigitClassifier) if not name.startswith("_")}


SLOW_PAGES = ("your_handwriting.md",)


def _blocks():
    for page in sorted((ROOT / "docs").rglob("*.md")):
        marks = [pytest.mark.slow] if page.name in SLOW_PAGES else []
        for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S)):
            if page != ROOT / "docs" / "index.md":  # the quick start, which is run as an example
                yield pytest.param(code, id=f"{page.name}-{number}", marks=marks)


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


def included(page: Path, root: Path) -> set[Path]:
    """Return the files that a page shows (images, snippets) or links to as its data (JSON)."""
    text = page.read_text()
    snippets = {root / name for name in re.findall(r'^--8<-- "(.+)"$', text, re.M)}
    linked = re.findall(r"!\[[^]]*\]\(([^)#]+)\)|\]\(([^):#]+\.json)\)|<img src=\"([^\"]+)", text)
    return snippets | {(page.parent / "".join(names)).resolve() for names in linked}


def missing_and_orphans(root: Path) -> tuple[set[str], set[str]]:
    """Return what pages include and is not there, and what is there and no page includes.

    All that is generated lies in `docs/figures`, and the manifest there names it; images do not
    lie elsewhere. Pages of the site are found by `mkdocs build --strict`.
    """
    pages = [*(root / "docs").rglob("*.md"), root / "README.md"]
    shown = set().union(*(included(page, root) for page in pages))
    missing = {path for path in shown if not path.exists()}
    pages_of_the_site = set(re.findall(r"([\w/]+\.md)$", (root / "mkdocs.yml").read_text(), re.M))
    shown |= {root / "docs" / name for name in pages_of_the_site}
    figures = root / "docs" / "figures"
    images = {path for end in ("png", "jpg") for path in (root / "docs").rglob(f"*.{end}")}
    files = {*figures.rglob("*.*"), *images} - {figures / "manifest.json"}
    return _names(missing, root), _names(files - shown, root)


def without_entry_and_without_file(root: Path) -> tuple[set[str], set[str]]:
    """Return the files of `docs/figures` that its manifest does not name, and the converse."""
    figures = root / "docs" / "figures"
    entries = json.loads((figures / "manifest.json").read_text())
    files = _names({*figures.rglob("*.*")}, figures) - {"manifest.json"}
    return files - set(entries), set(entries) - files


def _names(paths: set[Path], root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in paths}


def test_pages_include_what_is_there_and_all_that_is_there():
    assert missing_and_orphans(ROOT) == (set(), set())


def test_the_manifest_names_all_figures_and_no_others():
    assert without_entry_and_without_file(ROOT) == (set(), set())
    entries = json.loads((ROOT / "docs" / "figures" / "manifest.json").read_text())
    for entry in entries.values():
        assert set(entry) == {"command", "machine", "threads", "torch", "date"}
        assert (ROOT / entry["command"].split()[1]).is_file()  # python SCRIPT ...


@pytest.fixture
def small_site(tmp_path):
    """A project with one page, its figures, and files that it does not show."""
    root = tmp_path.resolve()
    figures = root / "docs" / "figures"
    figures.mkdir(parents=True)
    (root / "README.md").write_text('<img src="docs/figures/shown.png">')
    (root / "mkdocs.yml").write_text("nav:\n  - Home: index.md\n")
    lines = ('--8<-- "docs/figures/table.md"', "![Lost](figures/lost.png) [It](figures/data.json)")
    (root / "docs" / "index.md").write_text("\n".join(lines))
    for name in ("shown.png", "table.md", "data.json", "orphan.png", "orphan.json"):
        (figures / name).touch()
    (root / "docs" / "astray.png").touch()
    return root


def test_a_missing_file_and_an_orphan_are_found(small_site):
    missing, orphans = missing_and_orphans(small_site)
    assert missing == {"docs/figures/lost.png"}
    assert orphans == {"docs/astray.png", "docs/figures/orphan.png", "docs/figures/orphan.json"}


def test_what_the_manifest_lacks_and_what_it_names_in_vain_is_found(small_site):
    names = ("shown.png", "table.md", "data.json", "orphan.png", "gone.png")
    entries = json.dumps(dict.fromkeys(names))
    (small_site / "docs" / "figures" / "manifest.json").write_text(entries)
    assert without_entry_and_without_file(small_site) == ({"orphan.json"}, {"gone.png"})


def test_the_layers_on_the_page_are_those_that_the_linter_checks():
    contract = (ROOT / "pyproject.toml").read_text().split("\nlayers = [\n")[1].split("\n]")[0]
    checked = [re.findall(r"\w+", row) for row in contract.splitlines()]
    section = (ROOT / "docs" / "how_it_works.md").read_text().split("## A step")[0]
    shown = [re.findall(r"`(\w+)`", row.split(" | ")[0]) for row in section.splitlines()]
    assert [row for row in shown if row] == checked


def test_the_functions_on_the_page_are_where_it_says():
    section = (ROOT / "docs" / "how_it_works.md").read_text().split("## Where is what")[1]
    rows = re.findall(r"\| `([\w/]+\.py)` \| `(\w+)` \|$", section.split("## ")[0], re.M)
    assert len(rows) > 5
    for path, function in rows:
        assert f"def {function}(" in (ROOT / "digitnet" / path).read_text()


def test_the_tables_of_recipes_show_each_recipe_and_what_it_changes():
    path = ROOT / "docs" / "hooks" / "recipe_tables.py"
    spec = importlib.util.spec_from_file_location("recipe_tables", path)
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    page = hook.on_page_markdown((ROOT / "docs" / "api" / "recipes.md").read_text())
    assert hook.RECIPE_MARK not in page
    assert hook.AUGMENTATION_MARK not in page
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in page.splitlines()]
    assert ["field", "`report`", "`fast`", "`best`", "`cifar10`"] in rows
    assert ["`learning_rate`", "0.001", "0.01", "0.004", "0.02"] in rows
    assert ["`rotation`", "", "", "12", ""] in rows
    assert not any(row[:1] == ["`warmup`"] for row in rows)  # none sets it
