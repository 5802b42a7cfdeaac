"""Tables and numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]

#: Rows of a table after which the rest is summed up.
MOST_ROWS = 20


def table(title: str, rows: Sequence[Row]) -> str:
    """A plain table with aligned columns."""
    columns, cells = _cells(rows)
    widths = [max(len(c), *(len(r[i]) for r in cells)) for i, c in enumerate(columns)]
    lines = [title, "  " + "  ".join(c.ljust(w) for c, w in zip(columns, widths, strict=True)).rstrip()]
    lines += ["  " + "  ".join(v.ljust(w) for v, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


def markdown_table(title: str, rows: Sequence[Row]) -> str:
    """The same as Markdown."""
    columns, cells = _cells(rows)
    lines = [f"## {title}", "", *("| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns)))]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
    return "\n".join(lines)


def number(value: float) -> str:
    """Four digits."""
    return f"{value:.4g}"


def number_range(smallest: float, largest: float) -> str:
    """Two numbers, or one where they read the same."""
    low, high = number(smallest), number(largest)
    return low if low == high else f"{low} to {high}"


def bytes_text(size: float) -> str:
    """A size with its unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000.0:
            return f"about {size:.3g} {unit}"
        size /= 1000.0
    return f"about {size:.3g} TB"


def _cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return columns, [[str(row.get(c, "")) for c in columns] for row in rows]
