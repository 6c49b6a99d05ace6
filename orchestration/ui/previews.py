"""The first rows of a table, for the UI: which tables have them is said in dbt's `config.meta`.

    config: {meta: {preview: {order_by: "row_count desc", rows: 20}}}

A run's metadata is kept for good, so a table that holds ids of people has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

PERSONAL = frozenset({"user_id", "anonymous_id", "payload"})


def preview(connection: duckdb.DuckDBPyConnection, node: Mapping[str, Any]) -> str | None:
    """The rows as a Markdown table; None where the model asks for none.

    Raises `ValueError` for a model whose columns hold ids of people.
    """
    asked = node["config"].get("meta", {}).get("preview")
    if not asked:
        return None
    personal = PERSONAL & set(node["columns"])
    if personal:
        raise ValueError(
            f"{node['name']} shows no rows: {', '.join(sorted(personal))} names people"
        )
    cursor = connection.execute(
        f"""select * from "{node["schema"]}"."{node["alias"]}" """
        f"order by {asked['order_by']} limit {int(asked['rows'])}"
    )
    names = [column[0] for column in cursor.description or ()]
    return markdown_table(names, cursor.fetchall())


def markdown_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [_line(names), _line("---" for _ in names), *(_line(row) for row in rows)]
    return "\n".join(lines)


def _line(cells: Iterable[Any]) -> str:
    texts = ("" if cell is None else " ".join(str(cell).split()) for cell in cells)
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"
