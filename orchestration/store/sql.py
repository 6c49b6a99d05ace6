"""SQL of names and values: the one place that quotes.

Values stand in the statements: parameters make DuckDB's client load pandas, which takes 2 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import duckdb


class NulByteError(ValueError):
    """A NUL byte in a name or a path: SQL cannot spell it. The message says what to do."""


def quote(*parts: str) -> str:
    """An SQL identifier, dotted when of several parts. Raises `NulByteError`."""
    return ".".join('"' + _spelled(part).replace('"', '""') + '"' for part in parts)


def literal(text: str | Path) -> str:
    """An SQL text. Raises `NulByteError`."""
    return "'" + _spelled(str(text)).replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """An SQL list of texts."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"


def value(cell: object) -> str:
    """A value of the line's own bookkeeping as SQL."""
    if cell is None:
        return "null"
    if isinstance(cell, bool | int):
        return str(cell).lower()
    if isinstance(cell, datetime):
        return f"timestamp '{cell.isoformat(sep=' ')}'"
    return " || chr(0) || ".join(literal(part) for part in str(cell).split("\0"))


def insert_many(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]
) -> None:
    """Insert rows of the line's own bookkeeping, 200 to a statement.

    One by one is slow.
    """
    for start in range(0, len(rows), 200):
        listed = ", ".join(
            f"({', '.join(value(cell) for cell in row)})" for row in rows[start : start + 200]
        )
        connection.execute(f"insert into {table} values {listed}")


def empty_table(
    schema: str, name: str, description: str, columns: Sequence[tuple[str, str, str]]
) -> str:
    """Statements that put a table without rows in the place of what stands: each of its columns by
    name, type and description. What has no description has no comment."""
    table = quote(schema, name)
    kinds = ", ".join(f"{quote(column)} {kind}" for column, kind, _ in columns)
    comments = [(f"table {table}", description)]
    comments += [(f"column {table}.{quote(column)}", words) for column, _, words in columns]
    said = "".join(f" comment on {what} is {literal(words)};" for what, words in comments if words)
    return f"create or replace table {table} ({kinds});{said}"


def rows_state(
    connection: duckdb.DuckDBPyConnection, table: str, most_rows: int | None = None
) -> str | None:
    """A hash of a table's rows in whatever order; None: there are over `most_rows`."""
    if most_rows is not None and row_count(connection, table) > most_rows:
        return None
    return str(
        connection.execute(
            f"select count(*), bit_xor(hash(of)), sum(hash(of)) from {table} as of"
        ).fetchone()
    )


NO_ROWS = str((0, None, None))
"""That hash of a table without rows."""


def row_count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def _spelled(text: str) -> str:
    if "\0" in text:
        raise NulByteError("A column's name holds a NUL byte. Rename the column.")
    return text
