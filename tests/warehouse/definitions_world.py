"""A random world for funnels: users, events and hundreds of definitions, drawn to
meet at boundaries: equal instants, clock changes, window ends, repeated steps, missing values."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.ingest.definitions.schema import DEFINITIONS
from tests.warehouse.funnel_oracle import Funnel, Step
from tests.warehouse.oracles import Condition, Event, Side, World

# Half an hour off the full hours, and its clock changes on 10 March 2024.
ZONE = ZoneInfo("America/St_Johns")
ENVIRONMENT = {"YUNYING_TIMEZONE": ZONE.key, "YUNYING_WEEK_START": "sunday"}
SUNDAY = 6
NAMES = ("open", "view", "buy", "push")
START = datetime(2024, 3, 4, 3, 30, tzinfo=UTC)


def draw_world(chance: random.Random, user_count: int) -> World:
    """Users whose events crowd on few instants of a few weeks, and some of later months."""
    instants = [START + timedelta(minutes=30) * chance.randrange(48 * 20) for _ in range(60)]
    instants += [START + timedelta(days=chance.randrange(100), hours=12) for _ in range(20)]
    # Midnights of the zone, the instants beside them, and hours around the clock change.
    for day in (5, 6, 9, 10, 11, 12):
        midnight = datetime(2024, 3, day, tzinfo=ZONE).astimezone(UTC)
        instants += [midnight - timedelta(microseconds=1), midnight]
    instants += [
        datetime(2024, 3, 10, 4, 30, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(6)
    ]
    events = []
    people: dict[str, dict[str, str]] = {}
    for number in range(user_count):
        user = f"user {number:03d}"
        if chance.random() < 0.8:
            people[user] = {
                "tier": chance.choice(("gold", "iron")),
                "age": str(chance.randint(9, 30)),
            }
        mine = [chance.choice(instants) for _ in range(chance.choice((1, 3, 6, 12, 18)))]
        for at in mine + [chance.choice(mine) for _ in range(len(mine) // 2)]:
            properties = {}
            if chance.random() < 0.7:
                properties["plan"] = chance.choice(("pro", "Free", "10", "9"))
            if chance.random() < 0.5:
                properties["place"] = chance.choice(("north", "south|east"))
            events.append((user, chance.choice(NAMES), at, properties))
    chance.shuffle(events)
    rows = [
        Event(user, name, at, f"{number:05d}", properties)
        for number, (user, name, at, properties) in enumerate(events)
    ]
    through = max(event.at for event in rows)
    return World(rows, people, ZONE, SUNDAY, frozenset({"push"}), through)


def feeds(world: World) -> dict[str, list[dict[str, Any]]]:
    """The world as raw feeds."""
    return {
        "events": [
            {
                "event_id": event.order,
                "event_name": event.name,
                "user_id": event.user,
                "occurred_at": event.at.isoformat(),
                "properties": dict(event.properties),
            }
            for event in world.events
        ],
        "users": [
            {"user_id": user, "properties": properties}
            for user, properties in world.user_properties.items()
        ],
    }


def draw_side(chance: random.Random, has_first_time: bool = False) -> Side:
    names = tuple(chance.sample(NAMES, chance.choice((0, 1, 1, 1, 1, 1, 2))))
    conditions = draw_conditions(chance) if chance.random() < 0.35 else ()
    first_time = chance.choice(("", "", "", "event", "matching")) if has_first_time else ""
    return Side(names, conditions, first_time)


def draw_conditions(chance: random.Random) -> tuple[Condition, ...]:
    drawn = []
    for _ in range(chance.choice((1, 1, 2))):
        scope, name = chance.choice(
            (("event", "plan"), ("event", "place"), ("user", "tier"), ("user", "age"))
        )
        operator = chance.choice(
            ("is", "is", "is_not", "contains", "not_contains", "matches", "gt", "gte", "lt", "lte",
             "is_set", "is_not_set")
        )  # fmt: skip
        pool = ("PRO", "free", "10", "north", "south|east", "gold", "o", "20")
        values: tuple[str, ...] = ()
        if operator == "matches":
            values = (chance.choice(("^p|e$", "o.*h", "[0-9]")),)
        elif operator not in ("is_set", "is_not_set"):
            values = tuple(chance.sample(pool, chance.choice((1, 1, 2))))
        drawn.append(Condition(scope, name, operator, values))
    if len(drawn) == 2 and chance.random() < 0.5:
        drawn = [Condition(c.scope, c.name, c.operator, c.values, "one") for c in drawn]
    return tuple(drawn)


def draw_breakdown(chance: random.Random) -> tuple[tuple[str, str], ...]:
    pool = (("event", "plan"), ("event", "place"), ("user", "tier"))
    return tuple(chance.sample(pool, chance.choice((0, 1, 1, 2))))


def draw_bounds(chance: random.Random) -> tuple[datetime | None, datetime | None]:
    first, last = sorted(
        START + timedelta(minutes=30) * chance.randrange(-100, 48 * 30) for _ in range(2)
    )
    return (first if chance.random() < 0.4 else None, last if chance.random() < 0.5 else None)


def draw_funnels(chance: random.Random, count: int) -> list[Funnel]:
    drawn = []
    for number in range(count):
        sides = [draw_side(chance, has_first_time=True)]
        for _ in range(chance.choice((0, 1, 1, 2, 2, 3))):
            sides.append(chance.choice([draw_side(chance, has_first_time=True), *sides]))
        from_at, to_at = draw_bounds(chance)
        attributions = ["first", "last", "all", *(f"step_{n + 1}" for n in range(len(sides)))]
        drawn.append(
            Funnel(
                f"funnel {number:03d}",
                tuple(Step(side) for side in sides),
                timedelta(minutes=30) * chance.choice((1, 3, 24, 48, 240, 1000)),
                ties=chance.choice(("together", "later")),
                breakdown=draw_breakdown(chance),
                attribution=chance.choice(attributions),
                limit=chance.choice((1, 2, 25)),
                hold_constant=draw_breakdown(chance)[:1] if chance.random() < 0.25 else (),
                from_at=from_at,
                to_at=to_at,
            )
        )
    return drawn


def seeds(funnels: Sequence[Funnel]) -> dict[str, str]:
    """The definitions as CSV text by file."""
    rows: dict[str, list[dict[str, Any]]] = {
        "event_names": [{"event_name": "push", "is_activity": "false"}],
        "funnels": [], "funnel_steps": [], "filters": [],
    }  # fmt: skip
    for funnel in funnels:
        rows["funnels"].append(
            {
                "funnel_id": funnel.funnel_id,
                "window_seconds": int(funnel.window.total_seconds()),
                "ties": funnel.ties,
                "breakdown": _scoped(funnel.breakdown),
                "breakdown_attribution": funnel.attribution,
                "breakdown_limit": funnel.limit,
                "hold_constant": _scoped(funnel.hold_constant),
                "from_at": _bound(funnel.from_at),
                "to_at": _bound(funnel.to_at),
            }
        )
        for number, step in enumerate(funnel.steps, start=1):
            rows["funnel_steps"].append(
                {
                    "funnel_id": funnel.funnel_id,
                    "step_number": number,
                    "event_name": "|".join(step.side.names),
                    "first_time": step.side.first_time,
                }
            )
            rows["filters"] += filter_rows("funnel", funnel.funnel_id, str(number), step.side)
    columns = {definition.name: definition.columns for definition in DEFINITIONS}
    texts = {}
    for name, lines in rows.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, columns[name], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        texts[name] = text.getvalue()
    return texts


def filter_rows(
    definition: str, definition_id: str, side: str, chosen: Side
) -> list[dict[str, str]]:
    """Rows of filters.csv that say the conditions of a side."""
    return [
        {
            "definition": definition,
            "definition_id": definition_id,
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


def _scoped(properties: Sequence[tuple[str, str]]) -> str:
    return "|".join(f"{scope}:{name}" for scope, name in properties)


def _bound(at: datetime | None) -> str:
    """Every other bound without a zone: the clock of the reporting zone."""
    if at is None:
        return ""
    if at.minute:
        return at.isoformat()
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")
