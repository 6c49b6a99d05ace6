"""A DuckDB dialect for SQLAlchemy as Great Expectations asks: whole results, and quick columns.

Great Expectations fetches the rows of a statement after it has given the connection back to
the pool. The pool rolls back, and a DuckDB cursor is its connection: the rows are gone, and
every expectation ends in 'list index out of range'. Here each result is read as soon as the
statement has run: its first rows, since Great Expectations reads 200 of them at most.

The columns of a table are asked of DuckDB. `duckdb_engine` asks PostgreSQL's catalog of them,
in a query of 50 ms, which was half of what a suite costs.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

DRIVER = "buffered"
_READ_ROWS = 10_000
_COLUMNS = sa.text("""select column_name, data_type, is_nullable, column_default
from duckdb_columns()
where database_name = current_database() and schema_name = :schema and table_name = :table
order by column_index""")


class _BufferedExecutionContext(Dialect.execution_ctx_cls):
    def post_exec(self) -> None:
        super().post_exec()
        if self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor.description, initial_buffer=self.cursor.fetchmany(_READ_ROWS)
            )


class BufferedDialect(Dialect):
    """`duckdb+buffered://`: as `duckdb://`, with every result buffered."""

    driver = DRIVER
    supports_statement_cache = False
    execution_ctx_cls = _BufferedExecutionContext

    def get_columns(
        self, connection: sa.Connection, table_name: str, schema: str | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        found = connection.execute(_COLUMNS, {"schema": schema or "main", "table": table_name})
        return [
            {
                "name": name,
                "type": self._type(data_type),
                "nullable": nullable,
                "default": default,
            }
            for name, data_type, nullable, default in found
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> dict[str, Any]:
        """None: a key of ours is a test of dbt's."""
        return {"constrained_columns": [], "name": None}

    def _type(self, data_type: str) -> sa.types.TypeEngine[Any]:
        known = self.ischema_names.get(data_type.partition("(")[0].lower())
        return known() if known else sa.types.NullType()


def register() -> None:
    """Make `duckdb+buffered://` known to SQLAlchemy in this process."""
    registry.register(f"duckdb.{DRIVER}", __name__, BufferedDialect.__name__)
