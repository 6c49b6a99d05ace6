"""Restating days: what they hold is computed anew from raw, and nothing of other people is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.commands.restate import main
from orchestration.ingest.restating import RestateError, days_between, record
from orchestration.store import watermarks
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import configuration_hash, load_manifest
from tests.support import build_warehouse, environment_of, query, settings_of

ENVIRONMENT = {"YUNYING_TIMEZONE": "Asia/Shanghai"}
# In Shanghai the last of these hours belongs to the next day.
EVENTS = [
    {
        "event_id": f"{user}-{day}-{hour}",
        "event_name": "open",
        "occurred_at": f"2024-03-{day:02d}T{hour:02d}:00:00Z",
        "user_id": user,
    }
    for user, days in {"in_range": range(1, 9), "outside": (1, 2, 6, 7)}.items()
    for day in days
    for hour in (3, 15)
] + [
    {
        "event_id": "late-evening",
        "event_name": "open",
        "occurred_at": "2024-03-02T16:30:00Z",
        "user_id": "evening",
    }
]
DAYS = days_between(date(2024, 3, 3), date(2024, 3, 5))


TABLES = ("fct_events", "fct_sessions", "fct_user_days", "fct_orders")
# And what a build looks at as it stood before.
MODELS = " ".join(f"+{table}" for table in (*TABLES, "stg_events__duplicates", "dim_users"))
TOUCHED = "select count(*) as n from staging.stg_events__touched"


def build(folder: Path, events: Sequence[Mapping[str, object]] | None = None) -> Path:
    """A build that is complete, though of these tables and what they need alone."""
    settings = settings_of(folder, ENVIRONMENT)
    warehouse = build_warehouse(folder, events=events, environment=ENVIRONMENT, select=MODELS)
    with connect(settings) as connection:
        load_id = watermarks.newest_load_id(connection)
        watermarks.write(connection, load_id, configuration_hash(settings, load_manifest()))
    return warehouse


def differing(left: Path, right: Path) -> list[str]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as one (read_only)")
        connection.execute(f"attach '{right}' as other (read_only)")
        return [
            table
            for table in TABLES
            if connection.execute(
                f"(from one.facts.{table} except all from other.facts.{table}) union all"
                f" (from other.facts.{table} except all from one.facts.{table})"
            ).fetchall()
        ]


def test_a_damaged_range_is_mended_and_nobody_else_is_computed_anew(tmp_path: Path) -> None:
    whole = build(tmp_path / "whole", EVENTS)
    folder = tmp_path / "damaged"
    shutil.copytree(tmp_path / "whole", folder)
    settings = settings_of(folder, ENVIRONMENT)
    with connect(settings) as connection:
        for damage in (
            "delete from staging.stg_events where event_id = 'in_range-4-3'",
            "update staging.stg_events set event_name = 'wrong' where event_id = 'in_range-3-3'",
            "insert into staging.stg_events by name select 'ghost' as event_id, * exclude event_id"
            " from staging.stg_events where event_id = 'in_range-5-3'",
            "delete from facts.fct_sessions"
            " where user_id = 'in_range' and session_date >= '2024-03-03'",
            "delete from facts.fct_user_days where user_id in ('in_range', 'evening')"
            " and activity_date >= '2024-03-03'",
            "delete from facts.fct_events where event_date = '2024-03-05'",
            # Planted on days and people that nobody asks for: they must stay as they are.
            "update facts.fct_user_days set event_count = 99"
            " where user_id = 'outside' and activity_date = '2024-03-06'",
            "delete from staging.stg_events where event_id = 'outside-7-3'",
            # And on a day before the range, of somebody who is in it.
            "update facts.fct_user_days set event_count = 98"
            " where user_id = 'in_range' and activity_date = '2024-03-01'",
        ):
            connection.execute(damage)
        record(connection, DAYS, "the collector lost fields")
    # A build that does not complete takes nothing in.
    build_warehouse(folder, environment=ENVIRONMENT, select="stg_events__touched")
    build(folder)

    planted = (
        "select event_count from facts.fct_user_days"
        " where user_id = 'outside' and activity_date = '2024-03-06'"
        " or user_id = 'in_range' and activity_date = '2024-03-01' order by all"
    )
    assert query(settings.warehouse, planted) == [{"event_count": 98}, {"event_count": 99}]
    count = "select count(*) as n from staging.stg_events where event_id = 'outside-7-3'"
    assert query(settings.warehouse, count) == [{"n": 0}]
    assert differing(settings.warehouse, whole) == ["fct_user_days"]
    with connect(settings) as connection:
        connection.execute(
            "update facts.fct_user_days set event_count = 2"
            " where user_id = 'outside' and activity_date = '2024-03-06'"
        )
        connection.execute(
            "update facts.fct_user_days set event_count = 2"
            " where user_id = 'in_range' and activity_date = '2024-03-01'"
        )
        restated = connection.execute("select distinct reason from raw.restated_days").fetchall()
    assert restated == [("the collector lost fields",)]
    assert differing(settings.warehouse, whole) == []
    # And a complete one takes it in once.
    assert query(settings.warehouse, TOUCHED)[0]["n"] > 0
    build_warehouse(folder, environment=ENVIRONMENT, select="stg_events__touched")
    assert query(settings.warehouse, TOUCHED) == [{"n": 0}]


def test_a_range_that_is_chosen_in_the_ui_is_one_run_and_asks_for_one_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.defs.automation.jobs import restatements
    from orchestration.defs.ingest.restated_days import KEY, restated_days

    settings = settings_of(tmp_path)
    monkeypatch.setenv("YUNYING_WAREHOUSE", str(settings.warehouse))
    chosen = {
        "dagster/asset_partition_range_start": "2024-03-01",
        "dagster/asset_partition_range_end": "2024-03-03",
    }
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([restated_days], instance=instance, tags=chosen)
        assert result.success
        context = dg.build_sensor_context(
            instance=instance,
            sensor_name="restatements",
            repository_def=dg.Definitions(assets=[restated_days]).get_repository_def(),
        )
        requested = restatements.evaluate_tick(context).run_requests or []
        again = dg.build_sensor_context(
            instance=instance,
            sensor_name="restatements",
            cursor=context.cursor,
            repository_def=dg.Definitions(assets=[restated_days]).get_repository_def(),
        )
        assert not restatements.evaluate_tick(again).run_requests
    assert [request.run_key for request in requested] == [result.run_id]
    assert dg.AssetKey(["raw", "restated_days"]) == KEY
    days = "select cast(restated_date as varchar) as day, reason from raw.restated_days order by 1"
    assert query(settings.warehouse, days) == [
        {"day": f"2024-03-0{day}", "reason": "asked for in the UI"} for day in (1, 2, 3)
    ]


def test_days_that_cannot_be_restated_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RestateError, match="before"):
        days_between(date(2024, 3, 2), date(2024, 3, 1))
    with environment_of(settings_of(tmp_path)):
        assert main(["2024-03-02", "2024-03-01"]) == 2
        assert main(["2024-03-01", ""]) == 2
    said = capsys.readouterr().err
    assert "TO=2024-03-01 is before FROM=2024-03-02" in said
    assert "no warehouse yet" in said
    assert not settings_of(tmp_path).warehouse.exists()
