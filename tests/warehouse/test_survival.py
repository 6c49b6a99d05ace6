"""Survival: who begins and ends when, curves against lifelines, what people get wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lifelines import KaplanMeierFitter

from orchestration.ingest.definitions.problems import ERROR, WARNING
from tests.support import build_warehouse, query, read_definitions

HEADER = "survival_id,subject,start_event,end_event,max_days,breakdown,breakdown_limit\n"
SURVIVALS = (
    "to_buy,user,join,buy,10,event:platform,1\n"
    "any_to_buy,user,,buy,,user:plan,\n"
    "ios_to_buy,user,join,buy,,,\n"
    "shops,merchant,list,close,,,\n"
    "listed_shops,merchant,list,close,,,\n"
    "pieces,content,,close,,,\n"
    "daily,streak,,,3,,\n"
    "buying,streak,buy,,,event:platform,\n"
)
FILTERS = (
    "definition,definition_id,side,property,operator,value\n"
    "survival,ios_to_buy,start,platform,is,ios\n"
    "survival,listed_shops,start,platform,is_set,\n"
    "survival,listed_shops,end,platform,is_set,\n"
)
SEEDS = {"survivals": HEADER + SURVIVALS, "filters": FILTERS}
MARTS = "+mart_survival_curves"
EVENTS: list[dict[str, Any]] = []


def event(name: str, user: str, at: str, platform: str | None = None, **columns: Any) -> None:
    EVENTS.append(
        {"event_id": f"{len(EVENTS):03d}", "event_name": name, "user_id": user,
         "occurred_at": f"2025-{at}Z", "platform": platform, **columns}
    )  # fmt: skip


# Bought before they joined, which ends nothing; at the very start; a moment before a whole day.
event("buy", "ann", "03-01T09:00:00", "ios")
event("join", "ann", "03-01T10:00:00", "web")
event("join", "ann", "03-02T10:00:00", "ios")
event("buy", "ann", "03-04T09:59:59", "ios")
event("join", "bob", "03-01T10:00:00", "ios")
event("buy", "bob", "03-01T10:00:00", "ios")
event("join", "cid", "03-01T10:00:00", "ios")
event("buy", "cid", "03-02T10:00:00", "web")
# Over the limit, on its last day, and never.
event("join", "dan", "03-01T10:00:00", "tv")
event("buy", "dan", "03-12T10:00:00", "tv")
event("join", "eve", "03-01T10:00:00")
event("buy", "eve", "03-12T09:59:59")
event("join", "fay", "03-19T10:00:00", "ios")
# A shop that opened, one of the feed alone, one that only events tell of.
event("list", "ann", "03-05T00:00:00", "web", merchant_id="books")
event("list", "bob", "03-06T00:00:00", merchant_id="toys")
event("close", "bob", "03-08T00:00:00", merchant_id="books")
event("close", "bob", "03-03T00:00:00", "web", merchant_id="wine", content_id="news")
event("close", "cid", "03-21T00:00:00", merchant_id="toys", content_id="news")
MERCHANTS = [
    {"merchant_id": "wine", "opened_at": "2025-02-01", "updated_at": "2025-02-01"},
    {"merchant_id": "wine", "opened_at": "2025-03-01", "updated_at": "2025-02-02"},
    {"merchant_id": "books", "opened_at": "2025-01-01"},
    {"merchant_id": "late", "opened_at": "2025-06-01"},
]
CONTENTS = [{"content_id": "news", "published_at": "2025-03-04T00:00:00Z"}]
USERS = [{"user_id": "ann", "plan": "paid"}, {"user_id": "bob", "plan": "free"}]
FEEDS = {"merchants": MERCHANTS, "contents": CONTENTS, "users": USERS}


def built(folder: Path, seeds: Mapping[str, str] = SEEDS, **environment: str) -> Path:
    return build_warehouse(
        folder, events=EVENTS, feeds=FEEDS, seeds=seeds, environment=environment, select=MARTS,
        run_tests=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("survival"))


def times(warehouse: Path, survival: str) -> dict[str, Any]:
    rows = query(
        warehouse,
        f"select * from facts.fct_survival_subjects where survival_id = '{survival}'"
        " order by subject_id, started_at",
    )
    found: dict[str, Any] = {}
    for row in rows:
        last = row["survived_days"], row["has_ended"], row["breakdown_value"]
        found.setdefault(row["subject_id"], []).append(last)
    return {key: value[0] if len(value) == 1 else value for key, value in found.items()}


def test_who_lasted_how_long(warehouse: Path) -> None:
    assert times(warehouse, "to_buy") == {
        "ann": (2, True, "web"), "bob": (0, True, "ios"), "cid": (1, True, "ios"),
        "dan": (10, False, "tv"), "eve": (10, True, ""), "fay": (1, False, "ios"),
    }  # fmt: skip
    assert times(warehouse, "any_to_buy") == {
        "ann": (0, True, "paid"), "bob": (0, True, "free"), "cid": (1, True, ""),
        "dan": (11, True, ""), "eve": (10, True, ""), "fay": (1, False, ""),
    }  # fmt: skip
    assert times(warehouse, "ios_to_buy") == {
        "ann": (1, True, None), "bob": (0, True, None), "cid": (1, True, None),
        "fay": (1, False, None),
    }  # fmt: skip


def test_shops_and_pieces_begin_as_their_feeds_say(warehouse: Path) -> None:
    assert times(warehouse, "shops") == {
        "books": (3, True, None), "toys": (15, True, None), "wine": (2, True, None),
    }  # fmt: skip
    # Where the start has conditions, nobody begins otherwise.
    assert times(warehouse, "listed_shops") == {"books": (16, False, None)}
    assert times(warehouse, "pieces") == {"news": (17, True, None)}


def test_streaks_end_when_the_next_day_is_over(warehouse: Path) -> None:
    assert times(warehouse, "daily") == {
        "ann": [(2, True, None), (2, True, None)],
        "bob": [(1, True, None)] * 4,
        "cid": [(2, True, None), (1, False, None)],
        "dan": [(1, True, None), (1, True, None)],
        "eve": [(1, True, None), (1, True, None)],
        "fay": (1, True, None),
    }  # fmt: skip
    assert times(warehouse, "buying") == {
        "ann": [(1, True, "ios"), (1, True, "ios")], "bob": (1, True, "ios"),
        "cid": (1, True, "web"), "dan": (1, True, "tv"), "eve": (1, True, ""),
    }  # fmt: skip


def curve(subjects: list[tuple[int, bool]]) -> dict[int, tuple[Any, ...]]:
    """Rows of a curve, as lifelines has them."""
    fitted = KaplanMeierFitter().fit(*zip(*subjects, strict=True))
    rows = fitted.event_table.join(fitted.survival_function_).join(fitted.confidence_interval_)
    found = {}
    for day, (_, ended, censored, _, at_risk, rate, lower, upper) in rows.iterrows():
        bounds = (lower, upper) if 0 < rate < 1 else (None, None)
        found[day] = (at_risk, ended, censored, rate, *bounds)
    return found


def test_curves_are_what_lifelines_says(warehouse: Path) -> None:
    check_curves(warehouse)


def check_curves(warehouse: Path) -> None:
    """Each curve, and each part of it; `to_buy` names its largest value alone."""
    subjects: dict[tuple[str, str | None], list[tuple[int, bool]]] = {}
    for row in query(warehouse, "select * from facts.fct_survival_subjects"):
        part = row["breakdown_value"]
        if row["survival_id"] == "to_buy" and part != "ios":
            part = "Other"
        for value in {None, part}:
            subjects.setdefault((row["survival_id"], value), []).append(
                (row["survived_days"], row["has_ended"])
            )
    rows = query(warehouse, "select * from marts.mart_survival_curves")
    assert {(row["survival_id"], row["breakdown_value"]) for row in rows} == subjects.keys()
    for key, of_key in subjects.items():
        expected = curve(of_key)
        got = {
            row["day"]: (row["at_risk_count"], row["ended_count"], row["censored_count"],
                         row["survival_rate"], row["survival_rate_lower"],
                         row["survival_rate_upper"])
            for row in rows
            if (row["survival_id"], row["breakdown_value"]) == key
        }  # fmt: skip
        assert got.keys() == expected.keys(), key
        for day, row in expected.items():
            assert got[day] == pytest.approx(row, abs=1e-12), (key, day)
        # lifelines' own takes a rate of 0.5 for more where it is a little.
        median = min((day for day, row in expected.items() if row[3] <= 0.5 + 1e-12), default=None)
        medians = {row["median_days"] for row in rows
                   if (row["survival_id"], row["breakdown_value"]) == key}  # fmt: skip
        assert medians == {median}


def test_another_definition_is_another_curve(warehouse: Path, tmp_path: Path) -> None:
    """Built on, with what comes late, as it would be built anew; other zones have other streaks.
    Both are as of an instant: what is open then is censored there, whatever came later."""
    other = SURVIVALS.replace("to_buy,user,join,buy,10", "to_buy,user,join,list,4")
    changed = {
        "survivals": HEADER + other.replace("buying,streak,buy", "buying,streak,list"),
        "filters": FILTERS.replace("ios\n", "web\n"),
    }
    clock = {"YUNYING_TIMEZONE": "Asia/Shanghai", "YUNYING_HORIZON": "2025-03-05T06:00:00"}
    folder = tmp_path / "on"
    part = {"environment": clock, "only": MARTS}
    build_warehouse(folder, events=EVENTS[1::2], feeds=FEEDS, seeds=SEEDS, **part)
    build_warehouse(folder, events=EVENTS[::2], seeds=changed, **part)
    anew = built(tmp_path / "anew", changed, **clock)
    sql = "select * from marts.mart_survival_curves order by all"
    on = query(folder / "warehouse.duckdb", sql)
    assert on == query(anew, sql)
    assert on != query(warehouse, sql)
    check_curves(anew)
    # To a listing, whose one of the 6th of March is not yet; and `fay` has not joined.
    assert times(anew, "to_buy") == {
        "ann": (3, True, "web"), "bob": (3, False, "ios"), "cid": (3, False, "ios"),
        "dan": (3, False, "tv"), "eve": (3, False, ""),
    }  # fmt: skip
    assert times(anew, "shops") == {"books": (0, False, None), "wine": (2, True, None)}
    assert times(anew, "daily") == {
        "ann": [(2, True, None), (2, False, None)], "bob": [(1, True, None)] * 2,
        "cid": (2, True, None), "dan": (1, True, None), "eve": (1, True, None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "filters", "severity", "problem", "mend"),
    [
        ("c,user,join,buy,0,,", "", ERROR, "max_days 0 is too small", "from 1"),
        ("c,user,join,buy,-7,,", "", ERROR, "max_days -7 is too small", "from 1"),
        ("c,users,join,buy,,,", "", ERROR, "subject users is unknown", "did you mean user?"),
        ("c,user,join,,,,", "", ERROR, "it ends with nothing", "name the events"),
        ("c,streak,join,buy,,,", "", WARNING, "end_event", "another subject"),
        ("c,user,join,buy,,,5", "", WARNING, "breakdown_limit", "give a breakdown"),
        ("c,user,join,buy,,platform,", "", ERROR, "breakdown platform", "event:"),
        ("c,streak,join,,,,", "survival,c,end,platform,is,ios", ERROR,
         "side end is none of survival c", "give start"),
        ("c,merchant,,buy,,,", "survival,c,start,platform,is,ios", ERROR,
         "side start is none of survival c", "give start"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_mend(
    tmp_path: Path, row: str, filters: str, severity: str, problem: str, mend: str
) -> None:
    seeds = {"survivals": f"{HEADER}{row}\n"}
    if filters:
        seeds["filters"] = f"definition,definition_id,side,property,operator,value\n{filters}\n"
    found = [
        each
        for each in read_definitions(tmp_path, seeds).problems
        if problem in each.problem.en and mend in each.mend.en
    ]
    assert [(each.severity, each.line) for each in found] == [(severity, 2)]
    assert found[0].problem.zh != found[0].problem.en
