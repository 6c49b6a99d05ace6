"""`make build`: the job `build`, in this process, told in lines that a person can read.

It is the job that the schedule runs, on the same Dagster instance, so its runs stand in the UI
beside the schedule's. When nothing is new there is no run: one would only show every check as
skipped. Exit code 0: everything passed and is published. 1: something failed, and
readers keep the build before, unless it says that they have the new one. 2: a setting cannot be
used. 130, 143: it was stopped.

What takes time to import is imported when it is needed: the first line is there at once.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
import traceback
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import IO, TYPE_CHECKING, Any

from orchestration.commands.stopping import Stop
from orchestration.project import Settings, SettingsError
from orchestration.store.faults import in_a_sentence

if TYPE_CHECKING:
    from orchestration.ingest.databases.declared import DatabasesError
    from orchestration.ingest.seeds import Seeds
    from orchestration.ui.run_records import Recorder

COMMAND = "make build"
STOPPED = "The build was stopped. Readers keep the last one; `make build` goes on from there."
SILENT_SECONDS = 10.0
"""After so long without a line the narrator says that there is still life."""
HISTORY_SECONDS = 30.0
"""How long a build waits for Dagster's history to be free; it can do without."""
# Dagster's lists of every input and output that a step would have had.
_NOISE = ("Dependencies for step", "Skipping step", "op 'transform' did not yield")
# Of its 1,100 events of a run, which stand in its history, the log has those that say something.
_LOGGED = {"loggers": {"console": {"config": {"log_level": "INFO"}}}}
_TOLD_OF_CHECKS = {
    "dagster_dbt/failed_row_count": "rows",
    "failing_row_count": "rows",
    "failing_rows": "the first",
    "compiled_sql": "they are what this selects",
    "data_docs": "the rows",
}


@dataclass
class Narrator:
    """Says what a run does: one line when a step begins, the lines that steps log, failures."""

    out: IO[str]
    started: float = field(default_factory=time.monotonic)
    said_at: float = 0.0
    doing: str = "looking"
    computed: list[str] = field(default_factory=list)
    failed_checks: list[str] = field(default_factory=list)
    failed_steps: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    passed_count: int = 0
    not_run_count: int = 0

    def tell(self, text: str) -> None:
        """Say it without the time."""
        self.out.write(text)
        self.out.flush()

    def keep_talking(self, until: Event) -> None:
        """Say now and then what goes on, where nothing else is said."""
        while not until.wait(1.0):
            if time.monotonic() - self.said_at >= SILENT_SECONDS:
                self.say(f"{self.doing} goes on …")

    def say(self, text: str) -> None:
        self.said_at = time.monotonic()
        seconds = int(self.said_at - self.started)
        for line in filter(str.strip, text.splitlines()):
            self.out.write(f"{seconds // 60:3d}:{seconds % 60:02d}  {line}\n")
        self.out.flush()

    def on_event(self, entry: Any, _cursor: Any = None) -> None:
        """One entry of Dagster's event log."""
        event = entry.dagster_event
        kind = event.event_type_value if event else None
        if event is None:
            from orchestration.transform.transforming import COMPUTED

            if entry.user_message.startswith(COMPUTED):
                self.computed.append(entry.user_message)
            elif entry.level >= logging.INFO and not entry.user_message.startswith(_NOISE):
                self.say(entry.user_message)
        elif kind == "STEP_START":
            self.doing = event.step_key
            self.say(f"{event.step_key} …")
        elif kind == "ASSET_CHECK_EVALUATION":
            self._on_check(event.asset_check_evaluation_data)
        elif kind == "STEP_FAILURE":
            from orchestration.ui.run_records import failure_text

            self._on_failure(event.step_key, failure_text(event))
        elif kind == "STEP_UP_FOR_RETRY":
            self.say(f"{event.step_key}: it will be tried again")

    def _on_check(self, check: Any) -> None:
        if check.passed:
            self.passed_count += 1
            return
        table = check.asset_key.to_user_string().replace("/", ".")
        from orchestration.transform.dbt_runs import NOT_RUN

        said = [line for line in (check.description or "").splitlines() if line.strip()]
        if said and said[0].startswith(NOT_RUN):
            self.not_run_count += 1
            return
        lines = [f"{table}: {check.check_name}", *said]
        lines += [
            f"{label}:{_indented(check.metadata[key].value)}"
            for key, label in _TOLD_OF_CHECKS.items()
            if key in check.metadata
        ]
        told = self.failed_checks if check.severity.value == "ERROR" else self.warnings
        told.append("\n      ".join(lines))

    def _on_failure(self, step: str, text: str) -> None:
        text = in_a_sentence(text) or text
        # Failed checks have been told one by one, with their rows.
        lines = [line for line in text.splitlines() if not line.startswith("check ")]
        if lines or not self.failed_checks:
            self.failed_steps.append(f"{step}: " + "\n      ".join(lines or ["see the log"]))


def _indented(value: Any) -> str:
    """The value, to stand behind a colon; several lines begin on a line of their own."""
    lines = str(value).splitlines()
    return f" {lines[0]}" if len(lines) == 1 else "".join(f"\n        {line}" for line in lines)


def build(narrator: Narrator, stop: Stop, again: bool = False) -> int:
    """Run the job, also when nothing is new if `again`; return the exit code."""
    from orchestration.ingest.databases.declared import DatabasesError
    from orchestration.ingest.seeds import read_seeds
    from orchestration.publish.up_to_date import nothing_new, published_already
    from orchestration.store.lock import warehouse_lock
    from orchestration.store.warehouse import WarehouseError, connect
    from orchestration.ui import alerts
    from orchestration.ui.lateness import late_alert

    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        narrator.out.write(f"{error}\n")
        return 2
    if settings.engine == "spark":
        from orchestration.engines import spark

        try:
            spark.environment()
        except spark.SparkError as error:
            narrator.out.write(f"{error}\n")
            return 2
    os.environ.update(settings.environment())
    with warehouse_lock(settings, narrator.say):
        try:
            # Before all else: what is new in databases are files of the raw folder from here on.
            if settings.databases is not None:
                from orchestration.ingest.databases.reading import read_databases

                read_databases(settings, narrator.say)
        except DatabasesError as error:
            return _tell_unread(narrator, settings, error)
        published = None if again else published_already(settings)
        if published is None:
            try:
                # Before Dagster is loaded: what is the matter is said in seconds.
                with connect(settings, on_wait=narrator.say) as connection:
                    seeds = read_seeds(settings, connection)
            except WarehouseError as error:
                narrator.say(str(error))
                return 1
            return _run_job(narrator, settings, seeds, stop, again)
    narrator.say(nothing_new(settings, published))
    if settings.serve_bucket is not None:
        from orchestration.publish.bucket import prune
        from orchestration.publish.postgres import ServingError

        try:
            prune(settings)  # what a build could not take away
        except ServingError as error:
            narrator.say(str(error))
            return 1
    late = late_alert(settings)
    if late is not None:
        narrator.say(late.text)
        for problem in alerts.send(settings, late):
            narrator.say(f"alert: {problem}")
    return 0


def _tell_unread(narrator: Narrator, settings: Settings, error: DatabasesError) -> int:
    """Say why a database was not read, and note the run as one that failed."""
    from orchestration.ui.run_records import recorded

    with recorded(settings, str(uuid.uuid4()), "build", COMMAND, narrator.say) as recorder:
        recorder.failures.append(str(error))
    narrator.tell(f"\nNothing was loaded, and readers keep the last build.\n\n  ✗ {error}\n")
    return 1


def _run_job(narrator: Narrator, settings: Settings, seeds: Seeds, stop: Stop, again: bool) -> int:
    from expectations import process
    from orchestration.transform import dbt_ahead
    from orchestration.ui.run_records import recorded

    run_id = str(uuid.uuid4())
    with recorded(settings, run_id, "build", COMMAND, narrator.say) as recorder:
        if not _are_right(narrator, recorder, seeds):
            return 1
        narrator.doing = "loading Dagster"
        narrator.say("definitions are right; loading Dagster …")
        with dbt_ahead.waiting(settings), process.waiting(settings.warehouse.parent):
            is_success = _execute(narrator, settings, recorder, run_id, again)
        stop.raise_if_asked()
    return _tell_outcome(narrator, settings, is_success, recorder.run.build_id)


def _are_right(narrator: Narrator, recorder: Recorder, seeds: Seeds) -> bool:
    """Say what is wrong or unlikely in the definitions; ingest looks again when it loads them."""
    from orchestration.ingest.definitions.problems import ERROR, HINT

    for hint in seeds.of(HINT):
        narrator.tell("  ? " + str(hint).replace("\n", "\n    ") + "\n")
    errors = seeds.of(ERROR)
    if errors:
        narrator.tell(
            "\nThe definitions are wrong: nothing was loaded, and readers keep the last build. "
            "What to mend:\n\n"
        )
    for error in errors:
        narrator.tell("  ✗ " + str(error).replace("\n", "\n    ") + "\n")
        recorder.failures.append(str(error).splitlines()[0])
    return not errors


def _execute(
    narrator: Narrator,
    settings: Settings,
    recorder: Recorder,
    run_id: str,
    again: bool,
) -> bool:
    gc.disable()  # a fifth of these imports is looking for garbage, and what they make stays
    import dagster as dg

    from orchestration.definitions import defs
    from orchestration.ingest.databases.declared import READ_TAG
    from orchestration.store.attempts import ANEW_TAG
    from orchestration.store.dagster_home import dagster_home, history_hindrance
    from orchestration.ui.executor import NO_RUN, STARTED_BY_TAG, make_quick
    from orchestration.ui.origin import give_origin

    gc.freeze()
    gc.enable()
    # Libraries that log through Dagster tell how they call dbt; our own lines are enough.
    dg.get_dagster_logger().setLevel(logging.WARNING)
    make_quick()
    tags = {STARTED_BY_TAG: COMMAND, READ_TAG: "true", **({ANEW_TAG: "true"} if again else {})}
    hindrance = history_hindrance(dagster_home(), min(settings.wait_seconds, HISTORY_SECONDS))
    if hindrance:
        narrator.say(f"{hindrance}: this build will not stand in Dagster's history")
    with dg.DagsterInstance.ephemeral() if hindrance else dg.DagsterInstance.get() as instance:
        instance.add_event_listener(run_id, narrator.on_event)
        instance.add_event_listener(run_id, recorder.on_event)
        instance.add_event_listener(NO_RUN, recorder.on_event)
        job = defs.resolve_job_def("build")
        give_origin(instance, job.name)
        result = job.execute_in_process(
            run_config=_LOGGED, instance=instance, run_id=run_id, raise_on_error=False, tags=tags
        )
    return bool(result.success)


def _tell_outcome(
    narrator: Narrator, settings: Settings, is_success: bool, published: str | None = None
) -> int:
    """Say how it ended; `published` is the build that it gave to readers."""
    import duckdb

    from orchestration.ingest import came_in
    from orchestration.store.warehouse import WarehouseError, connect

    out = narrator.out
    in_quarantine = None
    told = narrator.warnings
    # A build that failed may have left nothing to read.
    with (
        suppress(WarehouseError, duckdb.Error),
        connect(settings, read_only=True, wait_seconds=0) as connection,
    ):
        in_quarantine = came_in.quarantine(connection)
        told = [*told, *came_in.troubles(connection, settings)]
    for warning in told:
        out.write(f"\n  ! {warning}\n")
    if in_quarantine:
        narrator.say(in_quarantine)
    if is_success:
        for line in narrator.computed:
            narrator.say(line)
        narrator.say(f"done: {narrator.passed_count} checks passed")
        return 0
    if narrator.not_run_count:
        out.write(f"\n  {narrator.not_run_count} tests of what comes after it were not run.\n")
    out.write(
        f"\nReaders have the new build, {published}. What failed after that:\n\n"
        if published
        else "\nThe build failed, and readers keep the last one that passed. What failed:\n\n"
    )
    for problem in [*narrator.failed_checks, *narrator.failed_steps]:
        out.write(f"  ✗ {problem}\n")
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.commands.build", description=__doc__
    )
    parser.add_argument("--again", action="store_true", help="build although nothing is new")
    again = parser.parse_args(arguments).again
    # Dagster and dbt write hundreds of lines to the standard streams: those go to a file, and
    # the narrator keeps the terminal to itself.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        narrator = Narrator(out)
        stop = Stop(lambda: narrator.tell(f"\n{STOPPED}\n"))
        return stop.run(lambda: _narrated(narrator, stop, again))


def _narrated(narrator: Narrator, stop: Stop, again: bool) -> int:
    """Build, with a log of what others say, and the last word on what broke it off."""
    narrator.say("looking at what is new, and at the definitions …")
    out = narrator.out
    from orchestration.store.dagster_home import dagster_home

    try:
        log = dagster_home() / "build.log"
        file = log.open("w", encoding="utf-8")
    except OSError as error:
        out.write(f"{in_a_sentence(str(error)) or error}\n")
        return 1
    with file:
        _redirect(file.fileno())
    code, is_over = 1, Event()
    Thread(target=narrator.keep_talking, args=(is_over,), daemon=True).start()
    try:
        code = build(narrator, stop, again)
    except Exception as error:  # noqa: BLE001 - the last who can say what happened
        stop.raise_if_asked()
        with suppress(OSError):
            traceback.print_exc()
        told = in_a_sentence(str(error)) or f"{type(error).__name__}: {error}"
        out.write(f"\nThe build broke off: {told}\n")
    finally:
        is_over.set()
        if code and stop.signal is None:
            out.write(f"\nEverything that was said on the way: {log}\n")
        # On a full disk the streams could not be emptied into the log as Python ends.
        with suppress(OSError):
            sys.stdout.flush()
        with Path(os.devnull).open("w") as nothing:
            _redirect(nothing.fileno())
    return code


def _redirect(descriptor: int) -> None:
    """Have both standard streams, those of child processes too, go there."""
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


if __name__ == "__main__":
    sys.exit(main())
