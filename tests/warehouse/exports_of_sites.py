"""Small logs of tools for sites and apps, and of warehouses that Segment fills, drawn from what
they publish of their tables, and what each tells by day, read in Python."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from tests.warehouse.exports import Act, Row, visits


def sql_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def table(rows: Iterable[Row], escape: str | None = None) -> str:
    """Rows as CSV: what none of them knows is an empty cell, an object its JSON."""
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, escapechar=escape, doublequote=escape is None)
    writer.writeheader()
    for row in listed:
        writer.writerow(
            {
                name: json.dumps(value) if isinstance(value, dict | list) else value
                for name, value in row.items()
            }
        )
    return text.getvalue()


SEGMENT_EVENTS = {
    "order_completed": "Order Completed",
    "order_refunded": "Order Refunded",
    "article_read": "Article Read",
    "soundtracks_bought": "Soundtracks Bought",  # not of the table `tracks`
}


def segment_tables(chance: Random, people: int = 12) -> dict[str, list[Row]]:
    """The rows of each table: an event is in its own with what was said of it, and in `tracks`."""
    tables: dict[str, list[Row]] = {
        name: [] for name in ("tracks", *SEGMENT_EVENTS, "pages", "screens", "identifies")
    }
    for number, (device, user, at) in enumerate(visits(chance, people, "W")):
        row: Row = {
            "id": f"ajs-{number}",
            "anonymous_id": device,
            "user_id": user,
            "original_timestamp": sql_time(at + timedelta(minutes=3)) + ".000 UTC",
            "received_at": sql_time(at + timedelta(days=chance.random() < 0.1)) + " UTC",
            "timestamp": f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC",
            "uuid_ts": sql_time(at + timedelta(hours=1)),
            "context_library_name": "analytics.js",
            "context_page_path": "/shop",
            "context_campaign_source": "mail",
            "context_campaign_name": "spring",
        }
        kind = chance.choice(("pages", "screens", *SEGMENT_EVENTS))
        if kind == "pages":
            tables[kind].append(
                {**row, "name": "Home", "path": "/home", "title": "Shop", "group_id": "g1"}
            )
        elif kind == "screens":
            tables[kind].append({**row, "name": "Home", "context_device_type": "android"})
        else:
            row |= {"event": kind, "event_text": SEGMENT_EVENTS[kind]}
            tables["tracks"].append(row)
            said: Row = {"content_id": "a1"}
            if kind == "soundtracks_bought":
                del row["context_page_path"]
                said["name"] = "Red shoe"
            elif kind != "article_read":
                said = {"order_id": f"W{number}", "currency": "USD", "total": 10 + number}
            tables[kind].append({**row, **said})
    at = datetime(2024, 3, 2, 6, tzinfo=UTC)
    for number, told in enumerate(({"plan": "free", "name": "Ann"}, {"plan": "pro"})):
        told_at = sql_time(at + timedelta(days=2 * number)) + " UTC"
        tables["identifies"].append(
            {"id": f"i{number}", "user_id": "Wu1", "anonymous_id": "Wd1", "timestamp": told_at,
             "received_at": told_at, "context_ip": "203.0.113.9", **told}
        )  # fmt: skip
    tables["aliases"] = [
        {"id": "l1", "user_id": "Wu0", "previous_id": "Wd0", "timestamp": sql_time(at),
         "received_at": sql_time(at)}
    ]  # fmt: skip
    return tables


def acts_of_segment_tables(tables: dict[str, list[Row]]) -> list[Act]:
    kinds = {"pages": "page", "screens": "screen", "identifies": "identify", "aliases": "alias"}
    return [
        (
            row.get("previous_id") or row.get("anonymous_id"),
            row["user_id"],
            kinds.get(name) or row["event_text"],
            datetime.fromisoformat(row["timestamp"].removesuffix(" UTC")),
        )
        for name, rows in tables.items()
        if name != "tracks"
        for row in rows
    ]


MATOMO_KINDS: dict[str, Row] = {
    "action": {"url_type": "1", "name_type": "4", "name": "Shop"},
    "outlink": {"url_type": "2"},
    "search": {"url_type": "1", "name_type": "8", "name": "shoes"},
    "Video / play": {"event_category": "Video", "event_action": "play", "name": "Intro"},
    "goal": {"idgoal": "1", "buster": "0", "revenue": "5"},
    "cart": {"idgoal": "-1", "buster": "0", "revenue": "7"},
    "order": {"idgoal": "0", "buster": "4711", "currency": "USD"},
}


# Of a conversion the whole address.
MATOMO_URLS = {
    "order": "https://shop.example/checkout?x=1",
    "cart": "capacitor://localhost/cart?from=https://shop.example/",
    "goal": "https://shop.example?next=/home",
}


def matomo(chance: Random, people: int = 12) -> list[Row]:
    """Rows of both queries; a visit begins with an action, and is said to come from a campaign."""
    rows: list[Row] = []
    last: dict[str, tuple[datetime, datetime, int]] = {}
    for number, (device, user, at) in enumerate(visits(chance, people, "M")):
        at = at.replace(microsecond=0)
        first, before, visit = last.get(device, (at, datetime(2000, 1, 1, tzinfo=UTC), 0))
        is_entry = abs(at - before) > timedelta(minutes=30)
        if is_entry:
            first, visit = at, number
        last[device] = (first, at, visit)
        kind = "action" if is_entry else chance.choice(tuple(MATOMO_KINDS))
        row: Row = {
            "idsite": "1", "idvisit": f"{visit}", "idvisitor": device, "user_id": user,
            "server_time": sql_time(at), "url": "shop.example/home?utm_id=1#top",
            "visit_first_action_time": sql_time(first), "referer_type": "6",
            "referer_name": "spring", "referer_keyword": "shoes",
            "location_country": "fr" if number % 2 else "xx", **MATOMO_KINDS[kind],
        }  # fmt: skip
        if "idgoal" not in row:
            row["idlink_va"] = f"{number}"
        row["url"] = MATOMO_URLS.get(kind, row["url"])
        if kind == "order":
            row |= {"idorder": f"M{number}", "revenue": f"{10.5 + number}"}
        if kind in ("goal", "cart"):
            row["idvisit"] = f"{visit}{number}"  # one of each a visit
        row["kind"] = kind
        rows.append(row)
        if chance.random() < 0.15:  # a night's export has the evening before again
            rows.append(dict(row))
    return rows


def umami(chance: Random, people: int = 12) -> list[Row]:
    """Events of a cloud's export, and of a database where what an event says is beside it."""
    rows: list[Row] = []
    for number, (device, user, at) in enumerate(visits(chance, people, "U")):
        kind = chance.choice(("1", "2", "2", "5"))
        row: Row = {
            "website_id": "site", "session_id": device, "visit_id": f"v{device}{at:%d%H}",
            "event_id": f"{number}", "hostname": "shop.example", "browser": "chrome",
            "os": "Mac OS", "device": "desktop", "country": "FR", "url_path": "/home",
            "url_query": "a=1&utm_source=mail&utm_medium=" if number % 2 else "",
            "referrer_domain": "search.example", "referrer_path": "/", "page_title": "Shop",
            "event_type": kind, "event_name": "", "distinct_id": user,
            "created_at": f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}+00",
        }  # fmt: skip
        if number % 2 == 0:
            row |= {"utm_source": "", "utm_campaign": "spring"}
        if kind == "2":
            row |= {
                "event_name": "Paid",
                "event_data": {"order_id": f"U{number}", "revenue": f"{20 + number}.5000",
                               "currency": "USD"},
            }  # fmt: skip
        rows.append(row)
    return rows


def plausible(chance: Random, people: int = 12) -> list[Row]:
    """Rows as ClickHouse writes them; whoever comes again another day is somebody else."""
    rows: list[Row] = []
    for number, (device, _, at) in enumerate(visits(chance, people, "P")):
        kind = chance.choice(("pageview", "pageview", "engagement", "Paid"))
        row: Row = {
            "name": kind, "site_id": 1, "user_id": f"{device}.{at:%d}",
            "session_id": 2**63 + number, "hostname": "shop.example", "pathname": "/home",
            "timestamp": sql_time(at), "referrer": "", "utm_source": "mail" if number % 2 else "",
            "utm_campaign": "", "country_code": "FR" if number % 2 else "\0\0",
            "scroll_depth": 255, "meta.key": ["number"], "meta.value": [f"{number}"],
            "revenue_source_amount": None, "revenue_source_currency": "\0\0\0",
        }  # fmt: skip
        if kind == "Paid":
            row |= {
                "meta.key": ["number", "order_id"], "meta.value": [f"{number}", f"P{number}"],
                "revenue_source_amount": 30 + number, "revenue_source_currency": "USD",
            }  # fmt: skip
        rows.append(row)
    return rows


def umeng(chance: Random, people: int = 12) -> list[Row]:
    """Records of an app as the subscription ships them, every value a text; some come again."""
    rows: list[Row] = []
    for number, (device, _, at) in enumerate(visits(chance, people, "E")):
        kind = chance.choice(("ViewProduct", "PayApp"))
        said = {"content_id": "a1", "number": f"{number}"}
        if kind == "PayApp":
            said |= {"order_id": f"E{number}", "amount": f"{40 + number}"}
        time = int(at.timestamp() * 1000)
        row: Row = {
            "app_key": "k", "event_name": kind, "event_type": "custom", "session_id": f"s{number}",
            "umid": device, "app_version": "3.1", "app_channel": "store", "os": "Android",
            "country": "中国", "svr_timestamp": str(time + 900), "cli_timestamp": str(time),
            "event_kv_json": json.dumps(said),
        }  # fmt: skip
        rows.append(row)
        if chance.random() < 0.15:
            rows.append(row)
    return rows


def growingio(chance: Random, people: int = 12) -> dict[str, list[Row]]:
    """The rows of each kind of file; an hour's file comes again within that of its day."""
    files: dict[str, list[Row]] = {name: [] for name in ("visit", "page", "action", "custom_event")}
    for number, (device, user, at) in enumerate(visits(chance, people, "G")):
        time = int(at.timestamp() * 1000)
        row: Row = {"visitUserId": device, "sessionId": f"s{device}", "time": time,
                    "sendTime": time + 500, "domain": "shop.example", "page": "/home"}  # fmt: skip
        name = chance.choice(tuple(files))
        if name in ("visit", "page"):
            row |= {"platform": "Web", "queryParameters": "utm_source=mail&cid=1",
                    "referrer": "https://search.example/",
                    "vstRequestId": f"v{number}"}  # fmt: skip
        if name in ("page", "custom_event"):
            row |= {"loginUserId": user, "pageRequestId": f"p{number}"}
        if name == "action":
            row |= {"requestType": chance.choice(("clck", "imp")), "requestValue": 'say "yes"',
                    "pageRequestId": f"p{number}", "actionRequestId": f"wa{number}"}  # fmt: skip
        if name == "custom_event":
            row |= {"eventName": "PayGrowing", "eventNumber": 50.5 + number,
                    "eventVariable": {"order_id": f"G{number}", "item": 'a "b", c'}}  # fmt: skip
        files[name] += [row] * (1 + (chance.random() < 0.15))
    return files


def kind_of_growingio(row: Row) -> str:
    kinds = {"pageRequestId": "page", "vstRequestId": "visit"}
    own = row.get("eventName") or row.get("requestType")
    return own or next(kinds[name] for name in kinds if name in row)


def acts(rows: Iterable[Row], device: str, user: str | None, name: str, time: str) -> list[Act]:
    """What visitors did, each once, by the columns that say so."""
    found = {}
    for row in rows:
        told = str(row[time]).removesuffix("+00")
        at = (
            datetime.fromtimestamp(int(told) / 1000, UTC).replace(tzinfo=None)
            if told.isdigit()
            else datetime.fromisoformat(told)
        )
        event = row[name] or {"1": "pageview", "5": "performance"}[row["event_type"]]
        found[json.dumps(row)] = (row[device], row.get(user) if user else None, event, at)
    return list(found.values())


BAD: dict[str, list[tuple[Row, str]]] = {
    "segment_tables": [
        ({"id": "b1", "user_id": "Wu1", "timestamp": "2024-03-02"}, "missing_event_name"),
        ({"id": "b2", "event": "x", "timestamp": "2024-03-02"}, "missing_actor"),
        ({"id": "b3", "event": "x", "user_id": "Wu1", "timestamp": "soon"},
         "unparseable_occurred_at"),
    ],
    "matomo": [
        ({"idlink_va": "b1", "server_time": "2024-03-02"}, "missing_actor"),
        ({"idvisitor": "Md1", "server_time": "2024-03-02"}, "missing_event_name"),
        ({"idlink_va": "b3", "idvisitor": "Md1"}, "unparseable_occurred_at"),
    ],
    "umami": [
        ({"event_id": "b1", "event_type": "1", "created_at": "2024-03-02"}, "missing_actor"),
        ({"event_id": "b2", "session_id": "Ud1", "created_at": "2024-03-02"},
         "missing_event_name"),
        ({"event_id": "b3", "event_type": "1", "session_id": "Ud1", "created_at": "soon"},
         "unparseable_occurred_at"),
        ({"event_id": "b4", "event_name": "Paid", "session_id": "Ud1", "created_at": "2024-03-02",
          "event_data": {"revenue": "1,234.50"}}, "invalid_amount"),
    ],
    "plausible": [
        ({"name": "pageview", "timestamp": "2024-03-02"}, "missing_actor"),
        ({"name": "", "user_id": "Pd1", "timestamp": "2024-03-02"}, "missing_event_name"),
        ({"name": "pageview", "user_id": "Pd1", "timestamp": "soon"}, "unparseable_occurred_at"),
    ],
    "growingio": [
        ({"eventName": "x", "time": 1709337600000}, "missing_actor"),
        ({"visitUserId": "Gd1", "pageVariable": {"a": "b"}, "pageRequestId": "p",
          "time": 1709337600000}, "missing_event_name"),
        ({"visitUserId": "Gd1", "eventName": "x", "time": "soon"}, "unparseable_occurred_at"),
    ],
    "umeng": [
        ({"event_name": "x", "cli_timestamp": "1709337600000"}, "missing_actor"),
        ({"umid": "Ed1", "cli_timestamp": "1709337600000"}, "missing_event_name"),
        ({"umid": "Ed1", "event_name": "x", "cli_timestamp": "0"}, "unparseable_occurred_at"),
    ],
}  # fmt: skip
"""Rows that are no event, with the reason."""


ODD: dict[str, list[Row]] = {
    "segment_tables": [
        {"id": "o1", "event": "odd", "user_id": "odd", "timestamp": "2024-03-02T00:00:00Z"},
    ],
    "matomo": [
        {"idlink_va": 9, "event_action": "odd", "user_id": "odd", "url": "shop.example",
         "server_time": "2024-03-02 00:00:00"},
    ],
    "umami": [
        {"event_id": f"o{number}", "event_name": "odd", "distinct_id": "odd", "event_data": data,
         "created_at": "2024-03-02T00:00:00Z"}
        for number, data in enumerate(("none", [1], {"order_id": {"a": 1}}, 5))
    ],
    "plausible": [
        {"name": "odd", "user_id": "odd", "timestamp": "2024-03-02 00:00:00",
         "meta.key": names, "meta.value": values}
        for names, values in (("none", "none"), (["a"], []), ([], ["b"]), ("['a','b']", "['1']"),
                              ([None], [1]))
    ],
    "growingio": [
        {"eventName": "odd", "loginUserId": "odd", "eventVariable": told, "eventNumber": -1,
         "time": 1709337600000 + number}
        for number, told in enumerate(("none", [1], "{order_id=1}"))
    ],
    "umeng": [
        {"event_name": "odd", "umid": "odd", "svr_timestamp": 1709337600000, "event_kv_json": told}
        for told in ("none", "[1]", '{"order_id": [1]}')
    ],
}  # fmt: skip
"""Rows whose parts have another shape than the tool says: events all the same."""


INVITED: dict[str, Row] = {
    "segment_tables": {"id": "joined", "event": "joined", "user_id": "Wu7", "inviter_id": "Wu1",
                       "timestamp": "2024-03-02T10:00:00Z"},
    "matomo": {"idlink_va": "j", "user_id": "Mu7", "event_action": "joined", "inviter_id": "Mu1",
               "server_time": "2024-03-02 10:00:00"},
    "umami": {"event_id": "j", "distinct_id": "Uu7", "event_name": "joined",
              "event_data": {"inviter_id": "Uu1"}, "created_at": "2024-03-02T10:00:00Z"},
    "plausible": {"name": "joined", "user_id": "Pd7", "timestamp": "2024-03-02 10:00:00",
                  "meta.key": ["a", "inviter_id"], "meta.value": ["b", "Pu1"]},
    "growingio": {"eventName": "joined", "loginUserId": "Gu7", "time": 1709374000000,
                  "eventVariable": {"inviter_id": "Gu1"}},
    "umeng": {"event_name": "joined", "umid": "Ed7", "cli_timestamp": "1709374000000",
              "event_kv_json": json.dumps({"inviter_id": "Eu1"})},
}  # fmt: skip
"""An acceptance that names who invited."""
