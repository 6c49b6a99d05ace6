"""Builds that go on where they broke off, and what may be published.

An attempt is one whole run of dbt over inputs that do not change: files, definitions, settings,
SQL and code, told apart by their fingerprint. In the transaction that makes a model dbt notes
that it stands (`note_built` in the dbt project), so a run that failed or was killed, however
hard, is gone on with behind the last of them. dbt's own `retry` cannot: it reads a file that
dbt writes when it ends. With other inputs, or once somebody has built a model by hand, a
build begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

ANEW_TAG = "yunying/anew"
"""A run with this tag builds everything, whatever stands."""


@dataclass(frozen=True)
class Attempt:
    """An attempt and the models that stand of it, by dbt's unique ids."""

    attempt_id: str
    load_id: int
    fingerprint: str
    built: frozenset[str] = frozenset()


def were_made(connection: duckdb.DuckDBPyConnection) -> bool:
    """Has ingest made this warehouse? One that was put together by hand is never published."""
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where database_name = current_database()"
            " and schema_name = 'raw' and table_name = 'build_attempts'"
        ).fetchone()
    )


def begin(
    connection: duckdb.DuckDBPyConnection,
    attempt_id: str,
    load_id: int,
    fingerprint: str,
    *,
    anew: bool = False,
) -> Attempt:
    """The last attempt, to go on with, when its inputs were these and only it has built since.

    Else, and with `anew`, a new one.
    """
    last = None if anew else _last(connection, load_id, fingerprint)
    if last is not None:
        return last
    connection.execute("begin")
    connection.execute("delete from raw.built_models")
    connection.execute(
        "insert into raw.build_attempts (attempt_id, load_id, fingerprint, started_at)"
        " values (?, ?, ?, ?)",
        [attempt_id, load_id, fingerprint, _now()],
    )
    connection.execute("commit")
    return Attempt(attempt_id, load_id, fingerprint)


def complete(connection: duckdb.DuckDBPyConnection, attempt: Attempt) -> None:
    """Note that every model stands and every dbt test has passed."""
    _note(connection, attempt, "completed_at")


def checked(connection: duckdb.DuckDBPyConnection, load_id: int, fingerprint: str) -> None:
    """Note that every suite has passed over what the last attempt built."""
    attempt = _last(connection, load_id, fingerprint)
    if attempt is not None:
        _note(connection, attempt, "checked_at")


def is_publishable(connection: duckdb.DuckDBPyConnection, load_id: int, fingerprint: str) -> bool:
    """Is what stands whole, green and checked, of these inputs, and untouched since?"""
    attempt = _last(connection, load_id, fingerprint)
    if attempt is None:
        return False
    row = connection.execute(
        "select completed_at is not null and checked_at >= completed_at"
        " from raw.build_attempts where attempt_id = ?",
        [attempt.attempt_id],
    ).fetchone()
    return bool(row and row[0])


def _last(connection: duckdb.DuckDBPyConnection, load_id: int, fingerprint: str) -> Attempt | None:
    row = connection.execute(
        "select attempt_id, load_id, fingerprint from raw.build_attempts"
        " order by started_at desc limit 1"
    ).fetchone()
    if row is None or row[1:] != (load_id, fingerprint):
        return None
    built = connection.execute("select attempt_id, model_name from raw.built_models").fetchall()
    if any(attempt_id != row[0] for attempt_id, _ in built):
        return None
    return Attempt(*row, frozenset(name for _, name in built))


def _note(connection: duckdb.DuckDBPyConnection, attempt: Attempt, column: str) -> None:
    connection.execute(
        f"update raw.build_attempts set {column} = ? where attempt_id = ?",
        [_now(), attempt.attempt_id],
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
