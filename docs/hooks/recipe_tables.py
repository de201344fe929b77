"""Tables of the named recipes and of their augmentation, made from the code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from digitnet import Augmentation, Recipe
from digitnet.recipe import RECIPES

RECIPE_MARK, AUGMENTATION_MARK = "<!-- named recipes -->", "<!-- their augmentation -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the tables in place of their marks."""
    recipes = list(RECIPES.values())
    augmentations = [recipe.augmentation or Augmentation() for recipe in recipes]
    markdown = markdown.replace(RECIPE_MARK, _table(recipes))
    return markdown.replace(AUGMENTATION_MARK, _table(augmentations))


def _table(records: Sequence[Recipe | Augmentation]) -> str:
    """Return a column for each recipe, and a row for each field that one of them sets."""
    rows = [["field", *(f"`{name}`" for name in RECIPES)], ["---"] + ["---:"] * len(RECIPES)]
    for field in fields(records[0]):
        values = [getattr(record, field.name) for record in records]
        shown = field.name not in ("name", "augmentation")
        if shown and any(value != field.default for value in values):
            rows.append([f"`{field.name}`", *map(_cell, values)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(value: float | str | bool | None) -> str:
    """Return a value; nothing where it is off."""
    if not value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
