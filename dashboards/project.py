"""What pages say of the project itself, made by the caller from dbt's manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exposure:
    """A kind of reader, and the published tables that it depends on, as `schema.table`."""

    label: str
    description: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """A column of a table, and the column of another that a test finds its values in."""

    table: str
    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Project:
    """`version` tells one state of the dbt project from another. `chinese` are the words of
    tables and columns: `<table>`, `<table>__<column>` or, for a column that means the same
    everywhere, `<column>`. `keys` are the columns that tell the rows of a table apart."""

    version: str
    exposures: tuple[Exposure, ...] = ()
    relations: tuple[Relation, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    chinese: Mapping[str, str] = field(default_factory=dict)

    def in_chinese(self, table: str, column: str | None = None) -> str:
        """The words of a table or a column; empty where there are none."""
        if column is None:
            return self.chinese.get(table, "")
        return self.chinese.get(f"{table}__{column}") or self.chinese.get(column, "")
