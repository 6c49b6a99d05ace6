"""Referrals and win-back: what people send that is not as planned, horizons, other clocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import build_warehouse, query

SEEDS = {
    "event_names": (
        "event_name,role,is_activity\ninvite,invite,\naccept,invite_accept,\n"
        "message,message_sent,false\nopen,,\nsync,,false\n"
    )
}
MARTS = "+mart_referrals +mart_winback"
EVENTS: list[dict[str, Any]] = []
FEEDBACK = [
    {"feedback_id": "1", "user_id": "quiet", "submitted_at": "2025-03-08T00:00:00Z"},
    {"feedback_id": "2", "user_id": "back", "submitted_at": "2025-03-02T00:00:00Z",
     "closed_at": "2025-03-09T00:00:00Z"},
]  # fmt: skip


def event(name: str, user: str, at: str, invite: str | None = None, **columns: Any) -> None:
    EVENTS.append(
        {"event_id": f"{len(EVENTS):03d}", "event_name": name, "user_id": user,
         "occurred_at": f"2025-{at}Z", "properties": {"invite_id": invite}, **columns}
    )  # fmt: skip


# A day before anybody is invited; `late` is seen without being active.
event("open", "ann", "02-27T12:00:00")
event("sync", "late", "02-28T12:00:00")
event("invite", "ann", "03-01T23:50:00", "one")
event("invite", "ann", "03-02T08:00:00", "two")
event("invite", "bob", "03-02T08:00:00", "three")
event("invite", "ann", "03-02T08:00:00")
# Nobody is invited by themself, nor by whom they have invited, nor after they were there.
event("accept", "ann", "03-02T09:00:00", "one")
event("accept", "bob", "03-02T10:00:00", "one")
event("accept", "ann", "03-02T11:00:00", "three")
event("accept", "late", "03-02T11:00:00", "two")
# Second to one invite, first to another.
event("accept", "cid", "03-02T12:00:00", "one")
event("accept", "cid", "03-03T08:00:00", "two")
event("accept", "dan", "03-04T08:00:00", "two")
# The last instant, and the one after it.
event("invite", "cid", "03-10T00:00:00", "four")
event("accept", "eve", "03-24T00:00:00", "four")
event("invite", "cid", "03-10T00:00:00", "five")
event("accept", "fay", "03-24T00:00:00.000001", "five")
# Without an id nobody accepts anything.
event("accept", "gus", "03-24T00:00:00")
# Two invites with one id: the later is meant, of whom it can be.
event("invite", "eve", "03-25T00:00:00", "six")
event("invite", "eve", "03-26T00:00:00", "six")
event("accept", "hal", "03-27T00:00:00", "six")

# Silent for eight days, and back on the ninth: a message came before, and one too long before.
event("open", "back", "03-01T10:00:00", feature_id="map", content_id="news")
event("message", "back", "03-03T10:00:00", campaign_id="hello")
event("open", "back", "03-09T10:00:00", feature_id="list")
event("open", "untouched", "03-01T10:00:00", campaign_id="spring")
event("open", "untouched", "03-01T10:00:00", campaign_id="summer")
event("message", "untouched", "03-02T09:59:59", campaign_id="hello")
event("message", "untouched", "03-08T12:00:00")
event("message", "untouched", "03-09T10:00:00", campaign_id="hello")
event("open", "untouched", "03-09T10:00:00")
# The last day that counts, and the one after it.
event("open", "just", "03-01T10:00:00")
event("open", "just", "04-07T23:59:59")
event("open", "missed", "03-01T10:00:00")
event("open", "missed", "04-08T00:00:00")
event("open", "quiet", "02-20T10:00:00", feature_id="map")
event("open", "quiet", "03-01T10:00:00")
event("open", "end", "05-01T00:00:00")


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
    return built(tmp_path_factory.mktemp("growth"))


def rows(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(warehouse, sql)]


def test_an_invite_brings_one_new_person_in_time(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select invite_id, user_id, accepted_user_id from facts.fct_invites order by event_id",
    )
    assert found == [
        ("one", "ann", "bob"), ("two", "ann", "cid"), ("three", "bob", None),
        (None, "ann", None), ("four", "cid", "eve"), ("five", "cid", None),
        ("six", "eve", None), ("six", "eve", "hal"),
    ]  # fmt: skip


def test_what_invites_bring(warehouse: Path) -> None:
    [row] = query(warehouse, "select * from marts.mart_referrals where grain = 'all'")
    assert (row["invite_count"], row["inviter_count"], row["accepted_count"]) == (8, 4, 4)
    assert (row["mature_invite_count"], row["mature_accepted_count"]) == (8, 4)
    assert row["k_factor"] == row["invites_per_user"] * row["acceptance_rate"]
    assert row["median_seconds_to_accept"] == 24 * 3600
    assert row["is_mature"] is False


def test_every_period_from_the_first_invite_on_is_a_row(warehouse: Path, tmp_path: Path) -> None:
    days = rows(
        warehouse,
        "select period_start_date, invite_count, active_user_count from marts.mart_referrals"
        " where grain = 'day' order by 1",
    )
    assert [(str(day), *counts) for day, *counts in days][:3] == [
        ("2025-03-01", 1, 6), ("2025-03-02", 3, 4), ("2025-03-03", 0, 1),
    ]  # fmt: skip
    assert str(days[-1][0]) == "2025-05-01"
    shanghai = built(tmp_path, YUNYING_TIMEZONE="Asia/Shanghai", YUNYING_WEEK_START="sunday")
    weeks = rows(
        shanghai,
        "select period_start_date, invite_count, active_user_count from marts.mart_referrals"
        " where grain = 'week' and invite_count > 0 order by 1",
    )
    assert [(str(week), *counts) for week, *counts in weeks] == [
        ("2025-03-02", 4, 5), ("2025-03-09", 2, 3), ("2025-03-23", 2, 4),
    ]  # fmt: skip


def silences(warehouse: Path, stage: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (row["user_id"], str(row["silent_from_date"])): (
            row["returned_at"] is not None, row["is_touched"], row["last_feature_id"],
            row["last_content_id"], row["last_campaign_id"],
        )
        for row in query(
            warehouse, f"select * from facts.fct_silences where stage_id = '{stage}'"
        )
        if row["user_id"] in ("back", "untouched", "just", "missed", "quiet")
    }  # fmt: skip


def test_who_fell_silent_after_what_and_who_is_back(warehouse: Path) -> None:
    nothing = (False, False, None, None, None)
    assert silences(warehouse, "dormancy") == {
        ("back", "2025-03-09"): (True, True, "map", "news", None),
        ("back", "2025-03-17"): (False, False, "list", "news", None),
        ("untouched", "2025-03-09"): (True, False, None, None, "summer"),
        ("untouched", "2025-03-17"): (False, False, None, None, "summer"),
        ("just", "2025-03-09"): (True, False, None, None, None),
        ("just", "2025-04-15"): nothing,
        ("missed", "2025-03-09"): nothing,
        ("missed", "2025-04-16"): nothing,
        ("quiet", "2025-02-28"): (True, False, "map", None, None),
        ("quiet", "2025-03-09"): (False, False, "map", None, None),
    }
    # A churn that began is a second silence of the same days.
    assert silences(warehouse, "churn") == {
        ("back", "2025-04-09"): (False, False, "list", "news", None),
        ("untouched", "2025-04-09"): (False, False, None, None, "summer"),
        ("just", "2025-04-01"): (True, False, None, None, None),
        ("missed", "2025-04-01"): (True, False, None, None, None),
        ("quiet", "2025-04-01"): (False, False, "map", None, None),
    }


def test_feedback_that_is_open_when_a_silence_begins(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select dimension_value, sum(silent_count) from marts.mart_winback"
        " where dimension = 'open_feedback' and grain = 'all' and stage_id = 'churn' group by 1",
    )
    opened = dict(found)
    assert opened["true"] == 1  # quiet's; back's was closed as the silence began
    [[total]] = rows(
        warehouse,
        "select silent_count from marts.mart_winback"
        " where dimension = 'all' and grain = 'all' and stage_id = 'churn'",
    )
    assert opened["false"] == total - 1


def test_what_is_ripe_at_a_horizon_stays(warehouse: Path, tmp_path: Path) -> None:
    early = built(tmp_path, YUNYING_HORIZON="2025-04-08T00:00:00")
    for mart, keys in {"mart_referrals": "1", "mart_winback": "stage_id, dimension, 4"}.items():
        sql = f"select * from marts.{mart} where is_mature and period_start_date < '2025-04-08'"
        ripe = query(early, f"{sql} order by grain, period_start_date, {keys}")
        assert {row["grain"] for row in ripe} >= {"day", "week"}
        kept = query(warehouse, f"{sql} order by grain, period_start_date, {keys}")
        assert [row for row in kept if row in ripe] == ripe
    assert rows(
        early,
        "select invite_count, mature_invite_count, accepted_count, mature_accepted_count"
        " from marts.mart_referrals where grain = 'month' and period_start_date = '2025-03-01'",
    ) == [(8, 7, 4, 3)]


def test_a_product_without_invites_has_no_rows_of_them(tmp_path: Path) -> None:
    quiet = build_warehouse(
        tmp_path, events=[row for row in EVENTS if row["event_name"] == "open"], select=MARTS
    )
    assert rows(quiet, "select count(*) from marts.mart_referrals") == [(0,)]


def test_what_comes_later_counts_as_if_it_had_come_at_once(warehouse: Path, tmp_path: Path) -> None:
    parts = (EVENTS[1::2], FEEDBACK[1:]), (EVENTS[::2], FEEDBACK[:1])
    for events, feedback in parts:
        later = build_warehouse(
            tmp_path, events=events, feeds={"feedback": feedback}, seeds=SEEDS, only=MARTS
        )
    for table in (
        "facts.fct_invite_events", "facts.fct_invites", "facts.fct_last_ids", "facts.fct_silences",
        "marts.mart_referrals", "marts.mart_winback",
    ):  # fmt: skip
        sql = f"select * from {table} order by all"
        assert query(later, sql) == query(warehouse, sql), table
