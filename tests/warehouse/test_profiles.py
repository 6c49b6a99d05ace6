"""Profiles: who a user is at the horizon, the risk against a survival by hand, and tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration.ingest.definitions.problems import ERROR
from tests.support import build_warehouse, query, read_definitions

EVENTS: list[dict[str, Any]] = []


def event(name: str, user: str, day: int, hour: int = 10, **columns: Any) -> None:
    EVENTS.append(
        {"event_id": f"{len(EVENTS):03d}", "event_name": name, "user_id": user,
         "occurred_at": f"2025-03-{day:02d}T{hour:02d}:00:00+08:00", **columns}
    )  # fmt: skip


# Hours 10 and 21 are as frequent: the earlier one.
for number in (1, 3, 9, 10, 28):
    event("open", "ann", number, 21 if number < 9 else 10 if number < 28 else 7)
for number in (1, 2, 3, 4, 5):
    event("order", "bob", number, order_id=f"b{number}", amount=10)
event("refund", "bob", 6, order_id="b5", amount=4)
event("open", "cid", 31)
event("read", "cid", 31, content_id="song")
event("read", "cid", 31, content_id="news")
event("share", "ann", 1, content_id="news")
# Over the limit of churn, which is 20 days.
event("open", "eve", 2)
# In UTC ann was last there a day earlier. Behind the horizon nothing is known.
CLOCK = {"YUNYING_TIMEZONE": "Asia/Shanghai", "YUNYING_HORIZON": "2025-03-31T10:00:00+08:00"}
for user in ("ann", "bob", "eve", "fay"):
    event("order", user, 31, 11, amount=99)

HEADER = "definition,definition_id,side,any_of,scope,property,operator,value\n"
SEEDS = {
    "event_names": "event_name,role,is_activity\norder,order,\nrefund,refund,false\n"
    "read,read_start,\nshare,share,false\nopen,,\n",
    "lifecycle_stages": "stage_id,silent_over_days\nintroduction,\ngrowth,\nmaturity,\n"
    "dormancy,7\nchurn,20\n",
    "profile_tags": "tag_id,label_en,label_zh\n" + "".join(
        f"{tag},{tag},{tag}\n" for tag in ("paying", "buyer", "not_gold", "either", "here", "both")
    ),
    "filters": HEADER
    + "profile_tag,buyer,,,user,order_count,gte,5\n"
    "profile_tag,paying,,,user,plan,is,paid|GOLD\n"
    "profile_tag,not_gold,,,user,plan,is_not,gold|silver\n"
    "profile_tag,either,,x,user,net_amount,gt,9\n"
    "profile_tag,either,,x,user,favourite_category,is,talk\n"
    "profile_tag,here,,,user,last_active_date,gte,2025-03-28\n"
    "profile_tag,both,,,user,silent_days,lte,3\n"
    "profile_tag,both,,,user,has_marketing_consent,is,true\n",
}  # fmt: skip
USERS = [
    {"user_id": "ann", "plan": "gold", "order_count": "99"},
    {"user_id": "zed", "plan": "paid"},
]
CONTENTS = [{"content_id": "song", "category": "talk"}, {"content_id": "news", "category": "talks"}]
CONSENTS = [
    {"user_id": user, "purpose": purpose, "is_granted": is_granted, "recorded_at": at}
    for user, purpose, is_granted, at in [
        ("ann", "marketing", True, "2025-03-01"), ("cid", "marketing", True, "2025-03-01"),
        ("cid", "marketing", False, "2025-03-02"), ("bob", "research", True, "2025-03-01"),
        # As spreadsheets and pandas write yes and no; what is neither is a no, and told.
        ("eve", "marketing", "否", "2025-03-01"), ("eve", "marketing", " 是 ", "2025-03-02"),
        ("zed", "marketing", "1.0", "2025-03-01"), ("zed", "marketing", "revoked", "2025-03-02"),
    ]
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_warehouse(
        tmp_path_factory.mktemp("profiles"), events=EVENTS, seeds=SEEDS,
        feeds={"users": USERS, "contents": CONTENTS, "consents": CONSENTS},
        environment=CLOCK, select="+mart_user_profiles +fct_feed_warnings", run_tests=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def profiles(warehouse: Path) -> dict[str, dict[str, Any]]:
    rows = query(warehouse, "select * from marts.mart_user_profiles")
    return {row["user_id"]: row for row in rows}


def of(profiles: dict[str, dict[str, Any]], *columns: str) -> dict[str, tuple[Any, ...]]:
    return {user: tuple(row[column] for column in columns) for user, row in profiles.items()}


def test_who_they_are(profiles: dict[str, dict[str, Any]]) -> None:
    counts = ("active_day_count", "silent_days", "stage_id", "order_count", "net_amount")
    assert of(profiles, *counts) == {
        "ann": (5, 3, "maturity", 0, 0), "bob": (5, 26, "churn", 5, 46),
        "cid": (1, 0, "introduction", 0, 0), "eve": (1, 29, "churn", 0, 0),
        "zed": (0, None, None, 0, 0),
    }  # fmt: skip
    habits = ("favourite_hour", "favourite_category", "has_marketing_consent", "segment_id")
    assert of(profiles, *habits) == {
        "ann": (10, None, True, None), "bob": (10, None, False, "potential_loyalist"),
        "cid": (10, "talk", False, None), "eve": (10, None, True, None),
        "zed": (None, None, False, None),
    }  # fmt: skip


def test_an_answer_that_is_neither_yes_nor_no_is_told(warehouse: Path) -> None:
    [row] = query(warehouse, "select * from facts.fct_feed_warnings")
    assert (row["file"], row["row_number"]) == ("consents/0001.jsonl", 8)
    assert row["problem"] == (
        "is_granted cannot be read in 1 row, of which this is the first: it counts as a no"
    )
    assert "true or false" in row["mend"]
    assert ("不同意" in row["problem_zh"], "true 或 false" in row["mend_zh"]) == (True, True)


def test_how_likely_they_are_lost(profiles: dict[str, dict[str, Any]]) -> None:
    # Gaps 2, 6, 1, 18 of ann and four times 1 of bob end; open are 3, 26, 0, 29.
    to_3 = (6 / 11) * (5 / 6)
    to_limit = to_3 * (3 / 4) * (2 / 3)
    assert profiles["cid"]["churn_risk_rate"] == pytest.approx(to_limit, rel=1e-12)
    assert profiles["ann"]["churn_risk_rate"] == pytest.approx(to_limit / to_3, rel=1e-12)
    assert (profiles["bob"]["churn_risk_rate"], profiles["eve"]["churn_risk_rate"]) == (1, 1)
    assert profiles["zed"]["churn_risk_rate"] is None


def test_tags_ask_the_profile_before_the_user(profiles: dict[str, dict[str, Any]]) -> None:
    assert of(profiles, "tags") == {
        "ann": ("both|here|paying",), "bob": ("buyer|either|not_gold",),
        "cid": ("either|here|not_gold",), "eve": ("not_gold",), "zed": ("not_gold|paying",),
    }  # fmt: skip


def test_what_people_get_wrong_in_tags(tmp_path: Path) -> None:
    found = read_definitions(
        tmp_path,
        {"profile_tags": "tag_id\nvip\nnobody\na|b\n",
         "filters": HEADER + "profile_tag,vip,,,,order_count,gte,5\n"
         "profile_tag,vpi,,,user,order_count,gte,5\n"
         "profile_tag,a|b,left,,user,order_count,gte,5\n"},
    )  # fmt: skip
    assert [(p.file, p.line, p.problem.en) for p in found.problems if p.severity == ERROR] == [
        ("filters.csv", 2, "a tag is of users, and this asks events"),
        ("filters.csv", 3, "profile_tag vpi is unknown"),
        ("filters.csv", 4, "side left is none of profile_tag a|b"),
        ("profile_tags.csv", 3, "nobody has tag nobody: it has no conditions"),
        ("profile_tags.csv", 4, "tag_id a|b has a bar, which stands between tags"),
    ]
