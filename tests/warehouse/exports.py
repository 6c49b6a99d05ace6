"""Small logs of known tools, drawn from what they publish of their formats, and what each tells by
day, read in Python."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from orchestration.ingest.columns import Actor
from tests.support import query

Row = dict[str, Any]
BEGIN = datetime(2024, 3, 1, 6, tzinfo=UTC)
DAYS = 9


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def visits(chance: Random, people: int, log: str) -> Iterable[tuple[str, str | None, datetime]]:
    """Device, user (from the second half of a visit on, of those who sign in), instant."""
    for person in range(people):
        signs_in = person % 3 > 0
        for visit in range(chance.randrange(1, 5)):
            at = BEGIN + timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(900))
            for step in range(chance.randrange(2, 6)):
                is_known = signs_in and (visit > 0 or step > 1)
                yield f"{log}d{person}", f"{log}u{person}" if is_known else None, at
                at += timedelta(seconds=chance.randrange(5, 1200), milliseconds=chance.randrange(9))


def segment(chance: Random, people: int = 12) -> list[Row]:
    """Calls of a browser, a phone and a server; some come again, a day late, or have no id."""
    rows: list[Row] = []
    for number, (device, user, at) in enumerate(visits(chance, people, "s")):
        is_phone = device in ("sd1", "sd2", "sd3")
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
        {"type": "identify", "messageId": "i1", "anonymousId": "sd1", "userId": "su1",
         "traits": {"plan": "free", "mail": "u1@shop.example", "createdAt": "2023-05-06T00:00:00Z"},
         "timestamp": iso(at), "receivedAt": iso(at)},
        {"type": "identify", "messageId": "i2", "userId": "su1", "traits": {"plan": "pro"},
         "timestamp": iso(later), "receivedAt": iso(later)},
        {"type": "identify", "messageId": "i3", "userId": "su2", "anonymousId": "sd2",
         "context": {"traits": {"plan": "free"}}, "timestamp": iso(at), "receivedAt": iso(at)},
        # The visitor without a name of the day before signs up.
        {"type": "alias", "messageId": "i4", "previousId": "sd0", "userId": "su0",
         "timestamp": iso(at), "receivedAt": iso(at)},
        {"type": "group", "messageId": "i5", "userId": "su4", "groupId": "g1",
         "timestamp": iso(at), "receivedAt": iso(at)},
    ]  # fmt: skip


def ga4(chance: Random, people: int = 12) -> list[Row]:
    """Events of a site; some were in the table of the running day too, some know no visitor."""
    rows: list[Row] = []
    sessions: dict[str, tuple[int, datetime]] = {}
    for number, (device, user, at) in enumerate(visits(chance, people, "g")):
        session, last = sessions.get(device, (0, at))
        if not session or abs(at - last) > timedelta(minutes=30):
            session = int(at.timestamp())
        sessions[device] = (session, at)
        name = chance.choice(("page_view", "scroll", "purchase", "refund", "app_remove"))
        url = "https://shop.example/home?utm_id=1#top" if number % 2 else "http://shop.example/"
        row: Row = {
            "event_date": at.strftime("%Y%m%d"),
            "event_timestamp": str(int(at.timestamp() * 1_000_000)),
            "event_name": name,
            "event_params": [
                {"key": "ga_session_id", "value": {"int_value": str(session)}},
                {"key": "page_location", "value": {"string_value": url}},
                {"key": "currency", "value": {"string_value": "USD"}},
                {"key": "engagement", "value": {"double_value": 1.5}},
                {"key": "number", "value": {"int_value": str(number)}},
            ],
            "event_bundle_sequence_id": str(number),
            "user_id": user,
            "user_pseudo_id": device,
            "user_properties": [
                {"key": "plan", "value": {"string_value": f"plan {at.day}"}},
            ] if user else [],
            "device": {"category": "desktop"},
            "geo": {"country": "(not set)" if number % 3 else "France"},
            "platform": "WEB",
            "stream_id": "77",
            "collected_traffic_source": {
                "manual_source": "(direct)" if number % 2 else "mail",
                "manual_campaign_name": "(not set)", "gclid": "x1" if number % 4 == 1 else None,
            },
            "ecommerce": {
                "transaction_id": f"t{number}" if name in ("purchase", "refund") else "(not set)",
                "purchase_revenue": 10.5 + number if name == "purchase" else None,
                "refund_value": 1.25 if name == "refund" else None,
            },
            "items": [],
            "is_active_user": True,
        }  # fmt: skip
        rows.append(row)
        if chance.random() < 0.15:  # the table of the running day knew less
            rows.append({**row, "geo": {"country": None}, "is_active_user": False})
    return rows


NO_VISITOR: Row = {
    "event_date": "20240302", "event_timestamp": "1709337600000000", "event_name": "page_view",
    "event_params": [], "user_id": None, "user_pseudo_id": None, "platform": "WEB",
}  # fmt: skip
"""What is exported of somebody who gave no consent."""


def acts_of_ga4(rows: Iterable[Row]) -> list[Act]:
    """What visitors did, each once."""
    first = {(row["user_pseudo_id"], row["event_bundle_sequence_id"]): row for row in rows}
    return [
        (
            row["user_pseudo_id"],
            row["user_id"],
            row["event_name"],
            datetime.fromtimestamp(int(row["event_timestamp"]) / 1_000_000, UTC).replace(
                tzinfo=None
            ),
        )
        for row in first.values()
    ]


def sensorsdata(chance: Random, people: int = 12) -> list[Row]:
    """Records of a browser: before and after somebody signs in, and by two ways of saying so."""
    rows: list[Row] = []
    seen: set[str] = set()
    for number, (device, user, at) in enumerate(visits(chance, people, "n")):
        time = int(at.timestamp() * 1000)
        if user is not None and user not in seen:
            seen.add(user)
            rows.append(
                {"type": "track_signup", "event": "$SignUp", "distinct_id": user, "login_id": user,
                 "original_id": device, "time": time, "_track_id": 500_000 + number,
                 "properties": {"$lib": "js"}, "recv_time": time + 900}
            )  # fmt: skip
        row: Row = {
            "type": "track",
            "event": chance.choice(("$pageview", "$WebClick", "PayOrder", "ViewProduct")),
            "distinct_id": user or device,
            "time": time,
            "_track_id": number,
            "_flush_time": time + 10,
            "recv_time": time + 1000 + 86_400_000 * (chance.random() < 0.1),
            "lib": {"$lib": "js", "$lib_version": "1.26"},
            "properties": {
                "$lib": "js",
                "$url_path": "/home" if number % 2 else "取值异常",
                "$utm_source": "mail" if number % 2 else "",
                "$is_first_day": False,
            },
        }
        if user is None or number % 2:
            row |= {"anonymous_id": device}
            row |= {"login_id": user} if user else {}
        else:
            row["properties"] |= {"$is_login_id": True}
        if row["event"] == "PayOrder":
            row["properties"] |= {"order_id": f"n{number}", "amount": 20.5 + number}
        rows.append(row)
        if chance.random() < 0.15:
            rows.append({**row, "_flush_time": time + 99, "recv_time": time + 5_000_000})
    return rows


def profiles() -> list[Row]:
    """What is set of a profile: the first of what is set once, the latest of the rest."""
    time = int(BEGIN.timestamp() * 1000)
    record = {"distinct_id": "nu1", "login_id": "nu1", "anonymous_id": "nd1"}
    return [
        {**record, "type": kind, "time": time + at * 60_000, "_track_id": 900_000 + at,
         "properties": told}
        for at, kind, told in (
            (3, "profile_set", {"city": "上海"}),
            (4, "profile_set", {"city": "杭州", "level": 2}),
            (5, "profile_set_once", {"city": "北京", "source": "mail"}),
            (6, "profile_set_once", {"source": "push"}),
            (7, "profile_increment", {"level": 5}),
        )
    ]  # fmt: skip


def acts_of_sensorsdata(rows: Iterable[Row]) -> list[Act]:
    """What people did, each once."""
    first = {(row["_track_id"], row["time"]): row for row in rows}
    acts = []
    for row in first.values():
        is_user = row.get("login_id") or row["properties"].get("$is_login_id")
        user = row["distinct_id"] if is_user else None
        device = row.get("anonymous_id") or row.get("original_id")
        name = row["event"] if row["type"].startswith("track") else row["type"]
        at = datetime.fromtimestamp(row["time"] / 1000, UTC).replace(tzinfo=None)
        acts.append((device, user, name, at))
    return acts


BAD_SEGMENT: list[tuple[str, str]] = [
    ('{"type": "track", "event": "x", "messageId": "b1", "timestamp": "2024-03-02T00:00:00Z"}',
     "missing_actor"),
    ('{"type": "track", "messageId": "b2", "userId": "su1", "timestamp": "2024-03-02T00:00:00Z"}',
     "missing_event_name"),
    ('{"type": "track", "event": "x", "messageId": "b3", "userId": "su1", "timestamp": "soon"}',
     "unparseable_occurred_at"),
    ('{"type": "track", "event": "Order Completed", "messageId": "b4", "userId": "su1", '
     '"properties": {"total": "1,234.50"}, "timestamp": "2024-03-02T00:00:00Z"}',
     "invalid_amount"),
    ('{"type": "track", "event": "x", "messageId": "b5", "userId": "undefined", '
     '"timestamp": "2024-03-02T00:00:00Z"}', "missing_actor"),
    ('{"type": "track", "event": "cut o', "malformed_row"),
]  # fmt: skip
"""Lines that are no event, with the reason."""


ODD: dict[str, list[Row]] = {
    "segment": [
        {"type": "track", "event": "odd", "messageId": "o1", "userId": "odd", "context": "none",
         "properties": "none", "timestamp": "2024-03-02T00:00:00Z"},
        {"type": "track", "event": "odd", "messageId": "o2", "userId": 9.0,
         "context": {"page": "/x", "app": 7, "campaign": ["a"]}, "properties": [1],
         "timestamp": "2024-03-02T00:00:00Z"},
        {"type": "identify", "messageId": "o3", "userId": "odd", "traits": "none",
         "timestamp": "2024-03-02T00:00:00Z"},
        {"type": "identify", "messageId": "o4", "userId": "odd", "traits": [{"plan": "free"}],
         "timestamp": "2024-03-02T00:00:00Z"},
    ],
    "ga4": [
        {"event_timestamp": 1709337600000000, "event_name": "odd", "user_id": "odd",
         "event_params": params, "user_properties": params, "geo": params, "ecommerce": "none"}
        for params in ("none", {"key": "a"}, [1, "b", {"key": None}], 5, None)
    ],
    "sensorsdata": [
        {"type": "track", "event": "odd", "distinct_id": "odd", "login_id": "odd", "time": time,
         "identities": "none", "lib": "none", "properties": "none"}
        for time in (1709337600000, "1709337600001")
    ],
}  # fmt: skip
"""Rows whose parts have another shape than the tool says: events all the same."""


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


def assert_counted(warehouse: Path, log: str, acts: list[Act], idle: set[str]) -> None:
    """The users, sessions and events of each day are those that the samples have."""
    found = query(
        warehouse,
        "select cast(event_date as text) as day, count(distinct user_id) as users,"
        " count(*) as events from facts.fct_events where is_activity and source_id = ?"
        " and event_name <> 'odd' group by all",
        [log],
    )
    letter = acts[0][0][0]
    sessions = {
        row["day"]: row["sessions"]
        for row in query(
            warehouse,
            "select cast(cast(started_at as date) as text) as day, count(*) as sessions"
            " from facts.fct_sessions where replace(user_id, 'anon:', '') similar to ?"
            " group by all",
            [f"{letter}[ud][0-9].*"],
        )
    }
    wanted = by_day(acts, idle)
    assert {
        row["day"]: (row["users"], sessions.get(row["day"], 0), row["events"]) for row in found
    } == wanted
    assert len(wanted) > 5


def assert_erased_is_staged(warehouse: Path, log: str, actor: Actor) -> None:
    """What an erasure takes for user, device and instant is what the staged row has."""
    source = "feed" if log == "events" else log
    read, staged = (
        query(warehouse, f"select {columns} from {table} order by load_id, row_number")
        for columns, table in (
            (f"{actor.user} as u, {actor.device} as d, {actor.at} as t", f"raw.{log}"),
            ("user_id as u, anonymous_id as d, occurred_at as t", f"staging.stg_{source}__events"),
        )
    )
    assert read == staged != []
