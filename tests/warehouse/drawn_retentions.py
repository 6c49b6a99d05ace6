"""Drawn worlds for retention: users, their events, definitions over them, as feeds and seeds.

Worlds of one build do not see each other: the ids of users and names of events carry the number
of the draw. A cohort of any activity sees them all, as it does in life.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from orchestration.ingest.definitions.schema import DEFINITIONS
from tests.warehouse.draws import gather, seed
from tests.warehouse.oracles import Condition, Event, Side, World
from tests.warehouse.retention_oracle import Retention

START = datetime(2024, 3, 4, 3, 30, tzinfo=UTC)
NAMES = ("open", "view", "buy", "push")
GRANULARITIES = ("hour", "day", "week", "month")
PROPERTIES = (("event", "plan"), ("event", "place"), ("user", "tier"), ("user", "age"))
OPERATORS = (
    "is", "is_not", "contains", "not_contains", "matches", "gt", "gte", "lt", "lte", "is_set",
    "is_not_set",
)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """One draw: events and users of a few people, and the definitions over them."""

    events: list[Event]
    people: dict[str, dict[str, str]]
    retentions: list[Retention]


@dataclass(frozen=True)
class Setting:
    """Where the days of a build are cut."""

    timezone: str
    week_start: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def environment(self) -> dict[str, str]:
        return {"YUNYING_TIMEZONE": self.timezone, "YUNYING_WEEK_START": self.week_start}


def instants(zone: ZoneInfo) -> list[datetime]:
    """Few enough to meet often: hours of some days, midnights of the zone and the microseconds
    around them, hours around a change of its clock, and days of later months."""
    found = [START + timedelta(minutes=30) * (7 * n) for n in range(60)]
    found += [START + timedelta(days=n, hours=12) for n in (20, 27, 28, 30, 31, 45, 60, 88, 100)]
    for month, day in ((3, 5), (3, 6), (3, 9), (3, 10), (3, 11), (3, 17), (4, 1), (5, 1)):
        midnight = datetime(2024, month, day, tzinfo=zone).astimezone(UTC)
        found += [midnight - timedelta(microseconds=1), midnight]
    change = datetime(2024, 3, 10, 4, 30, tzinfo=UTC)
    return found + [change + timedelta(minutes=30 * n) for n in range(6)]


@st.composite
def events_of_user(draw: st.DrawFn, user: str, zone: ZoneInfo) -> list[Event]:
    """Events of one user, some at one instant; the id orders those."""
    moments = draw(st.lists(st.sampled_from(instants(zone)), min_size=1, max_size=9))
    moments += draw(st.lists(st.sampled_from(moments), max_size=4))
    events = []
    for number, at in enumerate(draw(st.permutations(moments))):
        properties = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "plan": st.sampled_from(("pro", "Free", "10", "9")),
                    "place": st.sampled_from(("north", "south|east")),
                    "worth": st.sampled_from(("1", "2.5", "-3", "0.1234567", "much", "1e3")),
                },
            )
        )
        name = draw(st.sampled_from(NAMES))
        events.append(Event(user, name, at, f"{user} {number:02d}", properties))
    return events


@st.composite
def conditions(draw: st.DrawFn) -> tuple[Condition, ...]:
    drawn = []
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        scope, name = draw(st.sampled_from(PROPERTIES))
        operator = draw(st.sampled_from(OPERATORS))
        values: tuple[str, ...] = ()
        if operator == "matches":
            values = (draw(st.sampled_from(("^p|e$", "o.*h", "[0-9]"))),)
        elif operator not in ("is_set", "is_not_set"):
            pool = ("PRO", "free", "10", "north", "south|east", "gold", "o", "20")
            values = tuple(
                draw(st.lists(st.sampled_from(pool), min_size=1, max_size=2, unique=True))
            )
        drawn.append(Condition(scope, name, operator, values))
    if len(drawn) == 2 and draw(st.booleans()):
        drawn = [replace(condition, any_of="one") for condition in drawn]
    return tuple(drawn)


@st.composite
def sides(draw: st.DrawFn, choice: tuple[str, ...]) -> Side:
    """Mostly of one event; seldom of any, which sees every draw."""
    count = draw(st.sampled_from((0, *[1] * 16, 2, 2, 2)))
    names = draw(st.permutations(choice))[:count]
    has_conditions = draw(st.sampled_from((False, False, False, True)))
    return Side(tuple(names), draw(conditions()) if has_conditions else ())


@st.composite
def brackets(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """None, or ranges of periods with and without gaps between them."""
    if draw(st.sampled_from((True, True, False))):
        return ()
    lengths = draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=1, max_size=3)
    )
    found, last = [], 0
    for gap, length in lengths:
        first = last + 1 + gap
        last = first + length - 1
        found.append((first, last))
    return tuple(found)


def bounds() -> st.SearchStrategy[datetime | None]:
    return st.one_of(
        st.none(),
        st.none(),
        st.integers(-100, 48 * 30).map(lambda n: START + timedelta(minutes=30) * n),
        st.integers(0, 40).map(lambda n: START.replace(hour=0, minute=0) + timedelta(days=n)),
    )


@st.composite
def retentions(draw: st.DrawFn, retention_id: str, names: tuple[str, ...] = NAMES) -> Retention:
    """A definition over events of these names."""
    granularity = draw(st.sampled_from(GRANULARITIES))
    from_at, to_at = draw(bounds()), draw(bounds())
    if from_at and to_at and to_at < from_at:
        from_at, to_at = to_at, from_at
    breakdown = draw(st.lists(st.sampled_from(PROPERTIES[:3]), max_size=2, unique=True))
    return Retention(
        retention_id,
        draw(sides(names)),
        draw(sides(names)),
        draw(st.sampled_from(("first_ever", "first_matching", "recurring"))),
        granularity,
        draw(st.sampled_from((granularity, granularity, *GRANULARITIES))),
        draw(st.sampled_from(("calendar", "calendar", "rolling"))),
        draw(st.sampled_from(("on", "on", "on_or_after"))),
        draw(st.sampled_from((1, 3, 8))),
        draw(brackets()),
        draw(st.sampled_from((1, 1, 2, 3))),
        tuple(breakdown) if draw(st.booleans()) else (),
        draw(st.sampled_from((1, 2, 25))),
        from_at,
        to_at,
        draw(st.sampled_from(("", "", "worth"))),
    )


@st.composite
def draws(draw: st.DrawFn, zone: ZoneInfo) -> Drawn:
    """A few users, of whom some have no row in the users feed and some no event."""
    users = [f"user {number}" for number in range(draw(st.integers(1, 3)))]
    people = {}
    for user in [*users, "nobody"]:
        if draw(st.sampled_from((True, True, True, False))):
            people[user] = draw(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "tier": st.sampled_from(("gold", "iron")),
                        "age": st.integers(8, 30).map(str),
                    },
                )
            )
    return Drawn(
        [event for user in users for event in draw(events_of_user(user, zone))],
        people,
        [draw(retentions(str(number))) for number in range(4)],
    )


def prefixed(drawn: Drawn, number: int) -> Drawn:
    """The draw with ids and event names of its own."""
    prefix = f"d{number:04d}"

    def own(side: Side) -> Side:
        return replace(side, names=tuple(f"{prefix} {name}" for name in side.names))

    return Drawn(
        [
            replace(
                event,
                user=f"{prefix} {event.user}",
                name=f"{prefix} {event.name}",
                order=f"{prefix} {event.order}",
            )
            for event in drawn.events
        ],
        {f"{prefix} {user}": properties for user, properties in drawn.people.items()},
        [
            replace(
                retention,
                retention_id=f"{prefix} {retention.retention_id}",
                cohort=own(retention.cohort),
                returning=own(retention.returning),
            )
            for retention in drawn.retentions
        ],
    )


def draw_worlds(setting: Setting, count: int) -> list[Drawn]:
    examples = gather(draws(setting.zone), count, setting.timezone)
    return [prefixed(drawn, number) for number, drawn in enumerate(examples)]


def world_of(setting: Setting, events: list[Event], people: dict[str, dict[str, str]]) -> World:
    """Events as an oracle's world; the latest one is late, and the horizon with it."""
    return World(
        events,
        people,
        setting.zone,
        6 if setting.week_start == "sunday" else 0,
        frozenset(event.name for event in events if event.name.endswith("push")),
        max(event.at for event in events) + LATENESS,
    )


LATENESS = timedelta(hours=31)


def feeds(worlds: Sequence[Drawn]) -> dict[str, list[dict[str, Any]]]:
    """The draws as raw feeds: rows in no order, each received late."""
    rows = [event for drawn in worlds for event in drawn.events]
    random.Random(seed()).shuffle(rows)
    return {
        "events": [
            {
                "event_id": event.order,
                "event_name": event.name,
                "user_id": event.user,
                "occurred_at": event.at.isoformat(),
                "received_at": (event.at + LATENESS).isoformat(),
                "properties": dict(event.properties),
            }
            for event in rows
        ],
        "users": [
            {"user_id": user, "properties": properties}
            for drawn in worlds
            for user, properties in drawn.people.items()
        ],
    }


def seeds(worlds: Sequence[Drawn], setting: Setting) -> dict[str, str]:
    """The definitions of all draws as CSV text by file."""
    pushes = [f"d{number:04d} push" for number in range(len(worlds))]
    retentions_of_all = [retention for drawn in worlds for retention in drawn.retentions]
    return {
        "event_names": _csv(
            "event_names", [{"event_name": name, "is_activity": "false"} for name in pushes]
        ),
        **retention_seeds(retentions_of_all, setting.zone),
    }


def retention_seeds(retentions: Sequence[Retention], zone: ZoneInfo) -> dict[str, str]:
    """Retentions and their conditions as CSV text by file."""
    filters = [
        row
        for retention in retentions
        for side, chosen in (("cohort", retention.cohort), ("return", retention.returning))
        for row in _filters(retention.retention_id, side, chosen)
    ]
    return {
        "retentions": _csv("retentions", [_row(retention, zone) for retention in retentions]),
        "filters": _csv("filters", filters),
    }


def _csv(name: str, rows: Sequence[dict[str, Any]]) -> str:
    columns = next(definition.columns for definition in DEFINITIONS if definition.name == name)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(retention: Retention, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "retention_id": retention.retention_id,
        "cohort_event": "|".join(retention.cohort.names),
        "cohort_mode": retention.cohort_mode,
        "return_event": "|".join(retention.returning.names),
        "granularity": retention.granularity,
        "cohort_granularity": retention.cohort_granularity,
        "window_mode": retention.window_mode,
        "kind": retention.kind,
        "periods": "" if retention.brackets else retention.periods,
        "brackets": ";".join(
            f"{first}-{last}" if first < last else str(first) for first, last in retention.brackets
        ),
        "min_occurrences": retention.min_occurrences,
        "breakdown": "|".join(f"{scope}:{name}" for scope, name in retention.breakdown),
        "breakdown_limit": retention.limit,
        "from_at": _bound(retention.from_at, zone),
        "to_at": _bound(retention.to_at, zone),
        "value_property": f"event:{retention.value_property}" if retention.value_property else "",
    }


def _bound(at: datetime | None, zone: ZoneInfo) -> str:
    """Every other bound without a zone: the clock of the reporting zone."""
    if at is None:
        return ""
    return at.isoformat() if at.minute else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _filters(retention_id: str, side: str, chosen: Side) -> list[dict[str, str]]:
    return [
        {
            "definition": "retention",
            "definition_id": retention_id,
            "side": side,
            "any_of": condition.any_of,
            "scope": condition.scope,
            "property": condition.name,
            "operator": condition.operator,
            "value": (
                condition.values[0]
                if condition.operator == "matches"
                else "|".join(value.replace("|", "\\|") for value in condition.values)
            ),
        }
        for condition in chosen.conditions
    ]
