"""Drawn worlds as timelines: what SQL prepares, prepared by hand; and what the oracle finds."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from tests.warehouse import funnel_draws, funnel_oracle
from tests.warehouse.oracles import Event, Side, World
from timelines import definitions, funnels
from timelines.definitions import NEVER

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
THROUGH = funnel_draws.START + funnel_draws.UNIT * 400


def instant(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def length(found: timedelta | None) -> int | None:
    return None if found is None else found // MICROSECOND


def funnel_of(funnel: funnel_oracle.Funnel) -> definitions.Funnel:
    return definitions.Funnel(
        tuple(
            definitions.Step(step.is_optional, length(step.least), length(step.most))
            for step in funnel.steps
        ),
        funnel.window // MICROSECOND,
        funnel.order_mode,
        funnel.ties,
        funnel.count_by,
        tuple(definitions.Exclusion(found.after, found.before) for found in funnel.exclusions),
        funnel.from_at and instant(funnel.from_at),
        funnel.to_at and instant(funnel.to_at),
    )


@dataclass(frozen=True)
class Drawn:
    """A draw as the kernel is given it."""

    world: World
    oracle: funnel_oracle.Funnel
    events: list[Event]
    users: list[str]
    held_values: list[str]
    part_values: list[str]
    offsets: np.ndarray
    at: np.ndarray
    mask: np.ndarray
    held: np.ndarray | None
    value: np.ndarray | None


def drawn(number: int, draw: funnel_draws.Draw) -> Drawn:
    funnel = funnel_draws.funnel_of(number, draw)
    world = funnel_draws.world_of(number, draw, THROUGH)
    events = sorted(world.events, key=lambda event: (event.user, event.at, event.order))
    users = sorted({event.user for event in events})
    position = {event.order: place for place, event in enumerate(events)}
    names = sorted({event.name for event in events})
    table = np.zeros(len(names), np.int64)
    single: list[tuple[int, int]] = []
    sides: list[tuple[Side, int]] = [
        (step.side, definitions.step_bit(place)) for place, step in enumerate(funnel.steps, 1)
    ]
    sides += [
        (exclusion.side, definitions.exclusion_bit(place))
        for place, exclusion in enumerate(funnel.exclusions, 1)
    ]
    for side, bit in sides:
        seen = funnel_oracle._seen(funnel, side)
        if side.names and not seen.conditions and not side.first_time:
            table[[name in side.names for name in names]] |= bit
            continue
        for chosen in world.choose(seen).values():
            single += [(position[event.order], bit) for event in chosen]
    if funnel.conditions:
        single += [
            (position[event.order], definitions.SEEN)
            for event in events
            if world.accepts(funnel.conditions, event)
        ]
    else:
        table |= definitions.SEEN
    mask = funnels.masks(
        np.array([names.index(event.name) for event in events], np.int32),
        table,
        np.array([place for place, _ in single], np.int64),
        np.array([bits for _, bits in single], np.int64),
    )
    held = value = None
    held_values, part_values = [""], []
    if funnel.hold_constant:
        texts = [world.value(event, funnel.hold_constant) for event in events]
        held_values = sorted(set(texts), key=str.encode)
        held = np.array(
            [
                -1
                if funnel_oracle.lacks_constant(world, funnel, event)
                else held_values.index(text)
                for event, text in zip(events, texts, strict=True)
            ],
            np.int32,
        )
    if funnel.breakdown and funnel.attribution == "all":
        texts = [world.value(event, funnel.breakdown) for event in events]
        part_values = sorted(set(texts))
        value = np.array([part_values.index(text) for text in texts], np.int32)
    counts = [sum(event.user == user for event in events) for user in users]
    return Drawn(
        world,
        funnel,
        events,
        users,
        held_values,
        part_values,
        np.cumsum([0, *counts]).astype(np.int64),
        np.array([instant(event.at) for event in events], np.int64),
        mask,
        held,
        value,
    )


def found(one: Drawn) -> Counter[tuple[object, ...]]:
    """The kernel's attempts."""
    return rows(
        one,
        funnels.attempts(one.offsets, one.at, one.mask, funnel_of(one.oracle), one.held, one.value),
    )


def rows(one: Drawn, attempts: funnels.Attempts) -> Counter[tuple[object, ...]]:
    assert (np.diff(attempts.user) >= 0).all()
    served_at = np.where(attempts.served < 0, NEVER, one.at[attempts.served])
    assert (served_at == attempts.step_at).all()
    return Counter(
        (
            one.users[attempts.user[row]],
            None if attempts.part[row] < 0 else one.part_values[attempts.part[row]],
            int(attempts.number[row]),
            int(attempts.required[row]),
            int(attempts.count[row]),
            int(attempts.reached[row]),
            None if attempts.void_at[row] == NEVER else int(attempts.void_at[row]),
            *(None if event < 0 else one.events[event].order for event in attempts.served[:, row]),
        )
        for row in range(len(attempts.user))
    )


def wanted(one: Drawn) -> Counter[tuple[object, ...]]:
    """The oracle's attempts."""
    steps = range(1, len(one.oracle.steps) + 1)
    return Counter(
        (
            attempt.user,
            attempt.thread,
            attempt.number,
            attempt.required,
            len(attempt.served),
            attempt.furthest,
            attempt.void_at and instant(attempt.void_at),
            *(attempt.served[step].order if step in attempt.served else None for step in steps),
        )
        for attempt in funnel_oracle.attempts(one.world, one.oracle)
    )


def crowded(seed: int) -> funnel_draws.Draw:
    """A world whose events crowd on a few instants, and whose steps share them: for the search's
    choices, which hypothesis seldom draws, and slowly."""
    chance = random.Random(seed)
    count = chance.choice((2, 3, 3, 4, 4, 5))
    instants = chance.choice((1, 2, 3, 5, 8))
    mode = chance.choice(("ordered", "ordered", "ordered", "strict", "any"))
    has_choice = mode != "any" and chance.random() < 0.75
    sides = [
        Side(chance.choice((("a",), ("b",), ("c",), ("a", "b"), ("b", "c"), ("a", "b", "c"))))
        for _ in range(count)
    ]
    if chance.random() < 0.2:
        sides = [sides[0]] * count
    steps = [funnel_oracle.Step(sides[0])]
    for side in sides[1:]:
        least = chance.choice((None, None, 0, 1, 2)) if has_choice else None
        most = chance.choice((None, None, 0, 1, 2, 4)) if has_choice else None
        if least is not None and most is not None:
            most = max(least, most)
        steps.append(
            funnel_oracle.Step(
                side,
                has_choice and chance.random() < 0.4,
                None if least is None else funnel_draws.UNIT * least,
                None if most is None else funnel_draws.UNIT * most,
            )
        )
    exclusions = []
    for _ in range(chance.choice((0, 0, 1, 2))):
        side = Side((chance.choice("xxab"),))
        after = chance.randrange(1, count)
        between = (after, chance.randrange(after + 1, count + 1))
        exclusions.append(
            funnel_oracle.Exclusion(side, *(between if mode != "any" else (None, None)))
        )
    bounds = sorted(chance.randrange(instants) for _ in range(2))
    funnel = funnel_oracle.Funnel(
        "",
        tuple(steps),
        funnel_draws.UNIT * chance.choice((0, 1, 2, 3, 5, 100)),
        mode,
        chance.choice(("users", "users", "attempts")),
        chance.choice(("together", "together", "later")),
        tuple(exclusions),
        breakdown=chance.choice(((), (("event", "plan"),))),
        attribution="all",
        hold_constant=chance.choice(((), (), (("event", "place"),))),
        from_at=chance.choice((None, None, funnel_draws.START + funnel_draws.UNIT * bounds[0])),
        to_at=chance.choice((None, None, funnel_draws.START + funnel_draws.UNIT * bounds[1])),
    )
    events = tuple(
        (
            chance.choice((0, 0, 0, 1)),
            chance.choice("aaabbbcccx"),
            chance.randrange(instants),
            tuple(
                (name, chance.choice(("p", "p", "q", "")))
                for name in ("place", "plan")
                if chance.random() < 0.9
            ),
        )
        for _ in range(chance.randrange(3, 10))
    )
    return funnel_draws.Draw(funnel, events, ((), ()))
