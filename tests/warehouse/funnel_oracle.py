"""Funnels by trying everything: another road to the same figures as the SQL.

Nothing here is clever. In order, an attempt is a search over all choices of events; in any
order, a matching of events to steps that grows event by event; a strict one, a walk along the
user's events. Instants are aware datetimes in UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tests.warehouse.oracles import GRAINS, Condition, Event, Side, World, is_missing

Properties = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Step:
    """A step: what serves it, whether it may be missing, and its time since the one before."""

    side: Side
    is_optional: bool = False
    least: timedelta | None = None
    most: timedelta | None = None


@dataclass(frozen=True)
class Exclusion:
    """What voids an attempt between two of its steps."""

    side: Side
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class Funnel:
    """A row of funnels.csv with its steps and exclusions; `conditions` stand on an empty side."""

    funnel_id: str
    steps: tuple[Step, ...]
    window: timedelta
    order_mode: str = "ordered"
    count_by: str = "users"
    ties: str = "together"
    exclusions: tuple[Exclusion, ...] = ()
    conditions: tuple[Condition, ...] = ()
    breakdown: Properties = ()
    attribution: str = "first"
    limit: int = 25
    hold_constant: Properties = ()
    conversion_time: str = "counted_attempt"
    when_void: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None

    @property
    def ignores_void(self) -> bool:
        return (self.when_void or ("ignore" if self.order_mode == "any" else "leave")) == "ignore"

    @property
    def has_plain_steps(self) -> bool:
        """In order, without a choice but the earliest event."""
        return self.order_mode == "ordered" and not any(
            step.is_optional or step.least is not None or step.most is not None
            for step in self.steps
        )


Served = dict[int, Event]


@dataclass(frozen=True)
class Attempt:
    """An attempt: the event of each step that was served; `thread` is its value for `all`."""

    user: str
    opening: Event
    served: Mapping[int, Event]
    required: int
    thread: str | None
    constant: str
    value: str | None
    void_at: datetime | None
    closes_at: datetime
    is_mature: bool
    number: int = 0

    @property
    def furthest(self) -> int:
        return max(self.served)

    def depth(self) -> tuple[int, int]:
        return -self.required, -len(self.served)


def attempts(world: World, funnel: Funnel) -> list[Attempt]:
    """Every attempt that was opened, numbered by user and thread."""
    sides = [_seen(funnel, step.side) for step in funnel.steps]
    serving = [world.choose(side) for side in sides]
    excluded = [world.choose(_seen(funnel, exclusion.side)) for exclusion in funnel.exclusions]
    found: list[Attempt] = []
    for user in sorted({user for step in serving for user in step}):
        steps = [_with_constant(world, funnel, step.get(user, [])) for step in serving]
        voids = [_with_constant(world, funnel, events.get(user, [])) for events in excluded]
        threads: list[str | None] = [None]
        if funnel.attribution == "all" and funnel.breakdown:
            threads += sorted({world.value(e, funnel.breakdown) for step in steps for e in step})
        mine: list[Attempt] = []
        for thread in threads:

            def of_thread(events: list[Event], thread: str | None = thread) -> list[Event]:
                if thread is None:
                    return events
                return [e for e in events if world.value(e, funnel.breakdown) == thread]

            stream = (
                of_thread(_stream(world, funnel, user)) if funnel.order_mode == "strict" else []
            )
            opened = _attempts_of_thread(
                world,
                funnel,
                [of_thread(step) for step in steps],
                [of_thread(events) for events in voids],
                stream,
                thread,
                steps,
            )
            mine += _outside_open_ones(funnel, opened) if funnel.count_by == "attempts" else opened
        numbers: dict[str | None, int] = defaultdict(int)
        for attempt in sorted(mine, key=_entry_order):
            numbers[attempt.thread] += 1
            found.append(replace(attempt, number=numbers[attempt.thread]))
    return found


def _entry_order(attempt: Attempt) -> tuple[datetime, bytes, str]:
    return attempt.opening.at, attempt.constant.encode(), attempt.opening.order


def _seen(funnel: Funnel, side: Side) -> Side:
    """With the conditions of every side, whose groups are others than its own."""
    of_every_side = (
        replace(condition, any_of=condition.any_of and f"every side: {condition.any_of}")
        for condition in funnel.conditions
    )
    return replace(side, conditions=(*side.conditions, *of_every_side))


def _with_constant(world: World, funnel: Funnel, events: list[Event]) -> list[Event]:
    return [event for event in events if not lacks_constant(world, funnel, event)]


def lacks_constant(world: World, funnel: Funnel, event: Event) -> bool:
    """Is one of the values missing that are to be held?"""
    return any(is_missing(world.value(event, (held,))) for held in funnel.hold_constant)


def _stream(world: World, funnel: Funnel, user: str) -> list[Event]:
    """What a strict funnel sees of a user: every event of any kind that meets the conditions."""
    return [e for e in world.events if e.user == user and world.accepts(funnel.conditions, e)]


def _attempts_of_thread(
    world: World,
    funnel: Funnel,
    steps: list[list[Event]],
    voids: list[list[Event]],
    stream: list[Event],
    thread: str | None,
    all_steps: list[list[Event]],
) -> list[Attempt]:
    opening_steps = steps if funnel.order_mode == "any" else steps[:1]
    openings = sorted({e for step in opening_steps for e in step}, key=lambda e: (e.at, e.order))
    opened = []
    for opening in openings:
        if funnel.from_at and opening.at < funnel.from_at:
            continue
        if funnel.to_at and opening.at > funnel.to_at:
            continue
        constant = world.value(opening, funnel.hold_constant)
        closes_at = opening.at + funnel.window
        choices = [
            [
                e
                for e in step
                if opening.at <= e.at <= closes_at
                and world.value(e, funnel.hold_constant) == constant
            ]
            for step in steps
        ]
        if funnel.order_mode == "any":
            served = _any_order(funnel, opening, choices)
        elif funnel.order_mode == "strict":
            served = _strictly(funnel, opening, choices, steps, stream)
        else:
            served = _in_order(funnel, opening, choices)
        required = sum(
            funnel.order_mode == "any" or not funnel.steps[n - 1].is_optional for n in served
        )
        opened.append(
            Attempt(
                opening.user,
                opening,
                served,
                required,
                thread,
                constant,
                _value_of(world, funnel, all_steps, served, thread),
                _void_at(world, funnel, voids, served, opening, constant, closes_at),
                closes_at,
                closes_at <= world.through,
            )
        )
    return opened


def _in_order(funnel: Funnel, opening: Event, choices: list[list[Event]]) -> Served:
    """The best row of distinct events over every way to choose them."""

    def rows(number: int, row: Served, anchor: datetime) -> Iterator[Served]:
        yield row
        if number > len(funnel.steps):
            return
        step = funnel.steps[number - 1]
        last = row[max(row)]
        if step.is_optional:
            yield from rows(number + 1, row, anchor)
        for event in choices[number - 1]:
            if event in row.values():
                continue
            if event.at < last.at or (funnel.ties == "later" and event.at == last.at):
                continue
            if not _in_time(step, anchor, event):
                continue
            next_anchor = anchor if step.is_optional else event.at
            yield from rows(number + 1, {**row, number: event}, next_anchor)
            # A later event serves nothing more; what shares its instant might.
            is_alone = all(e.at != event.at or e == event for e in choices[number - 1])
            if funnel.has_plain_steps and event.at > last.at and is_alone:
                break

    return min(rows(2, {1: opening}, opening.at), key=lambda row: _rank(funnel, row))


def _in_time(step: Step, anchor: datetime, event: Event) -> bool:
    if step.least is not None and event.at < anchor + step.least:
        return False
    return step.most is None or event.at <= anchor + step.most


def _rank(funnel: Funnel, row: Served) -> tuple[object, ...]:
    required = sum(not funnel.steps[n - 1].is_optional for n in row)
    later = range(2, len(funnel.steps) + 1)
    instants = [(n not in row, row[n].at if n in row else datetime.min) for n in later]
    events = [row[n].order if n in row else "" for n in later]
    return -required, -len(row), instants, events


def _strictly(
    funnel: Funnel,
    opening: Event,
    choices: list[list[Event]],
    steps: list[list[Event]],
    stream: list[Event],
) -> Served:
    def first_step(event: Event) -> int:
        return next((n for n, step in enumerate(steps) if event in step), len(steps))

    ordered = sorted(stream, key=lambda e: (e.at, first_step(e), e.order))

    def rows(number: int, row: Served, anchor: datetime, place: int) -> Iterator[Served]:
        yield row
        if number > len(funnel.steps):
            return
        step = funnel.steps[number - 1]
        if step.is_optional:
            yield from rows(number + 1, row, anchor, place)
        if place + 1 < len(ordered):
            event = ordered[place + 1]
            is_late_enough = funnel.ties == "together" or event.at > ordered[place].at
            if event in choices[number - 1] and is_late_enough and _in_time(step, anchor, event):
                next_anchor = anchor if step.is_optional else event.at
                yield from rows(number + 1, {**row, number: event}, next_anchor, place + 1)

    start = ordered.index(opening)
    return min(rows(2, {1: opening}, opening.at, start), key=lambda row: _rank(funnel, row))


def _any_order(funnel: Funnel, opening: Event, choices: list[list[Event]]) -> Served:
    """Step k when the events so far can serve k different steps."""

    def serves(events: Sequence[Event]) -> set[int]:
        return {n for n, step in enumerate(choices) if any(e in step for e in events)}

    others = sorted(
        {e for step in choices for e in step} - {opening}, key=lambda e: (e.at, e.order)
    )
    if funnel.ties == "later":
        instants = sorted({e.at for e in others if e.at > opening.at})
        units = [[e for e in others if e.at == at] for at in instants]
    else:
        units = [[e] for e in others]
    row = {1: opening}
    taken = [serves([opening])]
    for unit in units:
        taken.append(serves(unit))
        if _matching(taken) > len(row):
            row[len(row) + 1] = next(
                event for event in unit if _matching([*taken[:-1], serves([event])]) > len(row)
            )
        else:
            taken.pop()
    return row


def _matching(sets: Sequence[set[int]]) -> int:
    """Most sets that can each have a step of their own (by augmenting paths)."""
    owner: dict[int, int] = {}

    def place(unit: int, tried: set[int]) -> bool:
        for step in sets[unit] - tried:
            tried.add(step)
            if step not in owner or place(owner[step], tried):
                owner[step] = unit
                return True
        return False

    return sum(place(unit, set()) for unit in range(len(sets)))


def _void_at(
    world: World,
    funnel: Funnel,
    voids: list[list[Event]],
    served: Served,
    opening: Event,
    constant: str,
    closes_at: datetime,
) -> datetime | None:
    found = []
    for exclusion, events in zip(funnel.exclusions, voids, strict=True):
        last = len(funnel.steps)
        after, before = exclusion.after or 1, exclusion.before or last
        if funnel.order_mode == "any":
            after, before = 1, last
        if after not in served:
            continue
        found += [
            e.at
            for e in events
            if served[after].at < e.at
            and (e.at < served[before].at if before in served else e.at <= closes_at)
            and world.value(e, funnel.hold_constant) == constant
        ]
    return min(found, default=None)


def _value_of(
    world: World,
    funnel: Funnel,
    all_steps: list[list[Event]],
    served: Served,
    thread: str | None,
) -> str | None:
    if not funnel.breakdown:
        return None
    if funnel.attribution == "all":
        return thread
    if funnel.attribution.startswith("step_"):
        number = int(funnel.attribution.removeprefix("step_"))
        if number not in served:
            return None
        return world.value(served[number], funnel.breakdown)
    row = sorted({e for step in all_steps for e in step}, key=lambda e: (e.at, e.order))
    if funnel.attribution == "last":
        row.reverse()
    values = [world.value(event, funnel.breakdown) for event in row]
    return next((value for value in values if not is_missing(value)), values[0])


def _outside_open_ones(funnel: Funnel, opened: list[Attempt]) -> list[Attempt]:
    """Attempts that open strictly after the one before them, of one held value, has closed."""
    kept = []
    closed: dict[str, datetime] = {}
    for attempt in opened:
        if attempt.constant in closed and attempt.opening.at <= closed[attempt.constant]:
            continue
        ends = [attempt.closes_at]
        if len(funnel.steps) in attempt.served:
            ends.append(attempt.served[len(funnel.steps)].at)
        if attempt.void_at:
            ends.append(attempt.void_at)
        closed[attempt.constant] = min(ends)
        kept.append(attempt)
    return kept


FunnelKey = tuple[str, date | None, str | None, int]


def funnel_counts(
    world: World, funnel: Funnel, opened: Sequence[Attempt]
) -> dict[FunnelKey, dict[str, object]]:
    """Figures of mart_funnel_conversion by grain, period, value and step."""
    is_all = funnel.attribution == "all"
    valued = [a for a in opened if a.value is not None and (a.thread is not None) == is_all]
    by_value: dict[str, dict[object, list[Attempt]]] = defaultdict(lambda: defaultdict(list))
    for attempt in valued:
        by_value[attempt.value][_entrant(funnel, attempt)].append(attempt)
    # Who has only void ones among the furthest is no entrant.
    entrants = {
        value: sum(_counted(funnel, mine, True) is not None for mine in of_value.values())
        for value, of_value in by_value.items()
    }
    kept = sorted(entrants, key=lambda v: (-entrants[v], v.encode()))[: funnel.limit]
    parts = [(None, a) for a in opened if a.thread is None]
    parts += [(a.value if a.value in kept else "Other", a) for a in valued]
    cells: dict[tuple[str, date | None, str | None], dict[object, list[Attempt]]] = {
        ("all", None, None): {}
    }
    for value, attempt in parts:
        for grain in GRAINS:
            start = None
            if grain != "all":
                starts = world.starts(grain)
                start = starts[world.period(grain, attempt.opening.at)]
                start = start.astimezone(world.zone).date()
            by_entrant = cells.setdefault((grain, start, value), {})
            by_entrant.setdefault(_entrant(funnel, attempt), []).append(attempt)
    figures: dict[FunnelKey, dict[str, object]] = {}
    for (grain, start, value), by_entrant in cells.items():
        if grain == "all":
            has_closed = funnel.to_at is not None and funnel.to_at <= world.through
        else:
            has_closed = world.has_closed(grain, world.period(grain, world.midnight(start)))
        counted, ripe = (
            [
                found
                for mine in by_entrant.values()
                if (some := [a for a in mine if a.is_mature or not is_ripe])
                and (found := _counted(funnel, some, value is not None)) is not None
            ]
            for is_ripe in (False, True)
        )
        if not counted and not ripe and (grain != "all" or value is not None):
            continue
        is_mature = has_closed and all(a.is_mature for mine in by_entrant.values() for a in mine)
        figures |= _figures_of_cell(funnel, (grain, start, value), counted, ripe, is_mature)
    return figures


@dataclass(frozen=True)
class Counted:
    """An entrant: the attempt that counts, and those that give the times."""

    attempt: Attempt
    timing: Sequence[Attempt]


def _entrant(funnel: Funnel, attempt: Attempt) -> object:
    if funnel.count_by == "users":
        return attempt.user
    return attempt.user, attempt.number, attempt.thread


def _counted(funnel: Funnel, mine: Sequence[Attempt], is_part: bool) -> Counted | None:
    def entry(attempt: Attempt) -> tuple[datetime, bytes, int]:
        value = (attempt.value or "").encode() if is_part else b""
        return attempt.opening.at, value, attempt.number

    def place(attempt: Attempt) -> tuple[object, ...]:
        is_ignored = funnel.ignores_void and attempt.void_at is not None
        return is_ignored, attempt.depth(), attempt.void_at is not None

    best = min(place(attempt) for attempt in mine)
    furthest = [attempt for attempt in mine if place(attempt) == best]
    counted = min(furthest, key=entry)
    if counted.void_at is not None:
        return None
    timing = [counted]
    if funnel.conversion_time == "mean_of_furthest":
        timing = furthest
    elif funnel.conversion_time == "first_completion":
        first = min(a.served[a.furthest].at for a in furthest)
        completing = [a for a in furthest if a.served[a.furthest].at == first]
        timing = [max(completing, key=entry)]
    return Counted(counted, timing)


def _figures_of_cell(
    funnel: Funnel,
    cell: tuple[str, date | None, str | None],
    counted: Sequence[Counted],
    ripe: Sequence[Counted],
    is_mature: bool,
) -> dict[FunnelKey, dict[str, object]]:
    figures: dict[FunnelKey, dict[str, object]] = {}
    for number in range(1, len(funnel.steps) + 1):
        earlier = [n for n in range(1, number) if not funnel.steps[n - 1].is_optional]
        previous = earlier[-1] if earlier else None
        before = None
        if previous:
            before = sum(previous in one.attempt.served for one in ripe)
        seconds = []
        for one in ripe:
            if number in one.attempt.served and previous:
                times = [
                    (a.served[number].at - a.served[previous].at) / timedelta(microseconds=1)
                    for a in one.timing
                    if number in a.served
                ]
                if times:
                    seconds.append(round(sum(times) / len(times)) / 1e6)
        seconds.sort()
        reached = sum(number in one.attempt.served for one in ripe)
        figures[*cell, number] = {
            "entrant_count": len(counted),
            "reached_count": sum(number in one.attempt.served for one in counted),
            "mature_entrant_count": len(ripe),
            "mature_reached_count": reached,
            "mature_previous_count": before,
            "rate_from_start": reached / len(ripe) if ripe else None,
            "rate_from_previous": reached / before if before else None,
            "mean_seconds_from_previous": sum(seconds) / len(seconds) if seconds else None,
            "median_seconds_from_previous": _quantile(seconds, 0.5),
            "p90_seconds_from_previous": _quantile(seconds, 0.9),
            "is_mature": is_mature,
        }
    return figures


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
