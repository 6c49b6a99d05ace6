"""Dagster's event log in SQLite, its files kept open between two events."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy
from dagster import DagsterEventType, EventLogEntry

# A storage of its own is what Dagster's `dagster.yaml` provides for; its base class has no public
# name.
from dagster._core.storage.event_log import SqliteEventLogStorage  # noqa: TID251

from orchestration.store.dagster_home import dagster_home

SECONDS_TO_WAIT = 30
"""How long a write waits for another process's, as in the base class."""
FILES_OPEN = 4
"""The index of all runs, and the runs that were written or looked at last."""
_INDEX = "index"
"""The name of the file of all runs."""
_DATA_VERSION = "dagster/data_version"
_STEP_OUTPUT = DagsterEventType.STEP_OUTPUT
_MATERIALIZATION = DagsterEventType.ASSET_MATERIALIZATION
_CHECK_EVALUATION = DagsterEventType.ASSET_CHECK_EVALUATION
_OF_TABLES = frozenset(
    {_STEP_OUTPUT, _MATERIALIZATION, DagsterEventType.ASSET_MATERIALIZATION_PLANNED}
)
_OF_CHECKS = frozenset({_CHECK_EVALUATION, DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED})


class Materialized(NamedTuple):
    """An event of it, as far as Dagster notes of what an asset is made."""

    run_id: str
    storage_id: int
    timestamp: float
    data_version: str


class KeptOpenEventLog(SqliteEventLogStorage):
    """The same tables in the same files.

    The base class makes a SQLAlchemy engine for each statement, opens the file with it and
    compiles the statement anew, and asks for each event which tables and columns there are: 6 ms
    an event, and a build has 1,500. Here an engine and its connection last, and so does what it
    answered: tables, columns and indexes are made with the file, and do not go.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        self._there: set[tuple[str, str]] = set()
        self.materialized: dict[str, Materialized] = {}
        """The last materialization of each asset that was stored here."""
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> KeptOpenEventLog:
        """Where Dagster keeps it by itself: a home from before this class goes on being used."""
        return cls(str(dagster_home() / "history" / "runs"), inst_data)

    def has_table(self, table_name: str) -> bool:
        return self._is_there("table", table_name, super().has_table)

    def has_asset_key_col(self, column_name: str) -> bool:
        return self._is_there("column", column_name, super().has_asset_key_col)

    def _has_asset_key_col_on_connection(self, conn: sqlalchemy.Connection, column: str) -> bool:
        ask = partial(super()._has_asset_key_col_on_connection, conn)
        return self._is_there("column", column, ask)

    def has_secondary_index(self, name: str) -> bool:
        return self._is_there("index", name, super().has_secondary_index)

    def _is_there(self, kind: str, name: str, ask: Callable[[str], bool]) -> bool:
        if (kind, name) not in self._there and ask(name):
            self._there.add((kind, name))
        return (kind, name) in self._there

    def store_event(self, event: EventLogEntry) -> None:
        """The rows of the base class. What a run tells of each table and check costs a fourth of
        what it would there: an event is made text once, a file has a transaction an event, and
        SQLAlchemy, which takes twice as long over a row as SQLite, is left out."""
        kind = event.dagster_event_type if event.is_dagster_event else None
        if kind not in _OF_TABLES | _OF_CHECKS or not event.run_id:
            super().store_event(event)
            return
        row = self._event_to_row(event)
        row["timestamp"] = row["timestamp"].isoformat(" ", "microseconds")
        with self._cursor(event.run_id) as cursor:
            _insert(cursor, "event_logs", row)
        if kind == _STEP_OUTPUT:
            return
        with self._cursor(_INDEX) as cursor:
            storage_id = _insert(cursor, "event_logs", row)
            if kind in _OF_CHECKS:
                _note_check(cursor, event, row, storage_id)
                return
            told = {
                "last_run_id": event.run_id,
                "last_materialization_timestamp": row["timestamp"],
            }
            if kind == _MATERIALIZATION:
                # Dagster's text of an `EventLogRecord`.
                told["last_materialization"] = (
                    f'{{"__class__": "EventLogRecord", "event_log_entry": {row["event"]},'
                    f' "storage_id": {storage_id}}}'
                )
                tags = self._tags_for_asset_event(event)
                if _DATA_VERSION in tags:
                    self.materialized[row["asset_key"]] = Materialized(
                        event.run_id, storage_id, event.timestamp, tags[_DATA_VERSION]
                    )
                for key, value in tags.items():
                    tag = {"key": key, "value": value, "event_timestamp": row["timestamp"]}
                    tag |= {"event_id": storage_id, "asset_key": row["asset_key"]}
                    _insert(cursor, "asset_event_tags", tag)
            _write(cursor, "asset_keys", {"asset_key": row["asset_key"]}, told)

    @contextmanager
    def _cursor(self, shard: str) -> Iterator[sqlite3.Cursor]:
        """Of a transaction."""
        with self._db_lock:
            connection = self._engine(shard).raw_connection()
            try:
                opened: Any = connection.driver_connection
                with opened:
                    yield opened.cursor()
            finally:
                connection.close()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        engine = self._engines.pop(shard, None)
        if engine is None or not Path(self.path_for_shard(shard)).exists():
            engine = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SECONDS_TO_WAIT}
            )
            self._initdb(engine)
        self._engines[shard] = engine  # the last of them: the one that was asked for last
        while len(self._engines) > FILES_OPEN:
            self._engines.pop(next(iter(self._engines))).dispose()
        return engine

    def dispose(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()
        super().dispose()


def _note_check(
    cursor: sqlite3.Cursor, event: EventLogEntry, row: Mapping[str, Any], storage_id: int
) -> None:
    """That a check is planned, or in its place how it went."""
    assert event.dagster_event is not None
    data: Any = event.dagster_event.event_specific_data
    of_check = {
        "asset_key": data.asset_key.to_string(),
        "check_name": data.check_name,
        "run_id": event.run_id,
        "partition": None,
    }
    told = {
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": storage_id,
    }
    if event.dagster_event_type != _CHECK_EVALUATION:
        told["execution_status"] = "PLANNED"
        _insert(cursor, "asset_check_executions", {**of_check, **told})
        return
    of = data.target_materialization_data
    told["execution_status"] = "SUCCEEDED" if data.passed else "FAILED"
    told["materialization_event_storage_id"] = of.storage_id if of else None
    _write(cursor, "asset_check_executions", of_check, told)


def _insert(cursor: sqlite3.Cursor, table: str, row: Mapping[str, Any]) -> int:
    """Returns the row's number."""
    values = ", ".join(f":{name}" for name in row)
    cursor.execute(f"insert into {table} ({', '.join(row)}) values ({values})", row)
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _write(
    cursor: sqlite3.Cursor, table: str, key: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    """Write what is told of a key over what its row says, or a row."""
    values = ", ".join(f"{name} = :{name}" for name in told)
    found = " and ".join(f"{name} is :{name}" for name in key)
    cursor.execute(f"update {table} set {values} where {found}", {**key, **told})
    if not cursor.rowcount:
        _insert(cursor, table, {**key, **told})
