"""Instants, dates and numbers of every feed: what is certain is read, what is not fails nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.ingest.feeds import FEEDS, Feed
from orchestration.ingest.instants import define_raw_instant
from orchestration.project import Settings, SettingsError
from orchestration.store.warehouse import connect
from tests.support import build_warehouse, query, settings_of
from tests.warehouse.draws import gather
from tests.warehouse.texts_of_cells import (
    DECIMALS,
    DRAWN,
    EPOCHS,
    INSTANTS,
    NAMED,
    NO_INSTANTS,
    NO_NUMBERS,
    ZONE_NAMES,
)

ENVIRONMENT = {"YUNYING_TIMEZONE": "America/New_York"}
TEXTS = (*INSTANTS, *NO_INSTANTS, *DECIMALS)
GOOD = {
    "timestamp": "2024-06-01T12:00:00Z",
    "date": "2024-06-01",
    "decimal": "5",
    "integer": "5",
    "boolean": "true",
}
SEEDS = {
    "activities": "activity_id,event_name,new_by\nany,,created_at\n",
    "currency_rates": "currency,rate,valid_from_date\nEUR,1.25,2024/1/1\n",
    "event_names": "event_name,role\norder,order\n",
    "funnels": "funnel_id,from_at,to_at\n"
    "days,2024/6/1,20240602\n"
    "times,2024/6/1 9:30,2024/6/2 09:30+0800\n",
    "funnel_steps": "funnel_id,step_number,event_name\ndays,1,order\ntimes,1,order\n",
    "stickiness": "stickiness_id,period,from_at,to_at\nrange,range,2024年6月1日,2024.6.2\n",
}


def rows_of(feed: Feed) -> list[dict[str, str]]:
    """For each text and typed column one row that has it there, and is good else."""
    good = {column.name: GOOD[column.type] for column in feed.columns if column.type != "text"} | {
        "currency": "USD"
    }
    drawn = gather(DRAWN, 100, f"cells of {feed.name}")
    return [
        {
            **{column.name: f"{feed.name} {name} {number}" for column in feed.columns},
            **good,
            name: text,
        }
        for name in good
        if name != "currency"
        for number, text in enumerate([*TEXTS, *drawn])
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cells")
    feeds = {feed.name: rows_of(feed) for feed in FEEDS}
    for row in feeds["events"]:
        row["event_name"] = "order"
    feeds["events"] += [
        {**feeds["events"][-1], "event_id": f"asked {number}", "user_id": row["user_id"]}
        for number, row in enumerate(feeds["erasure_requests"])
    ]
    feeds["events"] += [
        {**feeds["events"][0], "event_id": "rich", "currency": "EUR", "amount": "99999999999999"},
        {**feeds["events"][0], "event_id": "paid", "currency": "EUR", "amount": "1e1"},
    ]
    build_warehouse(folder, feeds=feeds, seeds=SEEDS, environment=ENVIRONMENT)
    return folder


@pytest.fixture(scope="module")
def warehouse(folder: Path) -> Path:
    return folder / "warehouse.duckdb"


@pytest.fixture(scope="module")
def reader() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    define_raw_instant(connection, Settings.from_environment({"YUNYING_ZONE_NAMES": ZONE_NAMES}))
    return connection


def read(reader: duckdb.DuckDBPyConnection, texts: list[str]) -> dict[str, datetime | None]:
    return dict(
        reader.execute(
            "select text, raw_instant(text) from (select unnest(?::varchar[]) as text)", [texts]
        ).fetchall()
    )


def test_what_a_name_of_a_zone_means_is_said_by_a_setting(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    texts = [*INSTANTS, *NO_INSTANTS]
    wanted: Mapping[str, datetime | None] = {**dict.fromkeys(NO_INSTANTS), **INSTANTS, **NAMED}
    assert read(reader, texts) == wanted
    # Whatever zone the session is in.
    reader.execute("set TimeZone = 'Asia/Kolkata'")
    assert read(reader, texts) == wanted


@settings(deadline=None)
@given(st.lists(st.one_of(DRAWN, st.text(max_size=40), st.floats().map(str)), max_size=200))
def test_no_text_fails_and_no_number_lands_before_1990(
    reader: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    found = read(reader, [text.replace("\0", "") for text in texts])
    for text, instant in found.items():
        if instant is not None and not any(mark in text for mark in "-/.年"):
            is_date = 19000101 <= float(text) < 21000000 or 19e12 <= float(text) < 21e12
            assert instant.year >= (1900 if is_date else 1990), text


@pytest.mark.parametrize(
    "value",
    ["CST", "CST=8", "CST=+8", "CST=+08:00,CST=-06:00", "UTC=+01:00", "=+08:00", "CST=+16:00"],
)
def test_a_wrong_name_of_a_zone_is_named(value: str) -> None:
    with pytest.raises(SettingsError, match=r"YUNYING_ZONE_NAMES has '.*': give names"):
        Settings.from_environment({"YUNYING_ZONE_NAMES": value})


def test_names_of_zones_have_one_order() -> None:
    settings = Settings.from_environment({"YUNYING_ZONE_NAMES": " pst = -08:00 , CST=+08:00"})
    assert settings.zone_names == "CST=+08:00,PST=-08:00"


def test_staging_and_ingest_read_alike(folder: Path, warehouse: Path) -> None:
    with connect(settings_of(folder), read_only=True) as connection:
        define_raw_instant(connection, settings_of(folder))
        rows = connection.execute(
            "select e.occurred_at, raw_instant(e.occurred_at), t.occurred_at "
            "from raw.events as e inner join staging.stg_events__typed as t "
            "using (load_id, row_number)"
        ).fetchall()
    assert [row for row in rows if row[1] != row[2]] == []
    found = {text: instant for text, _, instant in rows}
    assert {text: found[text] for text in INSTANTS} == INSTANTS
    assert {text for text in NO_INSTANTS if found.get(text)} == set()


def test_every_row_is_in_one_place(warehouse: Path) -> None:
    ledger = query(warehouse, "select * from staging.stg_ingest_ledger order by feed")
    assert len(ledger) == len(FEEDS)
    for row in ledger:
        parts = (row["rows_staged"], row["rows_duplicate"], row["rows_quarantined"])
        assert row["error"] is None
        assert row["rows_in"] == sum(parts), row
    unexplained = query(
        warehouse,
        "select * from marts.mart_quarantined_rows where mend_en is null or mend_zh is null",
    )
    assert unexplained == []


def test_events_are_staged_by_what_is_certain_or_quarantined(warehouse: Path) -> None:
    staged = {
        row["event_id"]: row
        for row in query(
            warehouse, "select * from staging.stg_events where event_id like 'events %'"
        )
    }
    refused = {
        row["event_id"]: row["reason"]
        for row in query(
            warehouse,
            "select reason, json_extract_string(payload, '$.event_id') as event_id "
            "from staging.stg_events__quarantined",
        )
    }
    for number, text in enumerate(TEXTS):
        if text in INSTANTS:
            assert staged[f"events occurred_at {number}"]["occurred_at"] == INSTANTS[text], text
        else:
            assert refused[f"events occurred_at {number}"] == "unparseable_occurred_at", text
        received = staged.get(f"events received_at {number}")
        if received is None:
            assert INSTANTS[text].year == 1990
            assert refused[f"events received_at {number}"] == "future_occurred_at"
        else:
            assert received["received_at"] == INSTANTS.get(text), text
        if text in DECIMALS:
            amount = staged[f"events amount {number}"]["amount"]
            assert float(amount) == DECIMALS[text], text
    assert {refused[key] for key in refused if " amount " in key} == {"invalid_amount"}
    assert refused["rich"] == "foreign_currency"
    [paid] = query(warehouse, "select amount from staging.stg_events where event_id = 'paid'")
    assert paid["amount"] == 12.5
    [days] = query(warehouse, "select min(date_day) as first_day from facts.dim_dates")
    assert days["first_day"] >= date(1989, 12, 31)


OPTIONAL = {("campaign_assignments", "assigned_at"), ("contents", "planned_at"),
            ("contents", "published_at"), ("contents", "unpublished_at")}  # fmt: skip
"""What may be left empty, and says something then."""
REFUSED = OPTIONAL | {
    ("channel_costs", "cost_date"), ("rule_violations", "occurred_at"),
    ("feedback", "submitted_at"), ("consents", "recorded_at"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("feed", "column"),
    [
        (feed.name, column.name)
        for feed in FEEDS
        for column in feed.columns
        if feed.name not in ("events", "erasure_requests") and column.type in ("timestamp", "date")
    ],
)
def test_feeds_are_staged_by_what_is_certain(warehouse: Path, feed: str, column: str) -> None:
    """A date is one of the reporting zone; what would mislead is quarantined else."""
    key = next(c.name for f in FEEDS if f.name == feed for c in f.columns if c.type == "text")
    rows = query(
        warehouse,
        f"select {key} as key, {column} as value from staging.stg_feed__{feed}",
    )
    found = {row["key"]: row["value"] for row in rows}
    refused = query(
        warehouse,
        "select count(*) as n from staging.stg_feed_rows where feed = ? and reason = ?",
        [feed, f"unparseable_{column}"],
    )
    assert (refused[0]["n"] > 0) == ((feed, column) in REFUSED)
    for number, text in enumerate(TEXTS):
        wanted: Any = INSTANTS.get(text)
        if wanted is not None and column.endswith("_date"):
            wanted = (as_in_new_york(wanted) if text in EPOCHS else wanted).date()
        name = f"{feed} {column} {number}"
        is_empty = (feed, column) in OPTIONAL and not text.strip().strip("\ufeff")
        if wanted is None and (feed, column) in REFUSED and not is_empty:
            assert name not in found, text
        else:
            assert found[name] == wanted, text


def as_in_new_york(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))


def test_numbers_of_feeds_are_read_or_empty(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select utm_source, cost_amount, impressions from staging.stg_feed__channel_costs",
    )
    found = {row["utm_source"]: row for row in rows}
    for number, text in enumerate(TEXTS):
        amount = found.get(f"channel_costs cost_amount {number}")
        if text in DECIMALS:
            assert amount is not None
            assert float(amount["cost_amount"]) == DECIMALS[text], text
        if text in NO_NUMBERS:
            assert amount is None, text
            assert found[f"channel_costs impressions {number}"]["impressions"] is None, text


def test_everybody_who_asked_is_erased_whatever_the_time_says(warehouse: Path) -> None:
    assert query(warehouse, "select * from raw.events where event_id like 'asked %'") == []
    asked = query(
        warehouse,
        "select requested_at, count(*) as n, bool_and(erased_at is not null) as is_erased, "
        "bool_and(requested_at = recorded_at) as is_of_load from raw.erasures group by all",
    )
    assert all(row["is_erased"] for row in asked)
    [unreadable] = [row for row in asked if row["is_of_load"]]
    assert unreadable["n"] >= len(NO_INSTANTS)
    assert {row["requested_at"] for row in asked} >= {*INSTANTS.values()}


def test_bounds_of_definitions_are_read_as_people_write_them(warehouse: Path) -> None:
    rows = query(warehouse, "select funnel_id, from_at, to_at from seeds.dim_funnels")
    rows += query(
        warehouse, "select stickiness_id as funnel_id, from_at, to_at from seeds.dim_stickiness"
    )
    # New York is four hours behind.
    day = (datetime(2024, 6, 1, 4), datetime(2024, 6, 3, 3, 59, 59, 999999))
    assert {row["funnel_id"]: (row["from_at"], row["to_at"]) for row in rows} == {
        "days": day,
        "range": day,
        "times": (datetime(2024, 6, 1, 13, 30), datetime(2024, 6, 2, 1, 30)),
    }


def test_z_a_named_zone_brings_rows_back_from_quarantine(folder: Path, warehouse: Path) -> None:
    """Last: it stages the events of the same folder anew."""
    before = query(warehouse, "select count(*) as n from staging.stg_events")
    build_warehouse(
        folder,
        seeds=SEEDS,
        environment={**ENVIRONMENT, "YUNYING_ZONE_NAMES": ZONE_NAMES},
        select="+stg_events__quarantined",
    )
    rows = query(warehouse, "select event_id, occurred_at from staging.stg_events")
    found = {row["event_id"]: row["occurred_at"] for row in rows}
    for number, text in enumerate(TEXTS):
        if text in NAMED:
            assert found[f"events occurred_at {number}"] == NAMED[text]
    assert len(rows) == before[0]["n"] + len(NAMED)
