"""Paths of random definitions over random users: facts and marts against an oracle that walks
each user, now and as of an earlier horizon."""

from __future__ import annotations

import csv
import dataclasses
import io
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path as File
from typing import Any

import pytest

from orchestration.ingest.definitions.schema import DEFINITIONS
from tests import support
from tests.warehouse import definitions_world, oracles, paths_oracle
from tests.warehouse.draws import seed
from tests.warehouse.paths_oracle import Occurrence, Path

USERS = 60
PATHS = 400
SCREENS = ("/", "/home", "/home/", "/help//", "//", "a > b")
HORIZON = datetime(2024, 3, 12, 15, 0, tzinfo=UTC)
HORIZONS = (None, HORIZON)


@cache
def drawn() -> tuple[oracles.World, list[Path]]:
    chance = random.Random(seed())
    world = definitions_world.draw_world(chance, USERS)
    for event in world.events:
        if chance.random() < 0.7:
            event.properties["screen"] = chance.choice(SCREENS)  # type: ignore[index]
    # Sessions that are longer than a session may be, and one that is still open.
    start = definitions_world.START
    for number in range(200):
        at = start + timedelta(minutes=29 * number)
        order = f"long {number:03d}"
        world.events.append(
            oracles.Event("user 000", chance.choice(("open", "view")), at, order, {})
        )
    for number, minutes in enumerate((70, 45, 20, 20, 5, 0)):
        for name in ("open", "buy"):
            for at in (world.through, HORIZON):
                world.events.append(
                    oracles.Event(
                        "user 001", name, at - timedelta(minutes=minutes),
                        f"late {number} {name} {at}", {"screen": chance.choice(SCREENS)},
                    )
                )  # fmt: skip
    return world, [draw_path(chance, number) for number in range(PATHS)]


def draw_path(chance: random.Random, number: int) -> Path:
    scope = chance.choice(("session", "session", "user"))
    gap = None
    if scope == "session" and chance.random() < 0.6:
        gap = timedelta(minutes=30) * chance.choice((1, 2, 3, 48))
    anchor = draw_side(chance, scope, gap) if chance.random() < 0.5 else None
    item_property = (("event", "screen"), ("event", "plan"), ("user", "tier"))
    properties = tuple(chance.sample(item_property, chance.choice((0, 1, 1, 2))))
    ending = chance.choice(("", "/", "/", "n/"))
    anchor_item = None
    if chance.random() < 0.4:
        anchor_item = chance.choice(("view", "buy", *SCREENS))
    has_anchor = anchor is not None or anchor_item is not None
    directions = ["after", "after"]
    directions += ["before"] if has_anchor or scope == "session" else []
    directions += ["both"] if has_anchor else []
    window = None
    if scope == "user" or chance.random() < 0.2:
        window = timedelta(minutes=30) * chance.choice((1, 3, 48, 200, 2000))
    from_at, to_at = definitions_world.draw_bounds(chance)
    if chance.random() < 0.4:
        # Over by the earlier horizon, where its window or session has passed too.
        from_at, to_at = None, HORIZON - timedelta(hours=chance.randrange(100))
    return Path(
        f"path {number:03d}",
        draw_side(chance, scope, gap),
        anchor,
        anchor_item,
        chance.choice(directions),
        chance.choice((1, 2, 3, 5)),
        properties,
        ending,
        chance.choice(("each", "first", "last") if scope == "session" else ("each", "first")),
        chance.choice(("every", "first")),
        scope,
        gap,
        window,
        chance.choice((1, 2, 3, 50)),
        chance.choice((1, 4, 1000)),
        from_at,
        to_at,
    )


def draw_side(chance: random.Random, scope: str, gap: timedelta | None) -> oracles.Side:
    side = definitions_world.draw_side(chance)
    if scope == "session" and gap is None:
        names = tuple(name for name in side.names if name != "push") or ("view",) * bool(side.names)
        return oracles.Side(names, side.conditions)
    return side


def seeds(paths: list[Path]) -> dict[str, str]:
    rows: dict[str, list[dict[str, Any]]] = {
        "event_names": [{"event_name": "push", "is_activity": "false"}],
        "paths": [],
        "filters": [],
    }
    for path in paths:
        rows["paths"].append(
            {
                "path_id": path.path_id,
                "anchor_event": ("" if path.anchor is None else "|".join(path.anchor.names) or "*"),
                "anchor_item": path.anchor_item,
                "direction": path.direction,
                "steps": path.steps,
                "item_event": "|".join(path.item.names),
                "item_property": "|".join(f"{scope}:{name}" for scope, name in path.item_property),
                "drop_ending": path.drop_ending,
                "repeats": path.repeats,
                "occurrences": path.occurrences,
                "scope": path.scope,
                "session_gap_seconds": path.session_gap and int(path.session_gap.total_seconds()),
                "window_seconds": path.window and int(path.window.total_seconds()),
                "item_limit": path.item_limit,
                "sequence_limit": path.sequence_limit,
                "from_at": path.from_at and path.from_at.isoformat(),
                "to_at": path.to_at and path.to_at.isoformat(),
            }
        )
        sides = [("item", path.item)] + ([("anchor", path.anchor)] if path.anchor else [])
        for name, side in sides:
            rows["filters"] += definitions_world.filter_rows("path", path.path_id, name, side)
    columns = {definition.name: definition.columns for definition in DEFINITIONS}
    texts = {}
    for name, lines in rows.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, columns[name], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        texts[name] = text.getvalue()
    return texts


def world_at(horizon: datetime | None) -> oracles.World:
    world, _ = drawn()
    if horizon is None:
        return world
    events = [event for event in world.events if event.at <= horizon]
    return dataclasses.replace(world, events=events, through=horizon, _starts={})


@cache
def occurrences(horizon: datetime | None) -> dict[str, list[Occurrence]]:
    world, paths = world_at(horizon), drawn()[1]
    return {path.path_id: paths_oracle.occurrences(world, path) for path in paths}


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> dict[datetime | None, File]:
    world, paths = drawn()
    raw = definitions_world.feeds(world)
    return {
        horizon: support.build_warehouse(
            tmp_path_factory.mktemp("paths"),
            events=raw["events"],
            feeds={"users": raw["users"]},
            seeds=seeds(paths),
            environment=definitions_world.ENVIRONMENT
            | ({"YUNYING_HORIZON": horizon.isoformat()} if horizon else {}),
            select="+mart_path_edges +mart_path_sequences",
        )
        for horizon in HORIZONS
    }


def grouped(warehouse: File, table: str, order: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in support.query(warehouse, f"select * from {table} order by {order}"):
        found.setdefault(row["path_id"], []).append(row)
    return found


def report(wrong: dict[str, list[str]]) -> str:
    lines = [f"YUNYING_TEST_SEED={seed()}: {len(wrong)} paths differ"]
    definitions = {path.path_id: path for path in drawn()[1]}
    for name in sorted(wrong)[:4]:
        lines += [str(definitions[name]), *wrong[name][:6]]
    return "\n".join(lines)


def differences(found: dict[Any, Any], wanted: dict[Any, Any]) -> list[str]:
    lines = [f"not in the oracle: {key}: {found[key]}" for key in found.keys() - wanted.keys()]
    lines += [f"only in the oracle: {key}: {wanted[key]}" for key in wanted.keys() - found.keys()]
    for key in found.keys() & wanted.keys():
        for name, value in wanted[key].items():
            if found[key][name] != pytest.approx(value):
                lines.append(f"{key}, {name}: {found[key][name]}, by the oracle {value}")
    return lines


@pytest.mark.parametrize("horizon", HORIZONS)
def test_items_are_those_of_the_oracle(
    warehouses: dict[datetime | None, File], horizon: datetime | None
) -> None:
    rows = grouped(
        warehouses[horizon], "facts.fct_path_items", "path_id, user_id, occurrence_number, position"
    )
    wrong = {}
    for path_id, wanted in occurrences(horizon).items():
        found: dict[Any, list[Any]] = {}
        for row in rows.get(path_id, []):
            key = (row["user_id"], row["occurrence_number"], row["anchor_at"], row["is_mature"])
            found.setdefault(key, []).append(
                (
                    row["position"], row["item"], row["event_id"], row["previous_item"],
                    row["seconds_from_previous"],
                )
            )  # fmt: skip
        ours = Counter((user, at, ripe, *items) for (user, _, at, ripe), items in found.items())
        theirs = Counter(
            (one.user, one.anchor_at.replace(tzinfo=None), one.is_mature, *told(one))
            for one in wanted
        )
        if ours != theirs:
            wrong[path_id] = [f"not in the oracle: {row}" for row in ours - theirs]
            wrong[path_id] += [f"only in the oracle: {row}" for row in theirs - ours]
        numbers = [(user, number) for user, number, _, _ in found]
        times = [(user, at) for user, _, at, _ in found]
        assert len(set(numbers)) == len(numbers)
        assert times == sorted(times)
    assert not wrong, report(wrong)


def told(one: Occurrence) -> list[tuple[Any, ...]]:
    """Position, item and event, with the item before and the seconds since it."""
    lines = []
    for number, (position, item) in enumerate(one.items):
        before = one.items[number - 1][1] if number else None
        lines.append(
            (
                position,
                item.name,
                item.event.order,
                before and before.name,
                (item.event.at - before.event.at).total_seconds() if before else None,
            )
        )
    return lines


@pytest.mark.parametrize("horizon", HORIZONS)
def test_edges_and_sequences_are_those_of_the_oracle(
    warehouses: dict[datetime | None, File], horizon: datetime | None
) -> None:
    edges = grouped(warehouses[horizon], "marts.mart_path_edges", "path_id")
    sequences = grouped(warehouses[horizon], "marts.mart_path_sequences", "path_id")
    wrong = {}
    for path in drawn()[1]:
        path_id = path.path_id
        wanted = paths_oracle.marts(world_at(horizon), path, occurrences(horizon)[path_id])
        found = (
            {
                (row["source_position"], row["source_item"], row["target_item"]): row
                for row in edges.get(path_id, [])
            },
            {
                "Other ..." if row["sequence_key"] == "other" else row["item_sequence"]: row
                for row in sequences.get(path_id, [])
            },
        )
        if lines := differences(found[0], wanted[0]) + differences(found[1], wanted[1]):
            wrong[path_id] = lines
    assert not wrong, report(wrong)


@pytest.mark.parametrize(
    "table", ["facts.fct_path_items", "marts.mart_path_edges", "marts.mart_path_sequences"]
)
def test_ripe_rows_stay(warehouses: dict[datetime | None, File], table: str) -> None:
    early = grouped(warehouses[HORIZON], table, "path_id")
    now = grouped(warehouses[None], table, "path_id")
    ripe = [(path_id, row) for path_id, rows in early.items() for row in rows if row["is_mature"]]
    assert len(ripe) > 100
    present = {path_id: {repr(row) for row in rows} for path_id, rows in now.items()}
    moved = [row for path_id, row in ripe if repr(row) not in present.get(path_id, set())]
    assert not moved, f"YUNYING_TEST_SEED={seed()}: {len(moved)} {moved[:3]}"


def test_the_draw_reaches_what_it_is_for() -> None:
    """A world without long, open, collapsed or late paths would prove nothing."""
    for horizon in HORIZONS:
        found = [one for path in occurrences(horizon).values() for one in path]
        assert {one.is_mature for one in found} == {True, False}
        assert {position for one in found for position, _ in one.items} == set(range(-5, 6))
        assert sum(len(one.items) > 3 for one in found) > 200
