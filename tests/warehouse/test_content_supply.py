"""What is made and by whom: every figure against an oracle that asks one piece after another."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support import build_warehouse, query
from tests.warehouse.draws import seed

ZONE = ZoneInfo("America/New_York")
SETTINGS = {"YUNYING_TIMEZONE": ZONE.key, "YUNYING_WEEK_START": "sunday"}
START = datetime(2024, 9, 20, tzinfo=UTC)
DAYS = 100  # The clock goes back within them.
LAST = START + timedelta(days=DAYS, hours=9)
EARLY = START + timedelta(days=71, hours=7)
THIRTY_DAYS = timedelta(days=30)
READ_WINDOW = timedelta(days=1)
MADE = ("submit", "approve", "reject", "publish", "unpublish")
ROLES = (*MADE, "read_start", "read_finish", "exposure", "like", "creator_reward")
NOT_SHOWN = ("submit", "approve", "reject", "unpublish", "creator_reward")
SEEDS = {
    "event_names": "event_name,role,is_activity\nend,,\n"
    + "".join(
        f"{role},{role},{str(role not in NOT_SHOWN).lower()}\n" for role in ROLES
    )
}  # fmt: skip
DIMENSIONS = ("origin", "category", "content_type")
Row = dict[str, Any]


def drawn() -> tuple[list[Row], list[Row]]:
    """Events and contents. Instants are of few minutes, the midnights of the zone among them."""
    draw = random.Random(f"{seed()} pieces")

    def instant(days: int = DAYS) -> datetime:
        day = START.date() + timedelta(days=draw.randrange(days))
        local = datetime(day.year, day.month, day.day, tzinfo=ZONE)
        return local.astimezone(UTC) + timedelta(hours=draw.choice([0, 0, 5, 23.75]))

    def maybe(value: Any, chance: float = 0.5) -> Any:
        return value if draw.random() < chance else None

    pieces = [f"p{number}" for number in range(24)] + ["P1", "P2"]
    contents = []
    for piece in pieces[:20]:
        for version in range(draw.choice([1, 1, 2])):
            planned = maybe(instant())
            contents.append(
                {
                    "content_id": piece,
                    "author_id": maybe(f"a{draw.randrange(5)}", 0.8),
                    "origin": maybe(draw.choice(["ugc", "UGC", "pgc"]), 0.8),
                    "category": maybe(draw.choice(["news", "food"])),
                    "content_type": maybe("video"),
                    "is_original": maybe(draw.choice(["true", "false"])),
                    "planned_at": planned,
                    "published_at": maybe(instant(DAYS + 10)),
                    "unpublished_at": maybe(instant(), 0.3),
                    "updated_at": START + timedelta(days=version),
                }
            )
    events = [
        {
            "event_id": f"{number:04d}",
            "event_name": draw.choice([*ROLES, "read_start", "read_finish"]),
            "user_id": f"u{draw.randrange(2)}",
            "content_id": draw.choice(pieces[::2] if draw.random() < 0.7 else pieces),
            "occurred_at": instant(),
            "amount": draw.choice([None, 3, 2.5]),
        }
        for number in range(320)
    ]
    events += [
        {
            **event,
            "event_id": f"{event['event_id']} finished",
            "event_name": "read_finish",
            "occurred_at": event["occurred_at"]
            + draw.choice([timedelta(0), timedelta(hours=2), READ_WINDOW, timedelta(hours=25)]),
        }
        for event in events
        if event["event_name"] == "read_start" and event["occurred_at"] < LAST - timedelta(hours=25)
    ]
    events.append(
        {
            "event_id": "end",
            "event_name": "end",
            "user_id": "end",
            "occurred_at": LAST,
        }
    )
    return events, contents


EVENTS, CONTENTS = drawn()
# Newer than all others, and not to be read for certain: it says nothing of its piece.
UNREADABLE = [
    {"content_id": "p1", "updated_at": "2025-06-01", "origin": "ogc", column: text}
    for column, text in {
        "planned_at": "next week",
        "published_at": "01/02/2024",
        "unpublished_at": "never",
    }.items()
]


def built(folder: Path, **environment: str) -> Path:
    def written(rows: list[Row]) -> list[Row]:
        return [
            {
                name: cell.isoformat() if isinstance(cell, datetime) else cell
                for name, cell in row.items()
            }
            for row in rows
        ]

    return build_warehouse(
        folder,
        events=written(EVENTS),
        feeds={"contents": [*written(CONTENTS), *UNREADABLE]},
        seeds=SEEDS,
        environment={**SETTINGS, **environment},
        select="+mart_content_supply +mart_creators",
        run_tests=True,
    )


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("supply"))


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = EARLY.replace(tzinfo=None).isoformat()
    return built(tmp_path_factory.mktemp("early"), YUNYING_HORIZON=at)


# -- The oracle: a piece, a period, a question ------------------------------------------------
class Piece:
    """What is known of one piece by the horizon, and what it is at an instant."""

    def __init__(self, name: str, horizon: datetime) -> None:
        self.name = name
        versions = [row for row in CONTENTS if row["content_id"] == name]
        self.says: Row = max(versions, key=lambda row: row["updated_at"], default={})
        self.origin = (self.says.get("origin") or "").lower()
        self.events = sorted(
            (each for each in EVENTS
             if each.get("content_id") == name and each["occurred_at"] <= horizon),
            key=lambda each: (each["occurred_at"], each["event_id"]),
        )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        return self.says.get(name)

    def first(self, *roles: str, before: datetime | None = None) -> Row | None:
        for event in self.events:
            is_before = before is None or event["occurred_at"] < before
            if event["event_name"] in roles and is_before:
                return event
        return None

    def at(self, *roles: str, before: datetime | None = None) -> datetime | None:
        event = self.first(*roles, before=before)
        return event and event["occurred_at"]

    @property
    def published(self) -> datetime | None:
        return self.published_at or self.at("publish")

    def shown(self, before: datetime | None = None) -> datetime | None:
        """Since when it is there, as far as it is known by then."""
        seen = [role for role in ROLES if role not in NOT_SHOWN]
        return self.published_at or self.at("publish", before=before) or self.at(
            *seen, before=before
        )  # fmt: skip

    def is_live(self, end: datetime) -> bool:
        shown = self.published_at or self.at(
            *(role for role in ROLES if role not in NOT_SHOWN), before=end
        )
        if not shown or shown >= end or (self.unpublished_at and self.unpublished_at < end):
            return False
        turns = [
            (each["occurred_at"], each["event_id"], each["event_name"])
            for each in self.events
            if each["event_name"] in ("publish", "unpublish") and each["occurred_at"] < end
        ]
        if not turns or max(turns)[2] == "publish":
            return True
        gone = max(turns)[0]
        out = [at for at, _, name in turns if name == "publish"]
        return gone < shown or (gone == shown and shown not in out)

    def is_stale(self, end: datetime) -> bool:
        start = self.shown(before=end)
        if not self.is_live(end) or start is None or start >= end - THIRTY_DAYS:
            return False
        return not any(
            end - THIRTY_DAYS <= each["occurred_at"] < end
            for each in self.events
            if each["event_name"] == "read_start"
        )


def day_of(instant: datetime) -> date:
    return instant.astimezone(ZONE).date()


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def start_of(grain: str, day: date) -> date:
    if grain == "week":
        return day - timedelta(days=day.isoweekday() % 7)
    return day.replace(day=1) if grain == "month" else day


def next_start(grain: str, start: date) -> date:
    return start_of(grain, start + timedelta(days={"day": 1, "week": 7, "month": 31}[grain]))


class Oracle:
    def __init__(self, horizon: datetime) -> None:
        names = {each.get("content_id") for each in EVENTS if each["occurred_at"] <= horizon}
        names |= {row["content_id"] for row in CONTENTS}
        self.horizon = horizon
        self.pieces = [Piece(name, horizon) for name in sorted(names - {None})]

    def contains(self, grain: str, start: date | None, instant: datetime | None) -> bool:
        if instant is None:
            return False
        return grain == "all" or start_of(grain, day_of(instant)) == start

    def end(self, grain: str, start: date | None) -> datetime:
        last = midnight(day_of(self.horizon) + timedelta(days=1))
        return last if start is None else min(last, midnight(next_start(grain, start)))

    def supply(self, grain: str, start: date | None, dimension: str, value: str | None) -> Row:
        pieces = [
            piece for piece in self.pieces
            if dimension == "all" or (getattr(piece, dimension) or "") == value
        ]  # fmt: skip
        end = self.end(grain, start)
        planned = [each for each in pieces if self.contains(grain, start, each.planned_at)]
        shown = [(each, each.shown()) for each in planned]
        reviewed = [
            decision for each in pieces if (decision := each.first("approve", "reject"))
            and self.contains(grain, start, decision["occurred_at"])
        ]  # fmt: skip
        published = [
            each for each in pieces if self.contains(grain, start, each.published)
            and each.published <= self.horizon
        ]  # fmt: skip
        cycles = sorted(
            max((each.published - submitted).total_seconds(), 0)
            for each in published if (submitted := each.at("submit"))
        )  # fmt: skip
        return {
            "planned_count": len(planned),
            "planned_published_count": sum(at is not None and at <= self.horizon
                                           for _, at in shown),
            "on_time_count": sum(at is not None and at <= self.horizon
                                 and day_of(at) <= day_of(each.planned_at)
                                 for each, at in shown),
            "submitted_count": sum(self.contains(grain, start, each.at("submit"))
                                   for each in pieces),
            "reviewed_count": len(reviewed),
            "passed_first_count": sum(each["event_name"] == "approve" for each in reviewed),
            "published_count": len(published),
            "original_known_count": sum(each.is_original is not None for each in published),
            "original_count": sum(each.is_original == "true" for each in published),
            "median_cycle_seconds": cycles[(len(cycles) + 1) // 2 - 1] if cycles else None,
            "live_count": sum(each.is_live(end) for each in pieces),
            "stale_count": sum(each.is_stale(end) for each in pieces),
            "is_mature": start is not None and midnight(next_start(grain, start)) <= self.horizon,
        }  # fmt: skip

    def active(self, grain: str, start: date | None) -> set[str]:
        return {each.author_id for each in self.published_of_authors()
                if self.contains(grain, start, each.published)}  # fmt: skip

    def published_of_authors(self) -> Iterator[Piece]:
        for each in self.pieces:
            if each.author_id and each.published and each.published <= self.horizon:
                yield each

    def creators(self, grain: str, start: date | None) -> Row:
        now = self.active(grain, start)
        starts = {start_of(grain, day_of(each.published)) for each in self.published_of_authors()
                  } if start else set()  # fmt: skip
        before = self.active(grain, start_of(grain, start - timedelta(days=1))) if start else set()
        ever: set[str] = set().union(
            *(self.active(grain, each) for each in starts if start and each < start)
        )
        rewards = [
            each["amount"] or 0 for each in EVENTS
            if each["event_name"] == "creator_reward" and each["occurred_at"] <= self.horizon
            and self.contains(grain, start, each["occurred_at"])
        ]  # fmt: skip
        finished = sum(self.finished(grain, start, each) for each in self.pieces if each.author_id)
        reward = sum(map(Fraction, rewards))
        over = None if start is None else midnight(next_start(grain, start)) + READ_WINDOW
        return {
            "active_creator_count": len(now),
            "new_creator_count": len(now - ever),
            "retained_creator_count": len(now & before),
            "resurrected_creator_count": len((now & ever) - before),
            "lost_creator_count": len(before - now),
            "published_count": sum(self.contains(grain, start, each.published)
                                   for each in self.published_of_authors()),
            "reward_amount": reward,
            "finished_read_count": finished,
            "reward_per_finished_read": float(reward / finished) if finished else None,
            "is_mature": over is not None and over <= self.horizon,
        }  # fmt: skip

    def finished(self, grain: str, start: date | None, piece: Piece) -> int:
        reads: dict[tuple[str, str], bool] = {}
        latest: dict[str, Row] = {}
        for each in piece.events:
            if each["event_name"] == "read_start":
                latest[each["user_id"]] = each
            elif each["event_name"] == "read_finish" and each["user_id"] in latest:
                read = latest[each["user_id"]]
                if each["occurred_at"] - read["occurred_at"] <= READ_WINDOW:
                    is_of = self.contains(grain, start, read["occurred_at"])
                    reads[each["user_id"], read["event_id"]] = is_of
        return sum(reads.values())


# -- Tests ------------------------------------------------------------------------------------
@pytest.mark.parametrize("at", ["now", "early"])
def test_supply_is_what_pieces_say_one_by_one(at: str, request: pytest.FixtureRequest) -> None:
    file = request.getfixturevalue("warehouse" if at == "now" else "early")
    oracle = Oracle(EVENTS[-1]["occurred_at"] if at == "now" else EARLY)
    rows = query(file, "select * from marts.mart_content_supply")
    assert {row["dimension"] for row in rows} == {"all", *DIMENSIONS}
    for row in rows:
        keys = (row["grain"], row["period_start_date"], row["dimension"], row["dimension_value"])
        expected = oracle.supply(*keys)
        assert {name: row[name] for name in expected} == expected, keys
    assert Counter(row["stale_count"] > 0 for row in rows)[True] > 20


@pytest.mark.parametrize("at", ["now", "early"])
def test_creators_are_who_they_were(at: str, request: pytest.FixtureRequest) -> None:
    file = request.getfixturevalue("warehouse" if at == "now" else "early")
    oracle = Oracle(EVENTS[-1]["occurred_at"] if at == "now" else EARLY)
    rows = query(file, "select * from marts.mart_creators order by grain, period_start_date")
    assert {row["grain"] for row in rows} == {"all", "day", "week", "month"}
    for row in rows:
        expected = oracle.creators(row["grain"], row["period_start_date"])
        assert {name: row[name] for name in expected} == expected, row
    assert sum(row["resurrected_creator_count"] for row in rows) > 5
    assert any(row["finished_read_count"] > 2 for row in rows)


def test_a_piece_starts_where_it_is_published_or_first_seen(warehouse: Path) -> None:
    rows = query(warehouse, "select * from facts.dim_content_pieces")
    pieces = {row["content_id"]: row for row in rows}
    for piece, oracle in ((each.name, each) for each in Oracle(LAST).pieces):
        started = oracle.published or oracle.at(*ROLES)
        assert pieces[piece]["started_at"] == (started and started.replace(tzinfo=None))
        assert pieces[piece]["is_live"] == oracle.is_live(LAST + timedelta(microseconds=1))


def test_a_date_that_cannot_be_read_is_told(warehouse: Path) -> None:
    rows = query(warehouse, "select reason from staging.stg_feed_rows where reason is not null")
    assert sorted(row["reason"] for row in rows) == [
        "unparseable_planned_at", "unparseable_published_at", "unparseable_unpublished_at",
    ]  # fmt: skip
    told = query(warehouse, "select origin from facts.dim_content_pieces where origin = 'ogc'")
    assert told == []


def test_pieces_whose_ids_differ_in_case_are_two(warehouse: Path) -> None:
    rows = query(
        warehouse, "select content_id from facts.dim_content_pieces where lower(content_id) = 'p1'"
    )
    assert sorted(row["content_id"] for row in rows) == ["P1", "p1"]


def test_growth_sums_hold_from_period_to_period(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select * from marts.mart_creators where grain <> 'all' order by grain, period_start_date",
    )
    before: dict[str, int] = {}
    for row in rows:
        came = row["new_creator_count"] + row["resurrected_creator_count"]
        standing = before.get(row["grain"], 0) - row["lost_creator_count"]
        assert row["active_creator_count"] == standing + came
        before[row["grain"]] = row["active_creator_count"]


def test_every_period_is_a_row_and_values_sum_to_all(warehouse: Path) -> None:
    days = query(
        warehouse,
        "select period_start_date as day from marts.mart_content_supply"
        " where grain = 'day' and dimension = 'all' order by 1",
    )
    assert [row["day"] for row in days] == [
        days[0]["day"] + timedelta(days=number) for number in range(len(days))
    ]
    assert days[-1]["day"] == day_of(EVENTS[-1]["occurred_at"])
    apart = query(
        warehouse,
        "select grain, period_start_date, count(distinct (planned_count, submitted_count,"
        " reviewed_count, published_count, live_count, stale_count)) as sums from ("
        " select grain, period_start_date, dimension, sum(planned_count) as planned_count,"
        " sum(submitted_count) as submitted_count, sum(reviewed_count) as reviewed_count,"
        " sum(published_count) as published_count, sum(live_count) as live_count,"
        " sum(stale_count) as stale_count from marts.mart_content_supply group by all) as summed"
        " group by all having sums > 1",
    )
    assert apart == []


@pytest.mark.parametrize("mart", ["mart_content_supply", "mart_creators"])
def test_what_is_ripe_at_a_horizon_stays(mart: str, early: Path, warehouse: Path) -> None:
    growing = ("planned_published_count", "on_time_count", "median_cycle_seconds")
    sql = f"select * from marts.{mart} where is_mature"
    ripe = [
        {name: cell for name, cell in row.items() if name not in growing}
        for row in query(early, sql)
    ]
    now = [
        {name: cell for name, cell in row.items() if name not in growing}
        for row in query(warehouse, sql)
    ]
    assert len(ripe) > 50
    assert [row for row in ripe if row not in now] == []


def test_there_are_periods_before_anybody_is_active(tmp_path: Path) -> None:
    """And of a publish and an unpublish at one instant the later by its id counts; a score of no
    kind is a score."""
    turn = {"user_id": "u", "occurred_at": "2024-01-20T10:00:00Z"}
    file = build_warehouse(
        tmp_path,
        events=[
            {**turn, "event_id": "1", "event_name": "publish", "content_id": "off"},
            {**turn, "event_id": "2", "event_name": "unpublish", "content_id": "off"},
            {**turn, "event_id": "3", "event_name": "unpublish", "content_id": "on"},
            {**turn, "event_id": "4", "event_name": "publish", "content_id": "on"},
            {"event_id": "5", "event_name": "seen", "user_id": "u",
             "occurred_at": "2024-03-01T10:00:00Z"},
        ],
        feeds={
            "contents": [
                {"content_id": "a", "published_at": "2024-01-01", "author_id": "x"},
                {"content_id": "b", "published_at": "2024-01-17", "author_id": "x"},
            ],
            "feedback": [
                {"feedback_id": "1", "submitted_at": "2024-01-01", "score": 50},
                {"feedback_id": "2", "submitted_at": "2024-01-10", "score": 11, "kind": "nps"},
            ],
        },
        seeds={
            "event_names": "event_name,role,is_activity\npublish,publish,false\n"
            "unpublish,unpublish,false\nseen,,true\n"
        },
        only="+mart_content_supply +mart_creators +mart_feedback",
    )  # fmt: skip
    weeks = [date(2024, 1, 1) + timedelta(weeks=number) for number in range(9)]
    live = query(
        file,
        "select period_start_date as week, live_count from marts.mart_content_supply"
        " where grain = 'week' and dimension = 'all' order by week",
    )
    assert [(row["week"], row["live_count"]) for row in live] == list(
        zip(weeks, [1, 1, *[3] * 7], strict=True)
    )
    for mart in ("marts.mart_creators", "marts.mart_feedback where dimension = 'all' and"):
        where = mart if " " in mart else f"{mart} where"
        rows = query(file, f"select period_start_date as week from {where} grain = 'week'")
        assert sorted(row["week"] for row in rows) == weeks
    [all_of_them] = query(
        file, "select * from marts.mart_feedback where grain = 'all' and dimension = 'all'"
    )
    assert (all_of_them["score_count"], all_of_them["score_sum"]) == (1, 50)


@pytest.mark.parametrize(
    ("contents", "first"),
    [
        ([], date(2024, 1, 20)),
        ([{"content_id": "a", "published_at": "1991-01-01"}], date(2014, 1, 20)),
    ],
    ids=["none", "of a zero date"],
)
def test_days_begin_with_the_first_event_or_ten_years_before(
    contents: list[Row], first: date, tmp_path: Path
) -> None:
    file = build_warehouse(
        tmp_path,
        events=[{"event_id": "1", "event_name": "seen", "user_id": "u",
                 "occurred_at": "2024-01-20T10:00:00Z"}],
        feeds={"contents": contents} if contents else {},
        only="+dim_days",
    )  # fmt: skip
    [days] = query(file, "select min(date_day) as low, max(date_day) as high from facts.dim_days")
    assert (days["low"], days["high"]) == (first, date(2024, 1, 20))
