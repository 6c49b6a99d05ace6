"""Dagster's event log in SQLite, its files kept open between two events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster import DagsterEventType, EventLogEntry

# A storage of its own is what Dagster's `dagster.yaml` provides for; its base class and its tables
# have no public name.
from dagster._core.storage.event_log import SqliteEventLogStorage  # noqa: TID251
from dagster._core.storage.event_log.schema import (  # noqa: TID251
    AssetKeyTable,
    SqlEventLogStorageTable,
)

from orchestration.store.dagster_home import dagster_home

SECONDS_TO_WAIT = 30
"""How long a write waits for another process's, as in the base class."""
FILES_OPEN = 4
"""The index of all runs, and the runs that were written or looked at last."""
_OF_EACH_TABLE = frozenset(
    {
        DagsterEventType.STEP_OUTPUT,
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        DagsterEventType.ASSET_MATERIALIZATION,
    }
)
_INSERT_EVENT = SqlEventLogStorageTable.insert()
_KEY = AssetKeyTable.c.asset_key == sqlalchemy.bindparam("of_key")


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
        """The rows of the base class. What a run tells of each table costs a third of what it would
        there: an event is made text once, statements are compiled once, and a file has a
        transaction an event."""
        kind = event.dagster_event_type if event.is_dagster_event else None
        if kind not in _OF_EACH_TABLE or not event.run_id:
            super().store_event(event)
            return
        row = self._event_to_row(event)
        with self.run_connection(event.run_id) as connection:
            connection.execute(_INSERT_EVENT, row)
        if kind == DagsterEventType.STEP_OUTPUT:
            return
        with self.index_connection() as connection:
            (storage_id,) = connection.execute(_INSERT_EVENT, row).inserted_primary_key
            at = datetime.fromtimestamp(event.timestamp, UTC)
            of_key = {"last_run_id": event.run_id, "last_materialization_timestamp": at}
            if kind == DagsterEventType.ASSET_MATERIALIZATION:
                self._store_asset_event_tags(connection, [event], [storage_id])
                # Dagster's text of an `EventLogRecord`.
                of_key["last_materialization"] = (
                    f'{{"__class__": "EventLogRecord", "event_log_entry": {row["event"]},'
                    f' "storage_id": {storage_id}}}'
                )
            update = AssetKeyTable.update().where(_KEY)
            if not connection.execute(update, {**of_key, "of_key": row["asset_key"]}).rowcount:
                connection.execute(
                    AssetKeyTable.insert(), {**of_key, "asset_key": row["asset_key"]}
                )

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
