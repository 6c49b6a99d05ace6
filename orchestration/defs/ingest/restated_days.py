"""Backfill from the UI: a range of days of this asset is the wish to have them computed anew.

One run notes the range; the sensor `restatements` then asks for a build, which takes it in.
`make restate` does both.
"""

import dagster as dg

from orchestration.ingest.restating import record
from orchestration.project import ROOT, Settings
from orchestration.store.retries import connect_or_retry
from orchestration.transform.dbt_runs import load_manifest
from orchestration.ui.links import written_in
from orchestration.ui.owners import owners_of_schema

KEY = dg.AssetKey(["raw", "restated_days"])
DAYS = dg.DailyPartitionsDefinition(
    start_date="2000-01-01", timezone=Settings.from_environment().timezone, end_offset=1
)


class Why(dg.Config):
    """What is kept with the days."""

    reason: str = "asked for in the UI"


@dg.asset(
    key=KEY,
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="raw",
    owners=owners_of_schema(load_manifest(), "raw"),
    metadata={
        "dagster/column_schema": dg.TableSchema(
            [
                dg.TableColumn("load_id", "bigint", "Load that takes the days in"),
                dg.TableColumn("restated_date", "date", "Day in the reporting time zone"),
                dg.TableColumn("reason", "varchar", "Why it was asked"),
                dg.TableColumn("requested_at", "timestamp", "When it was asked, UTC"),
            ]
        ),
        **written_in(ROOT / "orchestration" / "ingest" / "restating.py"),
    },
    description=(
        "One row per day that somebody asked to compute anew, and wish. Materialize a range of "
        "days here; the next build computes from raw whatever people did who were active then."
    ),
)
def restated_days(context: dg.AssetExecutionContext, config: Why) -> None:
    """Note the days of the chosen range."""
    settings = Settings.from_environment()
    days = [DAYS.time_window_for_partition_key(key).start.date() for key in context.partition_keys]
    with connect_or_retry(settings, context.log.info) as connection:
        record(connection, days, config.reason)
    context.log.info(f"{len(days):,} days will be computed anew, {days[0]} to {days[-1]}")
