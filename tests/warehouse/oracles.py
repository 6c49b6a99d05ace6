"""Funnels by walking each user: another road to the same figures as the SQL.

Nothing here is clever. An attempt is a search over all choices of events; a period is found in
a list of the instants at which periods begin. Text is what definitions hold; instants are aware
datetimes in UTC.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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


@dataclass(frozen=True)
class Funnel:
    """A row of funnels.csv with its steps; `breakdown` and `hold_constant` are scope and name."""

    funnel_id: str
    steps: tuple[Side, ...]
    window: timedelta
    ties: str = "together"
    breakdown: tuple[tuple[str, str], ...] = ()
    attribution: str = "first"
    limit: int = 25
    hold_constant: tuple[tuple[str, str], ...] = ()
    from_at: datetime | None = None
    to_at: datetime | None = None


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
        owner = self.user_properties.get(event.user, {}) if scope == "user" else event.properties
        return owner.get(name)

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


@dataclass(frozen=True)
class Attempt:
    """An attempt: the event of each step that was reached; `thread` is its value for `all`."""

    user: str
    events: tuple[Event, ...]
    thread: str | None
    value: str | None
    is_mature: bool

    @property
    def at(self) -> datetime:
        return self.events[0].at


def attempts(world: World, funnel: Funnel) -> list[Attempt]:
    """Every attempt that was opened, in the total and, for breakdown `all`, in each value."""
    serving = [world.choose(step) for step in funnel.steps]
    found = []
    for user in {user for step in serving for user in step}:
        steps = [step.get(user, []) for step in serving]
        if funnel.hold_constant:
            steps = [
                [e for e in step if not is_missing(world.value(e, funnel.hold_constant))]
                for step in steps
            ]
        threads: list[str | None] = [None]
        if funnel.attribution == "all" and funnel.breakdown:
            threads += sorted({world.value(e, funnel.breakdown) for step in steps for e in step})
        for thread in threads:
            stream = [
                [e for e in step if thread is None or world.value(e, funnel.breakdown) == thread]
                for step in steps
            ]
            found += _attempts_of_stream(world, funnel, user, stream, thread)
    return found


def _attempts_of_stream(
    world: World, funnel: Funnel, user: str, steps: list[list[Event]], thread: str | None
) -> Iterator[Attempt]:
    for opening in steps[0]:
        if funnel.from_at and opening.at < funnel.from_at:
            continue
        if funnel.to_at and opening.at > funnel.to_at:
            continue
        constant = world.value(opening, funnel.hold_constant)
        choices = [
            [
                event
                for event in step
                if opening.at <= event.at <= opening.at + funnel.window
                and world.value(event, funnel.hold_constant) == constant
            ]
            for step in steps[1:]
        ]
        events = _furthest((opening,), choices, funnel.ties)
        yield Attempt(
            user,
            events,
            thread,
            _value_of(world, funnel, steps, events, thread),
            opening.at + funnel.window <= world.through,
        )


def _furthest(taken: tuple[Event, ...], choices: list[list[Event]], ties: str) -> tuple[Event, ...]:
    """The longest row of distinct events; of the longest, the earliest at each step in turn."""
    best = taken
    if not choices:
        return best
    for event in choices[0]:
        if len(best) == len(taken) + len(choices) and event.at > best[len(taken)].at:
            break
        is_later = event.at > taken[-1].at if ties == "later" else event.at >= taken[-1].at
        if is_later and event not in taken:
            row = _furthest((*taken, event), choices[1:], ties)
            if (-len(row), [e.at for e in row]) < (-len(best), [e.at for e in best]):
                best = row
    return best


def _value_of(
    world: World,
    funnel: Funnel,
    steps: list[list[Event]],
    events: tuple[Event, ...],
    thread: str | None,
) -> str | None:
    if not funnel.breakdown:
        return None
    if funnel.attribution == "all":
        return thread
    if funnel.attribution.startswith("step_"):
        step = int(funnel.attribution.removeprefix("step_"))
        if len(events) < step:
            return None
        if step == 1:
            return world.value(events[0], funnel.breakdown)
        constant = world.value(events[0], funnel.hold_constant)
        at = [
            event
            for event in steps[step - 1]
            if event.at == events[step - 1].at
            and event != events[0]
            and world.value(event, funnel.hold_constant) == constant
        ]
        return world.value(min(at, key=lambda e: e.order), funnel.breakdown)
    row = sorted({e for step in steps for e in step}, key=lambda e: (e.at, e.order))
    if funnel.attribution == "last":
        row.reverse()
    values = [world.value(event, funnel.breakdown) for event in row]
    return next((value for value in values if not is_missing(value)), values[0])


FunnelKey = tuple[str, date | None, str | None, int]


def funnel_counts(
    world: World, funnel: Funnel, opened: Sequence[Attempt]
) -> dict[FunnelKey, dict[str, object]]:
    """Figures of mart_funnel_conversion by grain, period, value and step."""
    parts: list[tuple[str | None, Attempt]] = [(None, a) for a in opened if a.thread is None]
    is_all = funnel.attribution == "all"
    valued = [a for a in opened if a.value is not None and (a.thread is not None) == is_all]
    kept = _kept(
        {
            value: {a.user for a in valued if a.value == value}
            for value in {a.value for a in valued}
        },
        funnel.limit,
    )
    parts += [(a.value if a.value in kept else "Other", a) for a in valued]
    cells: dict[tuple[str, date | None, str | None], dict[str, list[Attempt]]] = {
        ("all", None, None): {}
    }
    for value, attempt in parts:
        for grain in GRAINS:
            start = None
            if grain != "all":
                starts = world.starts(grain)
                start = starts[world.period(grain, attempt.at)].astimezone(world.zone).date()
            by_user = cells.setdefault((grain, start, value), {})
            by_user.setdefault(attempt.user, []).append(attempt)
    figures: dict[FunnelKey, dict[str, object]] = {}

    numbers: dict[tuple[str, str | None, Event], int] = {}
    streams: dict[tuple[str, str | None], int] = defaultdict(int)

    def by_entry(attempt: Attempt) -> tuple[datetime, bytes, str]:
        constant = world.value(attempt.events[0], funnel.hold_constant)
        return attempt.at, constant.encode(), attempt.events[0].order

    for attempt in sorted(opened, key=by_entry):
        streams[attempt.user, attempt.thread] += 1
        numbers[attempt.user, attempt.thread, attempt.events[0]] = streams[
            attempt.user, attempt.thread
        ]

    def furthest_then_earliest(attempt: Attempt) -> tuple[int, datetime, int, bytes]:
        number = numbers[attempt.user, attempt.thread, attempt.events[0]]
        return -len(attempt.events), attempt.at, number, (attempt.value or "").encode()

    for (grain, start, value), by_user in cells.items():
        counted = [
            (min(mine, key=furthest_then_earliest), all(attempt.is_mature for attempt in mine))
            for mine in by_user.values()
        ]
        if grain == "all":
            has_closed = funnel.to_at is not None and funnel.to_at <= world.through
        else:
            has_closed = world.has_closed(grain, world.period(grain, world.midnight(start)))
        for step in range(1, len(funnel.steps) + 1):
            ripe = [a for a, is_mature in counted if is_mature]
            seconds = sorted(
                (a.events[step - 1].at - a.events[step - 2].at).total_seconds()
                for a in ripe
                if step > 1 and len(a.events) >= step
            )
            reached = sum(len(a.events) >= step for a in ripe)
            previous = sum(len(a.events) >= step - 1 for a in ripe) if step > 1 else None
            figures[grain, start, value, step] = {
                "entrant_count": len(counted),
                "reached_count": sum(len(a.events) >= step for a, _ in counted),
                "mature_entrant_count": len(ripe),
                "mature_reached_count": reached,
                "mature_previous_count": previous,
                "rate_from_start": reached / len(ripe) if ripe else None,
                "rate_from_previous": reached / previous if previous else None,
                "mean_seconds_from_previous": (sum(seconds) / len(seconds) if seconds else None),
                "median_seconds_from_previous": _quantile(seconds, 0.5),
                "p90_seconds_from_previous": _quantile(seconds, 0.9),
                "is_mature": has_closed and len(ripe) == len(counted),
            }
    return figures


def _kept(users_by_value: Mapping[str | None, set[str]], limit: int) -> set[str | None]:
    """Values with the most users, then the smaller text, up to a limit."""
    ranked = sorted(users_by_value, key=lambda v: (-len(users_by_value[v]), (v or "").encode()))
    return set(ranked[:limit])


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
