"""Small worlds for funnels, drawn by hypothesis: one funnel of any mode, a few users, events that
crowd on few instants. Many are built at once; ids and names carry the draw's number, so that
none sees another."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from orchestration.ingest.definitions.schema import DEFINITIONS
from tests.warehouse.funnel_oracle import Exclusion, Funnel, Properties, Step
from tests.warehouse.oracles import Condition, Event, Side, World

# Half an hour off the full hours, and its clock changes on 10 March 2024.
ZONE = ZoneInfo("America/St_Johns")
ENVIRONMENT = {"YUNYING_TIMEZONE": ZONE.key, "YUNYING_WEEK_START": "sunday"}
SUNDAY = 6
NAMES = ("a", "b", "c", "x")
START = datetime(2024, 3, 9, 3, 0, tzinfo=UTC)
UNIT = timedelta(minutes=30)
PROPERTY = "draw"


@dataclass(frozen=True)
class Draw:
    """A funnel with the events and users that it is looked for in."""

    funnel: Funnel
    events: tuple[tuple[int, str, int, tuple[tuple[str, str], ...]], ...]
    users: tuple[tuple[tuple[str, str], ...], ...]


properties = st.dictionaries(
    st.sampled_from(("plan", "place")), st.sampled_from(("p", "q", "")), max_size=2
).map(lambda found: tuple(sorted(found.items())))
events = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from((*NAMES, *NAMES[:3])),
        st.sampled_from((0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 20, 43, 60, 90, 91, 400)),
        properties,
    ),
    min_size=8,
    max_size=16,
).map(tuple)
# Steps one after the other, some at one instant: what strict funnels are for.
scripted = st.tuples(
    st.lists(
        st.sampled_from(("a", "b", "c", "ab", "bc", "abc", "abc", "x")), min_size=3, max_size=6
    ),
    st.sampled_from((1, 1, 1, 2)),
    st.lists(properties, min_size=18, max_size=18),
).map(
    lambda found: tuple(
        (0, name, place // found[1], found[2][place])
        for place, name in enumerate("".join(found[0]))
    )
)
conditions = st.sampled_from(
    (
        *((),) * 16,
        *(
            (Condition("event", "plan", "is", ("p",)),),
            (Condition("event", "plan", "is_not", ("p",)),),
            (Condition("event", "place", "is_set"),),
            (Condition("user", "tier", "is", ("gold",)),),
            (
                Condition("event", "plan", "is", ("p",), "1"),
                Condition("event", "place", "is", ("q",), "1"),
            ),
        ),
    )
)  # fmt: skip
breakdowns = st.sampled_from(
    ((), (), (("event", "plan"),), (("event", "place"), ("user", "tier")), (("user", "tier"),))
)
units = st.integers(0, 90)


@st.composite
def sides(draw: st.DrawFn, has_first_time: bool = True) -> Side:
    names = draw(
        st.one_of(
            st.sampled_from(NAMES[:3]).map(lambda name: (name,)),
            st.sampled_from((("a", "b"), ("b", "c"), ("a", "c"), ())),
        )
    )
    first_time = draw(st.sampled_from((*("",) * 12, "event", "matching")))
    return Side(names, draw(conditions), first_time if has_first_time else "")


@st.composite
def funnels(draw: st.DrawFn) -> Funnel:
    order_mode = draw(st.sampled_from(("ordered", "ordered", "strict", "any")))
    window = draw(st.sampled_from((1, 4, 7, 48, 48, 90, 1000)))
    count = draw(st.sampled_from((1, 2, 3, 3, 4, 4)))
    plain = [Side((name,)) for name in NAMES]
    # As events are scripted, every other one: or few would go far in a strict funnel.
    is_plain = order_mode == "strict" and draw(st.booleans())
    steps = [Step(plain[0] if is_plain else draw(st.one_of(sides(), st.just(plain[0]))))]
    has_limits = order_mode != "any" and draw(st.booleans())
    for number in range(1, count):
        before = [step.side for step in steps]
        side = (
            plain[number]
            if is_plain
            else draw(st.one_of(sides(), st.sampled_from(before), st.just(plain[number])))
        )
        least = most = None
        if has_limits:
            least = draw(st.one_of(st.none(), st.none(), st.integers(0, min(window, 5))))
            most = draw(st.one_of(st.none(), st.integers(least or 0, 20)))
        steps.append(
            Step(
                side,
                has_limits and draw(st.booleans()),
                None if least is None else UNIT * least,
                None if most is None else UNIT * most,
            )
        )
    exclusions = []
    for _ in range(draw(st.sampled_from((0, 0, 1, 2))) if count > 1 else 0):
        after = draw(st.integers(1, count - 1))
        before = draw(st.integers(after + 1, count))
        side = draw(st.one_of(st.just(Side(("x",))), sides(has_first_time=False)))
        exclusions.append(
            draw(st.sampled_from((Exclusion(side), Exclusion(side, after, before))))
            if order_mode != "any"
            else Exclusion(side)
        )
    attributions = ("first", "last", "all", *(f"step_{n}" for n in range(1, count + 1)))
    bounds = sorted(draw(st.lists(units, min_size=2, max_size=2)))
    return Funnel(
        "",
        tuple(steps),
        UNIT * window,
        order_mode,
        draw(st.sampled_from(("users", "users", "attempts"))),
        draw(st.sampled_from(("together", "together", "later"))),
        tuple(exclusions),
        draw(conditions),
        draw(breakdowns),
        draw(st.sampled_from(attributions)),
        draw(st.sampled_from((1, 2, 25))),
        draw(
            st.sampled_from(
                (*((),) * 6, (("event", "place"),), (("event", "place"), ("event", "plan")))
            )
        ),
        draw(st.sampled_from(("counted_attempt", "first_completion", "mean_of_furthest"))),
        draw(st.sampled_from(("", "", "leave", "ignore"))),
        draw(st.sampled_from((*(None,) * 5, START + UNIT * bounds[0]))),
        draw(st.sampled_from((*(None,) * 3, START + UNIT * bounds[1]))),
    )


draws = funnels().flatmap(
    lambda funnel: st.builds(
        Draw,
        st.just(funnel),
        # Not `one_of`, which takes a strategy once however often it is given.
        st.sampled_from(
            (events, *[scripted] * (4 if funnel.order_mode == "strict" else 1))
        ).flatmap(lambda chosen: chosen),
        st.tuples(*[st.sampled_from(((), (("tier", "gold"),), (("tier", "iron"),)))] * 2),
    )
)


def draw_id(number: int) -> str:
    return f"draw {number:04d}"


def funnel_of(number: int, drawn: Draw) -> Funnel:
    """The draw's funnel under its id."""
    return replace(drawn.funnel, funnel_id=draw_id(number))


def world_of(number: int, drawn: Draw, through: datetime) -> World:
    """What the oracle sees of a draw; event ids order events of one instant."""
    rows = [
        Event(
            f"{draw_id(number)} user {user}",
            name,
            START + UNIT * at,
            f"{place:03d}",
            dict(given_properties),
        )
        for place, (user, name, at, given_properties) in enumerate(drawn.events)
    ]
    people = {
        f"{draw_id(number)} user {user}": dict(found) for user, found in enumerate(drawn.users)
    }
    return World(rows, people, ZONE, SUNDAY, frozenset({"x"}), through)


def feeds(drawn: Sequence[Draw]) -> dict[str, list[dict[str, Any]]]:
    """All draws as raw feeds."""
    rows: dict[str, list[dict[str, Any]]] = {"events": [], "users": []}
    for number, one in enumerate(drawn):
        for event in world_of(number, one, START).events:
            rows["events"].append(
                {
                    "event_id": f"{draw_id(number)} {event.order}",
                    "event_name": f"{draw_id(number)} {event.name}",
                    "user_id": event.user,
                    "occurred_at": event.at.isoformat(),
                    "properties": {**event.properties, PROPERTY: draw_id(number)},
                }
            )
        for user, found in enumerate(one.users):
            if found:
                rows["users"].append(
                    {"user_id": f"{draw_id(number)} user {user}", "properties": dict(found)}
                )
    return rows


def seeds(drawn: Sequence[Draw]) -> dict[str, str]:
    """The funnels as CSV text by file."""
    rows: dict[str, list[dict[str, Any]]] = {
        "event_names": [], "funnels": [], "funnel_steps": [], "filters": [],
    }  # fmt: skip
    for number, one in enumerate(drawn):
        funnel = funnel_of(number, one)
        rows["event_names"].append({"event_name": f"{draw_id(number)} x", "is_activity": "false"})
        rows["funnels"].append(
            {
                "funnel_id": funnel.funnel_id,
                "order_mode": funnel.order_mode,
                "window_seconds": int(funnel.window.total_seconds()),
                "count_by": funnel.count_by,
                "ties": funnel.ties,
                "breakdown": _scoped(funnel.breakdown),
                "breakdown_attribution": funnel.attribution if funnel.breakdown else "",
                "breakdown_limit": funnel.limit,
                "hold_constant": _scoped(funnel.hold_constant),
                "conversion_time": funnel.conversion_time,
                "when_void": funnel.when_void,
                "from_at": funnel.from_at.isoformat() if funnel.from_at else "",
                "to_at": funnel.to_at.isoformat() if funnel.to_at else "",
            }
        )
        parts: list[tuple[str, Side, dict[str, Any]]] = []
        for place, step in enumerate(funnel.steps, start=1):
            cells = {
                "step_number": place,
                "is_optional": str(step.is_optional).lower(),
                "min_seconds": _seconds(step.least),
                "max_seconds": _seconds(step.most),
            }
            parts.append((str(place), step.side, cells))
        for place, exclusion in enumerate(funnel.exclusions, start=1):
            cells = {
                "exclusion_number": place,
                "excluded_after_step": exclusion.after or "",
                "excluded_before_step": exclusion.before or "",
            }
            parts.append((f"exclusion_{place}", exclusion.side, cells))
        for side_name, side, cells in parts:
            rows["funnel_steps"].append(
                {
                    "funnel_id": funnel.funnel_id,
                    "event_name": "|".join(f"{draw_id(number)} {name}" for name in side.names),
                    "first_time": side.first_time,
                    **cells,
                }
            )
            rows["filters"] += [_filter(funnel, side_name, c) for c in side.conditions]
            if not side.names:
                mine = Condition("event", PROPERTY, "is", (draw_id(number),))
                rows["filters"].append(_filter(funnel, side_name, mine))
        rows["filters"] += [_filter(funnel, "", c) for c in funnel.conditions]
    columns = {definition.name: definition.columns for definition in DEFINITIONS}
    texts = {}
    for name, lines in rows.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, columns[name], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        texts[name] = text.getvalue()
    return texts


def _filter(funnel: Funnel, side: str, condition: Condition) -> dict[str, str]:
    return {
        "definition": "funnel",
        "definition_id": funnel.funnel_id,
        "side": side,
        "any_of": condition.any_of,
        "scope": condition.scope,
        "property": condition.name,
        "operator": condition.operator,
        "value": "|".join(condition.values),
    }


def _scoped(found: Properties) -> str:
    return "|".join(f"{scope}:{name}" for scope, name in found)


def _seconds(length: timedelta | None) -> int | str:
    return "" if length is None else int(length.total_seconds())
