"""Ids and names as people send them: repeated, in blanks, as placeholders, as numbers of any type.

What is certain is read; the rest is kept as it came, and told with file and rows.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support import build_warehouse, query

SELECTED = (
    "+mart_active_users_daily +mart_id_warnings +mart_quarantined_rows +dim_users"
    " +mart_funnel_conversion +stg_feed__users +stg_feed__contents"
)
FUNNEL = {
    "funnels": "funnel_id\n\u00a0buying\t\n",
    "funnel_steps": "funnel_id,step_number,event_name\nbuying,1,\u200bopen\u200b | nothing\n"
    "\ufeffbuying,2,\u3000buy\u2028\n",
    "filters": "definition,definition_id,side,scope,property,operator,value\n"
    "funnel,buying,2,event,\u2060plan\u00ad,is,paid\n",
}
Row = dict[str, Any]


def shared(*without: str) -> list[Row]:
    """One id on rows of several people, and on copies of one event."""
    names = ("event_id", "event_name", "occurred_at", "received_at", "user_id", "anonymous_id",
             "page")  # fmt: skip
    at, later = "2024-06-01 10:00:00", "2024-06-01 11:00:00"
    rows = [
        ("0", "open", at, "2024-06-01 10:00:01", "u1", "d1", "/first"),
        ("0", "open", at, later, "u1", "d1", "/again"),
        ("0", "open", "2024-06-01T18:00:00+08:00", later, "", "d1", "/no user"),
        ("0", "open", at, later, "u1", "", "/no device"),
        ("0", "open", at, later, "u2", "", "/another user"),
        ("0", "view", at, later, "u1", "d1", "/another event"),
        ("0", "open", later, later, "u1", "d1", "/another time"),
        ("0", "open", at, later, "", "d3", "/another device"),
    ]
    return [dict(zip(names, row, strict=True)) for row in rows if row[4] not in without]


def write_csv(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def event(number: int, **columns: Any) -> Row:
    named = {"event_name": "open", "occurred_at": f"2024-06-02T10:00:{number:02d}Z"}
    return {"event_id": f"e{number}", **named, **columns}


PLACEHOLDERS = ["null", "undefined", " NONE ", "NaN", "[object Object]", "(not set)"]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ids")
    write_csv(folder / "raw" / "events" / "shared.csv", shared())
    doubles = folder / "raw" / "events" / "doubles.parquet"
    duckdb.sql(
        f"copy (select 'p' || i as event_id, 'open' as event_name, '2024-06-03' as occurred_at, "
        f"n::double as user_id, 'p' || i as anonymous_id from (values (1, 12345), (2, null), "
        f"(3, 9007199254740993)) as t(i, n)) to '{doubles}' (format parquet)"
    )
    write_csv(
        folder / "raw" / "events" / "points.csv",
        [
            {**event(1), "event_id": f"c{number}.0", "user_id": user, "anonymous_id": f"c{number}"}
            for number, user in enumerate(["12345.0", "", "8.0"])
        ],
    )
    numbers = [event(20, user_id=12345), event(21, user_id="00123"), event(22, user_id=123)]
    placed = [
        event(n, user_id=text, anonymous_id=f"x{n}")
        for n, text in enumerate(PLACEHOLDERS, start=30)
    ]
    placed += [
        event(40, user_id="u4", anonymous_id="00000000-0000-0000-0000-000000000000"),
        event(41, user_id="null", anonymous_id="undefined"),
        event(42, user_id="nullable"),
    ]
    marks = ["\t", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u202e", "\u2066", "\x00"]
    blank = [
        event(
            n,
            event_name=f"{mark}buy{mark}",
            user_id=f"{mark}u5{mark}",
            order_id=f"o1{mark}",
            utm_source=f"{mark}search",
            properties={"plan": "paid"},
        )
        for n, mark in enumerate(marks, start=50)
    ]
    blank.append(event(49, user_id="u5", anonymous_id="\u200b \u3000"))
    feeds = {
        "users": [
            {"user_id": "\u3000u5\u200b", "plan": "new", "updated_at": "2024-02-01"},
            {"user_id": "u5", "plan": "old", "updated_at": "2024-01-01"},
            {"user_id": "null"},
        ],
        "contents": [{"content_id": "c1\t", "author_id": "None"}],
        "campaign_assignments": [{"campaign_id": "k", "user_id": "undefined"}],
        "consents": [
            {
                "user_id": "null",
                "anonymous_id": "x30",
                "purpose": "mail ",
                "recorded_at": "2024-01-01",
            }
        ],
        "erasure_requests": [{"user_id": "null", "requested_at": "2024-06-05"}],
    }
    for name, rows in (("numbers", numbers), ("placed", placed), ("blank", blank)):
        build_events(folder, name, rows)
    return build_warehouse(folder, feeds=feeds, seeds=FUNNEL, select=SELECTED, run_tests=True)


def build_events(folder: Path, name: str, rows: list[Row]) -> None:
    path = folder / "raw" / "events" / f"{name}.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def warnings(warehouse: Path, file: str) -> set[tuple[Any, ...]]:
    rows = query(
        warehouse,
        "select column_name, doubt, row_count from marts.mart_id_warnings"
        f" where source_file like '%{file}%'",
    )
    return {tuple(row.values()) for row in rows}


def test_rows_of_other_content_are_other_events_and_told(warehouse: Path) -> None:
    found = query(
        warehouse,
        "select event_id, user_id, page from facts.fct_events where event_id like '0%'"
        " order by page",
    )
    assert [(row["user_id"], row["page"]) for row in found] == [
        ("anon:d3", "/another device"), ("u1", "/another event"), ("u1", "/another time"),
        ("u2", "/another user"), ("u1", "/first"),
    ]  # fmt: skip
    assert found[-1]["event_id"] == "0"
    assert len({row["event_id"] for row in found}) == len(found)
    assert warnings(warehouse, "shared.csv") == {("event_id", "repeated_event_id", 4)}
    [ledger] = query(
        warehouse, "select * from staging.stg_ingest_ledger where source_file like '%shared.csv'"
    )
    assert (ledger["rows_staged"], ledger["rows_duplicate"], ledger["rows_quarantined"]) == (
        5,
        3,
        0,
    )
    [said] = query(
        warehouse, "select * from marts.mart_id_warnings where source_file like '%shared%'"
    )
    assert said["problem_en"] == "event_id repeats with other content: 4 rows of events/shared.csv"
    assert said["problem_zh"] == "events/shared.csv 有 4 行的 event_id 与别的内容重复"


def test_one_number_is_one_user_and_what_is_not_certain_is_told(warehouse: Path) -> None:
    users = {row["user_id"] for row in query(warehouse, "select user_id from facts.fct_events")}
    assert {"12345", "8", "9007199254740992", "123", "00123"} <= users
    assert not {"12345.0", "8.0", "9007199254740992.0"} & users
    [same] = query(
        warehouse,
        "select count(distinct event_date) as days, count(*) as n from facts.fct_events"
        " where user_id = '12345'",
    )
    assert (same["days"], same["n"]) == (2, 3)
    assert warnings(warehouse, "doubles.parquet") == set()
    assert warnings(warehouse, "points.csv") == {("user_id", "double_in_text", 2)}
    assert warnings(warehouse, "numbers.jsonl") == {("user_id", "other_spelling", 1)}


def test_a_placeholder_is_nobody_in_any_feed(warehouse: Path) -> None:
    events = query(
        warehouse,
        "select user_id, anonymous_id from facts.fct_events"
        " where event_id in ('e30', 'e31', 'e32', 'e33', 'e34', 'e35', 'e40', 'e42') order by all",
    )
    assert [tuple(row.values()) for row in events] == [
        *((f"anon:x{n}", f"x{n}") for n in range(30, 36)), ("nullable", None), ("u4", None),
    ]  # fmt: skip
    assert warnings(warehouse, "placed.jsonl") == {
        ("user_id", "placeholder", 7), ("anonymous_id", "placeholder", 2),
    }  # fmt: skip
    for feed, column in {
        "users": "user_id", "contents": "author_id", "campaign_assignments": "user_id",
        "consents": "user_id", "erasure_requests": "user_id",
    }.items():  # fmt: skip
        assert warnings(warehouse, f"{feed}/") == {(column, "placeholder", 1)}
    reasons = query(warehouse, "select feed, reason, row_count from marts.mart_quarantined_rows")
    assert {tuple(row.values()) for row in reasons} == {
        ("events", "missing_actor", 1), ("users", "missing_user_id", 1),
        ("campaign_assignments", "missing_user_id", 1),
    }  # fmt: skip


def test_blanks_around_ids_and_names_are_none_in_feeds_and_definitions(warehouse: Path) -> None:
    events = query(
        warehouse,
        "select distinct user_id, event_name, order_id, utm_source, anonymous_id"
        " from facts.fct_events where user_id = 'u5' order by all",
    )
    assert [tuple(row.values()) for row in events] == [
        ("u5", "buy", "o1", "search", None), ("u5", "open", None, None, None),
    ]  # fmt: skip
    users = query(warehouse, "select user_id, properties from staging.stg_feed__users")
    assert {row["user_id"] for row in users} == {"u5"}
    assert [
        row["content_id"]
        for row in query(warehouse, "select content_id from staging.stg_feed__contents")
    ] == ["c1"]
    steps = query(
        warehouse,
        "select step_number, reached_count from marts.mart_funnel_conversion"
        " where funnel_id = 'buying' and grain = 'all' and breakdown_value is null order by all",
    )
    assert steps[1]["reached_count"] == 1


def test_the_list_of_placeholders_may_be_another_and_restages(tmp_path: Path) -> None:
    events = [event(1, user_id="guest", anonymous_id="d1"), event(2, user_id="null")]
    warehouse = build_warehouse(tmp_path, events=events, only="+fct_events")
    who = "select user_id from facts.fct_events order by all"
    assert query(warehouse, who) == [{"user_id": "guest"}]
    changed = {"placeholder_ids": "placeholder_id\nGuest\n"}
    build_warehouse(tmp_path, seeds=changed, only="+fct_events")
    assert query(warehouse, who) == [{"user_id": "anon:d1"}, {"user_id": "null"}]


def test_an_erasure_leaves_the_others_who_share_the_id(tmp_path: Path) -> None:
    for name, rows in (("left", shared()), ("right", shared("u2"))):
        write_csv(tmp_path / name / "raw" / "events" / "a.csv", rows)
    build_warehouse(tmp_path / "left", select=SELECTED)
    asked = {"erasure_requests": [{"user_id": "u2\u200b", "requested_at": "2024-06-05"}]}
    left = build_warehouse(tmp_path / "left", feeds=asked, select=SELECTED)
    right = build_warehouse(tmp_path / "right", select=SELECTED)
    for table in ("staging.stg_events", "facts.fct_events", "marts.mart_id_warnings"):
        columns = "* exclude (row_number, load_id)" if table.startswith("staging") else "*"
        sql = f"select {columns} from {table} order by all"
        assert query(left, sql) == query(right, sql)
    assert len(query(left, "from facts.fct_events")) == 4


def test_an_order_called_null_is_none_and_an_empty_amount_is_missing(tmp_path: Path) -> None:
    rows = [
        event(1, event_name="order", user_id="u1", order_id="null", amount=10),
        event(2, event_name="order", user_id="u2", order_id="NULL", amount=5),
        event(3, event_name="order", user_id="u3", order_id="o3", amount=7),
        event(4, event_name="open", user_id="u4", order_id="undefined", amount=" "),
        event(5, event_name="open", user_id="u4", amount=""),
    ]
    warehouse = build_warehouse(
        tmp_path,
        events=rows,
        seeds={"event_names": "event_name,role\norder,order\n"},
        select="+fct_orders +stg_events__quarantined",
    )
    orders = query(warehouse, "select user_id, order_id, gross_amount from facts.fct_orders")
    assert {row["user_id"]: row["gross_amount"] for row in orders} == {"u1": 10, "u2": 5, "u3": 7}
    assert {row["order_id"] for row in orders if row["user_id"] == "u3"} == {"o3"}
    assert query(warehouse, "select reason from staging.stg_events__quarantined") == []
