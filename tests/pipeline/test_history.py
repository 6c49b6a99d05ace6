"""Dagster's event log: what it asks its files once, and not for each event, and that its files hold
what Dagster's own would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.store.history import KeptOpenEventLog
from orchestration.ui.executor import make_quick


def test_what_a_file_has_is_asked_once_however_many_assets_are_looked_up(
    tmp_path: Path,
) -> None:
    log = KeptOpenEventLog(str(tmp_path))
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    log.get_asset_records([dg.AssetKey("first")])
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", note)
    try:
        log.get_asset_records([dg.AssetKey("second")])
        log.get_asset_records([dg.AssetKey("third")])
    finally:
        sqlalchemy.event.remove(sqlalchemy.engine.Engine, "before_cursor_execute", note)
        log.dispose()
    # The record and the last event of each of the two.
    assert ["event_logs" in statement for statement in asked] == [False, True] * 2
    assert all("asset_keys" in statement or "event_logs" in statement for statement in asked)


# When a row was written.
WHEN = ("create_timestamp", "migration_completed")


@dg.asset
def first() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"dagster/row_count": 7, "words": "“…” 中文"})


@dg.asset(deps=[first], check_specs=[dg.AssetCheckSpec("right", asset="second")])
def second() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    yield dg.MaterializeResult(tags={"of": "somebody"})
    yield dg.AssetCheckResult(check_name="right", passed=True)


@dg.asset(deps=[second])
def fails() -> None:
    raise dg.Failure("on purpose")


def told(folder: Path) -> dict[tuple[str, str], list[dict[str, object]]]:
    """All rows of all files of an event log, but for when they were written."""
    found = {}
    for path in sorted(folder.rglob("*.db")):
        with sqlite3.connect(path) as connection:
            tables = connection.execute("select name from sqlite_master where type = 'table'")
            for (table,) in tables.fetchall():
                cursor = connection.execute(f"select * from {table}")
                names = [column for column, *_ in cursor.description]
                found[path.name, table] = [
                    {name: cell for name, cell in zip(names, row, strict=True) if name not in WHEN}
                    for row in cursor
                ]
    return found


def test_its_rows_are_those_of_dagsters_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[dg.EventLogEntry] = []
    store = SqliteEventLogStorage.store_event
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        monkeypatch.setattr(
            SqliteEventLogStorage, "store_event",
            lambda self, event: (stored.append(event), store(self, event)),
        )  # fmt: skip
        for _ in range(2):
            dg.materialize([first, second, fails], instance=instance, raise_on_error=False)
    monkeypatch.undo()
    kinds = {event.dagster_event_type for event in stored if event.is_dagster_event}
    assert kinds >= {
        dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, dg.DagsterEventType.STEP_OUTPUT,
        dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        dg.DagsterEventType.STEP_FAILURE,
    }  # fmt: skip
    logs = SqliteEventLogStorage(str(tmp_path / "theirs")), KeptOpenEventLog(str(tmp_path / "ours"))
    for log in logs:
        for event in stored:
            log.store_event(event)
        log.dispose()
    ours, theirs = told(tmp_path / "ours"), told(tmp_path / "theirs")
    assert ours == theirs
    assert ours["index.db", "asset_check_executions"]


@dg.multi_asset(
    specs=[dg.AssetSpec("made"), dg.AssetSpec("made_of_it", deps=["made", "second"])],
    check_specs=[dg.AssetCheckSpec("right", asset="made")],
)
def both() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    yield dg.MaterializeResult(asset_key="made")
    yield dg.MaterializeResult(asset_key="made_of_it")
    yield dg.AssetCheckResult(asset_key="made", check_name="right", passed=True)


def test_what_a_run_has_made_is_told_without_reading_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which materializations an asset is made, and which a check is about."""
    make_quick()
    read: list[dg.AssetKey] = []
    ask = KeptOpenEventLog.get_asset_records

    def asked(self: KeptOpenEventLog, keys: list[dg.AssetKey]) -> object:
        read.extend(keys)
        return ask(self, keys)

    kept = {"module": KeptOpenEventLog.__module__, "class": KeptOpenEventLog.__name__}
    monkeypatch.setattr(KeptOpenEventLog, "get_asset_records", asked)
    with dg.instance_for_test(
        temp_dir=str(tmp_path), overrides={"event_log_storage": kept}
    ) as instance:
        for _ in range(2):
            run = dg.materialize([first, second, both], instance=instance)
            told = {
                event.asset_key.to_user_string(): (event.storage_id, event.asset_materialization)
                for key in ("made", "made_of_it", "second")
                for event in instance.fetch_materializations(dg.AssetKey(key), limit=1).records
            }
            tags = told["made_of_it"][1].tags
            for key in ("made", "second"):
                number, made = told[key]
                assert tags[f"dagster/input_event_pointer/{key}"] == str(number)
                version = made.tags["dagster/data_version"]
                assert tags[f"dagster/input_data_version/{key}"] == version
            about = [
                check.target_materialization_data
                for check in run.get_asset_check_evaluations()
                if check.asset_key == dg.AssetKey("made")
            ]
            assert [(each.storage_id, each.run_id) for each in about] == [
                (told["made"][0], run.run_id)
            ]
    assert dg.AssetKey("made") not in read
