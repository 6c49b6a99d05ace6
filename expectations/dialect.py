"""A DuckDB dialect for SQLAlchemy whose results outlive the connection's next statement.

Great Expectations fetches the rows of a statement after it has given the connection back to
the pool. The pool rolls back, and a DuckDB cursor is its connection: the rows are gone, and
every expectation ends in 'list index out of range'. Here each result is read whole as soon as
the statement has run. Results are small: every query of ours has a limit.
"""

from __future__ import annotations

from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

DRIVER = "buffered"


class _BufferedExecutionContext(Dialect.execution_ctx_cls):
    def post_exec(self) -> None:
        super().post_exec()
        if self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor.description, initial_buffer=self.cursor.fetchall()
            )


class BufferedDialect(Dialect):
    """`duckdb+buffered://`: as `duckdb://`, with every result buffered."""

    driver = DRIVER
    supports_statement_cache = False
    execution_ctx_cls = _BufferedExecutionContext


def register() -> None:
    """Make `duckdb+buffered://` known to SQLAlchemy in this process."""
    registry.register(f"duckdb.{DRIVER}", __name__, BufferedDialect.__name__)
