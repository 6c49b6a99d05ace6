"""What a whole run of dbt is told and leaves behind, whoever runs it.

`begin` decides whether it adds to what stands or builds everything anew; `complete` notes how far
it came. A run that is killed in between leaves no note, and the next takes up the same loads.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration import watermarks


@dataclass(frozen=True)
class Transformation:
    """A run of dbt that is under way: the newest load it sees, and from what it builds."""

    load_id: int
    configuration_hash: str
    is_rebuild: bool
    has_changed: bool
    """It is a rebuild because settings or SQL changed."""

    @property
    def arguments(self) -> list[str]:
        """What `dbt build` or `dbt run` is given besides its selection."""
        return ["--full-refresh"] if self.is_rebuild else []


def begin(
    connection: duckdb.DuckDBPyConnection, configuration_hash: str, *, anew: bool = False
) -> Transformation:
    """Decide how to build, before dbt starts; with `anew` everything is built from raw."""
    last = watermarks.last(connection)
    has_changed = last is not None and last.configuration_hash != configuration_hash
    is_rebuild = anew or last is None or has_changed
    if is_rebuild and last is not None:
        watermarks.begin_rebuild(connection)
    return Transformation(
        watermarks.newest_load_id(connection), configuration_hash, is_rebuild, has_changed
    )


def complete(connection: duckdb.DuckDBPyConnection, transformation: Transformation) -> None:
    """Note that all of it is built, and green."""
    watermarks.write(connection, transformation.load_id, transformation.configuration_hash)
