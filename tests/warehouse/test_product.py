"""Pages and feedback: what people send that is not as planned, horizons, other clocks."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support import build_warehouse, query

SEEDS = {"event_names": ("event_name,role\npage,page_view\nclick,element_click\nopen,\nend,\n")}
MARTS = "+mart_feedback +mart_page_exits +mart_page_elements"
HORIZON = "2025-03-10T00:00:00Z"


def event(number: int, name: str, user: str, at: str, **columns: Any) -> dict[str, Any]:
    return {
        "event_id": f"{number:03d}", "event_name": name, "user_id": user,
        "occurred_at": f"2025-03-{at}Z", **columns,
    }  # fmt: skip


EVENTS = [
    # Two views at one instant stand by their ids; a view without a page is none.
    event(1, "page", "a", "01T23:50:00", page="home"),
    event(2, "page", "a", "01T23:50:00", page="list"),
    event(3, "page", "a", "02T00:05:00"),
    event(4, "click", "a", "02T00:06:00", page="list", properties={"element": "buy"}),
    event(5, "click", "a", "02T00:07:00", page="list", properties={"element": "buy"}),
    event(6, "click", "a", "02T00:08:00", page="list"),
    # Clicked where the page was not seen.
    event(7, "click", "b", "02T10:00:00", page="home", properties={"element": "buy"}),
    event(8, "page", "c", "02T11:00:00", page="home"),
    event(9, "open", "d", "08T00:00:00"),
    event(10, "end", "d", "10T00:00:00"),
]
FEEDBACK = [
    {"feedback_id": "1", "user_id": "a", "submitted_at": "2025-03-01T16:30:00Z", "kind": "NPS",
     "score": 11, "answered_at": "2025-03-01T12:00:00Z", "tags": "price| speed |price"},
    {"feedback_id": "2", "user_id": "a", "submitted_at": "2025-03-01T17:00:00Z", "kind": "nps",
     "score": 3, "updated_at": "2025-03-01T17:00:00Z"},
    {"feedback_id": "2", "user_id": "a", "submitted_at": "2025-03-01T17:00:00Z", "kind": "nps",
     "score": 10, "updated_at": "2025-03-05T00:00:00Z", "release_id": "r1"},
    {"user_id": "b", "submitted_at": "2025-03-08T09:00:00Z", "score": 4},
    {"user_id": "c", "submitted_at": "2025-03-08T10:00:00Z", "score": "many",
     "feature_id": "map", "closed_at": "2025-03-08"},
]  # fmt: skip


def built(folder: Path, **environment: str) -> Path:
    return build_warehouse(
        folder,
        events=EVENTS,
        feeds={"feedback": FEEDBACK},
        seeds=SEEDS,
        environment=environment,
        select=MARTS,
        run_tests=True,
    )


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("product"))


@pytest.fixture(scope="module")
def shanghai(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(
        tmp_path_factory.mktemp("shanghai"),
        YUNYING_TIMEZONE="Asia/Shanghai",
        YUNYING_WEEK_START="sunday",
    )


def test_a_session_enters_and_leaves_by_what_it_saw(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select page, session_count, entry_count, exit_count, bounce_count"
        " from marts.mart_page_exits where grain = 'all' order by page",
    )
    assert [tuple(row.values()) for row in rows] == [("home", 2, 2, 1, 1), ("list", 1, 0, 1, 0)]
    days = query(
        warehouse,
        "select distinct period_start_date as day from marts.mart_page_exits"
        " where page = 'list' and grain = 'day' and session_count > 0",
    )
    assert [str(row["day"]) for row in days] == ["2025-03-01"]  # the session's, not the view's


def test_a_click_counts_in_sessions_that_saw_the_page(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select page, element, click_count, user_count, clicked_session_count,"
        " page_session_count, click_rate from marts.mart_page_elements"
        " where grain = 'all' order by page, element",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("home", "buy", 1, 1, 0, 2, 0.0),
        ("list", "", 1, 1, 1, 1, 1.0),
        ("list", "buy", 2, 1, 1, 1, 1.0),
    ]


def test_pages_beyond_the_limit_are_others(tmp_path: Path) -> None:
    warehouse = build_warehouse(
        tmp_path,
        events=EVENTS,
        seeds=SEEDS,
        select=f"{MARTS} mart_definition_warnings",
        variables={"page_limit": 1},
    )
    pages = query(
        warehouse,
        "select page, session_count from marts.mart_page_exits where grain = 'all' order by 1",
    )
    elements = query(
        warehouse,
        "select page, element, click_count, page_session_count from marts.mart_page_elements"
        " where grain = 'all' order by click_count, page desc",
    )
    assert [tuple(row.values()) for row in pages] == [("Other", 1), ("home", 2)]
    assert [tuple(row.values()) for row in elements] == [
        ("list", "buy", 2, 1), ("Other", "Other", 2, 3),
    ]  # fmt: skip
    doubts = query(
        warehouse,
        "select problem, problem_zh from marts.mart_definition_warnings"
        " where file = 'dbt_project.yml' order by problem",
    )
    assert [tuple(row.values()) for row in doubts] == [
        (
            "page_limit is 1: of 2 pages, Other adds up 1",
            "page_limit 是 1：2 个页面里，有 1 个合在 Other 里",
        ),
        (
            "page_limit is 1: of 3 elements, Other adds up 2",
            "page_limit 是 1：3 个元素里，有 2 个合在 Other 里",
        ),
    ]


def feedback(warehouse: Path, dimension: str, grain: str = "all") -> dict[Any, dict[str, Any]]:
    rows = query(
        warehouse,
        "select * from marts.mart_feedback where dimension = ? and grain = ?",
        [dimension, grain],
    )
    return {row["dimension_value"] if grain == "all" else row["period_start_date"]: row
            for row in rows}  # fmt: skip


def test_the_latest_version_counts_and_what_is_no_score_is_none(warehouse: Path) -> None:
    of_all = feedback(warehouse, "all")[None]
    assert of_all["feedback_count"] == 4
    assert of_all["user_count"] == 3
    assert (of_all["score_count"], of_all["score_sum"]) == (2, Decimal(14))
    assert (of_all["promoter_count"], of_all["detractor_count"], of_all["nps"]) == (1, 0, 1.0)
    assert (of_all["answered_count"], of_all["median_seconds_to_answer"]) == (1, 0.0)
    assert (of_all["closed_count"], of_all["released_count"]) == (1, 1)
    assert of_all["closed_loop_rate"] == 0.25


def test_what_feedback_is_about(warehouse: Path) -> None:
    def counts(dimension: str) -> dict[str, int]:
        return {
            value: row["feedback_count"] for value, row in feedback(warehouse, dimension).items()
        }

    assert counts("kind") == {"nps": 2, "": 2}
    assert counts("tag") == {"price": 1, "speed": 1, "": 3}
    assert counts("feature") == {"map": 1, "": 3}
    assert counts("content") == counts("merchant") == {"": 4}


def test_pages_are_of_the_zone_and_week_of_their_session(shanghai: Path) -> None:
    """What is a Saturday night in UTC is the Sunday that a week begins with."""
    for grain in ("day", "week"):
        pages = query(
            shanghai,
            "select cast(period_start_date as varchar) as day, page, session_count, exit_count"
            f" from marts.mart_page_exits where grain = '{grain}' and session_count > 0"
            " order by page",
        )
        assert [tuple(row.values()) for row in pages] == [
            ("2025-03-02", "home", 2, 1),
            ("2025-03-02", "list", 1, 1),
        ]
        elements = query(
            shanghai,
            "select cast(period_start_date as varchar) as day, page, element, click_count,"
            f" page_session_count from marts.mart_page_elements where grain = '{grain}'"
            " and click_count > 0 order by page, element",
        )
        assert [tuple(row.values()) for row in elements] == [
            ("2025-03-02", "home", "buy", 1, 2),
            ("2025-03-02", "list", "", 1, 1),
            ("2025-03-02", "list", "buy", 2, 1),
        ]


def test_a_day_on_which_nobody_came_is_a_row(warehouse: Path) -> None:
    for mart, figure, first in (
        ("mart_page_exits", "session_count", {"home": [1, 1], "list": [1, 0]}),
        # Clicked on the day after its session began, and where the page was not seen.
        ("mart_page_elements", "click_count", {"home": [1], "list": [3, 0]}),
    ):
        for page, counts in first.items():
            days = query(
                warehouse,
                f"select period_start_date as day, sum({figure}) as figure from marts.{mart}"
                f" where grain = 'day' and page = '{page}' group by 1 order by 1",
            )
            found = [int(row["figure"]) for row in days]
            assert found == [*counts, *[0] * (len(found) - len(counts))]
            assert str(days[-1]["day"]) == "2025-03-10"


def test_a_day_is_not_ripe_while_a_session_of_it_goes_on(tmp_path: Path) -> None:
    """That of `a` goes on until 00:08; what it will see next counts on the day it began."""
    told = {}
    for horizon in ("02T00:20:00", "02T00:38:00", "02T00:38:01"):
        early = built(tmp_path / horizon, YUNYING_HORIZON=f"2025-03-{horizon}")
        for mart in ("mart_page_exits", "mart_page_elements"):
            rows = query(
                early,
                f"select distinct is_mature from marts.{mart}"
                " where grain = 'day' and period_start_date = '2025-03-01'",
            )
            told[horizon, mart] = [row["is_mature"] for row in rows]
    assert list(told.values()) == [*[[False]] * 4, [True], [True]]


def test_what_is_no_page_and_what_is_in_a_tag(tmp_path: Path) -> None:
    blank = [
        event(11, "page", "e", "03T10:00:00", page=""),
        event(12, "page", "e", "03T10:01:00", page="home"),
        event(13, "page", "e", "03T10:02:00", page="  "),
    ]
    tags = ["x\\|y|P", "P|", "|"]
    warehouse = build_warehouse(
        tmp_path,
        events=[*blank, event(10, "end", "d", "10T00:00:00")],
        feeds={"feedback": [
            {"user_id": f"{number}", "submitted_at": "2025-03-01", "score": 4, "tags": each}
            for number, each in enumerate(tags)
        ]},
        seeds=SEEDS,
        select=MARTS,
    )  # fmt: skip
    rows = query(
        warehouse, "select page, bounce_count from marts.mart_page_exits where grain = 'all'"
    )
    assert [tuple(row.values()) for row in rows] == [("home", 1)]
    counts = {value: row["feedback_count"] for value, row in feedback(warehouse, "tag").items()}
    assert counts == {"x|y": 1, "P": 2, "": 1}


def test_a_day_without_feedback_is_a_row(warehouse: Path, shanghai: Path) -> None:
    days = feedback(warehouse, "all", "day")
    assert [row["feedback_count"] for _, row in sorted(days.items())] == [2, *[0] * 6, 2, 0, 0]
    assert days[max(days)]["is_mature"] is False
    weeks = {
        str(start): row["feedback_count"]
        for start, row in feedback(shanghai, "all", "week").items()
    }
    assert weeks == {"2025-03-02": 4, "2025-03-09": 0}


def test_what_is_ripe_at_a_horizon_stays(warehouse: Path, tmp_path: Path) -> None:
    early = built(tmp_path, YUNYING_HORIZON="2025-03-03T00:00:00")
    for mart, keys in {
        "mart_feedback": "dimension, dimension_value",
        "mart_page_exits": "page",
        "mart_page_elements": "page, element",
    }.items():
        sql = f"select * from marts.{mart} where is_mature and period_start_date < '2025-03-03'"
        rows = query(early, f"{sql} and grain = 'day' order by period_start_date, {keys}")
        assert rows
        assert rows == query(
            warehouse, f"{sql} and grain = 'day' order by period_start_date, {keys}"
        )
