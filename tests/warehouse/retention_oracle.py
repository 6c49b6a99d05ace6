"""Retention by walking each user: another road to the same figures as the SQL.

A period is found in a list of the instants at which periods begin; a member's returns are counted
one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from tests.warehouse.oracles import Event, Side, World


@dataclass(frozen=True)
class Retention:
    """A row of retentions.csv."""

    retention_id: str
    cohort: Side
    returning: Side
    cohort_mode: str = "first_matching"
    granularity: str = "day"
    cohort_granularity: str = "day"
    window_mode: str = "calendar"
    kind: str = "on"
    periods: int = 7
    brackets: tuple[tuple[int, int], ...] = ()
    min_occurrences: int = 1
    breakdown: tuple[tuple[str, str], ...] = ()
    limit: int = 25
    from_at: datetime | None = None
    to_at: datetime | None = None
    value_property: str = ""

    def cells(self) -> list[tuple[int, int, int]]:
        """Number, first and last period of each cell after period 0."""
        spans = self.brackets or tuple((k, k) for k in range(1, self.periods + 1))
        last = max(end for _, end in spans)
        return [
            (number, first, last if self.kind == "on_or_after" else end)
            for number, (first, end) in enumerate(spans, start=1)
        ]


ROLLING = {
    "hour": timedelta(hours=1),
    "day": timedelta(hours=24),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}


@dataclass(frozen=True)
class Member:
    """A member of a cohort: cells returned in, with any value and with the cohort's own."""

    user: str
    cohort: int
    value: str | None
    returned: frozenset[int]
    returned_with_value: frozenset[int]
    came_back_at_once: bool
    came_back_at_once_with_value: bool
    ripe_cells: frozenset[int]
    sums: Mapping[int, Decimal]
    sums_with_value: Mapping[int, Decimal]


def members(world: World, retention: Retention) -> list[Member]:
    """Every member of every cohort, with its cells; cell 0 is everybody's."""
    cohort_side = Side(
        retention.cohort.names,
        retention.cohort.conditions,
        {"first_ever": "event", "first_matching": "matching", "recurring": ""}[
            retention.cohort_mode
        ],
    )
    returning = world.choose(retention.returning)
    found = []
    for user, events in world.choose(cohort_side).items():
        first: dict[int, Event] = {}
        for event in events:
            if retention.from_at and event.at < retention.from_at:
                continue
            if retention.to_at and event.at > retention.to_at:
                continue
            cohort = world.period(retention.cohort_granularity, event.at)
            if retention.window_mode == "calendar" or not first:
                first.setdefault(cohort, event)
        for cohort, event in first.items():
            found.append(_member(world, retention, cohort, event, returning.get(user, [])))
    return found


def _member(
    world: World, retention: Retention, cohort: int, start: Event, returns: Sequence[Event]
) -> Member:
    value = world.value(start, retention.breakdown) if retention.breakdown else None
    counts: dict[int, int] = defaultdict(int)
    counts_with_value: dict[int, int] = defaultdict(int)
    sums: dict[int, Decimal] = defaultdict(Decimal)
    sums_with_value: dict[int, Decimal] = defaultdict(Decimal)
    for event in returns:
        if event.at < start.at:
            continue
        if retention.window_mode == "rolling":
            period = (event.at - start.at) // ROLLING[retention.granularity]
        else:
            period = world.period(retention.granularity, event.at) - world.period(
                retention.granularity, start.at
            )
        has_value = bool(retention.breakdown) and world.value(event, retention.breakdown) == value
        number = number_of(event.properties.get(retention.value_property))
        sums[period] += number
        sums_with_value[period] += number if has_value else 0
        if event.at > start.at:
            counts[period] += 1
            counts_with_value[period] += has_value
    cells = retention.cells()

    def returned(by_period: Mapping[int, int]) -> frozenset[int]:
        return frozenset(
            number
            for number, first, last in cells
            if sum(n for period, n in by_period.items() if first <= period <= last)
            >= retention.min_occurrences
        )

    def summed(by_period: Mapping[int, Decimal], cells: frozenset[int]) -> dict[int, Decimal]:
        return {
            number: sum((by_period.get(p, Decimal()) for p in range(first, last + 1)), Decimal())
            for number, first, last in [(0, 0, 0), *retention.cells()]
            if number in cells
        }

    last_of_0 = max(last for *_, last in cells) if retention.kind == "on_or_after" else 0
    back = returned(counts) | {0}
    back_with_value = returned(counts_with_value) | {0}
    return Member(
        start.user,
        cohort,
        value,
        back,
        back_with_value,
        counts[0] > 0,
        counts_with_value[0] > 0,
        frozenset(
            number
            for number, _, last in [(0, 0, last_of_0), *cells]
            if _has_ended(world, retention, start, last)
        ),
        summed(sums, back),
        summed(sums_with_value, back_with_value),
    )


def _has_ended(world: World, retention: Retention, start: Event, last: int) -> bool:
    if retention.window_mode == "rolling":
        return start.at + ROLLING[retention.granularity] * (last + 1) <= world.through
    own = world.period(retention.granularity, start.at)
    return world.has_closed(retention.granularity, own + last)


def number_of(text: str | None) -> Decimal:
    """The number that a property's text is, to six places; 0 where it is none."""
    try:
        return Decimal(text or "").quantize(Decimal("0.000001"), ROUND_HALF_UP)
    except InvalidOperation:
        return Decimal()


def kept_values(users_by_value: Mapping[str | None, set[str]], limit: int) -> set[str | None]:
    """Values with the most users, then the smaller text, up to a limit."""
    ranked = sorted(users_by_value, key=lambda v: (-len(users_by_value[v]), (v or "").encode()))
    return set(ranked[:limit])


RetentionKey = tuple[datetime | None, str | None, int]


def retention_counts(
    world: World, retention: Retention, joined: Sequence[Member]
) -> dict[RetentionKey, dict[str, object]]:
    """Figures of mart_retention_cohorts by cohort (None: together), value and cell."""
    users: dict[str | None, set[str]] = defaultdict(set)
    for member in joined:
        if member.value is not None:
            users[member.value].add(member.user)
    kept = kept_values(users, retention.limit)
    groups: dict[tuple[int, str | None], list[Member]] = defaultdict(list)
    for member in joined:
        groups[member.cohort, None].append(member)
        if member.value is not None:
            shown = member.value if member.value in kept else "Other"
            groups[member.cohort, shown].append(member)
    starts = world.starts(retention.cohort_granularity)
    numbers = [0, *(number for number, *_ in retention.cells())]
    figures: dict[RetentionKey, dict[str, object]] = {}
    for (cohort, value), group in groups.items():
        has_closed = world.has_closed(retention.cohort_granularity, cohort)
        for number in numbers:
            back = [m for m in group if number in _cells_of(m, value)]
            eligible = [m for m in group if number in m.ripe_cells]
            figures[starts[cohort], value, number] = _rated(
                cohort_size=len(group),
                returned_count=len(back),
                eligible_count=len(eligible),
                mature_returned_count=sum(number in m.ripe_cells for m in back),
                same_period_returned_count=sum(
                    m.came_back_at_once if value is None else m.came_back_at_once_with_value
                    for m in group
                ),
                is_mature=has_closed and len(eligible) == len(group),
                number=number,
                returned_value_sum=_sum(number, value, back),
                mature_returned_value_sum=_sum(
                    number, value, [m for m in back if number in m.ripe_cells]
                ),
            )
    is_over = retention.to_at is not None and retention.to_at <= world.through
    for value in {None, *(value for _, value in groups)}:
        for number in numbers:
            rows = [
                row
                for (start, v, n), row in figures.items()
                if start is not None and v == value and n == number
            ]
            ripe = [row for row in rows if row["is_mature"]]
            figures[None, value, number] = _rated(
                is_mature=is_over and len(ripe) == len(rows),
                number=number,
                **{
                    name: sum((Decimal(str(row[name] or 0)) for row in ripe), Decimal())
                    for name in (
                        "cohort_size",
                        "returned_count",
                        "eligible_count",
                        "mature_returned_count",
                        "same_period_returned_count",
                        "returned_value_sum",
                        "mature_returned_value_sum",
                    )
                },
            )
    return figures


def _cells_of(member: Member, value: str | None) -> frozenset[int]:
    return member.returned if value is None else member.returned_with_value


def _sum(number: int, value: str | None, back: Sequence[Member]) -> Decimal:
    return sum(((m.sums if value is None else m.sums_with_value)[number] for m in back), Decimal())


def _rated(number: int, **figures: int | bool | Decimal) -> dict[str, object]:
    eligible = figures["eligible_count"]
    return {
        **figures,
        "same_period_returned_count": (
            figures["same_period_returned_count"] if number == 0 else None
        ),
        "retention_rate": _ratio(figures["mature_returned_count"], eligible),
        "returned_value_mean": _ratio(
            figures["mature_returned_value_sum"], figures["mature_returned_count"]
        ),
    }


def _ratio(part: int | bool | Decimal, whole: int | bool | Decimal) -> float | None:
    return float(part) / float(whole) if whole else None
