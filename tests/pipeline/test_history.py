"""Dagster's event log: what it asks its files once, and not for each event."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import sqlalchemy

from orchestration.store.history import KeptOpenEventLog


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
