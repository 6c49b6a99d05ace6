"""A world of events and users as a person would walk it: sides of definitions choose events, and
periods are found in a list of the instants at which they begin. Text is what definitions hold;
instants are aware datetimes in UTC.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

GRAINS = ("all", "day", "week", "month")


@dataclass(frozen=True)
class Event:
    """One event of a user; `order` is the event id, which orders events of one instant."""

    user: str
    name: str
    at: datetime
    order: str
    properties: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True)
class Condition:
    """A row of filters.csv; an empty `any_of` stands alone."""

    scope: str
    name: str
    operator: str
    values: tuple[str, ...] = ()
    any_of: str = ""

    def holds(self, value: str | None) -> bool:
        if self.operator in ("is_not", "not_contains"):
            positive = {"is_not": "is", "not_contains": "contains"}[self.operator]
            return not any(_meets(positive, value, other) for other in self.values)
        return any(_meets(self.operator, value, other) for other in self.values or ("",))


def _meets(operator: str, value: str | None, other: str) -> bool:
    if operator == "is_set":
        return value is not None
    if operator == "is_not_set":
        return value is None
    if value is None:
        return False
    if operator == "is":
        return value.lower() == other.lower()
    if operator == "contains":
        return other.lower() in value.lower()
    if operator == "matches":
        return re.search(other, value, re.IGNORECASE) is not None
    try:
        left, right = float(value), float(other)
        order = (left > right) - (left < right)
    except ValueError:
        order = (value.lower() > other.lower()) - (value.lower() < other.lower())
    return {"gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0}[operator]


@dataclass(frozen=True)
class Side:
    """Events that a side chooses: names (none: any activity), conditions, first ones only."""

    names: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    first_time: str = ""


@dataclass
class World:
    """Events and users as they were sent, and how days are cut."""

    events: list[Event]
    user_properties: Mapping[str, Mapping[str, str]]
    zone: ZoneInfo
    week_starts_on: int
    silent: frozenset[str]
    through: datetime
    _starts: dict[str, list[datetime]] = field(default_factory=dict)

    def value(self, event: Event, properties: Sequence[tuple[str, str]]) -> str:
        """Joined value of properties on an event; empty text for each that is missing."""
        return "::".join(self._read(event, scope, name) or "" for scope, name in properties)

    def _read(self, event: Event, scope: str, name: str) -> str | None:
        """Of a property; a text of length 0 is a missing one."""
        owner = self.user_properties.get(event.user, {}) if scope == "user" else event.properties
        return owner.get(name) or None

    def choose(self, side: Side) -> dict[str, list[Event]]:
        """Events of a side by user, in order."""
        named: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            if event.name in side.names or (not side.names and event.name not in self.silent):
                named[event.user].append(event)
        chosen: dict[str, list[Event]] = {}
        for user, events in named.items():
            events.sort(key=lambda event: (event.at, event.order))
            if side.first_time == "event":
                events = events[:1]
            events = [event for event in events if self.accepts(side.conditions, event)]
            if side.first_time == "matching":
                events = events[:1]
            if events:
                chosen[user] = events
        return chosen

    def accepts(self, conditions: Sequence[Condition], event: Event) -> bool:
        groups: dict[object, bool] = defaultdict(bool)
        for number, condition in enumerate(conditions):
            key = condition.any_of or number
            groups[key] |= condition.holds(self._read(event, condition.scope, condition.name))
        return all(groups.values())

    def starts(self, granularity: str) -> list[datetime]:
        """Instants at which periods begin, from before the first event on, to long after."""
        if granularity not in self._starts:
            first = min(event.at for event in self.events).astimezone(self.zone)
            found = []
            if granularity == "hour":
                at = first - timedelta(minutes=first.minute, seconds=first.second, hours=3)
                at = at.replace(microsecond=0).astimezone(UTC)
                while at < self.through + timedelta(days=3):
                    found.append(at)
                    at += timedelta(hours=1)
            else:
                day = first.date().replace(day=1) - timedelta(days=40)
                while day < self.through.date() + timedelta(days=420):
                    if granularity == "day" or _begins(day, granularity, self.week_starts_on):
                        found.append(self.midnight(day))
                    day += timedelta(days=1)
            self._starts[granularity] = found
        return self._starts[granularity]

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def period(self, granularity: str, at: datetime) -> int:
        return bisect_right(self.starts(granularity), at) - 1

    def has_closed(self, granularity: str, period: int) -> bool:
        starts = self.starts(granularity)
        return period + 1 < len(starts) and starts[period + 1] <= self.through


def _begins(day: date, granularity: str, week_starts_on: int) -> bool:
    return day.day == 1 if granularity == "month" else day.weekday() == week_starts_on


def is_missing(value: str) -> bool:
    return not value.replace("::", "")
