"""The published tables as their own file describes them."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from dashboards.project import Project


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


def published_tables(connection: duckdb.DuckDBPyConnection, project: Project) -> tuple[Table, ...]:
    """Every published table, marts first, by name."""
    found = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables()"
        " where database_name = current_database() and schema_name <> 'main'"
        " order by schema_name <> 'marts', schema_name, table_name"
    ).fetchall()
    return tuple(_table(connection, project, *row) for row in found)


def _table(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    schema: str,
    name: str,
    comment: str | None,
) -> Table:
    columns = connection.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where database_name = current_database() and schema_name = ? and table_name = ?"
        " order by column_index",
        [schema, name],
    ).fetchall()
    count = connection.execute(f'select count(*) from "{schema}"."{name}"').fetchone()
    lines = [line for line in (comment or "").splitlines() if not line.startswith("build_id: ")]
    full_name = f"{schema}.{name}"
    return Table(
        schema=schema,
        name=name,
        row_count=int(count[0]) if count else 0,
        en=" ".join(" ".join(lines).split()),
        zh=project.chinese.get(full_name, ""),
        columns=tuple(
            Column(
                column,
                kind.lower(),
                " ".join((text or "").split()),
                project.chinese.get(f"{full_name}.{column}", ""),
            )
            for column, kind, text in columns
        ),
    )
