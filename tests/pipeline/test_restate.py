"""Restating days: what they hold is computed anew from raw, and nothing of other people is."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.restate import RestateError, days_between, main, record
from orchestration.warehouse import connect
from tests.support import build_warehouse, environment_of, query, settings_of
from tests.warehouse.test_incremental import differences

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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    build_warehouse(folder, events=EVENTS, environment=ENVIRONMENT)
    return folder


def test_a_damaged_range_is_mended_and_nobody_else_is_computed_anew(
    whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(whole, folder)
    settings = settings_of(folder, ENVIRONMENT)
    with connect(settings) as connection:
        for damage in (
            "delete from staging.stg_events where event_id = 'in_range-4-3'",
            "update staging.stg_events set event_name = 'wrong' where event_id = 'in_range-3-3'",
            "insert into staging.stg_events by name select 'ghost' as event_id, * exclude event_id"
            " from staging.stg_events where event_id = 'in_range-5-3'",
            "delete from facts.fct_sessions where user_id = 'in_range'",
            "delete from facts.fct_user_days where user_id in ('in_range', 'evening')",
            "delete from facts.fct_events where event_date = '2024-03-05'",
            # Planted on days and people that nobody asks for: they must stay as they are.
            "update facts.fct_user_days set event_count = 99"
            " where user_id = 'outside' and activity_date = '2024-03-06'",
            "delete from staging.stg_events where event_id = 'outside-7-3'",
        ):
            connection.execute(damage)
        record(connection, DAYS, "the collector lost fields")
    build_warehouse(folder, environment=ENVIRONMENT)

    planted = query(
        settings.warehouse,
        "select event_count from facts.fct_user_days"
        " where user_id = 'outside' and activity_date = '2024-03-06'",
    )
    assert planted == [{"event_count": 99}]
    count = "select count(*) as n from staging.stg_events where event_id = 'outside-7-3'"
    assert query(settings.warehouse, count) == [{"n": 0}]
    with connect(settings) as connection:
        connection.execute(
            "update facts.fct_user_days set event_count = 2"
            " where user_id = 'outside' and activity_date = '2024-03-06'"
        )
        restated = connection.execute("select distinct reason from raw.restated_days").fetchall()
    assert restated == [("the collector lost fields",)]
    tables = ("fct_events", "fct_sessions", "fct_user_days", "fct_orders")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.warehouse}' as mended (read_only)")
        connection.execute(f"attach '{whole / 'warehouse.duckdb'}' as whole (read_only)")
        for name in [f"facts.{table}" for table in tables]:
            found = connection.execute(
                f"(from mended.{name} except all from whole.{name}) union all"
                f" (from whole.{name} except all from mended.{name})"
            ).fetchall()
            assert found == [], name


def test_a_wish_is_taken_in_once_and_also_after_a_build_that_failed(
    whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "once"
    shutil.copytree(whole, folder)
    settings = settings_of(folder, ENVIRONMENT)
    with connect(settings) as connection:
        connection.execute("delete from facts.fct_user_days where user_id = 'in_range'")
        record(connection, DAYS)
    # A build of some models alone is not a complete one.
    build_warehouse(folder, environment=ENVIRONMENT, select="stg_events__touched")
    build_warehouse(folder, environment=ENVIRONMENT)
    assert not differences(settings.warehouse, whole / "warehouse.duckdb")
    touched = "select count(*) as n from staging.stg_events__touched"
    assert query(settings.warehouse, touched)[0]["n"] > 0
    build_warehouse(folder, environment=ENVIRONMENT, select="stg_events__touched")
    assert query(settings.warehouse, touched) == [{"n": 0}]


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
