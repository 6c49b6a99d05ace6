"""When the line runs by itself: every night, and when files arrive."""

import time
from pathlib import Path

import dagster as dg

from orchestration.defs.ingest.restated_days import KEY as RESTATED_DAYS
from orchestration.ingest.arrivals import folder_signature
from orchestration.ingest.raw_folder import raw_folder
from orchestration.project import Settings
from orchestration.publish.up_to_date import nothing_new, published_already
from orchestration.store.buckets import BucketError

JOB = "build"
# After midnight of the reporting zone, when the day before is whole save for late rows.
CRON = "30 2 * * *"
SECONDS_BETWEEN_LOOKS = 60
SECONDS_BETWEEN_LISTINGS = 600
"""Of a bucket, whose listings cost money."""

build = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(RESTATED_DAYS),
    description="The whole line: ingest, dbt, checks, publish. `make build` runs this very job.",
)


@dg.schedule(
    job=build,
    cron_schedule=CRON,
    execution_timezone=Settings.from_environment().timezone,
    description="The whole line, every night of the reporting time zone, when something is new.",
)
def nightly(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run, unless it would only make again what readers see already."""
    settings = Settings.from_environment()
    # What is new in a database shows when a run reads it.
    published = published_already(settings) if settings.databases is None else None
    if published is not None:
        return dg.SkipReason(nothing_new(settings, published))
    return dg.RunRequest()


@dg.asset_sensor(
    name="restatements",
    asset_key=RESTATED_DAYS,
    job=build,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the line when somebody has asked for days to be computed anew.",
)
def restatements(_context: dg.SensorEvaluationContext, event: dg.EventLogEntry) -> dg.RunRequest:
    """One build for the days that one run has noted."""
    return dg.RunRequest(run_key=event.run_id)


@dg.sensor(
    job=build,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    description="Runs the line when files of the raw or the seeds folder are new or changed.",
)
def arrivals(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run when the folders differ from the last look and have come to rest."""
    settings = Settings.from_environment()
    seen, settling, looked_at = [*(context.cursor or "").split(" "), "", "", ""][:3]
    now = time.time()
    is_here = isinstance(settings.raw_dir, Path)
    if not is_here and now < float(looked_at or 0) + SECONDS_BETWEEN_LISTINGS:
        return dg.SkipReason(f"a bucket is listed every {SECONDS_BETWEEN_LISTINGS // 60} minutes")
    try:
        signature = raw_folder(settings).signature()
    except BucketError as error:
        context.update_cursor(f"{seen} {settling} {now:.0f}")
        return dg.SkipReason(str(error))
    signature += folder_signature((settings.seeds_dir,))
    if signature == seen:
        context.update_cursor(f"{seen} {settling} {now:.0f}")
        return dg.SkipReason("no file is new or changed")
    if signature != settling:
        # Files may still be written: they count once two looks see the same.
        context.update_cursor(f"{seen} {signature} {now:.0f}")
        return dg.SkipReason("files have arrived; waiting for them to come to rest")
    context.update_cursor(f"{signature}  {now:.0f}")
    return dg.RunRequest(run_key=signature)
