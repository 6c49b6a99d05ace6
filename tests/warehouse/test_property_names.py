"""A property of any name is read, wherever a definition may ask for one."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests import support

NAMES = (
    "*", "a\\", "\\", "a.b", 'a"b', '"', "a'b", "[0]", "a[*]", "$", "$.x", "#", "-", "0", "a/b",
    "/", "a~b", "~1", "a|b", "|", "a:b", "a,b", "a;b", "a b", "a%b_", "{a}", "中文", "😀", "x\x01y",
    "é", "A*", "plan",
)  # fmt: skip


def seed(columns: str, rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([columns.split(","), *rows])
    return text.getvalue()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    events = [
        {
            "event_name": event,
            "user_id": f"u{number}",
            "occurred_at": f"2024-03-0{day}T10:00:00Z",
            "properties": {name: str(number), "other": {name: "nested"}},
        }
        for number, name in enumerate(NAMES, start=1)
        for day, event in enumerate(("go", "done"), start=1)
    ]
    users = [
        {"user_id": f"u{number}", "properties": {name: f"of {number}"}}
        for number, name in enumerate(NAMES, start=1)
    ]
    ids = [(f"d{number}", str(number), name) for number, name in enumerate(NAMES, start=1)]
    listed = {name: name.replace("|", "\\|") for name in NAMES}
    seeds = {
        "funnels": seed(
            "funnel_id,breakdown,hold_constant",
            [[i, f"event:{listed[name]}", f"event:{listed[name]}"] for i, _, name in ids],
        ),
        "funnel_steps": seed(
            "funnel_id,step_number,event_name",
            [[i, step, event] for i, _, _ in ids for step, event in (("1", "go"), ("2", "done"))],
        ),
        "retentions": seed(
            "retention_id,cohort_event,return_event,breakdown,value_property",
            [[i, "go", "done", f"user:{listed[n]}", f"event:{listed[n]}"] for i, _, n in ids],
        ),
        "paths": seed(
            "path_id,anchor_item,item_property,scope",
            [[i, number, f"event:{listed[name]}", "user"] for i, number, name in ids],
        ),
        "filters": seed(
            "definition,definition_id,side,scope,property,operator,value",
            [
                row
                for i, number, name in ids
                for row in (
                    ["funnel", i, "1", "event", name, "is", number],
                    ["funnel", i, "2", "user", name, "is", f"of {number}"],
                )
            ],
        ),
    }
    return support.build_warehouse(
        tmp_path_factory.mktemp("names"),
        events=events,
        feeds={"users": users},
        seeds=seeds,
        select="+mart_funnel_conversion +mart_retention_cohorts +mart_path_edges"
        " +mart_definition_warnings",
    )


def by_definition(rows: list[dict[str, Any]]) -> dict[str, set[tuple[Any, ...]]]:
    found: dict[str, set[tuple[Any, ...]]] = {}
    for first, *rest in (row.values() for row in rows):
        found.setdefault(first, set()).add(tuple(rest))
    return found


def test_in_filters_breakdowns_and_hold_constant(warehouse: Path) -> None:
    rows = by_definition(
        support.query(
            warehouse,
            "select funnel_id, breakdown_value, step_number, reached_count"
            " from marts.mart_funnel_conversion where grain = 'all'",
        )
    )
    for number, name in enumerate(NAMES, start=1):
        steps = {(value, step, 1) for value in (None, str(number)) for step in (1, 2)}
        assert rows[f"d{number}"] == steps, name


def test_in_value_properties_and_breakdowns_of_users(warehouse: Path) -> None:
    rows = by_definition(
        support.query(
            warehouse,
            "select retention_id, breakdown_value, cast(returned_value_sum as integer)"
            " from marts.mart_retention_cohorts"
            " where cohort_start_at is not null and period_number = 1"
            " and coalesce(breakdown_value, 'x') <> ''",
        )
    )
    for number, name in enumerate(NAMES, start=1):
        assert (f"of {number}", number) in rows[f"d{number}"], name


def test_in_items_of_paths(warehouse: Path) -> None:
    rows = by_definition(
        support.query(
            warehouse,
            "select path_id, path_id from facts.fct_path_items where item = substr(path_id, 2)",
        )
    )
    assert len(rows) == len(NAMES)


def test_none_of_them_is_in_doubt(warehouse: Path) -> None:
    assert support.query(warehouse, "select * from marts.mart_definition_warnings") == []


def test_columns_of_the_feed_are_properties_and_what_has_their_names(tmp_path: Path) -> None:
    """A key of `properties` stands for a column that the file does not have, or is empty. Instants
    are those of the reporting zone, eight hours ahead; a text of length 0 is a missing one."""
    events = [
        {"event_id": "e1", "event_name": "go", "user_id": "u1", "page": "/column",
         "received_at": "2024-03-01T10:00:05Z", "occurred_at": "2024-03-01T10:00:00Z",
         "properties": {"platform": "web", "page": "/json", "plan": ""}},
        {"event_id": "e2", "event_name": "go", "anonymous_id": "d2",
         "occurred_at": "2024-03-02T10:00:00Z", "properties": {"amount": 12.5}},
    ]  # fmt: skip
    conditions = [
        ("user_id", "is", "u1", 1), ("user_id", "is_not", "u1", 1), ("user_id", "is_set", "", 1),
        ("event_id", "is", "e1|e2", 2), ("anonymous_id", "is", "d2", 1),
        ("occurred_at", "gte", "2024-03-02", 1), ("occurred_at", "gte", "2024-03-01 18:00:00", 2),
        ("occurred_at", "gt", "2024-03-01T10:00:00Z", 1), ("occurred_at", "contains", "01 18:0", 1),
        ("received_at", "is", "2024-03-01T19:00:05+09:00", 1),
        ("user:created_at", "gte", "2024-03-01", 1), ("user:created_at", "lt", "2024-03-01", 0),
        ("user:created_at", "is", "2024-02-29T16:30Z", 1),
        ("plan", "is_set", "", 0), ("plan", "lt", "5", 0), ("user:plan", "is_not_set", "", 2),
        ("received_at", "is_set", "", 1),
        ("platform", "is", "web", 1), ("page", "is", "/column", 1), ("page", "is", "/json", 0),
        ("amount", "gt", "12", 1),
    ]  # fmt: skip
    seeds = {
        "funnels": seed("funnel_id", [[f"f{n}"] for n in range(len(conditions))]),
        "funnel_steps": seed(
            "funnel_id,step_number,event_name",
            [[f"f{n}", "1", "go"] for n in range(len(conditions))],
        ),
        "filters": seed(
            "definition,definition_id,side,scope,property,operator,value",
            [
                ["funnel", f"f{n}", "1", scope, name, operator, value]
                for n, (asked, operator, value, _) in enumerate(conditions)
                for scope, _, name in [asked.rpartition(":")]
            ],
        ),
    }
    users = [{"user_id": "u1", "created_at": "2024-02-29T16:30:00Z", "properties": {"plan": ""}}]
    warehouse = support.build_warehouse(
        tmp_path,
        events=events,
        feeds={"users": users},
        seeds=seeds,
        environment={"YUNYING_TIMEZONE": "Asia/Shanghai"},
        select="+mart_funnel_conversion",
    )
    rows = support.query(
        warehouse,
        "select funnel_id, entrant_count from marts.mart_funnel_conversion where grain = 'all'",
    )
    found = {row["funnel_id"]: row["entrant_count"] for row in rows}
    assert [found[f"f{n}"] for n in range(len(conditions))] == [asked[3] for asked in conditions]
