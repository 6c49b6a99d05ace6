"""Logs of known tools become events and users by one setting, counted as the tool would."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from orchestration.ingest.feeds import LOGS
from orchestration.project import Settings, SettingsError
from tests.support import WAREHOUSE, build_warehouse, ingest_raw, query, settings_of
from tests.warehouse import exports
from tests.warehouse.draws import seed

MODELS = (
    "+fct_events +fct_sessions +fct_order_states +int_users_latest +stg_ingest_ledger "
    "+stg_events__quarantined"
)
SEGMENT = [*exports.segment(Random(f"segment {seed()}")), *exports.calls_of_users()]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs of each tool in a file or two, with lines that are no event."""
    folder = tmp_path_factory.mktemp("exports")
    half = len(SEGMENT) // 2
    write(folder / "raw/segment/1.json", exports.lines(SEGMENT[half:]))
    write(folder / "raw/segment/2.json", exports.lines(SEGMENT[:half]))
    write(folder / "raw/segment/bad.jsonl", "\n".join(line for line, _ in exports.BAD_SEGMENT))
    # Rows of the feed beside them, whose visitors are others.
    feed = {"event_id": "f", "event_name": "open", "user_id": "f", "occurred_at": "2024-04-01"}
    return build_warehouse(
        folder,
        events=[feed],
        environment={"YUNYING_EVENT_SOURCES": "feed,segment"},
        select=MODELS,
    )


def test_users_sessions_and_events_of_each_day(warehouse: Path) -> None:
    found = query(
        warehouse,
        "select source_id, event_date, count(distinct user_id) as users, count(*) as events"
        " from facts.fct_events where is_activity and source_id <> 'feed' group by all",
    )
    sessions = {
        str(row["day"]): row["sessions"]
        for row in query(
            warehouse,
            "select cast(started_at as date) as day, count(*) as sessions"
            " from facts.fct_sessions where user_id <> 'f' group by all",
        )
    }
    idle = {"identify", "alias", "group", "Order Refunded"}
    wanted = exports.by_day(exports.acts_of_segment(SEGMENT), idle)
    days = {str(row["event_date"]): row for row in found}
    assert {
        day: (row["users"], sessions.get(day, 0), row["events"]) for day, row in days.items()
    } == wanted
    assert len(wanted) > 5


def test_every_line_ends_in_one_place(warehouse: Path) -> None:
    ledger = query(warehouse, "select * from staging.stg_ingest_ledger where feed <> 'events'")
    assert all(
        row["rows_in"] == row["rows_staged"] + row["rows_duplicate"] + row["rows_quarantined"]
        for row in ledger
    )
    assert sum(row["rows_duplicate"] for row in ledger) > 0
    reasons = query(warehouse, "select source_id, reason from staging.stg_events__quarantined")
    assert Counter(row["reason"] for row in reasons if row["source_id"] == "segment") == Counter(
        reason for _, reason in exports.BAD_SEGMENT
    )


def test_orders_of_segment_have_their_totals(warehouse: Path) -> None:
    orders = {
        row["properties"]["order_id"]: float(row["properties"]["total"])
        for row in SEGMENT
        if row.get("event") == "Order Completed"
    }
    found = query(
        warehouse,
        "select order_id, amount from facts.fct_events where event_name = 'Order Completed'",
    )
    assert {row["order_id"]: float(row["amount"]) for row in found} == orders != {}
    counted = query(warehouse, "select count(*) as orders from facts.fct_order_states")
    assert counted[0]["orders"] >= len(orders)


def test_what_a_call_of_segment_says_stands_in_our_columns(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select distinct platform, app_version, utm_source, utm_medium, utm_campaign, referrer,"
        " page, content_id, source_session_id is not null as has_session from facts.fct_events"
        " where event_name in ('page', 'screen', 'Article Read')",
    )
    web = {
        "platform": "web",
        "app_version": None,
        "utm_source": "mail",
        "utm_medium": "email",
        "utm_campaign": "spring",
        "referrer": "https://search.example/",
        "has_session": False,
    }
    phone = {"platform": "ios", "app_version": "3.4.1", "utm_source": None, "utm_medium": None,
             "utm_campaign": None, "referrer": None, "has_session": True}  # fmt: skip
    wanted = [
        {**web, "page": "/home", "content_id": None},
        {**web, "page": "/shop", "content_id": "a1"},
        {**phone, "page": "Home", "content_id": None},
        {**phone, "page": None, "content_id": "a1"},
    ]
    assert sorted(rows, key=str) == sorted(
        ({name: row[name] for name in rows[0]} for row in wanted), key=str
    )


def test_traits_of_calls_are_the_latest_of_each(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select user_id, json_extract_string(properties, '$.plan') as plan,"
        " json_extract_string(properties, '$.mail') as mail, cast(created_at as date) as since"
        " from intermediate.int_users_latest order by user_id",
    )
    assert [(row["user_id"], row["plan"], row["mail"], str(row["since"])) for row in rows] == [
        ("u1", "pro", "u1@shop.example", "2023-05-06"),
        ("u2", "free", None, "None"),
    ]


def test_who_is_erased_is_who_staging_reads(warehouse: Path) -> None:
    """What an erasure takes for user, device and instant is what the staged row has."""
    for log, actor in LOGS.items():
        source = "feed" if log == "events" else log
        read, staged = (
            query(warehouse, f"select {columns} from {table} order by load_id, row_number")
            for columns, table in (
                (f"{actor.user} as u, {actor.device} as d, {actor.at} as t", f"raw.{log}"),
                ("user_id as u, anonymous_id as d, occurred_at as t",
                 f"staging.stg_{source}__events"),
            )
        )  # fmt: skip
        assert read == staged != []


def test_a_source_that_nobody_reads_is_said(tmp_path: Path) -> None:
    environment = {"YUNYING_EVENT_SOURCES": "feed, Segment,feed"}
    assert Settings.from_environment(environment).event_sources == ("feed", "segment")
    with pytest.raises(SettingsError, match="'ga5', which no folder of models/staging reads: give"):
        Settings.from_environment({"YUNYING_EVENT_SOURCES": "feed,ga5"})
    write(tmp_path / "raw/segment/1.json", exports.lines(SEGMENT[:3]))
    build_warehouse(tmp_path, select="+stg_ingest_ledger")
    [row] = query(tmp_path / WAREHOUSE, "select error, rows_in from staging.stg_ingest_ledger")
    assert row == {"error": "no staging model reads this feed", "rows_in": 0}


def test_who_asks_to_be_forgotten_is_in_no_log(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    settings.seeds_dir.mkdir()
    write(tmp_path / "raw/segment/1.json", exports.lines(SEGMENT))
    write(tmp_path / "raw/segment/2.json", '{"type": "alias", "previousId": "u1", "userId": "u9"}')
    write(
        tmp_path / "raw/erasure_requests/1.json",
        exports.lines([{"user_id": "u1", "requested_at": "2024-05-01"}]),
    )
    ingest_raw(settings)
    left = [row for row in SEGMENT if row.get("userId") != "u1" and row.get("anonymousId") != "d1"]
    assert (tmp_path / "raw/segment/1.json").read_text() == exports.lines(left)
    assert 0 < len(left) < len(SEGMENT)
    rows = query(settings.warehouse, "select userid, anonymousid from raw.segment")
    assert [(row["userid"], row["anonymousid"]) for row in rows] == [
        (row.get("userId"), row.get("anonymousId")) for row in left
    ]
