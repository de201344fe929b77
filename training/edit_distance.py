"""How far one text is from another."""

from __future__ import annotations


def edit_distance(one: str, other: str) -> int:
    """Return how many characters must be changed, added or left out (Levenshtein, 1966)."""
    costs = list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        previous, costs[0] = costs[0], row
        for column, b in enumerate(other, start=1):
            change = previous + (a != b)
            previous = costs[column]
            costs[column] = min(change, costs[column] + 1, costs[column - 1] + 1)
    return costs[-1]
