"""Dagster's folder: runs, schedules, logs. One for `make build` and `make dev`."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from orchestration.project import ROOT

_HEAD = "# Written by `make`."
CONFIG = f"""\
{_HEAD} Nothing is reported anywhere, no dialog asks for an address, queued runs go one
# after another, and the event log's files stay open.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
event_log_storage:
  module: orchestration.store.history
  class: KeptOpenEventLog
"""


def dagster_home() -> Path:
    """`DAGSTER_HOME`, else `data/dagster`: made when missing, and set for this process.

    A `dagster.yaml` that somebody else wrote stays as it is.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or ROOT / "data" / "dagster")
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    text = config.read_text(encoding="utf-8") if config.exists() else _HEAD
    if text.startswith(_HEAD) and text != CONFIG:
        config.write_text(CONFIG, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def history_hindrance(home: Path, wait_seconds: float) -> str | None:
    """Why Dagster's history cannot be written, in a sentence; None: it can be, or is not there yet.

    A file that is no database is set aside, and Dagster makes another.
    """
    for name in ("history/runs.db", "history/runs/index.db", "schedules/schedules.db"):
        path = home / name
        if not path.exists():
            continue
        try:
            with closing(sqlite3.connect(path, timeout=wait_seconds)) as connection:
                connection.execute("begin immediate")
                connection.execute("select count(*) from sqlite_master").fetchone()
                connection.rollback()
        except sqlite3.OperationalError as error:
            return f"{path} cannot be written ({error})"
        except sqlite3.DatabaseError:
            _set_aside(path)
    return None


def _set_aside(path: Path) -> None:
    ending = f".unusable-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for part in (path, *path.parent.glob(f"{path.name}-*")):
        part.rename(part.with_name(part.name + ending))


@cache
def relax_history() -> None:
    """Let Dagster's history be written without waiting for the disk.

    It commits several times an event, and a build has 1,500: the waits were 9 of their 19
    seconds. A killed process loses nothing by it; a power cut may cost runs in the UI, and
    nothing of the warehouse or of what is published.
    """
    import sqlalchemy

    def relax(connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("pragma synchronous = off")

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", relax)
