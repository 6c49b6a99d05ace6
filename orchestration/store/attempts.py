"""Builds that go on where they broke off, and what may be published.

An attempt is one whole run of dbt over inputs that do not change: files, definitions, settings,
SQL and code, told apart by their fingerprint. In the transaction that makes a model dbt notes
that it stands (`note_built` in the dbt project), so a run that failed or was killed, however
hard, is gone on with behind the last of them. dbt's own `retry` cannot: it reads a file that
dbt writes when it ends. With other inputs, or once somebody has built a model by hand, a
build begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orchestration.store.sql import insert_many, literal, value

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
    stays: Callable[[frozenset[str]], Collection[str]] | None = None,
) -> Attempt:
    """The last attempt, to go on with, when its inputs were these and only it has built since.

    Else, and with `anew`, a new one: with what `stays` says need not be made again of the models
    that the last one made, if that one was whole.
    """
    last = None if anew else _last(connection, load_id, fingerprint)
    if last is not None:
        return last
    whole = frozenset() if anew or stays is None else _whole(connection)
    built = frozenset(stays(whole)) if stays is not None and whole else frozenset()
    connection.execute("begin")
    note_built(connection, attempt_id, sorted(built))
    connection.execute(
        "insert into raw.build_attempts (attempt_id, load_id, fingerprint, started_at) values"
        f" ({', '.join(map(value, (attempt_id, load_id, fingerprint, _now())))})"
    )
    connection.execute("commit")
    return Attempt(attempt_id, load_id, fingerprint, built)


def note_built(
    connection: duckdb.DuckDBPyConnection, attempt_id: str, models: Iterable[str]
) -> None:
    """Note that these stand, and no others."""
    connection.execute("delete from raw.built_models")
    insert_many(connection, "raw.built_models", [(attempt_id, name) for name in models])


def kept(connection: duckdb.DuckDBPyConnection, attempt: Attempt, models: Iterable[str]) -> None:
    """Note that these stand too: what dbt does not make it does not note."""
    rows = [(attempt.attempt_id, name) for name in models]
    insert_many(connection, "raw.built_models", rows)


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
        f" from raw.build_attempts where attempt_id = {literal(attempt.attempt_id)}"
    ).fetchone()
    return bool(row and row[0])


def _last(connection: duckdb.DuckDBPyConnection, load_id: int, fingerprint: str) -> Attempt | None:
    row = connection.execute(
        "select attempt_id, load_id, fingerprint from raw.build_attempts"
        " order by started_at desc limit 1"
    ).fetchone()
    if row is None or row[1:] != (load_id, fingerprint):
        return None
    built = _built(connection, row[0])
    return None if built is None else Attempt(*row, built)


def _whole(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """What the last attempt made, if it completed and nobody has built by hand since."""
    row = connection.execute(
        "select attempt_id, completed_at from raw.build_attempts order by started_at desc limit 1"
    ).fetchone()
    built = _built(connection, row[0]) if row and row[1] else None
    return built or frozenset()


def _built(connection: duckdb.DuckDBPyConnection, attempt_id: str) -> frozenset[str] | None:
    built = connection.execute("select attempt_id, model_name from raw.built_models").fetchall()
    if any(by != attempt_id for by, _ in built):
        return None
    return frozenset(name for _, name in built)


def _note(connection: duckdb.DuckDBPyConnection, attempt: Attempt, column: str) -> None:
    connection.execute(
        f"update raw.build_attempts set {column} = {value(_now())}"
        f" where attempt_id = {literal(attempt.attempt_id)}"
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
