"""What an erasure, or an expiry, takes away outside of raw and the tables made of it.

Reports and logs quote rows: Data Docs, Dagster's check results, what steps printed, dbt's logs.
After either those of runs before it go; that the runs were, when, and how they ended stays.
After an erasure kept builds that hold the people go too, save the one that readers see: it goes
when the next is published.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from orchestration.privacy import erasure, expiry
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.publish.bucket import prune
from orchestration.publish.builds import forget_all_but_current
from orchestration.store.dagster_home import dagster_home
from orchestration.transform.dbt_runs import target_dir

_SECONDS_TO_WAIT = 30
# Events whose text quotes rows: results of checks, and errors.
_QUOTING_EVENTS = (
    "ASSET_CHECK_EVALUATION",
    "STEP_FAILURE",
    "STEP_UP_FOR_RETRY",
    "PIPELINE_FAILURE",
)


def is_due(settings: Settings) -> bool:
    """Whether an erasure or an expiry has begun whose traces are not yet gone."""
    return any(each.marker_path(settings).exists() for each in (erasure, expiry))


def scrub(settings: Settings, run_id: str) -> None:
    """Take away what reports and logs of other runs than this one quote, and kept builds."""
    for told in (settings.validations_dir, settings.data_docs_dir):
        shutil.rmtree(told, ignore_errors=True)
    # Damaged files that were set aside, and cannot be searched.
    folder, name = settings.warehouse.parent, settings.warehouse.name
    for aside in [*folder.glob(f"{name}.unusable-*"), *dagster_home().rglob("*.unusable-*")]:
        aside.unlink(missing_ok=True)
    _scrub_dbt()
    _scrub_history(dagster_home(), run_id)
    if erasure.marker_path(settings).exists():
        forget_all_but_current(settings)
        prune(settings)
    for each in (erasure, expiry):
        each.marker_path(settings).unlink(missing_ok=True)


def _scrub_dbt() -> None:
    folder = target_dir()
    for name in ("run_results.json", "dbt.log"):
        (folder / name).unlink(missing_ok=True)
    for log in [*folder.glob("*.log*"), *(DBT_PROJECT_DIR / "logs").glob("*.log*")]:
        log.unlink(missing_ok=True)


def _scrub_history(home: Path, run_id: str) -> None:
    for folder in (home / "storage").glob("*"):
        if folder.is_dir() and folder.name != run_id:
            shutil.rmtree(folder, ignore_errors=True)
    runs = home / "history" / "runs"
    for file in runs.glob("*.db*"):
        if not file.name.startswith((run_id, "index.")):
            file.unlink(missing_ok=True)
    if (runs / "index.db").exists():
        _scrub_index(runs / "index.db", run_id)


def _scrub_index(index: Path, run_id: str) -> None:
    """Delete the index's copies of events that quote rows, and overwrite where they stood."""
    connection = sqlite3.connect(index, timeout=_SECONDS_TO_WAIT)
    try:
        connection.execute("pragma secure_delete = on")
        tables = {
            name for (name,) in connection.execute("select name from sqlite_master").fetchall()
        }
        with connection:
            if "asset_check_executions" in tables:
                connection.execute(
                    "delete from asset_check_executions where run_id <> ?", (run_id,)
                )
            if "event_logs" in tables:
                marks = ", ".join("?" for _ in _QUOTING_EVENTS)
                connection.execute(
                    f"delete from event_logs where run_id <> ? and dagster_event_type in ({marks})",
                    (run_id, *_QUOTING_EVENTS),
                )
        connection.execute("pragma wal_checkpoint(truncate)")
    finally:
        connection.close()
