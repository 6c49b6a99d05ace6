"""What pages say of the project itself, made by the caller from dbt's manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Relation:
    """A column of a table, and the column of another that a test finds its values in."""

    table: str
    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Project:
    """`version` tells one state of the dbt project from another; `keys` are the columns that tell
    the rows of a table apart."""

    version: str
    relations: tuple[Relation, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
