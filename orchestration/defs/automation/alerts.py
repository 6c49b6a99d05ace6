"""What the daemon watches: runs that end before they could tell of it, and lateness.

A run tells of its own failure at its end (`orchestration/ui/run_records.py`), also without a
daemon. One whose process died, or that never began, cannot; each is told of once.
"""

import dagster as dg

from orchestration.project import Settings
from orchestration.ui import alerts
from orchestration.ui.alerts import Alert
from orchestration.ui.executor import job_name, started_by
from orchestration.ui.lateness import late_alert
from orchestration.ui.run_records import without_values

SECONDS_BETWEEN_LOOKS = 300


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of runs that failed and did not tell so themselves.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Send the alert of a failed run, unless the run has sent it."""
    settings = Settings.from_environment()
    run = context.dagster_run
    alert = Alert(
        key=f"run {run.run_id}",
        subject=f"Yunying: {job_name(run)} failed",
        text=(
            f"The run of {job_name(run)} ({started_by(run)}) failed.\n"
            f"✗ {without_values(context.failure_event.message or 'see the run')}\n"
            f"Run: {settings.ui_url}/runs/{run.run_id}"
        ),
    )
    _warn(context, alerts.send(settings, alert))


@dg.sensor(
    name="lateness",
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells when the published build is older than the limits of its freshness.",
)
def lateness(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Send the alert of a late build, once a build and limit."""
    settings = Settings.from_environment()
    late = late_alert(settings)
    if late is None:
        return dg.SkipReason("what readers see is recent enough")
    _warn(context, alerts.send(settings, late))
    return dg.SkipReason(late.subject)


def _warn(context: dg.SensorEvaluationContext, problems: tuple[str, ...]) -> None:
    for problem in problems:
        context.log.warning(f"alert: {problem}")
