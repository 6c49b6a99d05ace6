"""Paths by walking each user: lists that are cut, grouped and sliced."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from tests.warehouse.oracles import Event, Side, World

GAP = timedelta(minutes=30)
LONGEST = timedelta(hours=72)


@dataclass(frozen=True)
class Path:
    """A row of paths.csv."""

    path_id: str
    item: Side
    anchor: Side | None
    anchor_item: str | None
    direction: str
    steps: int
    item_property: tuple[tuple[str, str], ...]
    drop_ending: str
    repeats: str
    occurrences: str
    scope: str
    session_gap: timedelta | None
    window: timedelta | None
    item_limit: int
    sequence_limit: int
    from_at: datetime | None
    to_at: datetime | None

    @property
    def has_anchor(self) -> bool:
        return self.anchor is not None or self.anchor_item is not None


@dataclass(frozen=True)
class Item:
    """What a path goes through: an event, or the one that stands for a run of equal ones."""

    name: str
    is_anchor: bool
    event: Event


@dataclass(frozen=True)
class Occurrence:
    """The items of one occurrence by position."""

    user: str
    anchor_at: datetime
    items: tuple[tuple[int, Item], ...]
    is_mature: bool


def without_ending(text: str, ending: str) -> str:
    return text.rstrip(ending) or text if ending else text


def occurrences(world: World, path: Path) -> list[Occurrence]:
    """Every occurrence of a path, of all users."""
    served: dict[str, dict[str, tuple[Event, bool]]] = defaultdict(dict)
    for side, is_anchor in ((path.item, False), (path.anchor, True)):
        for user, events in (world.choose(side) if side else {}).items():
            for event in events:
                was_anchor = served[user].get(event.order, (event, False))[1]
                served[user][event.order] = (event, is_anchor or was_anchor)
    wanted = without_ending(path.anchor_item or "", path.drop_ending)
    found = []
    for user, mine in served.items():
        items = []
        for event, serves in sorted(mine.values(), key=lambda one: (one[0].at, one[0].order)):
            values = (world.value(event, [one]) for one in path.item_property)
            name = without_ending(next(filter(None, values), event.name), path.drop_ending)
            is_anchor = (
                path.has_anchor
                and (serves or path.anchor is None)
                and (path.anchor_item is None or name == wanted)
            )
            items.append(Item(name, is_anchor, event))
        for part, closes_at in parts(world, path, user, items):
            found += list(walk(world, path, user, part, closes_at))
    return found


def parts(
    world: World, path: Path, user: str, items: list[Item]
) -> Iterator[tuple[list[Item], datetime | None]]:
    """The stretches that a path stays inside, and when nothing joins one any more."""
    if path.scope == "user":
        yield items, None
    elif path.session_gap:
        part = items[:1]
        for item in items[1:]:
            if item.event.at - part[-1].event.at >= path.session_gap:
                yield part, part[-1].event.at + path.session_gap
                part = []
            part.append(item)
        yield part, part[-1].event.at + path.session_gap
    else:
        active = sorted(e.at for e in world.events if e.user == user and e.name not in world.silent)
        sessions: list[list[datetime]] = []
        for at in active:
            if sessions and at - sessions[-1][-1] < GAP and at - sessions[-1][0] < LONGEST:
                sessions[-1].append(at)
            else:
                sessions.append([at])
        for session in sessions:
            first, last = session[0], session[-1]
            part = [item for item in items if first <= item.event.at <= last]
            if part:
                yield part, min(last + GAP, first + LONGEST)


def walk(
    world: World, path: Path, user: str, items: list[Item], closes_at: datetime | None
) -> Iterator[Occurrence]:
    if path.repeats != "each":
        runs = [list(run) for _, run in groupby(items, lambda item: (item.name, item.is_anchor))]
        items = [run[0 if path.repeats == "first" else -1] for run in runs]
    if path.has_anchor:
        places = [place for place, item in enumerate(items) if item.is_anchor]
        places = places[:1] if path.occurrences == "first" else places
    else:
        places = [len(items) if path.direction == "before" else -1]
    for place in places:
        anchor_at = items[min(max(place, 0), len(items) - 1)].event.at
        if (path.from_at and anchor_at < path.from_at) or (path.to_at and anchor_at > path.to_at):
            continue
        least = 0 if path.direction == "after" else -path.steps
        most = 0 if path.direction == "before" else path.steps
        reached = tuple(
            (number - place, item)
            for number, item in enumerate(items)
            if least <= number - place <= most
            and (path.window is None or abs(item.event.at - anchor_at) <= path.window)
        )
        closed = closes_at
        if path.scope == "user":
            assert path.window is not None
            closed = anchor_at if path.direction == "before" else anchor_at + path.window
        assert closed is not None
        yield Occurrence(user, anchor_at, reached, closed <= world.through)


def marts(world: World, path: Path, found: list[Occurrence]) -> tuple[dict[Any, Any], ...]:
    """Rows of the edges and of the sequences of a path, by key."""
    counts = Counter(item.name for one in found for _, item in one.items)
    kept = set(sorted(counts, key=lambda name: (-counts[name], name))[: path.item_limit])
    is_mature = (
        path.to_at is not None
        and path.to_at <= world.through
        and all(one.is_mature for one in found)
    )
    edges: dict[Any, list[Any]] = defaultdict(list)
    sources: Counter[Any] = Counter()
    sequences: dict[Any, list[Occurrence]] = defaultdict(list)
    for one in found:
        names = [item.name if item.name in kept else "Other" for _, item in one.items]
        sequences[tuple(names)].append(one)
        for number, (position, item) in enumerate(one.items):
            sources[position, names[number]] += one.is_mature
            if number:
                seconds = (item.event.at - one.items[number - 1][1].event.at).total_seconds()
                edges[position - 1, names[number - 1], names[number]].append((one, seconds))
    edge_rows = {}
    for key, members in edges.items():
        ripe = [seconds for one, seconds in members if one.is_mature]
        total = sources[key[:2]]
        edge_rows[key] = {
            "occurrence_count": len(members),
            "user_count": len({one.user for one, _ in members}),
            "mature_occurrence_count": len(ripe),
            "mature_source_count": total,
            "rate_from_source": len(ripe) / total if total else None,
            "mean_seconds": sum(ripe) / len(ripe) if ripe else None,
            "is_mature": is_mature,
        }
    ranked = sorted(
        sequences, key=lambda s: (-len(sequences[s]), ",".join(f"{len(n)}:{n}" for n in s))
    )
    pooled: dict[str, list[Occurrence]] = defaultdict(list)
    for rank, names_of in enumerate(ranked):
        text = " > ".join(names_of) if rank < path.sequence_limit else "Other ..."
        pooled[text] += sequences[names_of]
    ripe_count = sum(one.is_mature for one in found)
    sequence_rows = {
        text: {
            "occurrence_count": len(members),
            "user_count": len({one.user for one in members}),
            "mature_occurrence_count": sum(one.is_mature for one in members),
            "mature_path_occurrence_count": ripe_count,
            "is_mature": is_mature,
        }
        for text, members in pooled.items()
    }
    return edge_rows, sequence_rows
