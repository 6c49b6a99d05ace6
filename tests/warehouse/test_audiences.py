"""Lists are as of their instant, by another road; once made, late rows and rebuilds leave them as
they are, and an erasure takes its person out of each."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestration.project import Settings
from orchestration.store import audience_lists
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import load_manifest
from tests import support

ZONE = ZoneInfo("Asia/Shanghai")
SETTINGS = {"YUNYING_TIMEZONE": "Asia/Shanghai", "YUNYING_WEEK_START": "sunday"}
START = datetime(2024, 1, 1)
FIRST, SECOND = datetime(2024, 1, 17, 9), datetime(2024, 1, 24, 9)
ERASED = "u3"
AT = ["2024-01-05T06:00:00Z", "2024-01-16 08:30"]  # the second in the reporting zone
SEEDS = {
    "event_names": "event_name,role,is_activity\nmessage,message_sent,false\n",
    "audiences": (
        "audience_id,campaign_id,schedule,starts_at,ends_at,purpose,consent_default,cap_messages,"
        "cap_days,holdout_rate,holdout_salt\n"
        f"pro,c1,week,,,,,2,3,0.3,salt\nall.a::b,,{'|'.join(AT)},,,,true,,,0.2,\n"
        "daily,c1,day,2024-01-10 12:00,2024-01-21,news,,1,1,0,salt\nnobody,,month,,,,,,,,\n"
        "held,,day,2024-01-23,,,true,,,1,\nsilent,c2,day,2024-01-15,,,true,,,0.5,\n"
    ),
    "filters": (
        "definition,definition_id,any_of,scope,property,operator,value\n"
        "audience,pro,,user,plan,is,pro|max\naudience,daily,a,user,plan,is_not,pro\n"
        "audience,daily,a,user,age,gte,50\naudience,nobody,,user,plan,is,none\n"
        "audience,silent,,user,tags,is,vip\naudience,silent,,user,silent_days,gte,30\n"
        "audience,silent,,user,plan,is_not,pro\n"
    ),
}
SALTS = {
    "nobody": "nobody",
    "pro": "salt",
    "all.a::b": "all.a::b",
    "daily": "salt",
    "held": "held",
    "silent": "silent",
}
CAMPAIGNS = {"pro": "c1", "daily": "c1", "silent": "c2"}
Row = dict[str, Any]


@dataclass
class World:
    """What came, as it came."""

    users: list[Row]
    consents: list[Row]
    events: list[Row]

    def feeds(self) -> dict[str, list[Row]]:
        return {"users": self.users, "consents": self.consents, "events": self.events}

    def plus(self, other: World) -> World:
        return World(
            self.users + other.users, self.consents + other.consents, self.events + other.events
        )


def draw_world(draw: random.Random, first: datetime, last: datetime, prefix: str) -> World:
    def instant(until: datetime = last) -> datetime:
        return first + timedelta(minutes=draw.randrange(int((until - first).total_seconds() / 60)))

    names = [f"u{number}" for number in range(40)]
    users = [
        {"user_id": name, "plan": draw.choice(["pro", "max", "free"]), "age": draw.randrange(99)}
        # Of several without an instant the last is that of the greatest hash.
        | draw.choice(
            [{"updated_at": instant()}]
            if number or prefix == "b"
            else [{}, {"updated_at": instant()}, {"created_at": instant()}]
        )
        for name in names
        for number in range(draw.randrange(3))
    ]
    consents = [
        {"user_id": name, "purpose": draw.choice(["marketing", "news"]),
         "is_granted": draw.random() < 0.8, "recorded_at": instant()}
        for name in names
        for _ in range(draw.randrange(4))
    ]  # fmt: skip
    events = []
    for number in range(200):
        at = instant()
        late = timedelta(hours=draw.choice([0, 0, 0, 1, 30]))
        events.append(
            {"event_id": f"{prefix}{number}", "event_name": draw.choice(["open", "message"]),
             "user_id": draw.choice(names), "occurred_at": at,
             "received_at": min(at + late, last)}
        )  # fmt: skip
    events.append({"event_id": f"{prefix}end", "event_name": "open", "user_id": "u0",
                   "occurred_at": last})  # fmt: skip
    return World(users, consents, events)


def exports(audience: str, through: datetime) -> list[datetime]:
    """When an audience is exported, UTC."""

    def utc(day: date, clock: time = time()) -> datetime:
        return datetime.combine(day, clock, ZONE).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(40)]
    found = {
        "pro": [utc(day) for day in days if day.isoweekday() == 7],
        "all.a::b": [datetime(2024, 1, 5, 6), utc(date(2024, 1, 16), time(8, 30))],
        "daily": [utc(day) for day in days if date(2024, 1, 11) <= day <= date(2024, 1, 21)],
        "nobody": [utc(day) for day in days if day.day == 1],
        "held": [utc(day) for day in days if day >= date(2024, 1, 23)],
        "silent": [utc(day) for day in days if day >= date(2024, 1, 15)],
    }[audience]
    return [at for at in found if at <= through]


def listed(world: World, profiles: Profiles, audience: str, at: datetime) -> dict[str, str]:
    """The status of whom the conditions match, at an instant."""
    known = {
        event["user_id"] for event in world.events
        if max(event["occurred_at"], event.get("received_at", event["occurred_at"])) <= at
    }  # fmt: skip
    latest: dict[str, Row] = {}
    for row in sorted(world.users, key=lambda row: row.get("updated_at", datetime.min)):
        if max(row.get("updated_at", at), row.get("created_at", at)) <= at:
            latest[row["user_id"]] = row

    def matches(name: str, row: Row) -> bool:
        tags, silent_days = profiles.get(name, (None, 0))
        return {
            "silent": "vip" in (tags or "").split("|")
            and silent_days >= 30
            and row.get("plan") != "pro",
            "pro": row.get("plan") in ("pro", "max"),
            "daily": row.get("plan") != "pro" or row.get("age", 0) >= 50,
            "nobody": False,
        }.get(audience, True)

    def agrees(name: str) -> bool:
        purpose = "news" if audience == "daily" else "marketing"
        given = [row for row in world.consents if row["user_id"] == name
                 and row["purpose"] == purpose and row["recorded_at"] <= at]  # fmt: skip
        last = max((row["recorded_at"] for row in given), default=None)
        said = [row["is_granted"] for row in given if row["recorded_at"] == last]
        return all(said) if said else audience in ("all.a::b", "held", "silent")

    def is_capped(name: str) -> bool:
        if audience not in ("pro", "daily"):
            return False
        most, days = {"pro": (2, 3), "daily": (1, 1)}[audience]
        sent = [
            event for event in world.events
            if event["user_id"] == name and event["event_name"] == "message"
            and at - timedelta(days=days) < event["occurred_at"] <= at
            and event.get("received_at", event["occurred_at"]) <= at
        ]  # fmt: skip
        return len(sent) >= most

    rate = {"pro": 0.3, "all.a::b": 0.2, "daily": 0, "held": 1, "silent": 0.5}.get(audience, 0.1)
    statuses = {}
    for name in known | latest.keys():
        if matches(name, latest.get(name, {})):
            digest = hashlib.md5(f"{SALTS[audience]}:{name}".encode()).hexdigest()
            statuses[name] = (
                "no_consent" if not agrees(name)
                else "capped" if is_capped(name)
                else "holdout" if int(digest[:8], 16) / 2**32 < rate
                else "exported"
            )  # fmt: skip
    return statuses


def followed(lists: Mapping[tuple[str, datetime], Mapping[str, str]]) -> set[tuple[Any, ...]]:
    """Rows of `mart_audience_members`, of lists in their order."""
    rows: set[tuple[Any, ...]] = set()
    before: dict[str, set[str]] = {}
    for (audience, at), statuses in sorted(lists.items()):
        was = before.get(audience, set())
        now = {name for name, status in statuses.items() if status == "exported"}
        for name in statuses.keys() | was:
            change = (
                "kept" if name in now & was else "added" if name in now
                else "removed" if name in was else None
            )  # fmt: skip
            rows.add((audience, at, name, statuses.get(name, "removed"), change))
        before[audience] = now
    return rows


Build = Callable[..., set[tuple[Any, ...]]]
Profiles = Mapping[str, tuple[str | None, int]]
SELECTED = (
    "+dim_audience_exports +fct_audience_members +fct_audience_candidates +fct_campaign_assignments"
    " mart_audience_members mart_audience_exports"
)
EARLY_PROFILES = {f"u{number}": ("new|vip" if number % 3 else "vips", 5 * number)
                  for number in range(30)}  # fmt: skip
LATE_PROFILES = {f"u{number}": ("vip" if number % 2 else None, 40) for number in range(40)}


def tell_profiles(settings: Settings, profiles: Profiles) -> None:
    """What a build would have made of them, of which only the columns that are asked matter."""
    columns = load_manifest()["nodes"]["model.yunying.mart_user_profiles"]["columns"]
    listed = ", ".join(f"{name} {each['data_type']}" for name, each in columns.items())
    with connect(settings) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(f"create or replace table marts.mart_user_profiles ({listed})")
        for name, (tags, silent_days) in profiles.items():
            connection.execute(
                "insert into marts.mart_user_profiles (user_id, tags, silent_days)"
                " values (?, ?, ?)",
                [name, tags, silent_days],
            )


def _build(folder: Path) -> Build:
    def build(
        world: World | None = None,
        profiles: Profiles = LATE_PROFILES,
        select: str = SELECTED,
        horizon: str | None = None,
    ) -> set[tuple[Any, ...]]:
        """Build, whole and green as far as lists are asked; the members."""
        environment = SETTINGS | ({"YUNYING_HORIZON": horizon} if horizon else {})
        settings = support.settings_of(folder, environment)
        support.write_feeds(folder, world.feeds() if world else {})
        support.ingest_raw(settings)
        tell_profiles(settings, profiles)
        support.transform(settings, select=select)
        with connect(settings) as connection:
            connection.begin()
            audience_lists.archive(connection, settings)
            connection.commit()
        rows = support.query(settings.warehouse, "select * from marts.mart_audience_members")
        columns = ("audience_id", "export_at", "user_id", "status", "change")
        return {tuple(row[name] for name in columns) for row in rows}

    return build


@dataclass
class Story:
    """What came, the lists by the other road, and what builds made of it, one after the other."""

    expected_first: dict[tuple[str, datetime], dict[str, str]]
    expected_second: dict[tuple[str, datetime], dict[str, str]]
    first: set[tuple[Any, ...]]
    warnings: list[Row]
    second: set[tuple[Any, ...]]
    earlier: set[tuple[Any, ...]]
    erased: set[tuple[Any, ...]]
    lost: set[tuple[Any, ...]]
    assignments: list[Row]
    counts: list[Row]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("audiences")
    (folder / "seeds").mkdir()
    for name, text in SEEDS.items():
        (folder / "seeds" / f"{name}.csv").write_text(text, encoding="utf-8")
    build = _build(folder)
    warehouse = folder / support.WAREHOUSE
    draw = random.Random(7)
    early = draw_world(draw, START, FIRST, "a")
    first_lists = {
        (audience, at): listed(early, EARLY_PROFILES, audience, at)
        for audience in SALTS
        for at in exports(audience, FIRST)
    }
    # All doubts but for the profiles behind those of audiences, which are told here.
    doubts = [f"+fct_{of}_warnings" for of in ("definition", "campaign", "kpi", "value", "feed")]
    doubted = " ".join(
        [SELECTED, "+dim_users", "+fct_session_pages", *doubts, "mart_definition_warnings"]
    )
    first = build(early, EARLY_PROFILES, select=doubted)
    warnings = support.query(
        warehouse,
        "select row_number, problem from marts.mart_definition_warnings"
        " where file = 'audiences.csv'",
    )
    # Rows of before the first lists too, which came after them.
    late = draw_world(draw, START, SECOND, "b")
    everything = early.plus(late)
    second_lists = first_lists | {
        (audience, at): listed(everything, LATE_PROFILES, audience, at)
        for audience in SALTS
        for at in exports(audience, SECOND)
        if (audience, at) not in first_lists
    }
    second = build(late)
    assignments = support.query(warehouse, "select * from facts.fct_campaign_assignments")
    counts = support.query(warehouse, "select * from marts.mart_audience_exports")
    earlier = build(horizon="2024-01-12T12:00:00Z")
    support.write_feeds(folder, {"erasure_requests": [{"user_id": ERASED, "requested_at": SECOND}]})
    erased = build()
    warehouse.unlink()
    lost = build()
    return Story(first_lists, second_lists, first, warnings, second, earlier, erased, lost,
                 assignments, counts)  # fmt: skip


def test_a_list_is_as_of_its_instant(story: Story) -> None:
    assert story.first == followed(story.expected_first)


def test_late_rows_change_no_list_that_was_made(story: Story) -> None:
    assert story.second == followed(story.expected_second)
    assert {row[3] for row in story.second} == {
        "exported", "holdout", "no_consent", "capped", "removed"
    }  # fmt: skip
    assert story.first < story.second


def test_a_horizon_before_them_shows_the_lists_up_to_it(story: Story) -> None:
    through = datetime(2024, 1, 12, 12)
    assert story.earlier == {row for row in story.second if row[1] <= through}


def test_an_erasure_takes_a_person_out_of_every_list_and_a_rebuild_brings_nobody_back(
    story: Story,
) -> None:
    assert any(row[2] == ERASED for row in story.second)
    assert story.erased == {row for row in story.second if row[2] != ERASED}


def test_lists_outlive_the_warehouse(story: Story) -> None:
    assert story.lost == story.erased


def test_a_list_follows_from_the_one_before(story: Story) -> None:
    before: dict[str, int] = {}
    for row in sorted(story.counts, key=lambda row: (row["audience_id"], row["export_at"])):
        left_out = row["no_consent_count"] + row["capped_count"] + row["holdout_count"]
        assert row["matched_count"] == left_out + row["exported_count"]
        was = before.get(row["audience_id"], 0)
        assert row["exported_count"] == was + row["added_count"] - row["removed_count"]
        before[row["audience_id"]] = row["exported_count"]
    assert before["held"] == before["nobody"] == 0


def test_who_is_exported_or_held_out_is_assigned_to_the_campaign(story: Story) -> None:
    expected: dict[tuple[str, str], set[str]] = {}
    at: dict[tuple[str, str], datetime] = {}
    arms = {"exported": "treatment", "holdout": "control"}
    # Who is on a list by the profile is assigned by the build that comes next.
    known = {row for row in story.second if row[0] != "silent"} | story.first
    for audience, export_at, name, status, _ in known:
        if (campaign := CAMPAIGNS.get(audience)) and status in arms:
            of = (campaign, name)
            expected.setdefault(of, set()).add(arms[status])
            at[of] = min(at.get(of, export_at), export_at)
    assert {campaign for campaign, _ in expected} == {"c1", "c2"}
    assert {
        (row["campaign_id"], row["user_id"]): (row["variant"], row["assigned_at"])
        for row in story.assignments
    } == {
        of: (min(variants) if len(variants) == 1 else None, at[of])
        for of, variants in expected.items()
    }


def test_lists_that_cannot_be_meant_are_told(story: Story) -> None:
    told = {(row["row_number"], row["problem"]) for row in story.warnings}
    assert (3, "audience all.a::b has no conditions: everybody is on it") in told
    assert (2, "there is no campaign c1") in told
    assert (6, "audience held was never exported") in told
    assert (6, "holdout_rate 1 holds everybody out: nobody is exported") in told
    assert (
        4,
        "holdout_rate 0 leaves nobody to compare with: what the list did stays unknown",
    ) in told
    # No month began.
    assert any(problem.startswith("audience nobody") for _, problem in told)
