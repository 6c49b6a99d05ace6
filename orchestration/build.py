"""`make build`: the job `build`, in this process, told in lines that a person can read.

It is the job that the schedule runs, on the same Dagster instance, so its runs stand in the UI
beside the schedule's. Exit code 0: everything passed and is published. 1: something failed, and
readers keep the build before. 2: a setting cannot be used.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from orchestration.dagster_home import dagster_home
from orchestration.project import Settings, SettingsError


@dataclass
class Narrator:
    """Says what a run does: one line when a step begins, the lines that steps log, failures."""

    out: IO[str]
    started: float = field(default_factory=time.monotonic)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    evaluated: int = 0

    def say(self, text: str) -> None:
        seconds = int(time.monotonic() - self.started)
        for line in text.splitlines():
            self.out.write(f"{seconds // 60:3d}:{seconds % 60:02d}  {line}\n")
        self.out.flush()

    def on_event(self, entry: Any, _cursor: Any = None) -> None:
        """One entry of Dagster's event log."""
        event = entry.dagster_event
        if event is None:
            if entry.level >= 20:
                self.say(entry.user_message)
        elif event.event_type_value == "STEP_START":
            self.say(f"{event.step_key} …")
        elif event.event_type_value == "ASSET_CHECK_EVALUATION":
            self._on_check(event.asset_check_evaluation_data)
        elif event.event_type_value == "STEP_FAILURE":
            self._on_failure(event.step_key, event.step_failure_data)
        elif event.event_type_value == "STEP_UP_FOR_RETRY":
            self.say(f"{event.step_key}: will be tried again")

    def _on_check(self, check: Any) -> None:
        self.evaluated += 1
        if check.passed:
            return
        name = f"{check.asset_key.to_user_string().replace('/', '.')}: {check.check_name}"
        lines = [check.description] if check.description else []
        for key in ("dagster_dbt/failed_row_count", "compiled_sql", "data_docs"):
            if key in check.metadata:
                label = {"dagster_dbt/failed_row_count": "rows"}.get(key, key.replace("_", " "))
                lines.append(f"{label}: {getattr(check.metadata[key], 'value', '')}")
        text = "\n    ".join([name, *"\n".join(lines).splitlines()])
        blocking = check.blocking and check.severity.value == "ERROR"
        (self.problems if blocking else self.warnings).append(text)

    def _on_failure(self, step: str, data: Any) -> None:
        failure = data.user_failure_data
        error = data.error
        while error is not None and error.cause is not None:
            error = error.cause
        text = failure.description if failure else str(error.message if error else "").strip()
        # What failed in a check has been said already, with its rows.
        if not (step == "transform" and self.problems and "could not be" not in (text or "")):
            self.problems.append(f"{step}: {text}")


def build(out: IO[str]) -> int:
    """Run the job; return the exit code."""
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        out.write(f"{error}\n")
        return 2
    os.environ.update(settings.environment())
    narrator = Narrator(out)
    narrator.say("loading definitions …")

    import dagster as dg

    from orchestration.definitions import defs
    from orchestration.lock import warehouse_lock

    # Libraries that log through Dagster tell how they call dbt; our own lines are enough.
    dg.get_dagster_logger().setLevel(logging.WARNING)
    run_id = str(uuid.uuid4())
    with (
        dg.DagsterInstance.get() as instance,
        warehouse_lock(settings, narrator.say),
    ):
        instance.add_event_listener(run_id, narrator.on_event)
        job = defs.resolve_job_def("build")
        result = job.execute_in_process(instance=instance, run_id=run_id, raise_on_error=False)
    for warning in narrator.warnings:
        narrator.say(f"warning: {warning}")
    if result.success and not narrator.problems:
        narrator.say(f"done: {narrator.evaluated} checks passed or warned")
        return 0
    out.write("\nThe build failed; readers keep the last one that passed.\n\n")
    for problem in narrator.problems or ["a step failed; the log says why"]:
        out.write(f"  ✗ {problem}\n")
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m orchestration.build", description=__doc__)
    parser.parse_args(arguments)
    log = dagster_home() / "build.log"
    # Dagster and dbt write hundreds of lines to the standard streams: those go to a file, and
    # the narrator keeps the terminal to itself.
    with (
        os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out,
        log.open("w", encoding="utf-8") as file,
    ):
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        code = 1
        try:
            code = build(out)
        finally:
            if code:
                out.write(f"\nEverything that was said on the way: {log}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
