"""What a notebook shows of a result: HTML from plain values and figures."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [("th", header), *(("td", row) for row in rows)]
    cells = (
        "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in line) for kind, line in lines
    )
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in cells)}</table>"


def lines(*texts: str) -> str:
    """Return texts, each on a line of its own."""
    return "".join(f"<div>{html.escape(text)}</div>" for text in texts)


def picture(figure: Figure) -> str:
    """Return a figure, with the picture inside."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    content = base64.b64encode(file.getvalue()).decode()
    return f'<img style="max-width: 100%" src="data:image/png;base64,{content}">'
