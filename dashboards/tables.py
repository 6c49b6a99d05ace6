"""The published tables as their own file describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

_CHINESE = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Column:
    """A column with its meaning in both languages."""

    name: str
    type: str
    en: str
    zh: str


@dataclass(frozen=True)
class Table:
    """A published table with its meaning in both languages, and where it stands as Parquet."""

    schema: str
    name: str
    row_count: int
    en: str
    zh: str
    columns: tuple[Column, ...]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def parquet(self) -> str:
        return f"parquet/{self.schema}/{self.name}.parquet"


def published_tables(connection: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    """Every published table, marts first, by name."""
    found = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables()"
        " where database_name = current_database() and schema_name <> 'main'"
        " order by schema_name <> 'marts', schema_name, table_name"
    ).fetchall()
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, column, kind, comment in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment from duckdb_columns()"
        " where database_name = current_database() order by schema_name, table_name, column_index"
    ).fetchall():
        described = Column(column, kind.lower(), *_both(comment))
        columns.setdefault((schema, table), []).append(described)
    return tuple(_table(connection, *row, columns[row[:2]]) for row in found)


def _table(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    name: str,
    comment: str | None,
    columns: list[Column],
) -> Table:
    count = connection.execute(f'select count(*) from "{schema}"."{name}"').fetchone()
    return Table(
        schema,
        name,
        int(count[0]) if count else 0,
        *_both(comment),
        tuple(columns),
    )


def _both(comment: str | None) -> tuple[str, str]:
    """A comment is English, then a line of Chinese; a table's ends with its build."""
    lines = [line for line in (comment or "").splitlines() if not line.startswith("build_id: ")]
    english = " ".join(line for line in lines if not _CHINESE.search(line))
    return " ".join(english.split()), "".join(line for line in lines if _CHINESE.search(line))
