"""Small logs of known tools, drawn from what they publish of their formats, and what each tells by
day, read in Python."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Row = dict[str, Any]
BEGIN = datetime(2024, 3, 1, 6, tzinfo=UTC)
DAYS = 9


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def visits(chance: Random, people: int) -> Iterable[tuple[str, str | None, datetime]]:
    """Device, user (from the second half of a visit on, of those who sign in), instant."""
    for person in range(people):
        signs_in = person % 3 > 0
        for visit in range(chance.randrange(1, 5)):
            at = BEGIN + timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(900))
            for step in range(chance.randrange(2, 6)):
                is_known = signs_in and (visit > 0 or step > 1)
                yield f"d{person}", f"u{person}" if is_known else None, at
                at += timedelta(seconds=chance.randrange(5, 1200), milliseconds=chance.randrange(9))


def segment(chance: Random, people: int = 12) -> list[Row]:
    """Calls of a browser, a phone and a server; some come again, a day late, or have no id."""
    rows: list[Row] = []
    for number, (device, user, at) in enumerate(visits(chance, people)):
        is_phone = device in ("d1", "d2", "d3")
        row: Row = {
            "messageId": f"ajs-{number}",
            "anonymousId": device,
            "userId": user,
            "channel": "client",
            "context": {
                "library": {"name": "analytics.js", "version": "4.1"},
                "page": {"path": "/shop", "referrer": "https://search.example/", "title": "Shop"},
                "campaign": {"name": "spring", "source": "mail", "medium": "email"},
            },
            "integrations": {"All": True},
            "originalTimestamp": iso(at + timedelta(minutes=3)),  # a clock that is fast
            "sentAt": iso(at + timedelta(minutes=3, seconds=2)),
            "receivedAt": iso(at + timedelta(seconds=2, days=chance.random() < 0.1)),
            "timestamp": iso(at),
            "version": 2,
        }
        if is_phone:
            row["channel"] = "mobile"
            row["context"] = {
                "app": {"version": "3.4.1"},
                "device": {"type": "iOS"},
                "os": {"name": "iOS"},
                "sessionId": 17_000 + number,
            }
        kind = chance.choice(("page", "track", "track", "order", "refund"))
        if kind == "page":
            row |= {
                "type": "screen" if is_phone else "page",
                "name": "Home",
                "properties": {"path": "/home", "url": "https://shop.example/home"},
            }
        elif kind == "track":
            row |= {
                "type": "track",
                "event": "Article Read",
                "properties": {"content_id": "a1", "total": "12 pages"},
            }
        else:
            total = 10 + number
            row |= {
                "type": "track",
                "event": "Order Completed" if kind == "order" else "Order Refunded",
                "properties": {"order_id": f"o{number}", "currency": "USD",
                               "total": str(total) if number % 2 else total, "revenue": total - 2},
            }  # fmt: skip
        rows.append(row)
        if chance.random() < 0.15:
            rows.append({**row, "receivedAt": iso(at + timedelta(hours=20))})
    return rows


def calls_of_users() -> list[Row]:
    """What tells of users alone: traits, and that ids are one."""
    at = BEGIN + timedelta(days=1)
    later = at + timedelta(days=2)
    return [
        {"type": "identify", "messageId": "i1", "anonymousId": "d1", "userId": "u1",
         "traits": {"plan": "free", "mail": "u1@shop.example", "createdAt": "2023-05-06T00:00:00Z"},
         "timestamp": iso(at), "receivedAt": iso(at)},
        {"type": "identify", "messageId": "i2", "userId": "u1", "traits": {"plan": "pro"},
         "timestamp": iso(later), "receivedAt": iso(later)},
        {"type": "identify", "messageId": "i3", "userId": "u2", "anonymousId": "d2",
         "context": {"traits": {"plan": "free"}}, "timestamp": iso(at), "receivedAt": iso(at)},
        # The visitor without a name of the day before signs up.
        {"type": "alias", "messageId": "i4", "previousId": "d0", "userId": "u0",
         "timestamp": iso(at), "receivedAt": iso(at)},
        {"type": "group", "messageId": "i5", "userId": "u4", "groupId": "g1",
         "timestamp": iso(at), "receivedAt": iso(at)},
    ]  # fmt: skip


BAD_SEGMENT: list[tuple[str, str]] = [
    ('{"type": "track", "event": "x", "messageId": "b1", "timestamp": "2024-03-02T00:00:00Z"}',
     "missing_actor"),
    ('{"type": "track", "messageId": "b2", "userId": "u1", "timestamp": "2024-03-02T00:00:00Z"}',
     "missing_event_name"),
    ('{"type": "track", "event": "x", "messageId": "b3", "userId": "u1", "timestamp": "soon"}',
     "unparseable_occurred_at"),
    ('{"type": "track", "event": "Order Completed", "messageId": "b4", "userId": "u1", '
     '"properties": {"total": "1,234.50"}, "timestamp": "2024-03-02T00:00:00Z"}',
     "invalid_amount"),
    ('{"type": "track", "event": "x", "messageId": "b5", "userId": "undefined", '
     '"timestamp": "2024-03-02T00:00:00Z"}', "missing_actor"),
    ('{"type": "track", "event": "cut o', "malformed_row"),
]  # fmt: skip
"""Lines that are no event, with the reason."""


def lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


Act = tuple[str, str | None, str, datetime]
"""Device, user, event and instant."""


def acts_of_segment(rows: Iterable[Row]) -> list[Act]:
    """What people did, each once."""
    first = {row["messageId"]: row for row in rows}
    return [
        (
            row.get("previousId") or row.get("anonymousId"),
            row.get("userId"),
            row["event"] if row["type"] == "track" else row["type"],
            datetime.fromisoformat(row["timestamp"]).replace(tzinfo=None),
        )
        for row in first.values()
    ]


def people(acts: Iterable[Act]) -> dict[str | None, str]:
    """Whose each device is: the one user that was seen with it."""
    return {device: user for device, user, _, _ in acts if user is not None and device is not None}


def by_day(acts: list[Act], idle: set[str]) -> dict[str, tuple[int, int, int]]:
    """Users, sessions and events of each day; `idle` events are no activity."""
    owner = people(acts)
    active: dict[str, list[datetime]] = defaultdict(list)
    for device, user, event, at in acts:
        if event not in idle:
            active[user or owner.get(device) or f"anon:{device}"].append(at)
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for instants in active.values():
        instants.sort()
        for day in {at.date() for at in instants}:
            found[str(day)][0] += 1
        for before, at in zip([None, *instants], instants, strict=False):
            found[str(at.date())][1] += before is None or at - before > timedelta(minutes=30)
            found[str(at.date())][2] += 1
    return {day: tuple(counts) for day, counts in found.items()}  # type: ignore[misc]
