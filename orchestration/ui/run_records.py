"""Runs and their checks, written down by the line itself at the end of each run, failed ones too.

    $YUNYING_PUBLISH_DIR/history/
      history.duckdb            pipeline_runs, check_results: what to query, never locked
      pipeline_runs.parquet     the same, and the memory that the file above is made from
      check_results.parquet
      .running.json             the run that goes on; found by the next one, it was killed

Beside what is published and not in it: a failed build publishes nothing, and its history is
what one wants then. Outside of the warehouse, so that it outlives one that was damaged, and
tells of the run that found it so. No values of rows: names, numbers, and errors without what
they quote.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.project import Settings
from orchestration.publish.publishing import current_build
from orchestration.store.sql import insert_many, literal, value
from orchestration.ui import alerts
from orchestration.ui.alerts import Alert
from orchestration.ui.kpis import kpi_alerts

CHECKS_KEPT = timedelta(days=400)
_TOLD_CHECKS = 20
_RUNNING = ".running.json"
_TABLES = {
    "pipeline_runs": """
        run_id varchar, job_name varchar, started_by varchar, status varchar, build_id varchar,
        failure varchar, files_loaded bigint, rows_loaded bigint, passed_check_count bigint,
        warned_check_count bigint, failed_check_count bigint, started_at timestamp,
        ended_at timestamp
    """,
    "check_results": """
        run_id varchar, table_name varchar, check_name varchar, status varchar, severity varchar,
        failing_row_count bigint, is_passed boolean, evaluated_at timestamp
    """,
}
_DESCRIPTIONS = {
    "pipeline_runs": "One row per run of the line: succeeded, failed or interrupted.",
    "check_results": "One row per run and check: passed, warned, failed or not_run.",
}


@dataclass
class RunRecord:
    """A row of `pipeline_runs`. Times are UTC; `build_id` is what the run published."""

    run_id: str
    job_name: str
    started_by: str
    started_at: datetime
    status: str = "succeeded"
    build_id: str | None = None
    failure: str | None = None
    files_loaded: int = 0
    rows_loaded: int = 0
    ended_at: datetime | None = None


@dataclass(frozen=True)
class CheckRecord:
    """A row of `check_results`; `where` is where to find the rows, for alerts."""

    table_name: str
    check_name: str
    status: str
    severity: str
    failing_row_count: int | None
    evaluated_at: datetime
    where: str | None = None


@dataclass
class Recorder:
    """Gathers what a run does from its events."""

    run: RunRecord
    checks: dict[tuple[str, str], CheckRecord] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def on_event(self, entry: Any, _cursor: Any = None) -> None:
        """One entry of Dagster's event log."""
        event = entry.dagster_event
        kind = event.event_type_value if event else None
        if kind == "ASSET_CHECK_EVALUATION":
            check = check_record(event.asset_check_evaluation_data)
            self.checks[(check.table_name, check.check_name)] = check
        elif kind == "ASSET_MATERIALIZATION":
            metadata = event.materialization.metadata
            self.run.files_loaded += _number(metadata.get("files_loaded_now")) or 0
            self.run.rows_loaded += _number(metadata.get("rows_loaded_now")) or 0
            self.run.build_id = _plain(metadata.get("build_id")) or self.run.build_id
        elif kind == "STEP_FAILURE":
            self.failures.append(f"{event.step_key}: {without_values(failure_text(event))}")


def check_record(evaluation: Any) -> CheckRecord:
    """A check's evaluation as a row."""
    metadata = evaluation.metadata
    rows = metadata.get("dagster_dbt/failed_row_count", metadata.get("failing_row_count"))
    severity = evaluation.severity.value.lower()
    if evaluation.passed:
        status = "passed"
    elif (evaluation.description or "").startswith("Not run:"):
        status = "not_run"
    else:
        status = "failed" if severity == "error" else "warned"
    where = metadata.get("compiled_sql", metadata.get("data_docs"))
    return CheckRecord(
        table_name=evaluation.asset_key.to_user_string().replace("/", "."),
        check_name=evaluation.check_name,
        status=status,
        severity=severity,
        failing_row_count=_number(rows),
        evaluated_at=_now(),
        where=None if where is None else str(_plain(where)),
    )


def failure_text(event: Any) -> str:
    """What a step that failed says: the first cause, or the description that it was given."""
    data = event.step_failure_data
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    failure = data.user_failure_data
    return ((failure.description if failure else error.message if error else None) or "").strip()


def without_values(text: str) -> str:
    """An error without what it quotes of rows or SQL: quoted words are blanked, SQL is cut."""
    lines = [line for line in text.splitlines() if line.strip()]
    kept = []
    for line in lines:
        if line.startswith("LINE "):
            break
        kept.append(re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", line))
    return "\n".join(kept[:10])


@contextmanager
def recorded(
    settings: Settings,
    run_id: str,
    job_name: str,
    started_by: str,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Recorder]:
    """Write down the run that is in the block, and tell of it when it fails.

    The warehouse's lock must be held: a note of a run that is found is of one that was killed.
    What hinders the writing is said, and fails no run.
    """
    recorder = Recorder(RunRecord(run_id, job_name, started_by, _now()))
    _quietly(say, lambda: _begin(settings, recorder.run, say))
    try:
        yield recorder
    except BaseException as error:
        # Ctrl-C, and a run that is stopped in the UI, are no Exceptions.
        recorder.run.status = "failed" if isinstance(error, Exception) else "interrupted"
        recorder.failures.append(f"{type(error).__name__}: {without_values(str(error))}")
        raise
    finally:
        if recorder.failures and recorder.run.status == "succeeded":
            recorder.run.status = "failed"
        recorder.run.failure = settings.redact("\n".join(recorder.failures)) or None
        recorder.run.ended_at = _now()
        _quietly(say, lambda: _end(settings, recorder.run, list(recorder.checks.values())))
        told: list[Alert] = []
        if recorder.run.status == "failed":
            told = [run_alert(settings, recorder.run, list(recorder.checks.values()))]
        elif recorder.run.status == "succeeded":
            told = kpi_alerts(settings)
        for alert in told:
            for problem in alerts.send(settings, alert):
                say(f"alert: {problem}")


def history_dir(settings: Settings) -> Path:
    return settings.publish_dir / "history"


def run_alert(settings: Settings, run: RunRecord, checks: Sequence[CheckRecord]) -> Alert:
    """What is told of a run that failed or was interrupted: what, how many rows, where to look."""
    failed = [check for check in checks if check.status == "failed"]
    lines = [f"The run of {run.job_name} that began at {run.started_at:%Y-%m-%d %H:%M} UTC "
             f"({run.started_by}) {run.status}."]  # fmt: skip
    for check in failed[:_TOLD_CHECKS]:
        count = check.failing_row_count
        rows = "could not be evaluated" if count is None else _counted(count, "row")
        where = f"; see {check.where}" if check.where else ""
        lines.append(f"✗ {check.table_name}: {check.check_name}: {rows}{where}")
    if len(failed) > _TOLD_CHECKS:
        lines.append(f"… and {len(failed) - _TOLD_CHECKS} more checks")
    for failure in (run.failure or "").splitlines():
        if not re.search(r"(^|: )check .*(rows;|failed$)", failure):  # told above, with its rows
            lines.append(f"✗ {failure}")
    published = current_build(settings)
    readers = f"the build of {published.built_at} UTC" if published else "nothing yet"
    lines.append(f"Readers see {readers}. Run: {settings.ui_url}/runs/{run.run_id}")
    what = f": {_counted(len(failed), 'check')}" if failed else ""
    return Alert(f"run {run.run_id}", f"Yunying: {run.job_name} {run.status}{what}",
                 "\n".join(lines))  # fmt: skip


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _begin(settings: Settings, run: RunRecord, say: Callable[[str], None]) -> None:
    folder = history_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / _RUNNING
    if note.exists():
        killed = RunRecord(**json.loads(note.read_text(encoding="utf-8")))
        killed.started_at = datetime.fromisoformat(str(killed.started_at))
        killed.status, killed.failure = "interrupted", "it was killed, or its machine went down"
        if _append(settings, killed, ()):
            for problem in alerts.send(settings, run_alert(settings, killed, ())):
                say(f"alert: {problem}")
    temporary = note.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(run), default=str), encoding="utf-8")
    temporary.replace(note)


def _end(settings: Settings, run: RunRecord, checks: Sequence[CheckRecord]) -> None:
    _append(settings, run, checks)
    (history_dir(settings) / _RUNNING).unlink(missing_ok=True)


def _append(settings: Settings, run: RunRecord, checks: Sequence[CheckRecord]) -> bool:
    """Add a run to the history; False when it stands there already."""
    folder = history_dir(settings)
    database = folder / ".history.new"
    for leftover in (database, database.with_name(database.name + ".wal")):
        leftover.unlink(missing_ok=True)
    with duckdb.connect(str(database), config={"threads": 1}) as connection:
        for table, columns in _TABLES.items():
            connection.execute(f"create table {table} ({columns})")
            connection.execute(f"comment on table {table} is '{_DESCRIPTIONS[table]}'")
            memory = folder / f"{table}.parquet"
            if memory.exists():
                connection.execute(f"insert into {table} by name from {literal(memory)}")
        known = connection.execute(
            f"select count(*) from pipeline_runs where run_id = {value(run.run_id)}"
        ).fetchone()
        if known and known[0]:
            return False
        counts = [
            sum(check.status == status for check in checks)
            for status in ("passed", "warned", "failed")
        ]
        insert_many(connection, "pipeline_runs", [
            (run.run_id, run.job_name, run.started_by, run.status, run.build_id, run.failure,
             run.files_loaded, run.rows_loaded, *counts, run.started_at, run.ended_at),
        ])  # fmt: skip
        insert_many(connection, "check_results", [
            (run.run_id, check.table_name, check.check_name, check.status, check.severity,
             check.failing_row_count, check.status == "passed", check.evaluated_at)
            for check in checks
        ])  # fmt: skip
        oldest = value(_now() - CHECKS_KEPT)
        connection.execute(f"delete from check_results where evaluated_at < {oldest}")
        for table in _TABLES:
            temporary = folder / f".{table}.new"
            order = "started_at" if table == "pipeline_runs" else "evaluated_at"
            connection.execute(
                f"copy (from {table} order by {order}) to {literal(temporary)}"
                " (format parquet, compression zstd)"
            )
    # Runs last: a run that stands there has its checks.
    for table in reversed(_TABLES):
        _replace(folder / f".{table}.new", folder / f"{table}.parquet")
    _replace(database, folder / "history.duckdb")
    return True


def _replace(new: Path, old: Path) -> None:
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(old)


def _quietly(say: Callable[[str], None], write: Callable[[], object]) -> None:
    try:
        write()
    except (OSError, ValueError, TypeError, duckdb.Error) as error:
        say(f"the history of runs could not be written: {type(error).__name__}")


def _number(of: Any) -> int | None:
    plain = _plain(of)
    return None if plain is None else int(plain)


def _plain(of: Any) -> Any:
    return getattr(of, "value", of)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
