"""Midnights and hours that a clock shows twice or never, in every zone that has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import jinja2
import pytest

from orchestration.project import DBT_PROJECT_DIR
from tests import support

# Clocks that change at midnight (back: Azores, Havana; on: Beirut, Santiago), back over it (Cairo,
# St. John's at one minute past), by half an hour (Lord Howe), that skip a day (Apia), or never do.
ZONES = (
    "Africa/Cairo", "America/Havana", "America/Santiago", "America/Sao_Paulo", "America/St_Johns",
    "Asia/Beirut", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tehran", "Atlantic/Azores",
    "Australia/Lord_Howe", "Europe/Berlin", "Pacific/Apia", "UTC",
)  # fmt: skip
MINUTE = timedelta(minutes=1)


def macros(zone: str) -> Any:
    """The macros of time, as they are for this zone."""
    environment = jinja2.Environment()
    environment.globals["setting"] = lambda name, default="": (
        zone if name == "TIMEZONE" else default
    )
    environment.globals["return"] = lambda value: value
    environment.globals["dbt"] = SimpleNamespace(
        dateadd=lambda part, count, at: f"({at} + interval '{count} {part}')"
    )
    bodies: list[Any] = []
    environment.globals["adapter"] = SimpleNamespace(
        dispatch=lambda name: getattr(bodies[0], f"default__{name}")
    )
    folder = DBT_PROJECT_DIR / "macros"
    files = (folder / "time.sql", folder / "engines" / "duckdb" / "functions.sql")
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    bodies.append(environment.from_string(text).module)
    return bodies[0]


def walls(zone: str) -> Iterator[datetime]:
    """Midnights of 21 years, and the half hours of each day on which the clock changes."""
    local = ZoneInfo(zone)
    day = datetime(2005, 1, 1)
    while day.year < 2026:
        yield day
        noons = [(day + timedelta(hours=hours)).replace(tzinfo=local) for hours in (-12, 36)]
        if noons[0].utcoffset() != noons[1].utcoffset():
            yield from (day + timedelta(minutes=30 * number) for number in range(1, 48))
        day += timedelta(days=1)


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Python's own: the earlier of two; what is skipped, minute by minute."""
    at = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != wall:
        while (at - MINUTE).astimezone(zone).replace(tzinfo=None) >= wall:
            at -= MINUTE
    return at.replace(tzinfo=None)


def last_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    at = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != wall:
        return first_instant(wall, zone) - timedelta(microseconds=1)
    return at.replace(tzinfo=None)


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_of_the_clock_is_found_in_every_zone(zone: str) -> None:
    module = macros(zone)
    local = ZoneInfo(zone)
    connection = duckdb.connect()
    connection.execute("create table walls (wall timestamp)")
    rows = ", ".join(f"('{wall}')" for wall in walls(zone))
    connection.execute(f"insert into walls values {rows}")
    found = connection.execute(
        f"select wall, {module.local_midnight('wall')}, {module.first_instant_of('wall')},"
        f" {module.last_instant_of('wall')} from walls"
    ).fetchall()
    assert len(found) > 7_000
    for wall, midnight, first, last in found:
        assert (first, last) == (first_instant(wall, local), last_instant(wall, local)), wall
        if wall.hour == wall.minute == 0:
            assert midnight == first, wall


FUNNELS = """funnel_id,label_en,label_zh,from_at,to_at,trend_grain
on_day,a,a,2024-10-27,2024-10-27,
before,a,a,,2024-10-26,
first_half_hour,a,a,2024-10-27T00:30,2024-10-27T00:30,
by_hour,a,a,,,hour
"""
STEPS = "funnel_id,step_number,event_name\n" + "".join(
    f"{name},1,start\n{name},2,end\n" for name in ("on_day", "before", "first_half_hour", "by_hour")
)
RETENTIONS = (
    "retention_id,label_en,label_zh,cohort_event,return_event,granularity,periods,from_at,to_at\n"
    "r,a,a,start,start,day,2,2024-10-27,2024-10-27\n"
)


def build(folder: Path, zone: str, instants: list[str]) -> Path:
    events = [
        {"event_id": str(number), "event_name": "start", "user_id": f"u{number}", "occurred_at": at}
        for number, at in enumerate(instants, 1)
    ]
    events.append({"event_name": "end", "user_id": "u9", "occurred_at": "2024-12-15T12:00:00Z"})
    return support.build_warehouse(
        folder,
        events=events,
        seeds={"funnels": FUNNELS, "funnel_steps": STEPS, "retentions": RETENTIONS},
        environment={"YUNYING_TIMEZONE": zone},
        select="+mart_funnel_trends +mart_funnel_conversion +mart_retention_cohorts",
    )


def test_a_day_begins_at_the_first_of_its_two_midnights(tmp_path: Path) -> None:
    """On the Azores clocks went back from one o'clock to midnight."""
    warehouse = build(
        tmp_path, "Atlantic/Azores",
        ["2024-10-27T00:30:00Z", "2024-10-28T00:30:00Z", "2024-10-27T01:30:00Z"],
    )  # fmt: skip
    entrants = support.query(
        warehouse,
        "select funnel_id, entrant_count from marts.mart_funnel_conversion"
        " where grain = 'all' and breakdown_value is null and step_number = 1",
    )
    assert {row["funnel_id"]: row["entrant_count"] for row in entrants} == {
        "on_day": 3, "before": 0, "first_half_hour": 2, "by_hour": 3,
    }  # fmt: skip
    cohorts = support.query(
        warehouse,
        "select cohort_start_at, cohort_start_date, cohort_size from marts.mart_retention_cohorts"
        " where period_number = 0 and breakdown_value is null and cohort_start_at is not null",
    )
    assert [tuple(row.values()) for row in cohorts] == [
        (datetime(2024, 10, 27), datetime(2024, 10, 27).date(), 3)
    ]


def test_half_hours_are_hours_too(tmp_path: Path) -> None:
    """On Lord Howe half past one to two came twice on 7 April 2024, and two to half past two
    never on 6 October: nobody who entered then is lost."""
    warehouse = build(
        tmp_path, "Australia/Lord_Howe",
        ["2024-04-06T14:40:00Z", "2024-04-06T15:10:00Z", "2024-04-06T15:40:00Z",
         "2024-10-05T15:20:00Z", "2024-10-05T15:40:00Z"],
    )  # fmt: skip
    hours = support.query(
        warehouse,
        "select period_start_at, entrant_count from marts.mart_funnel_trends"
        " where funnel_id = 'by_hour' and grain = 'hour' and entrant_count > 0 order by 1",
    )
    assert [row["entrant_count"] for row in hours] == [1, 1, 1, 1, 1]
